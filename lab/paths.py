"""Which devices can the monitor reach, over which links?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from edunet.inventory.model import Inventory, Link


def devices_of(link: Link) -> list[str]:
    """The ends of a link that are devices."""
    return [end.device for end in (link.a, link.b) if end.device]


class Paths:
    """The cables of the city, and where the monitor stands in it."""

    def __init__(self, inventory: Inventory) -> None:
        self._devices = {device.id for device in inventory.devices}
        self._cables = [
            (link.id, *pair) for link in inventory.links if len(pair := devices_of(link)) == 2
        ]
        self._sources = {v.device for v in inventory.vantage} & self._devices
        # What no cable joins to the monitor is reached some other way: nothing we cut silences it.
        seen = self.reached({link for link, _, _ in self._cables}, frozenset())
        for device in inventory.devices:
            if device.id not in seen:
                self._sources.add(device.id)
                seen |= self.reached({link for link, _, _ in self._cables}, frozenset())

    def reached(self, live: Collection[str], off: Collection[str]) -> set[str]:
        """The devices to which a way leads over live links through devices that are not off."""
        near: dict[str, list[str]] = defaultdict(list)
        for link, a, b in self._cables:
            if link in live:
                near[a].append(b)
                near[b].append(a)
        return _spread(near, (device for device in self._sources if device not in off), off)


def _spread(near: dict[str, list[str]], start: Iterable[str], off: Collection[str]) -> set[str]:
    seen = set(start)
    ahead = list(seen)
    while ahead:
        for device in near.get(ahead.pop(), ()):
            if device not in seen and device not in off:
                seen.add(device)
                ahead.append(device)
    return seen
