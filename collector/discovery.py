"""From what a device says of itself to the facts we keep: who it is, which ports it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from collector.transports import Found
from edunet.facts import Facts, Port


def facts_of(
    found: Found, wanted: Iterable[str], slot: Callable[[str], int], vendor: str | None
) -> Facts:
    """The facts of a freshly discovered device.

    A port is called by its ifName. Where the inventory names it by ifDescr instead
    (`GigabitEthernet0/0/1` for `GE0/0/1`), that name is used; where neither is unique, ifIndex
    keeps them apart: no two ports ever share a name, and so a series. `wanted` are the interfaces
    the inventory names; those not found are `lost`.
    """
    asked = set(wanted)
    names = Counter(name for _, name, _, _ in found.interfaces)
    descrs = Counter(descr for _, _, _, descr in found.interfaces)
    taken: set[str] = set()
    ports: list[Port] = []
    for index, name, alias, descr in found.interfaces:
        own = name if names[name] == 1 else ""
        other = descr if descrs[descr] == 1 and not names[descr] else ""
        if own not in asked and other in asked:
            own = other
        called = own or other or f"ifIndex {index}"
        while called in taken:  # an agent may call one port as we call another
            called = f"ifIndex {index} ({called})"
        taken.add(called)
        ports.append(Port(index, name, called, alias, slot(called)))
    return Facts(
        descr=found.descr,
        object_id=found.object_id,
        name=found.name,
        vendor=vendor,
        ports=tuple(ports),
        lost=tuple(sorted(asked - {port.name for port in ports})),
    )
