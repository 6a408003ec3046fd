"""When may a question to a device on a thin line leave? A bucket of octets for each line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import numpy as np

from collector.thin import Line
from collector.vector.layout import Ints

_MOST_WAITING_S: Final = 30.0  # who would wait longer is asked all the same: the line is as it is


class Pacer:
    """Lets questions go at once, or, one after the other, as their line can carry them."""

    def __init__(self, go: Callable[[Ints], None]) -> None:
        self._go = go
        self._free: dict[str, float] = {}  # when a line has carried what was put on it
        self._handles: set[asyncio.TimerHandle] = set()

    def put(self, question: int, line: Line, octets: int) -> None:
        """Let this question go when its line is free; question and answer have so many octets."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        at = min(max(now, self._free.get(line.link, 0.0)), now + _MOST_WAITING_S)
        self._free[line.link] = at + octets / line.octets_s
        if at <= now:
            self._go(np.array([question], np.int64))
            return
        handle = loop.call_at(at, self._later, question)
        self._handles = {each for each in self._handles if not each.cancelled()} | {handle}

    def close(self) -> None:
        """What still waits is forgotten."""
        for handle in self._handles:
            handle.cancel()
        self._handles.clear()

    def _later(self, question: int) -> None:
        now = asyncio.get_running_loop().time()
        self._handles = {each for each in self._handles if each.when() > now}
        self._go(np.array([question], np.int64))
