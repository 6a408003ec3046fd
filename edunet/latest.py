"""The newest row of every series, column by column: what is served and what is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edunet.derive import grown
from edunet.frame import Column, Frame, Reason

_UNKNOWN: Final[Mapping[np.dtype[Any], Any]] = {
    np.dtype(np.float64): np.nan,
    np.dtype(np.int16): -1,
    np.dtype(np.uint64): 0,
}


@dataclass(frozen=True, slots=True)
class Table:
    """The newest rows of one kind, indexed by slot; arrays are frozen.

    Attributes:
        times: int64[n], milliseconds UTC of the newest row; 0 = never seen.
        told: int64[n], of the newest row that tells something: its question was put.
        columns: name -> array[n].
        reason: name -> uint8[n]; an integer column is to be believed only where it is 0.
    """

    times: npt.NDArray[np.int64]
    told: npt.NDArray[np.int64]
    columns: Mapping[str, Column]
    reason: Mapping[str, npt.NDArray[np.uint8]]

    def value(self, name: str, slot: int) -> float | None:
        """One value, or None where it is unknown or was never read."""
        column = self.columns.get(name)
        if column is None or not 0 <= slot < len(self.times) or not self.times[slot]:
            return None
        if name in self.reason and self.reason[name][slot]:
            return None
        value = column[slot].item()
        unknown = value != value or (column.dtype == np.int16 and value < 0)  # noqa: PLR0124
        return None if unknown else value

    def time(self, slot: int) -> int | None:
        """When the newest row was read, milliseconds UTC, or None."""
        return int(self.times[slot]) if 0 <= slot < len(self.times) and self.times[slot] else None

    def told_at(self, slot: int) -> int | None:
        """When something was last learnt, milliseconds UTC, or None."""
        return int(self.told[slot]) if 0 <= slot < len(self.told) and self.told[slot] else None


EMPTY: Final = Table(np.zeros(0, np.int64), np.zeros(0, np.int64), {}, {})


class Latest:
    """Takes frames, gives tables. Owned by one thread; its tables may be read by any."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}
        self._changed: set[str] = set()
        self._published: dict[str, Table] = {}

    def update(self, frame: Frame) -> None:
        """Take the rows that are not older than what is held; other columns of a slot stay."""
        if not len(frame):
            return
        table = self._table(frame)
        newer = frame.times >= table.times[frame.slots]
        slots = frame.slots[newer]
        table.times[slots] = frame.times[newer]
        put = newer & frame.asked()
        table.told[frame.slots[put]] = frame.times[put]
        for name, column in frame.columns.items():
            table.columns[name][slots] = column[newer]
            reason = frame.reason.get(name)
            table.reason[name][slots] = 0 if reason is None else reason[newer]
        self._changed.add(frame.kind)

    def tables(self) -> Mapping[str, Table]:
        """Frozen copies of every table; those that did not change are the ones given before."""
        for kind in self._changed:
            table = self._tables[kind]
            copy = Table(
                table.times.copy(),
                table.told.copy(),
                {name: column.copy() for name, column in table.columns.items()},
                {name: reason.copy() for name, reason in table.reason.items()},
            )
            for array in (copy.times, copy.told, *copy.columns.values(), *copy.reason.values()):
                array.flags.writeable = False
            self._published[kind] = copy
        self._changed.clear()
        return dict(self._published)

    def _table(self, frame: Frame) -> Table:
        """The writable table of the frame's kind, wide and long enough for it."""
        table = self._tables.get(frame.kind, EMPTY)
        rows = int(frame.slots.max()) + 1
        if rows <= len(table.times) and frame.columns.keys() <= table.columns.keys():
            return table
        times = grown(table.times, rows, 0)
        size = len(times)
        columns, reason = {}, {}
        for name, column in {**frame.columns, **table.columns}.items():
            held = table.columns.get(name, column[:0])
            why = table.reason.get(name, np.zeros(0, np.uint8))
            columns[name] = _stretched(held, size, _UNKNOWN[column.dtype])
            reason[name] = _stretched(why, size, Reason.MISSING)
        told = _stretched(table.told, size, 0)
        self._tables[frame.kind] = Table(times, told, columns, reason)
        return self._tables[frame.kind]


def _stretched(array: npt.NDArray[Any], size: int, fill: Any) -> npt.NDArray[Any]:
    """The array with exactly `size` places."""
    out = np.full(size, fill, array.dtype)
    out[: len(array)] = array
    return out
