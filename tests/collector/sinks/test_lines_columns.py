"""Does whatever is written read back as what was known: exactly, once, and nothing besides?"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collector.sinks._lines import Lines
from edunet.frame import Frame, Reason

NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "interface": {
        "in_octets": "receive_bytes_total",
        "out_octets": "transmit_bytes_total",
        "in_errors": "receive_errors_total",
        "out_errors": "transmit_errors_total",
        "in_discards": "receive_discards_total",
        "out_discards": "transmit_discards_total",
        "oper": "up",
        "speed": "speed_bits_per_second",
    },
    "probe": {"rtt_s": "rtt_seconds", "jitter_s": "jitter_seconds", "loss": "loss_ratio"},
    "device": {"state": "up", "uptime_s": "uptime_seconds"},
}
"""kind -> column -> its field, as docs/sinks.md has them."""
UP: Final[Mapping[str, Mapping[int, int]]] = {
    "oper": {1: 1, 2: 0, 3: 0, 5: 0, 6: 0, 7: 0},  # ifOperStatus; 4 is unknown
    "state": {1: 1, 2: 1, 3: 0, 4: 0},  # up, degraded, down, unreachable
}


class Point(NamedTuple):
    """A line, read."""

    measurement: str
    device: str
    fields: frozenset[tuple[str, int | float]]
    time: int


def read(line: str) -> Point:
    """A strict reader of the protocol: what it does not expect, it does not forgive."""
    match = re.fullmatch(r"([a-z]+),device=((?:\\[,= ]|[^\\,= ])+) (\S+) (-?\d+)", line)
    assert match, line
    fields: dict[str, int | float] = {}
    for pair in match[3].split(","):
        found = re.fullmatch(r"([a-z_]+)=(?:(0|[1-9]\d*)i|(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?))", pair)
        assert found, pair
        assert found[1] not in fields
        fields[found[1]] = int(found[2]) if found[2] else float(found[3])
        assert not found[2] or fields[found[1]] < 2**63
    device = re.sub(r"\\([,= ])", r"\1", match[2])
    return Point(match[1], device, frozenset(fields.items()), int(match[4]))


def plain(frame: Frame) -> list[Point]:
    """The same from the frame, a value at a time, by the rules of docs/sinks.md."""
    points = []
    for row, slot in enumerate(frame.slots.tolist()):
        fields = {
            name: value
            for column, name in NAMES[frame.kind].items()
            if (value := told(frame, column, row)) is not None
        }
        if fields:
            time = int(frame.times[row])
            points.append(Point(frame.kind, device(slot), frozenset(fields.items()), time))
    return points


def told(frame: Frame, column: str, row: int) -> int | float | None:
    """One value as it is written, or None: it is unknown, or does not fit."""
    if column not in frame.columns or (column in frame.reason and frame.reason[column][row]):
        return None
    value: int | float = frame.columns[column][row].item()
    if column in UP:
        return UP[column].get(int(value))
    if isinstance(value, int):
        return value if value < 2**63 else None
    return value if math.isfinite(value) else None


def device(slot: int) -> str:
    """A name with everything in it that has to be escaped."""
    return f"sw {slot}, core={slot}"


VALUES: Final[Mapping[str, tuple[Any, st.SearchStrategy[Any]]]] = {
    "uint64": (
        np.uint64,
        st.sampled_from([0, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1]) | st.integers(0, 2**64 - 1),
    ),
    "int16": (np.int16, st.integers(-1, 8)),
    "float64": (np.float64, st.floats() | st.sampled_from([1e9, 0.0, 5e-324, 1e22, 1e-7])),
}


def kind_of(column: str) -> str:
    if column in UP:
        return "int16"
    return "uint64" if column[:3] in ("in_", "out") else "float64"


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    """Up to six rows of some of a kind's columns, and one the protocol knows nothing of."""
    kind = draw(st.sampled_from(sorted(NAMES)))
    columns = draw(st.lists(st.sampled_from(sorted(NAMES[kind])), unique=True))
    rows = draw(st.integers(0, 6))
    many: dict[str, Any] = {"min_size": rows, "max_size": rows}
    values = {}
    for column in columns:
        dtype, value = VALUES[kind_of(column)]
        values[column] = np.array(draw(st.lists(value, **many)), dtype)
    doubted = draw(st.lists(st.sampled_from(columns), unique=True)) if columns else []
    codes = st.sampled_from([Reason.GOOD, Reason.GOOD, Reason.MISSING, Reason.RESET])
    return Frame(
        kind,
        np.array(draw(st.lists(st.integers(0, 9), **many)), np.int32),
        np.array(draw(st.lists(st.integers(0, 2**42), **many)), np.int64),
        {**values, "unheard_of": np.zeros(rows)},
        {name: np.array(draw(st.lists(codes, **many)), np.uint8) for name in doubted},
    )


@given(st.lists(frames(), max_size=4), st.integers(1, 5))
def test_what_is_written_reads_back_as_what_was_known(found: list[Frame], most: int) -> None:
    encoder = Lines(lambda _, slot: {"device": device(slot)})
    bodies = [body.decode().split("\n") for body in encoder.bodies(found, most)]
    lines = [line for body in bodies for line in body]

    expected = [point for frame in found for point in plain(frame)]
    assert Counter(expected) == Counter(map(read, lines))
    assert all(len(body) == most for body in bodies[:-1])
    assert all(1 <= len(body) <= most for body in bodies)
    assert 0 == encoder.unnamed
    assert encoder.oversized == sum(
        int(np.sum((column >= 2**63) & frame.good(name)))
        for frame in found
        for name, column in frame.columns.items()
        if name in NAMES[frame.kind] and column.dtype == np.uint64
    )


@given(st.lists(frames(), max_size=3), st.sets(st.integers(0, 9)))
def test_rows_nobody_can_name_are_counted_and_nothing_else_is_lost(
    found: list[Frame], lost: set[int]
) -> None:
    encoder = Lines(lambda _, slot: {} if slot in lost else {"device": device(slot)})
    lines = b"\n".join(encoder.bodies(found)).decode().splitlines()

    expected = [point for frame in found for point in plain(frame)]
    named = [point for point in expected if point.device not in map(device, lost)]
    assert Counter(named) == Counter(map(read, lines))
    assert len(expected) - len(named) == encoder.unnamed
