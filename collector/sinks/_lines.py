"""How does a frame read in InfluxDB line protocol?

Measurements are kinds; fields are our metric names without `edunet_` and the measurement; tags are
the labels. Unknown values are left out, and so is a line without any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.sinks import Labels
from collector.sinks._together import together
from edunet.decimals import decimals
from edunet.frame import Frame
from edunet.metrics import INTERFACE_COUNTERS
from edunet.states import State

MOST_LINES: Final = 10_000
TAGS: Final = ("carrier", "county", "device", "interface", "link", "role", "site")
BIGGEST: Final = 1 << 63  # the protocol's integers are signed

_OPER: Final = {code: code == 1 for code in (1, 2, 3, 5, 6, 7)}  # 4 is the MIB's own unknown
_STATE: Final = {int(state): state.up for state in State if state.up is not None}

Bools = npt.NDArray[np.bool_]
Values = npt.NDArray[Any]


class Field(NamedTuple):
    """How a column is written: as a number, or as 1 and 0 by what its codes mean."""

    metric: str
    truth: Mapping[int, bool] | None = None

    def told(self, frame: Frame, column: str) -> tuple[Values, Bools]:
        """The values to write, n of them, and which of them are known and can be written."""
        values, known = frame.columns[column], frame.good(column)
        if self.truth is not None:
            up = [code for code, truth in self.truth.items() if truth]
            return np.isin(values, up).view(np.uint8), known & np.isin(values, [*self.truth])
        if values.dtype == np.uint64:
            return values, known & (values < BIGGEST)
        return values, known & np.isfinite(values)


FIELDS: Final[Mapping[str, Mapping[str, Field]]] = {
    "interface": {
        **{column: Field(name) for column, name in INTERFACE_COUNTERS.items()},
        "oper": Field("edunet_interface_up", _OPER),
        "speed": Field("edunet_interface_speed_bits_per_second"),
    },
    "link": {
        "state": Field("edunet_link_up", _STATE),
        "download_bps": Field("edunet_link_download_bits_per_second"),
        "upload_bps": Field("edunet_link_upload_bits_per_second"),
        "utilization": Field("edunet_link_utilization_ratio"),
    },
    "device": {
        "state": Field("edunet_device_up", _STATE),
        "uptime_s": Field("edunet_device_uptime_seconds"),
    },
    "probe": {
        "rtt_s": Field("edunet_probe_rtt_seconds"),
        "jitter_s": Field("edunet_probe_jitter_seconds"),
        "loss": Field("edunet_probe_loss_ratio"),
    },
    "school": {"state": Field("edunet_school_up", _STATE)},
}
"""kind -> column -> its metric, and how a value of it is written."""


@lru_cache(maxsize=1 << 12)  # counties, carriers and names of ports come again and again
def tag(text: str) -> str:
    """A tag's value as the protocol wants it, or "" when nothing readable is in it.

    A backslash becomes a slash: VictoriaMetrics and InfluxDB read one before a comma differently,
    and neither takes one at the end. Control characters and what is not Unicode become spaces.
    """
    text = re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]", " ", text).replace("\\", "/")
    return re.sub(r"([,= ])", r"\\\1", text.strip())


class Lines:
    """Turns frames into bodies, keeping the beginning of each series' line."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._heads: dict[str, dict[int, bytes]] = {}
        self.oversized = 0
        self.unnamed = 0

    def bodies(self, frames: Iterable[Frame], most: int = MOST_LINES) -> Iterator[bytes]:
        """The lines of all frames, at most so many to a body; a row without values has none.

        Rows of one kind stay in their order; kinds come one after another.
        """
        held: list[bytes] = []
        room = most
        for frame in together(frames, FIELDS):
            parts, width = self._parts(frame)
            for start, end in _slices(len(parts) // width, room, most):
                held.append(b"".join(parts[start * width : end * width]))
                room -= end - start
                if not room:
                    yield b"".join(held)[:-1]
                    held, room = [], most
        if held:
            yield b"".join(held)[:-1]

    def forget(self) -> None:
        """Ask for the labels anew."""
        self._heads.clear()

    def _parts(self, frame: Frame) -> tuple[list[bytes], int]:
        """The pieces of a line for each row with a value and a name, and how many make a line."""
        columns = [(c, f) for c, f in FIELDS[frame.kind].items() if c in frame.columns]
        told = [field.told(frame, column) for column, field in columns]
        rows = np.flatnonzero(np.logical_or.reduce([known for _, known in told]))
        self._count_oversized(frame, [column for column, _ in columns])
        heads = self._named(frame.kind, frame.slots[rows].tolist())
        if not all(heads):
            self.unnamed += heads.count(b"")
            rows = rows[[bool(head) for head in heads]]
            heads = list(filter(None, heads))
        width = len(told) + 2
        parts = [b""] * (width * len(rows))
        parts[::width] = heads
        begun = np.zeros(len(rows), bool)
        for place, ((_, field), (values, known)) in enumerate(zip(columns, told, strict=True), 1):
            name = field.metric.removeprefix(f"edunet_{frame.kind}_")
            parts[place::width] = _fields(name, values[rows], known[rows], begun)
            begun |= known[rows]
        parts[width - 1 :: width] = decimals(frame.times[rows], b" ", b"\n")
        return parts, width

    def _count_oversized(self, frame: Frame, columns: Iterable[str]) -> None:
        for column in columns:
            values = frame.columns[column]
            if values.dtype == np.uint64:
                self.oversized += int(np.sum((values >= BIGGEST) & frame.good(column)))

    def _named(self, kind: str, slots: list[int]) -> list[bytes]:
        """The beginning of each slot's line; empty where nobody knows it."""
        known = self._heads.setdefault(kind, {})
        found = map(known.get, slots)
        return [head or self._head(kind, slot) for head, slot in zip(found, slots, strict=True)]

    def _head(self, kind: str, slot: int) -> bytes:
        try:
            labels = self._labels(kind, slot)
        except KeyError:  # a slot the catalog never gave
            return b""
        written = [(name, tag(labels.get(name, ""))) for name in TAGS]
        tags = "".join(f",{name}={value}" for name, value in written if value)
        if not tags:
            return b""
        head = self._heads.setdefault(kind, {})[slot] = f"{kind}{tags}".encode()
        return head


def _fields(name: str, values: Values, known: Bools, begun: Bools) -> list[bytes]:
    """`name=value` of each row, nothing where it is not known; a space before it where it is the
    row's first field, else a comma.
    """
    between = b"," if begun.any() else b" "
    after = b"" if values.dtype == np.float64 else b"i"
    fields = np.full(len(values), b"", object)
    fields[known] = decimals(values[known], between + f"{name}=".encode(), after)
    if between == b",":
        for row in np.flatnonzero(known & ~begun):
            fields[row] = b" " + fields[row][1:]
    return fields.tolist()


def _slices(rows: int, room: int, most: int) -> Iterator[tuple[int, int]]:
    """From which row to which: as many as there is room for, then `most` at a time."""
    start, end = 0, min(room, rows)
    while start < rows:
        yield start, end
        start, end = end, min(end + most, rows)
