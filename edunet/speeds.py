"""How fast was each interface between two readings, by its own word and by its contract?"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from edunet.restarts import Bools, Floats

T = TypeVar("T", bound=np.generic)


def grown(array: npt.NDArray[T], rows: int, fill: Any) -> npt.NDArray[T]:
    """The array with at least `rows` places; new ones hold `fill`."""
    missing = rows - len(array)
    if missing <= 0:
        return array
    missing = max(missing, len(array))  # doubling: slots arrive one at a time
    return np.concatenate([array, np.full(missing, fill, array.dtype)])


class SpeedChange(NamedTuple):
    """An interface whose speed is another than the last one known, in bit/s."""

    slot: int
    before: float
    after: float


class Span:
    """What each interface said of its speed since the reading a counter is measured from."""

    def __init__(self) -> None:
        self._fast = np.zeros(0)  # the fastest it told
        self._slow = np.zeros(0)  # the slowest; NaN when it once told none

    def grow(self, rows: int) -> None:
        self._fast = grown(self._fast, rows, np.nan)
        self._slow = grown(self._slow, rows, np.nan)

    def until(self, at: npt.NDArray[np.intp], speed: Floats) -> tuple[Floats, Floats]:
        """The fastest and the slowest up to now."""
        return np.fmax(speed, self._fast[at]), np.minimum(speed, self._slow[at])

    def keep(self, at: npt.NDArray[np.intp], fastest: Floats, slowest: Floats) -> None:
        self._fast[at], self._slow[at] = fastest, slowest


class Speeds:
    """All in bit/s by slot, NaN where nobody told."""

    def __init__(self) -> None:
        self._last = np.zeros(0)  # the last one known, through any silence
        self._lower = np.zeros(0)  # within the interval of the newest rates
        self._capacity = np.zeros(0)

    def grow(self, rows: int) -> None:
        self._last = grown(self._last, rows, np.nan)
        self._lower = grown(self._lower, rows, np.nan)

    def contract(self, slots: npt.NDArray[np.integer[Any]], capacity: Floats) -> None:
        """What the lines on these ports can carry; other ports are on no line."""
        told = (slots >= 0) & ~np.isnan(capacity)
        self._capacity = np.full(int(slots.max(initial=-1)) + 1, np.nan)
        self._capacity[slots[told]] = capacity[told]

    def lower(self, slots: npt.NDArray[np.integer[Any]]) -> Floats:
        """The lowest speed within the interval of the newest rates; NaN when one was not told."""
        return _found(self._lower, slots)

    def limit(self, at: npt.NDArray[np.intp], fastest: Floats) -> Floats:
        """What no rate can exceed: the speed, else the contract."""
        unknown = np.isnan(fastest)
        if not len(self._capacity) or not unknown.any():
            return fastest
        return np.where(unknown, _found(self._capacity, at), fastest)

    def keep(
        self, at: npt.NDArray[np.intp], speed: Floats, lower: Floats, stale: Bools
    ) -> tuple[SpeedChange, ...]:
        """Take what a frame said, except in stale rows; returns the changes."""
        self._lower[at] = np.where(stale, self._lower[at], lower)
        last = self._last[at]
        told = ~stale & ~np.isnan(speed)
        self._last[at] = np.where(told, speed, last)
        changed = np.flatnonzero(told & ~np.isnan(last) & (speed != last))
        return tuple(
            SpeedChange(int(at[row]), float(last[row]), float(speed[row])) for row in changed
        )


def _found(array: Floats, slots: npt.NDArray[np.integer[Any]]) -> Floats:
    """The places of the array, NaN where it has none."""
    there = (slots >= 0) & (slots < len(array))
    if not len(array):
        return np.full(len(slots), np.nan)
    return np.where(there, array[np.where(there, slots, 0)], np.nan)
