"""Samples as bodies of remote write: each series once in a body, its samples in order of time."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator, Mapping
from itertools import compress, pairwise
from typing import Any, Final, NamedTuple

import cramjam
import numpy as np
import numpy.typing as npt

from collector.sinks import Labels
from collector.sinks._ends import STALE, Ends
from collector.sinks._lines import FIELDS
from collector.sinks._protobuf import ONE, labelled, length, of_many, sampled, series
from collector.sinks._samples import Named, Script, readings
from edunet.frame import Frame

_METRICS: Final = tuple(
    (kind, field.metric) for kind, columns in FIELDS.items() for field in columns.values()
)
_BITS: Final = 32  # of a slot in a key
_SLOTS: Final = (1 << _BITS) - 1
_CODE: Final = {metric: code for code, (_, metric) in enumerate(_METRICS)}


Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Rows(NamedTuple):
    """n samples, sorted by series and time; a key is the metric's code above the slot.

    Attributes:
        keys: int64[n]. times: int64[n], ms. values: float64[n].
        heads: the beginning of every series in it, by key.
    """

    keys: Ints
    times: Ints
    values: Floats
    heads: Mapping[int, bytes]

    def part(self, rows: range | npt.NDArray[Any]) -> Rows:
        chosen = slice(rows.start, rows.stop) if isinstance(rows, range) else rows
        return Rows(self.keys[chosen], self.times[chosen], self.values[chosen], self.heads)

    def starts(self) -> npt.NDArray[np.intp]:
        """Where each series begins."""
        return np.flatnonzero(np.diff(self.keys, prepend=-1))


class Requests:
    """Writes requests; keeps the labels of every series as they lie on the wire."""

    def __init__(self, labels: Labels) -> None:
        self.unnamed = 0
        self._named = Named(labels, Script(labelled, series))
        self._ends = Ends()
        self._renamed = threading.Event()

    def forget(self) -> None:
        """The labels may be others now; any thread may say so."""
        self._renamed.set()

    def rows(self, frames: Iterable[Frame], most: int) -> Iterator[Rows]:
        """All that is known in the frames and where it ends, at most so many samples at a time."""
        parts: list[Rows] = []
        if self._renamed.is_set():
            self._renamed.clear()
            parts.append(self._parted())
        if read := _sorted(frames):
            parts.append(self._told(*read))
        for rows in parts:
            for start in range(0, len(rows.keys), most):
                yield rows.part(range(start, start + most))

    def _told(self, keys: Ints, times: Ints, values: Floats, known: Bools) -> Rows:
        """Of sorted rows those that are known or end a series, and have a name."""
        ends = self._ends.found(keys, times, known)
        values[ends] = STALE
        rows = Rows(keys, times, values, {}).part(known | ends)
        heads = self._heads(rows.keys[rows.starts()])
        if nameless := [key for key, head in heads.items() if not head]:
            named = np.isin(rows.keys, nameless, invert=True)
            self.unnamed += int((~named & known[known | ends]).sum())
            rows = rows.part(named)
        return rows._replace(heads=heads)

    def _heads(self, keys: Ints) -> dict[int, bytes]:
        """The beginning of each series, empty where nobody knows it."""
        heads: dict[int, bytes] = {}
        for some in np.split(keys, np.flatnonzero(np.diff(keys >> _BITS)) + 1):
            if len(some):
                kind, metric = _METRICS[int(some[0]) >> _BITS]
                named = self._named.of(kind, metric, (some & _SLOTS).tolist())
                heads |= zip(some.tolist(), named, strict=True)
        return heads

    def _parted(self) -> Rows:
        """The ends of the series that have other labels now, or none any more.

        No row says so: each ends a moment after its last value.
        """
        before, heads = self._named.forget(), dict[int, bytes]()
        moments: list[Ints] = [np.zeros(0, np.int64)]
        for code, slots, times in self._ends.living():
            kind, metric = _METRICS[code]
            were = [before.get(metric, {}).get(slot, b"") for slot in slots.tolist()]
            now = self._named.of(kind, metric, slots.tolist())
            other = [bool(was) and was != head for was, head in zip(were, now, strict=True)]
            gone, moment = slots[other], times[other] + 1
            self._ends.end(code, gone, moment)
            heads |= zip(
                (gone + np.int64(code << _BITS)).tolist(), compress(were, other), strict=True
            )
            moments.append(moment)
        keys = np.array([*heads], np.int64)
        return Rows(keys, np.concatenate(moments), np.repeat(STALE, len(keys)), heads)

    def body(self, rows: Rows) -> bytes:
        """The request for these rows."""
        made = sampled(rows.times, rows.values)
        starts = rows.starts()
        heads = [rows.heads[key] for key in rows.keys[starts].tolist()]
        size = made.dtype.itemsize
        if len(starts) == len(rows.keys) and size == ONE:
            parts = [b""] * (2 * len(heads))
            parts[::2], parts[1::2] = heads, made.tolist()
        else:
            data = made.tobytes()
            ends = pairwise([*starts.tolist(), len(rows.keys)])
            each = (data[start * size : end * size] for start, end in ends)
            parts = list(map(of_many, heads, each))
        return bytes(cramjam.snappy.compress_raw(b"".join(parts)))

    def halves(self, rows: Rows) -> tuple[Rows, Rows] | None:
        """The older and the newer samples of every series; None when each has only one."""
        starts = rows.starts()
        count = np.diff(starts, append=len(rows.keys))
        if count.max(initial=1) < 2:
            return None
        rank = np.arange(len(rows.keys)) - np.repeat(starts, count)
        older = rank < (count.max() + 1) // 2
        return rows.part(older), rows.part(~older)

    def text(self, rows: Rows) -> bytes:
        """The rows as a person reads them: Prometheus' text format, with times in ms."""
        said = zip(rows.keys.tolist(), rows.values.tolist(), rows.times.tolist(), strict=True)
        return b"\n".join(
            b"%s %r %d" % (_shown(rows.heads[key]), value, time)
            for key, value, time in said
            if not math.isnan(value)  # the end of a series is no value
        )


def _sorted(frames: Iterable[Frame]) -> tuple[Ints, Ints, Floats, Bools] | None:
    """Keys, times, values of all rows by series and time, and which of them are known."""
    found = [
        (
            read.slots + np.int64(_CODE[read.metric] << _BITS),
            read.times,
            read.values.astype(np.float64),
            known,
        )
        for read, known in readings(frames)
    ]
    if not found:
        return None
    keys, times, values, known = map(np.concatenate, zip(*found, strict=True))
    order = np.lexsort((times, keys))
    keys, times = keys[order], times[order]
    # Of two values at one time the later read stays: a receiver would refuse both.
    good = np.append((np.diff(keys) != 0) | (np.diff(times) != 0), True)
    return keys[good], times[good], values[order[good]], known[order[good]]


def _shown(head: bytes) -> bytes:
    """`name{label="value"}` of a series as it lies on the wire."""
    texts: list[bytes] = []
    _, at = length(head, 1)
    while at < len(head):
        _, at = length(head, at + 1)
        for _ in ("name", "value"):
            size, at = length(head, at + 1)
            texts.append(head[at : at + size])
            at += size
    escaped = (
        value.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
        for value in texts[3::2]
    )
    pairs = b",".join(b'%s="%s"' % pair for pair in zip(texts[2::2], escaped, strict=True))
    return b"%s{%s}" % (texts[1], pairs)
