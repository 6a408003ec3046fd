"""The one thing that flows through the pipeline: many readings, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

type_of: Final[Mapping[str, np.dtype[Any]]] = {
    "uint64": np.dtype(np.uint64),
    "float64": np.dtype(np.float64),
    "int16": np.dtype(np.int16),
}
Column = npt.NDArray[np.uint64] | npt.NDArray[np.float64] | npt.NDArray[np.int16]


class Reason(IntEnum):
    """Why a value is not believed; 0 is good. Label of `edunet_samples_rejected_total`."""

    GOOD = 0
    MISSING = 1  # the agent did not answer for this object
    FIRST = 2  # a counter's first reading: no rate yet
    RESET = 3  # the counter went backwards, changed its width, or the device restarted
    DISCONTINUITY = 4  # ifCounterDiscontinuityTime changed
    IMPOSSIBLE = 5  # faster than the interface can be
    STALE_CLOCK = 6  # the device's uptime did not move between two readings
    MALFORMED = 7  # the value was not of the type the object has
    AMBIGUOUS = 8  # a 32-bit counter that may have wrapped unseen

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Frame:
    """Readings of one kind, one row each; every array is frozen and may cross threads.

    Attributes:
        kind: `interface`, `probe` or `device`; with the slot it names the series.
        slots: int32[n], permanent numbers given by the catalog.
        times: int64[n], milliseconds since the epoch, UTC, when the row was read.
        columns: name -> uint64[n] (counters), float64[n] (NaN = unknown), int16[n] (-1 = unknown).
        reason: name -> uint8[n], `Reason` of each value; a name without an entry is all good.
        uptime: uint32[n], sysUpTime in hundredths of a second read with the row; 0 = not read.
    """

    kind: str
    slots: npt.NDArray[np.int32]
    times: npt.NDArray[np.int64]
    columns: Mapping[str, Column]
    reason: Mapping[str, npt.NDArray[np.uint8]] = field(default_factory=dict)
    uptime: npt.NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))

    def __post_init__(self) -> None:
        n = len(self.slots)
        if not len(self.uptime):
            object.__setattr__(self, "uptime", np.zeros(n, np.uint32))
        arrays = [
            self.slots,
            self.times,
            self.uptime,
            *self.columns.values(),
            *self.reason.values(),
        ]
        if any(len(array) != n for array in arrays):
            raise ValueError(f"a frame of {n} {self.kind} rows has a column of another length")
        for array in arrays:
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.slots)

    def good(self, name: str) -> npt.NDArray[np.bool_]:
        """bool[n]: which values of a column may be believed."""
        reason = self.reason.get(name)
        return np.ones(len(self), bool) if reason is None else reason == Reason.GOOD

    def asked(self) -> npt.NDArray[np.bool_]:
        """bool[n]: whose question was put at all: some echo was sent, `answered` is not -1."""
        put = np.ones(len(self), bool)
        if "sent" in self.columns:
            put &= np.asarray(self.columns["sent"], np.int64) > 0
        if "answered" in self.columns:
            put &= np.asarray(self.columns["answered"], np.int64) >= 0
        return put

    def rejected(self) -> dict[str, int]:
        """How many values were refused, by the label of their reason.

        What was never there (`missing`) or has no predecessor yet (`first`) was not refused.
        """
        if not self.reason:
            return {}
        counts = np.bincount(np.concatenate(list(self.reason.values())), minlength=len(Reason))
        return {r.label: int(counts[r]) for r in Reason if r > Reason.FIRST and counts[r]}
