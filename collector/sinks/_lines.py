"""How does a frame read in InfluxDB line protocol?

Measurements are kinds; fields are our metric names without `edunet_` and the measurement; tags are
the labels. Unknown values are left out, and so is a line without any.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import numpy as np

from collector.sinks import Labels
from edunet.frame import Frame
from edunet.metrics import INTERFACE_COUNTERS
from edunet.states import State

MOST_LINES: Final = 10_000
TAGS: Final = ("carrier", "county", "device", "interface", "link", "role", "site")
BIGGEST: Final = 1 << 63  # the protocol's integers are signed

_OPER: Final = {code: int(code == 1) for code in (1, 2, 3, 5, 6, 7)}  # 4 is the MIB's own unknown
_STATE: Final = {int(state): int(state.up) for state in State if state.up is not None}

Write = Callable[[Frame, str, str], list[str]]


def _gauge(frame: Frame, column: str, field: str) -> list[str]:
    values = np.asarray(frame.columns[column], np.float64)
    known = frame.good(column) & np.isfinite(values)
    pairs = zip(values.tolist(), known.tolist(), strict=True)
    return [f"{field}={value!r}" if ok else "" for value, ok in pairs]


def _counter(frame: Frame, column: str, field: str) -> list[str]:
    known = frame.good(column) & (frame.columns[column] < BIGGEST)
    pairs = zip(frame.columns[column].tolist(), known.tolist(), strict=True)
    return [f"{field}={value}i" if ok else "" for value, ok in pairs]


def _flag(truth: Mapping[int, int]) -> Write:
    def write(frame: Frame, column: str, field: str) -> list[str]:
        texts = {code: f"{field}={up}i" for code, up in truth.items()}
        pairs = zip(frame.columns[column].tolist(), frame.good(column).tolist(), strict=True)
        return [texts.get(code, "") if ok else "" for code, ok in pairs]

    return write


FIELDS: Final[Mapping[str, Mapping[str, tuple[str, Write]]]] = {
    "interface": {
        **{column: (name, _counter) for column, name in INTERFACE_COUNTERS.items()},
        "oper": ("edunet_interface_up", _flag(_OPER)),
        "speed": ("edunet_interface_speed_bits_per_second", _gauge),
    },
    "link": {
        "state": ("edunet_link_up", _flag(_STATE)),
        "download_bps": ("edunet_link_download_bits_per_second", _gauge),
        "upload_bps": ("edunet_link_upload_bits_per_second", _gauge),
        "utilization": ("edunet_link_utilization_ratio", _gauge),
    },
    "device": {
        "state": ("edunet_device_up", _flag(_STATE)),
        "uptime_s": ("edunet_device_uptime_seconds", _gauge),
    },
    "probe": {
        "rtt_s": ("edunet_probe_rtt_seconds", _gauge),
        "jitter_s": ("edunet_probe_jitter_seconds", _gauge),
        "loss": ("edunet_probe_loss_ratio", _gauge),
    },
    "school": {"state": ("edunet_school_up", _flag(_STATE))},
}
"""kind -> column -> its metric, and how a value of it is written."""


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
        self._prefixes: dict[tuple[str, int], str] = {}
        self.oversized = 0
        self.unnamed = 0

    def bodies(self, frames: Iterable[Frame], most: int = MOST_LINES) -> Iterator[bytes]:
        """The lines of all frames, at most so many to a body; a row without values has none."""
        lines: list[str] = []
        for frame in frames:
            lines += self._lines(frame)
            while len(lines) >= most:
                yield "\n".join(lines[:most]).encode()
                del lines[:most]
        if lines:
            yield "\n".join(lines).encode()

    def forget(self) -> None:
        """Ask for the labels anew."""
        self._prefixes.clear()

    def _lines(self, frame: Frame) -> Iterator[str]:
        texts: list[list[str]] = []
        for column, (metric, write) in FIELDS.get(frame.kind, {}).items():
            if column not in frame.columns:
                continue
            texts.append(write(frame, column, metric.removeprefix(f"edunet_{frame.kind}_")))
            if write is _counter:
                beyond = frame.columns[column] >= BIGGEST
                self.oversized += int(np.sum(beyond & frame.good(column)))
        if not texts:
            return
        rows = zip(*texts, strict=True)
        for slot, time, row in zip(frame.slots.tolist(), frame.times.tolist(), rows, strict=True):
            fields = ",".join(filter(None, row))
            if not fields:
                continue
            prefix = self._prefixes.get((frame.kind, slot)) or self._prefix(frame.kind, slot)
            if prefix:
                yield f"{prefix} {fields} {time}"
            else:
                self.unnamed += 1

    def _prefix(self, kind: str, slot: int) -> str:
        try:
            labels = self._labels(kind, slot)
        except KeyError:  # a slot the catalog never gave
            return ""
        written = [(name, tag(labels.get(name, ""))) for name in TAGS]
        tags = "".join(f",{name}={value}" for name, value in written if value)
        if not tags:
            return ""
        prefix = self._prefixes[kind, slot] = kind + tags
        return prefix
