"""What contradicts something else: two users of one interface, one address or one prefix?"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from edunet.inventory.finding import Finding, quote
from edunet.inventory.records import Item, Records
from edunet.inventory.tree import Tree

Network = IPv4Network | IPv6Network


def interfaces(records: Records) -> Iterator[Finding]:
    """Every interface that ends two links, and every link that ends where it begins.

    A PON port carries many links: those whose end a names their `onu`.
    """
    taken: dict[tuple[str, str], dict[str | None, tuple[Item, str]]] = {}
    for item in records.items["links"]:
        for end in ("a", "b"):
            device, interface = item.text(end, "device"), item.text(end, "interface")
            if device is None or interface is None:
                continue
            onu = item.text("onu") if end == "a" else None
            users = taken.setdefault((device, interface), {})
            alone = users.get(None) if onu else next(iter(users.values()), None)
            other = users.get(onu) or alone
            if other is not None and other[0] is not item:
                where = item.where(*other)
                used = f"{quote(interface)} of {quote(device)} is already used by {where}"
                yield item.finding(f"{used}; write another interface", end)
            users.setdefault(onu, (item, end))
        both = item.text("a", "device")
        if both is not None and both == item.text("b", "device"):
            text = f"both ends are on {quote(both)}; name the device at the other end"
            yield item.finding(text, "b")


def addresses(records: Records, *, replay: bool = False) -> Iterator[Finding]:
    """Every device without an address, and every address and port of two devices."""
    taken: dict[tuple[Any, int], Item] = {}
    for item in records.items["devices"]:
        if item.table.get("address") is None and not replay:
            yield item.finding("address is missing; write address: ...")
        if item.thing is None or item.thing.address is None:
            continue
        place = (item.thing.address, item.thing.port)
        was = taken.setdefault(place, item)
        if was is not item:
            where = item.where(was, by="address")
            text = f"{place[0]} port {place[1]} is already the address of {where}"
            yield item.finding(f"{text}; write another address or port", "address")


def prefixes(records: Records, tree: Tree) -> Iterator[Finding]:
    """Every prefix that overlaps one of a site that stands neither above nor below its own."""
    written = [
        (network, index, item)
        for item in records.good("sites")
        for index, network in enumerate(item.thing.prefixes)
    ]
    written.sort(key=lambda one: (one[0].version, one[0].network_address, one[0].prefixlen))
    # Sorted so, overlapping networks are nested. `around` is the nest we are in; each entry keeps
    # the lowest site so far, which stands in line with all of them, so that one look is enough.
    around: list[tuple[Network, Item]] = []
    for network, index, item in written:
        while around and not _holds(around[-1][0], network):
            around.pop()
        lowest = item
        if around:
            lowest = around[-1][1]
            mine, other = item.thing.id, lowest.thing.id
            if not tree.in_line(mine, other):
                line = item.line_of(lowest, "prefixes")
                text = f"{network} overlaps a prefix of {other!r} on {line}"
                yield item.finding(f"{text}; give each site its own", "prefixes", index)
            elif tree.below(mine, other):
                lowest = item
        around.append((network, lowest))


def _holds(outer: Network, inner: Network) -> bool:
    return outer.version == inner.version and inner.network_address in outer
