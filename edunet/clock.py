"""What time is it: one clock for records, one for deadlines, both given, never taken."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """The two times the house knows."""

    def now(self) -> int:
        """Milliseconds since the epoch, UTC: for records. May step when the wall clock is set."""

    def ticks(self) -> int:
        """Monotonic nanoseconds: for schedules and deadlines. Never steps."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def ticks(self) -> int:
        return time.monotonic_ns()


class ManualClock:
    """A clock that moves only when told to: for replay and for tests."""

    def __init__(self, now_ms: int = 1_790_000_000_000) -> None:
        self._now = now_ms
        self._ticks = 0

    def now(self) -> int:
        return self._now

    def ticks(self) -> int:
        return self._ticks

    def advance(self, seconds: float) -> None:
        """Move both clocks forward together."""
        self._now += round(seconds * 1e3)
        self._ticks += round(seconds * 1e9)

    def step(self, seconds: float) -> None:
        """Set the wall clock, as an operator or NTP would; deadlines do not notice."""
        self._now += round(seconds * 1e3)
