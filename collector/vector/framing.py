"""From the values of many replies to the rows of one frame, column by column."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.mibs import UNKNOWN, Column
from collector.snmp import ber
from collector.vector.decode import Bools, Bytes, Values
from collector.vector.layout import ABSENT, Layout, Place, Rules
from collector.vector.replies import Came
from edunet.frame import Frame, Reason, type_of


def _tags(*tags: int) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, bool)
    table[list(tags)] = True
    return table


_COUNTERS: Final = _tags(ber.COUNTER32, ber.COUNTER64)
_NUMBERS: Final = _tags(ber.INTEGER, ber.GAUGE32, ber.TIMETICKS, ber.UINTEGER32, ber.COUNTER32)
_WIDEST: Final = np.where(np.arange(256) == ber.COUNTER64, 8, 4).astype(np.uint8)
"""tag -> bytes of a number of that tag."""


class _Judged(NamedTuple):
    """[replies, binds]: numbers (of negative ones the 64 bits), why they are not believed; which
    are narrow, which are there. Where one row stands for all replies, there is one.
    """

    numbers: npt.NDArray[np.uint64]
    reasons: npt.NDArray[np.uint8]
    narrow: Bools
    there: Bools


def numbers_at(said: Values, at: int) -> tuple[npt.NDArray[np.uint64], Bools]:
    """The numbers at this place, and where there is one of zero or more that is no Counter64."""
    tags = said.tags[:, at]
    return said.numbers[:, at], _NUMBERS[tags] & _sound(
        tags, said.lengths[:, at], said.first[:, at]
    )


def _sound(tags: Bytes, lengths: Bytes, first: Bytes) -> Bools:
    """Where a number is written in no more bytes than its type has, and is not below zero."""
    most = _WIDEST[tags]
    # A leading zero keeps the sign bit free.
    fits = (lengths <= most) | ((lengths == most + 1) & (first == 0))
    return np.asarray(fits & (lengths > 0) & ((tags != ber.INTEGER) | (first < 0x80)), bool)


def _judged(said: Values, layout: Layout) -> _Judged:
    """All values of these replies at once."""
    rules, numbers, tags = layout.rules, said.numbers, said.tags
    if (tags == tags[0]).all():
        tags = tags[:1]  # what is true of one is true of all
    sound = _sound(tags, said.lengths, said.first)
    if len(rules.signed):
        numbers, sound = _signed(said, sound, rules)
    number = np.where(rules.counters, _COUNTERS[tags], _NUMBERS[tags]) & sound
    # Of 64 bits what is below the least is far above it: one comparison for both ends.
    good = number & (numbers - rules.least <= rules.span)
    absent = ABSENT[tags]
    reasons = np.where(good, np.uint8(Reason.GOOD), np.uint8(Reason.MALFORMED))
    np.copyto(reasons, np.uint8(Reason.MISSING), where=absent)
    for at, none in rules.unknown:
        reasons[:, at][number[:, at] & (numbers[:, at] == none)] = Reason.MISSING
    return _Judged(numbers, reasons, (tags == ber.COUNTER32) | rules.narrow, ~absent)


def _signed(said: Values, sound: Bools, rules: Rules) -> tuple[npt.NDArray[np.uint64], Bools]:
    """The same where numbers may be below zero: their sign fills 64 bits."""
    at, numbers, sound = rules.signed, said.numbers.copy(), sound.copy()
    length, found = said.lengths[:, at], numbers[:, at]
    spare = (np.uint64(8) * (np.uint64(8) - np.clip(length, 1, 8))).astype(np.int64)
    wide = (found.view(np.int64) << spare) >> spare
    below = (said.tags[:, at] == ber.INTEGER) & (wide < 0)
    fits = (length >= 1) & ((length <= 4) | ((length == 5) & (found >> np.uint64(32) == 0xFF)))
    numbers[:, at] = np.where(below, wide.view(np.uint64), found)
    sound[:, at] |= below & fits
    return numbers, sound


def frame(
    came: Came, local: npt.NDArray[np.int32], now: int, scalars: dict[str, Any]
) -> Frame | None:
    """The frame of these replies; rows whose name is another, or that are gone, are left out.

    `scalars` are arrays by reply: `uptime`, and `boots` and `engine_s` where they were asked.
    """
    layout, rows = came.layout, came.layout.form.rows
    keep: Any = ~came.renamed.ravel()  # reply by reply, row by row
    if not keep.any():
        return None
    keep = slice(None) if keep.all() else keep
    judged = _judged(came.values, layout)
    columns: dict[str, Any] = {}
    reasons: dict[str, Any] = {}
    wide = layout.table.wide
    narrow = np.zeros((len(local), rows), bool)
    for name, column, places in layout.columns:
        value, reason, tight = _column(judged, column, places, narrow.shape)
        if name in wide:
            narrow |= tight
        columns[name] = value.ravel()[keep]
        if reason is not None:
            reasons[name] = reason.ravel()[keep]
    if wide:
        columns["bits"] = np.where(narrow, np.int16(32), np.int16(64)).ravel()[keep]
    if narrow.any():
        for name in wide:
            low = columns[name] & np.uint64(0xFFFFFFFF)
            columns[name] = np.where(columns["bits"] == 32, low, columns[name])
    for name in ("boots", "engine_s"):
        if name in scalars:
            columns[name] = np.repeat(scalars[name], rows)[keep]
            unknown = np.isnan(scalars["engine_s"]) | (scalars["boots"] == 0)
            unknown = np.repeat(unknown, rows)[keep]
            reasons[name] = np.where(unknown, Reason.MISSING, Reason.GOOD).astype(np.uint8)
    slots = layout.slots[local].ravel()[keep]
    times = np.full(len(slots), now, np.int64)
    uptime = np.repeat(scalars["uptime"], rows)[keep]
    return Frame(layout.table.kind, slots, times, columns, reasons, uptime)


def _column(
    judged: _Judged, column: Column, places: list[Place], shape: tuple[int, ...]
) -> tuple[Any, npt.NDArray[np.uint8] | None, Any]:
    """Values, reasons and narrowness [replies, rows]: of the first source that is good.

    No reasons where all are.
    """
    kind = type_of[column.type]
    if len(places) == 1 and not judged.reasons[:, places[0].at].any():
        return _scaled(judged, places[0], kind), None, judged.narrow[:, places[0].at]
    value = np.full(shape, UNKNOWN[column.type], kind)
    reason = np.full(shape, Reason.MISSING, np.uint8)
    narrow = np.zeros(shape, bool)
    for place in reversed(places):
        at, why = place.at, judged.reasons[:, place.at]
        good = why == Reason.GOOD
        np.copyto(value, _scaled(judged, place, kind), where=good)
        # Of several that are not good, the first that is there at all tells why, and how wide.
        told = good | (judged.there[:, at] & (reason != Reason.GOOD))
        np.copyto(reason, why, where=told)
        np.copyto(narrow, judged.narrow[:, at], where=told)
    return value, reason, narrow


def _scaled(judged: _Judged, place: Place, kind: np.dtype[Any]) -> Any:
    """The numbers of a source as the column holds them, good or not."""
    source, found = place.source, judged.numbers[:, place.at]
    held: Any = found.view(np.int64) if source.signed else found
    return held.astype(kind) if source.scale == 1 else held * source.scale
