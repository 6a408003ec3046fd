"""What must be true of the sample when something breaks: read off the inventory alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

from edunet.inventory import Inventory

SCHOOLS = {"school", "teaching_point", "kindergarten", "university"}


def schools(inventory: Inventory) -> set[str]:
    return {site.id for site in inventory.sites if site.kind in SCHOOLS}


def within(inventory: Inventory, top: str) -> set[str]:
    """The ids of a site and of all below it."""
    found = {top}
    while more := {s.id for s in inventory.sites if s.parent in found} - found:
        found |= more
    return found


def reached(inventory: Inventory, cut: Collection[str] = ()) -> set[str]:
    """The sites where something is still connected to a vantage when these links are cut."""
    site_of = {device.id: device.site for device in inventory.devices}
    beside: dict[str, set[str]] = {}
    for link in inventory.links:
        ends = [
            end.device or (f"site {end.site}" if end.site else None) for end in (link.a, link.b)
        ]
        if link.id not in cut and all(ends):
            a, b = (end or "" for end in ends)
            beside.setdefault(a, set()).add(b)
            beside.setdefault(b, set()).add(a)
    seen = {place.device for place in inventory.vantage}
    queue = deque(seen)
    while queue:
        for node in beside.get(queue.popleft(), set()) - seen:
            seen.add(node)
            queue.append(node)
    return {site_of.get(node, node.removeprefix("site ")) for node in seen}


def cut_off(inventory: Inventory, cut: Collection[str]) -> set[str]:
    """The sites reached while all is well and not reached when these links are cut."""
    return reached(inventory) - reached(inventory, cut)
