"""From what a device says of itself to the facts we keep: who it is, which ports it has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from sys import intern
from typing import Final

from collector.transports import Found, Listed
from edunet.facts import CalledBy, Facts, Port

_TOKEN: Final = re.compile(
    r"\[[A-Za-z]+:[\w.-]{1,64}\]"
)  # what staff write into ifAlias: [SCH:3706]


def facts_of(
    found: Found, wanted: Iterable[str], slot: Callable[[str], int], vendor: str | None
) -> Facts:
    """The facts of a freshly discovered device.

    A port is called by its ifName. Where the inventory names it by ifDescr instead
    (`GigabitEthernet0/0/1` for `GE0/0/1`), that name is used; where neither is unique, a token in
    ifAlias (`[SCH:3706]`), then ifPhysAddress; and ifIndex when nothing else keeps them apart: no
    two ports ever share a name, and so a series. `wanted` are the interfaces the inventory names;
    those not found are `lost`.
    """
    asked = set(wanted)
    naming = _Naming(found.interfaces, asked)
    taken: set[str] = set()
    ports: list[Port] = []
    for row in found.interfaces:
        called, by = naming.of(row)
        while called in taken:  # an agent may call one port as we call another
            called, by = f"ifIndex {row.ifindex} ({called})", "index"
        taken.add(called)
        # A province has the same few words a hundred thousand times; idle ports have an alias too.
        said, called = intern(row.name), intern(called)
        descr, alias = intern(row.descr), intern(row.alias)
        mac = row.mac if by == "mac" else ""
        ports.append(Port(row.ifindex, said, called, alias, slot(called), by, descr, mac, row.skip))
    return Facts(
        descr=intern(found.descr),
        object_id=intern(found.object_id),
        name=found.name,
        vendor=vendor,
        ports=tuple(ports),
        lost=tuple(sorted(asked - {port.name for port in ports})),
        lacks=found.lacks,
        changed=found.changed,
        engine=found.engine,
    )


class _Naming:
    """What each of these rows is called, and by which of its names."""

    def __init__(self, rows: Iterable[Listed], asked: set[str]) -> None:
        rows = list(rows)
        self._asked = asked
        self._names = Counter(row.name for row in rows)
        self._descrs = Counter(row.descr for row in rows)
        self._tokens = Counter(_token(row) for row in rows)
        self._macs = Counter(row.mac for row in rows)

    def of(self, row: Listed) -> tuple[str, CalledBy]:
        own = row.name if self._names[row.name] == 1 else ""
        other = row.descr if self._descrs[row.descr] == 1 and not self._names[row.descr] else ""
        if other in self._asked and own not in self._asked:
            return other, "descr"
        if own:
            return own, "name"
        if other:
            return other, "descr"
        if (token := _token(row)) and self._tokens[token] == 1:
            return token, "alias"
        if row.mac and self._macs[row.mac] == 1:
            return f"mac {row.mac}", "mac"
        return f"ifIndex {row.ifindex}", "index"


def _token(row: Listed) -> str:
    match = _TOKEN.search(row.alias)
    return match[0] if match else ""
