"""A sink at work against a server of the tests: started, fed, and asked how far it came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from fake_sink import Answer, FakeServer, Rule, interfaces, labels

from collector.pushing import Ground, Pace, Pusher
from collector.sinks import parse

Serve = Callable[[Rule], FakeServer]
TAKEN: Final[Answer] = (204, {}, b"")
QUICK: Final = Pace(first=0.02, most=0.05, unwelcome=0.02)


def count(line: str) -> int:
    """Which row of which round a line is."""
    return int(line.partition("receive_bytes_total=")[2].partition("i")[0])


def every(rounds: range, rows: int = 3) -> set[int]:
    return {row * 1_000_000 + n for n in rounds for row in range(rows)}


@contextmanager
def pushing(ground: Ground, url: str, pace: Pace = QUICK, **more: Any) -> Iterator[Pusher]:
    sink = parse("tsdb", {"kind": "influx", "url": url, **more})
    pusher = Pusher("tsdb", sink.open(labels), ground, pace)
    pusher.start()
    try:
        yield pusher
    finally:
        pusher.stop(5)


def accept(ground: Ground, rounds: range) -> None:
    for number in rounds:
        ground.log.append(interfaces(number))
    ground.log.sync()


def arrived(server: FakeServer, rounds: range) -> bool:
    return {count(line) for line in server.taken()} == every(rounds)
