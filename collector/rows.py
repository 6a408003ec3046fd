"""From values by OID to rows of a frame; a value of the wrong type never gets in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from collector.mibs import Column, Mib
from collector.transports import Ask
from edunet.facts import Port
from edunet.frame import Frame, Reason, type_of


class Reading(NamedTuple):
    """One reply: the ports it was about, its values by OID, and when it came (milliseconds UTC)."""

    ports: Sequence[Port]
    values: Mapping[str, Any]
    time: int


def frames_of(
    ask: Ask, readings: Sequence[Reading], table: Mib, now: int
) -> tuple[tuple[Frame, ...], bool]:
    """The `device` frame and, when rows came, the `interface` frame; and whether the plan is stale.

    A row is taken only when the name read with it is the one expected: after a renumbering the
    values belong to another port, and such rows are dropped.
    """
    rows: list[tuple[Port, Reading]] = []
    renumbered = False
    for reading in readings:
        for port in reading.ports:
            if _is(port, reading, table):
                rows.append((port, reading))
            else:
                renumbered = True
    answered = _device(ask, readings, table) if readings else silence(ask.slot, now)
    return ((answered, _interfaces(rows, table)) if rows else (answered,)), renumbered


def _is(port: Port, reading: Reading, table: Mib) -> bool:
    """Whether the row is still the port's: by its ifName, and by the ifDescr it is called by."""
    values, index = reading.values, port.ifindex
    if text(values.get(f"{table.identity['name']}.{index}")) != port.said:
        return False
    by_descr = port.name != port.said and not port.name.startswith("ifIndex ")
    return not by_descr or text(values.get(f"{table.identity['descr']}.{index}")) == port.name


def silence(slot: int, now: int) -> Frame:
    """The `device` frame of a device that did not answer."""
    return _answered(slot, now, 0, 0)


def _device(ask: Ask, readings: Sequence[Reading], table: Mib) -> Frame:
    return _answered(ask.slot, readings[-1].time, 1, _uptime(readings[-1], table))


def _answered(slot: int, time: int, answered: int, uptime: int) -> Frame:
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


def _interfaces(rows: Sequence[tuple[Port, Reading]], table: Mib) -> Frame:
    columns: dict[str, Any] = {}
    reasons: dict[str, Any] = {}
    for name, column in table.columns.items():
        pairs = [
            value_of(reading.values.get(f"{column.oid}.{port.ifindex}"), column)
            for port, reading in rows
        ]
        columns[name] = np.array([value for value, _ in pairs], type_of[column.type])
        reasons[name] = np.array([reason for _, reason in pairs], np.uint8)
    return Frame(
        "interface",
        np.array([port.slot for port, _ in rows], np.int32),
        np.array([reading.time for _, reading in rows], np.int64),
        columns,
        reasons,
        np.array([_uptime(reading, table) for _, reading in rows], np.uint32),
    )


_LIMIT = {"uint64": 2**64, "int16": 2**15, "float64": 2**32}
_UNKNOWN = {"uint64": 0, "int16": -1, "float64": np.nan}


def value_of(value: Any, column: Column) -> tuple[float, Reason]:
    """The value as the column holds it, and why it is not to be believed."""
    if value is None:
        return _UNKNOWN[column.type], Reason.MISSING
    least, most = column.among or (0, _LIMIT[column.type] - 1)
    if type(value) is not int or not least <= value <= most:  # a bool is an int, and no counter
        return _UNKNOWN[column.type], Reason.MALFORMED
    if value == 0 and column.zero == "unknown":
        return _UNKNOWN[column.type], Reason.MISSING
    return (value if column.scale == 1 else value * column.scale), Reason.GOOD


def _uptime(reading: Reading, table: Mib) -> int:
    value = reading.values.get(table.scalars["uptime"])
    return value if isinstance(value, int) and 0 <= value < 2**32 else 0


def text(value: Any) -> str:
    """Text an agent sent: UTF-8, else GBK (older switches of this country), cut at 255 characters.

    Control characters are replaced: the text ends up in logs and on pages.
    """
    if value is None:
        return ""
    if isinstance(value, bytes):
        for encoding in ("utf-8", "gb18030"):
            try:
                value = value.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
        else:
            value = value.decode("latin-1")
    return "".join(c if c.isprintable() else " " for c in str(value)[:255]).strip()
