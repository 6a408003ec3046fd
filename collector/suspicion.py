"""Whose echo is repeated at once: loss is told from an outage, and a cut county costs no flood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from collector.thin import Line

Bools = npt.NDArray[np.bool_]
Nanoseconds = npt.NDArray[np.int64]

ECHOES: Final = 3  # the regular one, and two more for whom it may still matter
_CONFIRM: Final = 2  # sweeps without an answer: it is known to be dark, and asked once a period
_SHARE: Final = 4  # of all targets one in so many is asked again together
_LEAST: Final = 32  # at a time, however few there are in all
_OCTETS: Final = 140  # of an echo and its reply, by IPv6


class Suspicion:
    """Who of the targets of a sweep was silent, and for how many sweeps in a row.

    A further echo goes to those whom nothing has come back from yet, and who are not known to be
    dark: a quarter of all targets at a time at most, in turn, and never more than a thin line may
    carry.
    """

    def __init__(self, lines: Sequence[Line | None], period_s: float) -> None:
        """`lines` has the thin line of each target, or None."""
        self._missed = np.zeros(len(lines), np.int32)
        self._most = max(len(lines) // _SHARE, _LEAST)
        self._turn = 0
        known = {line.link: line for line in lines if line}
        number = {link: row for row, link in enumerate(known)}
        self._line = np.array([number[line.link] if line else -1 for line in lines], np.int64)
        regular = np.bincount(self._line[self._line >= 0], minlength=len(known))
        octets = np.array([line.octets_s for line in known.values()]) * period_s
        self._room = np.maximum(octets / _OCTETS - regular, 0) // (ECHOES - 1)

    def further(self, sent: Nanoseconds, back: Nanoseconds) -> Bools:
        """bool[targets]: who gets another echo, given int64[targets, echoes] so far, 0 = not."""
        silent = np.logical_not(back.any(axis=1)) & (self._missed < _CONFIRM)
        doubted = (sent[:, 0] > 0) & silent
        rows = self._fitting(np.flatnonzero(doubted))
        if len(rows) > self._most:
            first = int(np.searchsorted(rows, self._turn))
            rows = np.roll(rows, -first)[: self._most]
            self._turn = int(rows[-1]) + 1
        chosen = np.zeros(len(doubted), bool)
        chosen[rows] = True
        return chosen

    def over(self, sent: Nanoseconds, back: Nanoseconds) -> None:
        """The sweep is over; who could not be asked stays what he was."""
        asked = np.flatnonzero((sent > 0).any(axis=1))
        came = (back[asked] > 0).any(axis=1)
        self._missed[asked] = np.where(came, 0, self._missed[asked] + 1)

    def _fitting(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Those of the rows whose lines have room for one more echo each."""
        line = self._line[rows]
        if not (line >= 0).any():
            return rows
        order = np.argsort(line, kind="stable")
        ordered = line[order]
        rank = np.arange(len(rows)) - np.searchsorted(ordered, ordered)
        fits = np.ones(len(rows), bool)
        fits[order] = (ordered < 0) | (rank < self._room[ordered])
        return rows[fits]
