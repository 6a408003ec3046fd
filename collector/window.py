"""What came of the last minute's echoes: how many were lost, and how slow were the slowest?"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from collector.probes.icmp import Burst, summary
from edunet.frame import Frame

_SPAN_S: Final = 60.0
_NEIGHBOURS: Final = 10  # round trips jitter is worked out of where everybody is sent one echo
_EVERY_NS: Final = 10_000_000_000  # a minute's figures need no second's pace
_PERCENTILES: Final = {"rtt_p50_s": 50, "rtt_p95_s": 95, "rtt_p99_s": 99}


class Window:
    """A ring of the single echoes of one minute, for targets that are asked together.

    Only the echoes everybody is sent count: further ones go to those who were silent, and would
    make loss look rarer, or more frequent, than it is.
    """

    def __init__(self, targets: int, echoes: int, period_s: float) -> None:
        """`echoes` is how many of a burst everybody is sent."""
        bursts = max(1, math.ceil(_SPAN_S / period_s))
        self._echoes, self._next = echoes, 0
        self._began = np.zeros(bursts, np.int64)
        # Sorted, this is: those that came back, those lost, those never sent.
        self._rtt = np.full((targets, bursts * echoes), np.nan, np.float32)
        self._due = 0

    def frame(self, burst: Burst) -> Frame:
        """The `probe` frame of a burst; every ten seconds with the figures of the last minute.

        `rtt_p50_s`, `rtt_p95_s`, `rtt_p99_s`: the echo that so many were not slower than;
        `loss_60s` of `sent_60s` echoes, NaN of none. Other frames leave these columns out.
        """
        self._take(burst)
        frame = summary(*burst)
        columns = {**frame.columns}
        if burst.sent.shape[1] > self._echoes:
            columns["loss"] = self._loss(burst)
        if self._echoes == 1:
            columns["jitter_s"] = self._jitter()
        if burst.began >= self._due:
            self._due = burst.began + _EVERY_NS
            columns |= self._figures(burst.began)
        return replace(frame, columns=columns)

    def _loss(self, burst: Burst) -> npt.NDArray[np.float64]:
        """Of the echoes everybody was sent."""
        tried = burst.sent[:, : self._echoes] > 0
        lost = tried & (burst.back[:, : self._echoes] == 0)
        count = tried.sum(axis=1)
        with np.errstate(invalid="ignore"):
            return np.asarray(lost.sum(axis=1) / np.where(count > 0, count, np.nan), np.float64)

    def _jitter(self) -> npt.NDArray[np.float64]:
        """The mean difference of neighbouring round trips among the last few."""
        bursts = len(self._began)
        last = np.arange(self._next - min(_NEIGHBOURS, bursts), self._next) % bursts
        with np.errstate(invalid="ignore"):
            step = np.abs(np.diff(self._rtt[:, last], axis=1))
        step[~np.isfinite(step)] = np.nan
        pairs = np.count_nonzero(~np.isnan(step), axis=1)
        total = np.nansum(step, axis=1, dtype=np.float64)
        return np.asarray(total / np.where(pairs > 0, pairs, np.nan), np.float64)

    def _take(self, burst: Burst) -> None:
        sent, back = burst.sent[:, : self._echoes], burst.back[:, : self._echoes]
        rtt = np.where(back > 0, (back - sent) / 1e9, np.inf)
        place = self._next * self._echoes
        self._rtt[:, place : place + self._echoes] = np.where(sent > 0, rtt, np.nan)
        self._began[self._next] = burst.began
        self._next = (self._next + 1) % len(self._began)

    def _figures(self, now: int) -> dict[str, npt.NDArray[np.float64] | npt.NDArray[np.int16]]:
        old = np.repeat(now - self._began >= _SPAN_S * 1e9, self._echoes)
        self._rtt[:, old] = np.nan
        ordered = np.sort(self._rtt, axis=1)
        sent = np.count_nonzero(~np.isnan(ordered), axis=1)
        came = np.count_nonzero(np.isfinite(ordered), axis=1)
        rows = np.arange(len(ordered))
        figures: dict[str, npt.NDArray[np.float64] | npt.NDArray[np.int16]] = {}
        for name, percent in _PERCENTILES.items():
            rank = np.maximum(-(-percent * came // 100) - 1, 0)
            value = ordered[rows, rank].astype(np.float64)
            figures[name] = np.where(came > 0, value, np.nan)
        with np.errstate(invalid="ignore"):
            figures["loss_60s"] = (sent - came) / np.where(sent > 0, sent, np.nan)
        figures["sent_60s"] = sent.astype(np.int16)
        return figures
