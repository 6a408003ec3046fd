"""Collects and pushes in a process of its own, to be killed: a block of rounds for each line read.

Arguments: data folder, the sink's settings as JSON, rounds of a block, rows of a round, seconds
between rounds. Answers each line with the rounds accepted so far.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fake_sink import START, interfaces, labels
from pushing import QUICK

from collector.pushing import Ground, Pusher
from collector.sinks import parse
from edunet.books import Books
from edunet.clock import SystemClock
from edunet.log import FrameLog, Position


def accepted(log: FrameLog) -> int:
    """How many rounds the log has."""
    frames, _ = log.read(Position(), 1 << 30)
    return len(frames)


def life(folder: Path, settings: str, block: int, rows: int, step: int) -> None:
    log = FrameLog.open(folder / "log", segment_bytes=200_000)
    with Books.open(folder / "books.sqlite") as books:
        outlet = parse("tsdb", json.loads(settings)).open(labels)
        pusher = Pusher("tsdb", outlet, Ground(log, books, SystemClock(), folder), QUICK)
        number = accepted(log)
        pusher.start()
        print(number, flush=True)  # noqa: T201 - the parent reads it
        for _ in sys.stdin:
            for n in range(number, number + block):
                log.append(interfaces(n, rows, START + n * (step - 1) * 1000))
            log.sync()
            number += block
            print(number, flush=True)  # noqa: T201
        pusher.stop(5)


if __name__ == "__main__":
    where, told, *numbers = sys.argv[1:]
    life(Path(where), told, *map(int, numbers))
