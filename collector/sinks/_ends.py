"""Where does a series end, so that a graph of it ends there too?

A row that says *unknown* of a series that was told before is its end: it is sent once as the
staleness marker of Prometheus, at the time of the row. The log says it, so whoever reads the same
rows again finds the same markers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# A NaN of its own (`value.StaleNaN` of Prometheus); any other NaN would be a value.
STALE: Final = np.array([0x7FF0_0000_0000_0002], np.uint64).view(np.float64)


class Told(NamedTuple):
    """What is known of the series of one metric, by slot.

    Attributes:
        moment: int64[n], ms of what was last sent; 0 = nothing yet.
        live: bool[n], whether that was a value, and not the end.
    """

    moment: Ints
    live: Bools


class Ends:
    """What was last told of each series; a key is the metric's code above the slot."""

    def __init__(self) -> None:
        self._told: dict[int, Told] = {}

    def found(self, keys: Ints, times: Ints, known: Bools) -> Bools:
        """bool[n]: which of the rows are ends; they are sorted by series and time."""
        first = np.diff(keys, prepend=-1) != 0
        before = np.roll(known, 1)
        for rows, slots, told in self._by_metric(keys, np.flatnonzero(first)):
            # What was sent as an end is one when it is sent again.
            before[rows] = told.live[slots] | (told.moment[slots] == times[rows])
        ends = ~known & before
        self._remember(keys, times, known, ends)
        return ends

    def living(self) -> Iterator[tuple[int, Ints, Ints]]:
        """Of each metric, in order: its code, the slots of its series that have not ended, and when
        each of them was last told.
        """
        for code, told in sorted(self._told.items()):
            slots = np.flatnonzero(told.live)
            yield code, slots, told.moment[slots]

    def end(self, code: int, slots: Ints, times: Ints) -> None:
        """These have ended, for a reason no row tells."""
        self._told[code].moment[slots] = times
        self._told[code].live[slots] = False

    def _remember(self, keys: Ints, times: Ints, known: Bools, ends: Bools) -> None:
        """Keep the newest row of each series that says something."""
        says = np.flatnonzero(known | ends)
        newest = says[np.diff(keys[says], append=-1) != 0]
        for rows, slots, told in self._by_metric(keys, newest):
            newer = times[rows] >= told.moment[slots]
            told.moment[slots[newer]] = times[rows[newer]]
            told.live[slots[newer]] = known[rows[newer]]

    def _by_metric(
        self, keys: Ints, rows: npt.NDArray[np.intp]
    ) -> Iterator[tuple[npt.NDArray[np.intp], Ints, Told]]:
        """Some of the rows, metric by metric: which they are, their slots, and what was told."""
        codes = keys[rows] >> 32
        for part in np.split(rows, np.flatnonzero(np.diff(codes)) + 1):
            if len(part):
                slots = keys[part] & 0xFFFF_FFFF
                yield part, slots, self._of(int(keys[part[0]] >> 32), int(slots.max()) + 1)

    def _of(self, code: int, size: int) -> Told:
        told = self._told.get(code, Told(np.zeros(0, np.int64), np.zeros(0, bool)))
        if more := max(0, size - len(told.live)):
            more = max(more, len(told.live) // 2)
            told = Told(np.pad(told.moment, (0, more)), np.pad(told.live, (0, more)))
            self._told[code] = told
        return told
