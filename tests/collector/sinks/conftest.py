"""What a pusher stands on, and a server to push to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_sink import FakeServer, Rule, labels
from receiving import Open

from collector.pushing import Ground
from collector.sinks import Labels, Outlet, parse
from edunet.books import Books
from edunet.clock import SystemClock
from edunet.log import FrameLog


@pytest.fixture
def serve() -> Iterator[Callable[[Rule], FakeServer]]:
    servers: list[FakeServer] = []

    def start(rule: Rule) -> FakeServer:
        server = FakeServer(rule)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.over.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def opened() -> Iterator[Open]:
    outlets: list[Outlet] = []

    def start(url: str, labels: Labels = labels, **more: Any) -> Outlet:
        outlets.append(parse("rw", {"kind": "remote_write", "url": url, **more}).open(labels))
        return outlets[-1]

    yield start
    for outlet in outlets:
        outlet.close()


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    log = FrameLog.open(tmp_path / "log")
    with Books.open(tmp_path / "books.sqlite") as books:
        yield Ground(log, books, SystemClock(), tmp_path)
    log.close()
