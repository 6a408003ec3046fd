"""From values by name to rows of a frame; a value of the wrong type never gets in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from collector.mibs import Column, Mib, Source
from collector.snmp import ber
from collector.snmp.pdu import Value
from collector.transports import Ask
from collector.values import COUNTERS, mac_of, number_of, text, value_of
from edunet.facts import Port
from edunet.frame import Frame, Reason, type_of

_OCTETS: Final = ("in_octets", "out_octets")


class Engine(NamedTuple):
    """snmpEngineBoots and snmpEngineTime in seconds: they tell a restart from a roll."""

    boots: int
    seconds: int


class Reading(NamedTuple):
    """One reply: the ports it was about, its values by name, and when it came (ms UTC)."""

    ports: Sequence[Port]
    values: Mapping[bytes, Value]
    time: int


def frames_of(
    ask: Ask, readings: Sequence[Reading], table: Mib, now: int, engine: Engine | None = None
) -> tuple[tuple[Frame, ...], bool]:
    """The `device` frame and, when rows came, the `interface` frame; and whether the plan is stale.

    A row is taken only when the names read with it are the ones expected: after a renumbering the
    values belong to another port, and such rows are dropped.
    """
    rows: dict[int, _Row] = {}
    octets = [source.prefix for name in _OCTETS for source in table.columns[name].sources]
    renumbered = False
    for reading in readings:
        for port in reading.ports:
            if is_still(port, reading.values, table):
                rows.setdefault(port.ifindex, _Row(port)).add(reading, octets)
            else:
                renumbered = True
    if not readings:
        return (silence(ask.slot, now),), renumbered
    last = readings[-1]
    told = answered(ask.slot, last.time, uptime_of(last, table))
    if not rows:
        return (told,), renumbered
    return (told, _interfaces(list(rows.values()), table, engine)), renumbered


def is_still(port: Port, values: Mapping[bytes, Value], table: Mib) -> bool:
    """Whether the row is still the port's, by those of its names that came with it.

    At least one must have come; one that came empty where it was not is another.
    """
    known = {"name": port.said, "descr": port.descr}
    if port.by == "alias":
        known["alias"] = port.alias
    row = ber.oid_of(port.ifindex)
    came = {
        name: values[key]
        for name in known
        if (key := ber.oid(table.identity[name]) + row) in values
    }
    if port.by == "mac":
        mac = values.get(ber.oid(table.identity["mac"]) + row)
        return mac is not None and mac_of(mac) == port.mac
    same = all(text(value) == known[name] for name, value in came.items())
    return bool(came) and same


class _Row:
    """What was read of one port: the reply with its octets dates the row, else the latest."""

    def __init__(self, port: Port) -> None:
        self.port = port
        self.values: dict[bytes, Value] = {}
        self.dated: Reading
        self._by_octets = False

    def add(self, reading: Reading, octets: Sequence[bytes]) -> None:
        row = ber.oid_of(self.port.ifindex)
        counted = any(prefix + row in reading.values for prefix in octets)
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


def _interfaces(rows: Sequence[_Row], table: Mib, engine: Engine | None) -> Frame:
    asked = {name: [_read(row, column) for row in rows] for name, column in table.columns.items()}
    widths = [_width(row, *(asked[name][n] for name in _OCTETS)) for n, row in enumerate(rows)]
    columns: dict[str, Any] = {"bits": np.array(widths, np.int16)}
    reasons: dict[str, Any] = {}
    for name, column in table.columns.items():
        found = [value_of(*each) for each in asked[name]]
        if column.seldom and all(reason is Reason.MISSING for _, reason in found):
            continue
        if name in _OCTETS:
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
        "interface",
        np.array([row.port.slot for row in rows], np.int32),
        np.array([row.dated.time for row in rows], np.int64),
        columns,
        reasons,
        np.array([uptime_of(row.dated, table) for row in rows], np.uint32),
    )


def _unnamed(
    rows: Sequence[_Row], table: Mib, columns: dict[str, Any], reasons: dict[str, Any]
) -> None:
    """Nothing but its number tells such a port from another: a changed table begins it anew."""
    changed = ber.oid(table.scalars["ifTableLastChange"])
    for number, row in enumerate(rows):
        if row.port.by == "index":
            stamp = number_of(row.dated.values.get(changed))
            known = int(columns["discontinuity"][number])
            columns["discontinuity"][number] = max(known, stamp or 0)
            reasons["discontinuity"][number] = Reason.GOOD if stamp else Reason.MISSING


def _read(row: _Row, column: Column) -> tuple[Value | None, Source, Column]:
    """The first good value among the column's sources, else the first that is there at all."""
    index = ber.oid_of(row.port.ifindex)
    first: tuple[Value | None, Source, Column] | None = None
    for source in column.sources:
        if source.object in row.port.skip:
            continue
        found = row.values.get(source.prefix + index), source, column
        if value_of(*found)[1] is Reason.GOOD:
            return found
        if first is None or (first[0] is None and found[0] is not None):
            first = found
    return first or (None, column.sources[0], column)


def _width(row: _Row, *octets: tuple[Value | None, Source, Column]) -> int:
    """How wide the octet counters of a row are: as the narrower, for they are read as one."""
    return min(
        min(source.bits, COUNTERS.get(value.tag, 64)) if value else 64
        for value, source, _ in octets
    )


def uptime_of(reading: Reading, table: Mib) -> int:
    """sysUpTime of a reply in hundredths of a second; 0 = not told."""
    found = number_of(reading.values.get(ber.oid(table.scalars["sysUpTime"])))
    return found if found is not None and found < 2**32 else 0
