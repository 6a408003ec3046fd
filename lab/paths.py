"""Which devices can the monitor reach, over which links?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple

from edunet.inventory.model import Inventory, Link


def devices_of(link: Link) -> list[str]:
    """The ends of a link that are devices."""
    return [end.device for end in (link.a, link.b) if end.device]


class Step(NamedTuple):
    """`device` is reached from `before` over `link`; both are None where the monitor stands."""

    device: str
    before: str | None
    link: str | None


class Paths:
    """The cables of the city, and where the monitor stands in it."""

    def __init__(self, inventory: Inventory) -> None:
        self._devices = {device.id for device in inventory.devices}
        self._cables = [
            (link.id, *pair) for link in inventory.links if len(pair := devices_of(link)) == 2
        ]
        self._sources = {v.device for v in inventory.vantage} & self._devices
        # What no cable joins to the monitor is reached some other way: nothing we cut silences it.
        near = self._near({link for link, _, _ in self._cables})
        seen = {step.device for step in _spread(near, self._sources, frozenset())}
        for device in inventory.devices:
            if device.id not in seen:
                self._sources.add(device.id)
                seen.update(step.device for step in _spread(near, [device.id], frozenset()))

    def reached(self, live: Collection[str], off: Collection[str]) -> set[str]:
        """The devices to which a way leads over live links through devices that are not off."""
        return {device for device, _, _ in self.ways(live, off)}

    def ways(self, live: Collection[str], off: Collection[str]) -> list[Step]:
        """The last step of the shortest way to each device, nearest first."""
        return _spread(self._near(live), sorted(self._sources.difference(off)), off)

    def _near(self, live: Collection[str]) -> dict[str, list[tuple[str, str]]]:
        """Of each device its neighbours over live links, and by which link."""
        near: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for link, a, b in self._cables:
            if link in live:
                near[a].append((b, link))
                near[b].append((a, link))
        return near


def _spread(
    near: dict[str, list[tuple[str, str]]], start: Iterable[str], off: Collection[str]
) -> list[Step]:
    steps = [Step(device, None, None) for device in start]
    seen = {step.device for step in steps}
    for reached in steps:  # grows as we go: breadth first
        for device, link in near.get(reached.device, ()):
            if device not in seen and device not in off:
                seen.add(device)
                steps.append(Step(device, reached.device, link))
    return steps
