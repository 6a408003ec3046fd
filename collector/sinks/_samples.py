"""Which values do frames hold, metric by metric, under the names `/metrics` has for them?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.sinks import Labels
from collector.sinks._lines import FIELDS
from collector.sinks._together import together
from edunet.frame import Frame

LABELS: Final = ("carrier", "county", "device", "interface", "link", "role", "site")


class Samples(NamedTuple):
    """Values of one metric: int32[n] slots, int64[n] times, n values."""

    kind: str
    metric: str
    slots: npt.NDArray[np.int32]
    times: npt.NDArray[np.int64]
    values: npt.NDArray[Any]


def samples(frames: Iterable[Frame]) -> Iterator[Samples]:
    """What is known in the frames, no NaN among it; rows of one series stay in their order."""
    for read, known in readings(frames):
        rows = np.flatnonzero(known)
        if len(rows):
            told = read.slots[rows], read.times[rows], read.values[rows]
            yield Samples(read.kind, read.metric, *told)


def readings(frames: Iterable[Frame]) -> Iterator[tuple[Samples, npt.NDArray[np.bool_]]]:
    """Every row of the frames, metric by metric, and which of their values are known."""
    for frame in together(frames, FIELDS):
        for column, field in FIELDS[frame.kind].items():
            if column not in frame.columns:
                continue
            if frame.columns[column].dtype == np.uint64:  # no protocol here has a largest counter
                values, known = frame.columns[column], frame.good(column)
            else:
                values, known = field.told(frame, column)
            yield Samples(frame.kind, field.metric, frame.slots, frame.times, values), known


class Script(NamedTuple):
    """How labels are written for a series: of a slot once, then a head for each metric."""

    labels: Callable[[Mapping[str, str]], bytes]
    head: Callable[[str, bytes], bytes]


class Named:
    """What stands for the labels of a series, written once; empty where nobody knows it."""

    def __init__(self, labels: Labels, script: Script) -> None:
        self._labels, self._script = labels, script
        self._known: dict[str, dict[int, bytes]] = {}
        self._slots: dict[tuple[str, int], bytes] = {}

    def of(self, kind: str, metric: str, slots: list[int]) -> list[bytes]:
        """Of each slot of a kind, for one metric."""
        known = self._known.setdefault(metric, {})
        found = map(known.get, slots)
        return [
            head or self._head(known, kind, metric, slot)
            for head, slot in zip(found, slots, strict=True)
        ]

    def forget(self) -> Mapping[str, Mapping[int, bytes]]:
        """Ask for the labels anew; answers the heads that stood by metric and slot."""
        known, self._known, self._slots = self._known, {}, {}
        return known

    def _head(self, known: dict[int, bytes], kind: str, metric: str, slot: int) -> bytes:
        labels = self._slots.get((kind, slot)) or self._slot(kind, slot)
        if labels:
            known[slot] = self._script.head(metric, labels)
        return known.get(slot, b"")

    def _slot(self, kind: str, slot: int) -> bytes:
        try:
            labels = self._labels(kind, slot)
        except KeyError:  # a slot the catalog never gave
            return b""
        # What is no Unicode (half a surrogate pair) can be in a name: nobody takes it.
        told = {
            name: labels[name].encode("utf-8", "replace").decode()
            for name in LABELS
            if labels.get(name)
        }
        if told:
            self._slots[kind, slot] = self._script.labels(told)
        return self._slots.get((kind, slot), b"")
