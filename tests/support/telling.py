"""A switch on which every value tells whose it is: no two rows count the same."""

from __future__ import annotations

from typing import Any

from hasty import transport
from liar import (
    ADMIN,
    DISCARDS,
    ERRORS,
    IN_OCTETS,
    NAME,
    OPER,
    OUT_OCTETS,
    SPEED,
    Liar,
    Objects,
    Row,
    switch,
)
from polled import Line

from edunet.frame import Reason
from lab import ber

COLUMNS = {
    "in_octets": IN_OCTETS, "out_octets": OUT_OCTETS, "oper": OPER, "admin": ADMIN,
    **ERRORS, **DISCARDS,
}  # fmt: skip
Rows = dict[str, dict[str, Any]]


def city_switch(count: int) -> Objects:
    """Every value of every row is another, as far as its type allows; counters of both widths."""
    objects = switch([Row(n, f"GE0/0/{n}", f"GigabitEthernet0/0/{n}") for n in range(1, count + 1)])
    for n in range(1, count + 1):
        objects[*OPER, n] = ber.number(ber.INTEGER, 1 + n * 5 % 7)
        objects[*ADMIN, n] = ber.number(ber.INTEGER, 1 + n % 3)
        objects[*SPEED, n] = ber.number(ber.GAUGE32, 1000 + n)
    return objects


def truth(objects: Objects) -> Rows:
    """Name -> column -> value."""
    rows = [oid[-1] for oid in objects if oid[:-1] == NAME]
    found: Rows = {}
    for n in rows:
        own: dict[str, Any] = {
            name: int.from_bytes(objects[*oid, n][2:]) for name, oid in COLUMNS.items()
        }
        own["speed"] = int.from_bytes(objects[*SPEED, n][2:]) * 1e6
        found[objects[*NAME, n][2:].decode()] = own
    return found


async def listed(agent: Liar) -> Line:
    """Discovered while it was honest."""
    line = Line(agent.device, transport())
    await line.discover()
    agent.questions.clear()
    return line


def good(row: dict[str, Any]) -> dict[str, Any]:
    """What is believed of a row, of the columns that differ from row to row."""
    known = {*COLUMNS, "speed"}
    return {n: v for n, v in row.items() if n in known and not isinstance(v, Reason)}
