"""From values by name to rows of a frame; a value of the wrong type never gets in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from collector.mibs import Column, Mib, Source
from collector.snmp import ber
from collector.snmp.pdu import Value
from collector.transports import Ask, Row, index_of
from collector.values import COUNTERS, mac_of, number_of, text, value_of
from edunet.facts import Port
from edunet.frame import Frame, Reason, type_of

Asked = Port | Row


class Engine(NamedTuple):
    """snmpEngineBoots and snmpEngineTime in seconds: they tell a restart from a roll."""

    boots: int
    seconds: int


class Reading(NamedTuple):
    """One reply: the rows it was about, its values by name, and when it came (ms UTC)."""

    ports: Sequence[Asked]
    values: Mapping[bytes, Value]
    time: int


def frames_of(
    ask: Ask, readings: Sequence[Reading], table: Mib, now: int, engine: Engine | None = None
) -> tuple[tuple[Frame, ...], bool]:
    """The `device` frame and, when rows came, that of the table; and whether the plan is stale.

    A row is taken only when the names read with it are the ones expected: after a renumbering the
    values belong to another, and such rows are dropped. One without names is gone when nothing
    of it came.
    """
    rows: dict[bytes, _Read] = {}
    gone: dict[bytes, Asked] = {}
    dating = [source.prefix for name in table.wide for source in table.columns[name].sources]
    for reading in readings:
        for row in reading.ports:
            index = index_of(row)
            if is_still(row, reading.values, table):
                rows.setdefault(index, _Read(row)).add(reading, dating)
            else:
                gone[index] = row
    stale = any(_is_named(row) or index not in rows for index, row in gone.items())
    if not readings:
        return (silence(ask.slot, now),), stale
    last = readings[-1]
    told = answered(ask.slot, last.time, uptime_of(last, table))
    if not rows:
        return (told,), stale
    return (told, _frame(list(rows.values()), table, engine)), stale


def is_still(row: Asked, values: Mapping[bytes, Value], table: Mib) -> bool:
    """Whether the row is still the one expected, by those of its names that came with it.

    At least one must have come; one that came empty where it was not is another. A row without
    names is there as long as anything of it is.
    """
    index = index_of(row)
    if not _is_named(row):
        return any(source.prefix + index in values for source in table.sources())
    known = {"name": row.said}
    if isinstance(row, Port):
        known["descr"] = row.descr
        if row.by == "alias":
            known["alias"] = row.alias
        if row.by == "mac":
            mac = values.get(ber.oid(table.identity["mac"]) + index)
            return mac is not None and mac_of(mac) == row.mac
    came = {
        name: values[key]
        for name in known
        if (key := ber.oid(table.identity[name]) + index) in values
    }
    same = all(text(value) == known[name] for name, value in came.items())
    return bool(came) and same


def _is_named(row: Asked) -> bool:
    return isinstance(row, Port) or bool(row.said)


class _Read:
    """What was read of one row: the reply with its octets dates it, else the latest."""

    def __init__(self, row: Asked) -> None:
        self.row, self.index = row, index_of(row)
        self.values: dict[bytes, Value] = {}
        self.dated: Reading
        self._by_octets = False

    def add(self, reading: Reading, octets: Sequence[bytes]) -> None:
        counted = any(prefix + self.index in reading.values for prefix in octets)
        if counted or not self._by_octets:
            self.dated = reading
        self._by_octets |= counted
        self.values.update(reading.values)


def silence(slot: int, now: int) -> Frame:
    """The `device` frame of a device that did not answer."""
    return _device(slot, now, 0, 0)


def unasked(slot: int, now: int) -> Frame:
    """The `device` frame of a device whom no question could be sent to: neither up nor down."""
    return _device(slot, now, -1, 0)


def answered(slot: int, time: int, uptime: int) -> Frame:
    """The `device` frame of a device that answered; `uptime` is sysUpTime, 0 = not told."""
    return _device(slot, time, 1, uptime)


def _device(slot: int, time: int, answered: int, uptime: int) -> Frame:
    return Frame(
        "device",
        np.array([slot], np.int32),
        np.array([time], np.int64),
        {
            "answered": np.array([answered], np.int16),
            "uptime_s": np.array([uptime / 100 if uptime else np.nan]),
        },
        uptime=np.array([uptime], np.uint32),
    )


def _frame(rows: Sequence[_Read], table: Mib, engine: Engine | None) -> Frame:
    asked = {name: [_read(row, column) for row in rows] for name, column in table.columns.items()}
    widths = [_width(asked[name][n] for name in table.wide) for n in range(len(rows))]
    columns: dict[str, Any] = {"bits": np.array(widths, np.int16)} if table.wide else {}
    reasons: dict[str, Any] = {}
    for name, column in table.columns.items():
        found = [value_of(*each) for each in asked[name]]
        if column.seldom and all(reason is Reason.MISSING for _, reason in found):
            continue
        if name in table.wide:
            found = [
                (int(value) & (2**bits - 1), reason)
                for (value, reason), bits in zip(found, widths, strict=True)
            ]
        columns[name] = np.array([value for value, _ in found], type_of[column.type])
        reasons[name] = np.array([reason for _, reason in found], np.uint8)
    if engine:
        columns["boots"] = np.full(len(rows), engine.boots, np.uint64)
        columns["engine_s"] = np.full(len(rows), engine.seconds, np.float64)
    _unnamed(rows, table, columns, reasons)
    return Frame(
        table.kind,
        np.array([each.row.slot for each in rows], np.int32),
        np.array([each.dated.time for each in rows], np.int64),
        columns,
        reasons,
        np.array([uptime_of(each.dated, table) for each in rows], np.uint32),
    )


def _unnamed(
    rows: Sequence[_Read], table: Mib, columns: dict[str, Any], reasons: dict[str, Any]
) -> None:
    """Nothing but its number tells such a port from another: a changed table begins it anew."""
    for number, each in enumerate(rows):
        if table.changed and isinstance(each.row, Port) and each.row.by == "index":
            stamp = number_of(each.dated.values.get(ber.oid(table.scalars[table.changed])))
            known = int(columns["discontinuity"][number])
            columns["discontinuity"][number] = max(known, stamp or 0)
            reasons["discontinuity"][number] = Reason.GOOD if stamp else Reason.MISSING


def _read(row: _Read, column: Column) -> tuple[Value | None, Source, Column]:
    """The first good value among the column's sources, else the first that is there at all."""
    first: tuple[Value | None, Source, Column] | None = None
    for source in column.sources:
        if source.object in row.row.skip:
            continue
        found = row.values.get(source.prefix + row.index), source, column
        if value_of(*found)[1] is Reason.GOOD:
            return found
        if first is None or (first[0] is None and found[0] is not None):
            first = found
    return first or (None, column.sources[0], column)


def _width(counters: Iterable[tuple[Value | None, Source, Column]]) -> int:
    """How wide the wide counters of a row are: as the narrowest, for they are read as one."""
    return min(
        (
            min(source.bits, COUNTERS.get(value.tag, 64)) if value else 64
            for value, source, _ in counters
        ),
        default=64,
    )


def uptime_of(reading: Reading, table: Mib) -> int:
    """sysUpTime of a reply in hundredths of a second; 0 = not told."""
    found = number_of(reading.values.get(ber.oid(table.scalars["sysUpTime"])))
    return found if found is not None and found < 2**32 else 0
