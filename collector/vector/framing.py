"""From the values of many replies to the rows of one frame, column by column."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from collector.mibs import Column, Source
from collector.snmp import ber
from collector.vector.decode import Values
from collector.vector.engine import Came
from collector.vector.layout import Place
from edunet.frame import Frame, Reason, type_of

_UNKNOWN: Final = {"uint64": 0, "int16": -1, "float64": np.nan}
_LIMIT: Final = {"uint64": 2**64 - 1, "int16": 2**15 - 1, "float64": 2**32 - 1}


def _tags(*tags: int) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, bool)
    table[list(tags)] = True
    return table


_COUNTERS: Final = _tags(ber.COUNTER32, ber.COUNTER64)
NUMBERS: Final = _tags(ber.INTEGER, ber.GAUGE32, ber.TIMETICKS, ber.UINTEGER32, ber.COUNTER32)
_ABSENT: Final = _tags(ber.NO_SUCH_OBJECT, ber.NO_SUCH_INSTANCE, ber.END_OF_MIB_VIEW)
_WIDEST: Final = np.where(np.arange(256) == ber.COUNTER64, 8, 4).astype(
    np.uint8
)  # bytes of a number of that tag

Bools = npt.NDArray[np.bool_]


def numbers_at(said: Values, at: Any, tags: Bools) -> tuple[npt.NDArray[np.uint64], Bools]:
    """The numbers at these places, and where there is a number of zero or more of these tags."""
    value, tag, length = said.numbers[at], said.tags[at], said.lengths[at]
    most = _WIDEST[tag]
    # A leading zero keeps the sign bit free.
    fits = (length >= 1) & ((length <= most) | ((length == most + 1) & said.zero[at]))
    bits = np.uint64(8) * np.clip(length, 1, 8).astype(np.uint64)
    negative = (tag == ber.INTEGER) & ((value >> (bits - np.uint64(1))) != 0)
    return value, np.asarray(tags[tag] & fits & ~negative, bool)


def frame(
    came: Came, local: npt.NDArray[np.int32], now: int, scalars: dict[str, Any]
) -> Frame | None:
    """The `interface` frame of these replies; rows whose name is another are left out.

    `scalars` are arrays by reply: `uptime`, and `boots` and `engine_s` where they were asked.
    """
    layout, said = came.layout, came.values
    keep = ~came.renamed.T.ravel()  # reply by reply, row by row
    if not keep.any():
        return None
    columns: dict[str, Any] = {}
    reasons: dict[str, Any] = {}
    widths = np.full(said.numbers[layout.names].shape, 64, np.int16)
    for name, column, places in layout.columns:
        value, reason, bits = _column(said, column, places, widths.shape)
        if name in {"in_octets", "out_octets"}:
            widths = np.minimum(widths, bits)
        columns[name], reasons[name] = value.T.ravel()[keep], reason.T.ravel()[keep]
    columns["bits"] = widths.T.ravel()[keep]
    rows = layout.form.rows
    for name in ("boots", "engine_s"):
        if name in scalars:
            columns[name] = np.repeat(scalars[name], rows)[keep]
            unknown = np.isnan(columns[name]) | (columns["boots"] == 0)
            reasons[name] = np.where(unknown, Reason.MISSING, Reason.GOOD).astype(np.uint8)
    for name in ("in_octets", "out_octets"):
        narrow = columns["bits"] == 32
        columns[name] = np.where(narrow, columns[name] & np.uint64(0xFFFFFFFF), columns[name])
    slots = layout.slots[local].ravel()[keep]
    times = np.full(len(slots), now, np.int64)
    uptime = np.repeat(scalars["uptime"], rows)[keep]
    return Frame("interface", slots, times, columns, reasons, uptime)


def _column(
    said: Values, column: Column, places: list[Place], shape: tuple[int, ...]
) -> tuple[Any, npt.NDArray[np.uint8], Any]:
    """Values, reasons and widths [rows, replies]: of the first source that is good."""
    kind = type_of[column.type]
    value = np.full(shape, _UNKNOWN[column.type], kind)
    reason = np.full(shape, Reason.MISSING, np.uint8)
    bits = np.full(shape, 64, np.int16)
    waiting = np.ones(shape, bool)
    for source, at in places:
        found, why = _source(said, source, column, at)
        good = waiting & (why == Reason.GOOD)
        value = np.where(good, found, value)
        narrow = (said.tags[at] == ber.COUNTER32) | (source.bits == 32)
        bits = np.where(good, np.where(narrow, 32, 64), bits).astype(np.int16)
        reason = np.where(good | (waiting & (reason == Reason.MISSING)), why, reason)
        waiting &= ~good
    return value.astype(kind), reason.astype(np.uint8), bits


def _source(
    said: Values, source: Source, column: Column, at: Any
) -> tuple[Any, npt.NDArray[np.uint8]]:
    counter = source.kind == "counter"
    value, fits = numbers_at(said, at, _COUNTERS if counter else NUMBERS)
    least, most = source.among or (0, _LIMIT[column.type])
    good = fits & (value >= np.uint64(least)) & (value <= np.uint64(most))
    reason = np.where(good, Reason.GOOD, Reason.MALFORMED)
    for none in source.unknown:
        reason = np.where(good & (value == np.uint64(none)), Reason.MISSING, reason)
    reason = np.where(_ABSENT[said.tags[at]], Reason.MISSING, reason)
    scaled = value if source.scale == 1 else value.astype(np.float64) * source.scale
    return scaled, reason.astype(np.uint8)
