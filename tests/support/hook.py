"""A receiver of webhooks, over a real socket, that can be told how to answer."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from daemons import free_port

HANG = 0


class Call(NamedTuple):
    """One POST. `status` is what it was answered, 0 = nothing; `at` in monotonic seconds."""

    at: float
    status: int
    key: str | None
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def notice(self) -> dict[str, Any]:
        """The one notice it carries."""
        (only,) = self.body["notices"]
        assert isinstance(only, dict)
        return only


class Hook:
    """Answers by `plan`: status after status, the last one for ever."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self.calls: list[Call] = []
        self.retry_after: str | None = None
        self.over = threading.Event()
        self._plan = [204]
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None

    def answer(self, *plan: int) -> None:
        """How to answer from now on, e.g. `answer(500, 500, 204)`; HANG says nothing."""
        with self._lock:
            self._plan = list(plan)

    def next(self) -> int:
        with self._lock:
            return self._plan.pop(0) if len(self._plan) > 1 else self._plan[0]

    @property
    def taken(self) -> list[Call]:
        """The calls answered with success, in order."""
        return [call for call in self.calls if 200 <= call.status < 300]

    def up(self) -> None:
        """Listen, on the same port each time."""
        self._server = Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self) -> None:
        """Refuse connections."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, hook: Hook) -> None:
        self.hook = hook
        super().__init__(("127.0.0.1", hook.port), Answering)


class Answering(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        hook = self.server.hook
        text = self.rfile.read(int(self.headers["Content-Length"]))
        status = hook.next()
        key = self.headers["Idempotency-Key"]
        call = Call(time.monotonic(), status, key, dict(self.headers.items()), json.loads(text))
        hook.calls.append(call)
        if status == HANG:
            hook.over.wait(30)
            self.close_connection = True
            return
        self.send_response(status)
        if hook.retry_after is not None:
            self.send_header("Retry-After", hook.retry_after)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@contextmanager
def listening() -> Iterator[Hook]:
    """A receiver that answers 204 until told otherwise."""
    hook = Hook()
    hook.up()
    try:
        yield hook
    finally:
        hook.over.set()
        hook.down()


def actions(calls: Sequence[Call]) -> list[str]:
    """open, resolve, ... in the order they came."""
    return [call.notice["action"] for call in calls]
