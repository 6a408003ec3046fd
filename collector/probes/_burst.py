"""What came of one round of echoes: each sent and back, and in a row for each target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from collector.probes._echoes import Nanoseconds
from edunet.frame import Frame


class Burst(NamedTuple):
    """One round, over: int64[targets, echoes] of nanoseconds, 0 = not sent, not back.

    `began` dates the rows of those to whom nothing could be sent.
    """

    slots: Sequence[int]
    sent: Nanoseconds
    back: Nanoseconds
    began: int = 0


def summary(slots: Sequence[int], sent: Nanoseconds, back: Nanoseconds, began: int = 0) -> Frame:
    """The `probe` frame of one burst, a row for each target, dated when its first echo left.

    `sent`, `received`, `rtt_s` (median), `jitter_s` (mean difference of neighbouring round trips,
    NaN for fewer than two) and `loss` (0..1, NaN when nothing could be sent).
    """
    tried, came = sent > 0, (sent > 0) & (back > 0)
    rtt = np.where(came, (back - sent) / 1e9, np.nan)
    received = came.sum(axis=1)
    step = np.abs(np.diff(rtt, axis=1))
    pairs = (~np.isnan(step)).sum(axis=1)
    ordered = np.sort(rtt, axis=1)  # NaN sorts last
    rows = np.arange(len(rtt))
    low, high = np.maximum((received - 1) // 2, 0), np.maximum(received // 2, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        median = (ordered[rows, low] + ordered[rows, np.minimum(high, rtt.shape[1] - 1)]) / 2
        jitter = np.nansum(step, axis=1) / np.where(pairs > 0, pairs, np.nan)
        loss = 1 - received / np.where(tried.any(axis=1), tried.sum(axis=1), np.nan)
    first = np.where(tried, sent, np.iinfo(np.int64).max).min(axis=1)
    return Frame(
        "probe",
        np.array(slots, np.int32),
        np.where(tried.any(axis=1), first, began) // 1_000_000,
        {
            "sent": tried.sum(axis=1).astype(np.int16),
            "received": received.astype(np.int16),
            "rtt_s": np.where(received > 0, median, np.nan),
            "jitter_s": jitter,
            "loss": loss,
        },
    )
