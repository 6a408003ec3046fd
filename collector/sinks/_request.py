"""Samples as bodies of remote write: each series once in a body, its samples in order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final, NamedTuple

import cramjam
import numpy as np
import numpy.typing as npt

from collector.sinks import Labels
from collector.sinks._lines import FIELDS
from collector.sinks._protobuf import ONE, labelled, length, of_many, sampled, series
from collector.sinks._samples import Named, Script, samples
from edunet.frame import Frame

_METRICS: Final = tuple(field.metric for columns in FIELDS.values() for field in columns.values())
_CODE: Final = {metric: code for code, metric in enumerate(_METRICS)}


class Rows(NamedTuple):
    """n samples, sorted by series and time; a key is the metric's code above the slot.

    Attributes:
        keys: int64[n]. times: int64[n], ms. values: float64[n].
        heads: the beginning of every series in it, by key.
    """

    keys: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
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

    def forget(self) -> None:
        self._named.forget()

    def rows(self, frames: Iterable[Frame], most: int) -> Iterator[Rows]:
        """All that is known in the frames, at most so many samples at a time."""
        keys, times, values = [], [], []
        heads: dict[int, bytes] = {}
        for found in samples(frames):
            code = _CODE[found.metric] << 32
            slots = np.unique(found.slots)
            named = self._named.of(found.kind, found.metric, slots.tolist())
            heads |= zip((slots + np.int64(code)).tolist(), named, strict=True)
            keys.append(found.slots + np.int64(code))
            times.append(found.times)
            values.append(found.values.astype(np.float64))
            nameless = slots[[not head for head in named]]
            if len(nameless):
                self.unnamed += int(np.isin(found.slots, nameless).sum())
        if not keys:
            return
        rows = _sorted(np.concatenate(keys), np.concatenate(times), np.concatenate(values), heads)
        for start in range(0, len(rows.keys), most):
            yield rows.part(range(start, start + most))

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
            b"%s %r %d" % (_shown(rows.heads[key]), value, time) for key, value, time in said
        )


def _sorted(
    keys: npt.NDArray[np.int64],
    times: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
    heads: Mapping[int, bytes],
) -> Rows:
    order = np.lexsort((times, keys))
    keys, times, values = keys[order], times[order], values[order]
    # Of two values at one time the later read stays: a receiver would refuse both.
    good = np.append((np.diff(keys) != 0) | (np.diff(times) != 0), True)
    good &= np.isin(keys, [key for key, head in heads.items() if not head], invert=True)
    return Rows(keys, times, values, heads).part(good)


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
