"""Frames that say which they are, put into a frame log and read back."""

from __future__ import annotations

import numpy as np

from edunet.frame import Frame
from edunet.log import FrameLog, Position


def frame(number: int, rows: int = 4) -> Frame:
    """A frame that says which it is."""
    return Frame(
        "interface",
        np.arange(rows, dtype=np.int32),
        np.full(rows, 1_790_000_000_000 + number, np.int64),
        {"in_octets": np.full(rows, number, np.uint64)},
    )


def number(found: Frame) -> int:
    column = found.columns["in_octets"]
    assert (column == column[0]).all()
    assert (found.times == 1_790_000_000_000 + int(column[0])).all()
    return int(column[0])


def everything(log: FrameLog, position: Position = Position()) -> list[int]:  # noqa: B008
    found: list[int] = []
    while True:
        frames, after = log.read(position)
        found += map(number, frames)
        if after == position:
            return found
        position = after


def fill(log: FrameLog, count: int, first: int = 0) -> None:
    for n in range(first, first + count):
        log.append(frame(n))
    log.sync()
