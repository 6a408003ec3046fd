"""Do links that are there to replace each other lie in one duct, so that one dig cuts both?"""

from __future__ import annotations

from collections.abc import Iterator

from edunet.inventory.finding import Finding
from edunet.inventory.records import Item, Records
from edunet.inventory.tree import ends_at


def shared_ducts(records: Records, devices: dict[str, str]) -> Iterator[Finding]:
    """Every link that shares a duct with an earlier link of its site, or of its two devices."""
    first: dict[tuple[str, ...], Item] = {}
    for item in records.good("links"):
        ducts: tuple[str, ...] = item.thing.ducts
        if not ducts:
            continue
        shared: dict[str, list[str]] = {}
        for who in _redundant(item, devices):
            for duct in dict.fromkeys(ducts):
                other = first.setdefault((*who, duct), item)
                if other is not item:
                    shared.setdefault(other.thing.id, []).append(duct)
        for name, common in shared.items():
            yield item.finding(_words(name, list(dict.fromkeys(common))), "ducts", warning=True)
            break  # one sentence for a link is enough


def _redundant(item: Item, devices: dict[str, str]) -> Iterator[tuple[str, ...]]:
    """The groups of links of which one replaces another: all that lead a site up, all of a pair."""
    above, below = ends_at(item, "a", devices), ends_at(item, "b", devices)
    if below and above != below:
        yield ("site", below)
    pair = (item.thing.a.device, item.thing.b.device)
    if all(pair):
        yield ("pair", *sorted(pair))


def _words(other: str, common: list[str]) -> str:
    if len(common) == 1:
        return f"{common[0]!r} also carries {other!r}, so one dig cuts both; lay one elsewhere"
    shown = ", ".join(map(repr, common[:3])) + (", …" if len(common) > 3 else "")
    return f"{shown} also carry {other!r}, so one dig cuts both; lay one elsewhere"
