"""Lists of different lengths, end to end in one array: where do some of them lie?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


class Ragged:
    """Lists of tuples of whole numbers. `flat`: int64[numbers of a tuple, tuples of all lists]."""

    def __init__(self, width: int) -> None:
        self.flat = np.zeros((width, 256), np.int64)
        self._starts, self._counts = np.zeros((2, 64), np.int64)
        self.lists = self._end = 0

    def add(self, rows: Ints) -> None:
        """One list more: int64[numbers of a tuple, tuples]."""
        count = rows.shape[1]
        while self._end + count > self.flat.shape[1]:
            self.flat = np.concatenate([self.flat, np.zeros_like(self.flat)], axis=1)
        if self.lists == len(self._starts):
            self._starts = np.concatenate([self._starts, np.zeros_like(self._starts)])
            self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)])
        self.flat[:, self._end : self._end + count] = rows
        self._starts[self.lists], self._counts[self.lists] = self._end, count
        self._end += count
        self.lists += 1

    def spread(self, lists: Ints) -> tuple[Ints, Ints]:
        """The columns of `flat` that these lists are, one after the other, and how long each is."""
        counts = self._counts[lists]
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        places = np.repeat(self._starts[lists] - ends + counts, counts) + np.arange(total)
        return places, counts
