"""A city to push, and a server that answers as it is told: for the tests of sinks."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import numpy as np

from edunet.frame import Frame, Reason

START = 1_790_000_000_000


def interfaces(number: int, rows: int = 3, start: int = START) -> Frame:
    """One round of counters; every value says which round and row it is."""
    counts = np.arange(rows, dtype=np.uint64) * np.uint64(1_000_000) + np.uint64(number)
    return Frame(
        "interface",
        np.arange(rows, dtype=np.int32),
        np.full(rows, start + number * 1000, np.int64),
        {"in_octets": counts, "oper": np.full(rows, 1, np.int16)},
        {"in_octets": np.full(rows, Reason.GOOD, np.uint8)},
    )


def labels(kind: str, slot: int) -> Mapping[str, str]:
    """Three interfaces of a switch in every county."""
    return {"device": f"sw-{slot // 3}", "interface": f"GE0/0/{slot % 3}", "county": "c1"}


class Asked(NamedTuple):
    path: str
    headers: Mapping[str, str]
    body: str
    raw: bytes = b""


Answer = tuple[int, Mapping[str, str], bytes]
Rule = Callable[[int, Asked], Answer | None]  # how many were asked before; None = hang


class FakeServer(ThreadingHTTPServer):
    """Answers by `rule`, remembers what it was asked; hanging answers end with the server."""

    daemon_threads = True

    def __init__(self, rule: Rule) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.rule = rule
        self.asked: list[Asked] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def taken(self) -> list[str]:
        """The lines of every write answered 204."""
        taken = [a for n, a in enumerate(self.asked) if (self.rule(n, a) or (0,))[0] == 204]
        return [line for asked in taken for line in asked.body.splitlines()]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, FakeServer)
        data = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.headers["Content-Encoding"] == "gzip":
            data = gzip.decompress(data)
        asked = Asked(self.path, dict(self.headers), data.decode(errors="replace"), data)
        number = len(server.asked)
        server.asked.append(asked)
        answer = server.rule(number, asked)
        if answer is None:
            server.over.wait(30)
            self.close_connection = True
            return
        status, headers, body = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *args: object) -> None:
        pass
