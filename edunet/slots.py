"""Where things are now: each device's and each link's slot, before anything is read of them."""

from __future__ import annotations

from typing import Final

from edunet.catalog import Catalog
from edunet.inventory.model import End, Link
from edunet.topology import Topology

_OF_DEVICES: Final = ("probe", "device")


def place(catalog: Catalog, topology: Topology) -> None:
    """Give numbers by identity: a link by its ends, a device by its site."""
    inventory = topology.inventory
    for device in inventory.devices:
        for kind in _OF_DEVICES:
            catalog.slot(kind, device.id, identity=device.site)
    for link in inventory.links:
        catalog.slot("link", link.id, identity=_ends(link))
    for row in topology.schools:
        catalog.slot("school", inventory.sites[row].id)


def retire(catalog: Catalog, topology: Topology, before: Topology) -> None:
    """End the series of what `before` had and the topology has not: back again, it is another."""
    for device in before.inventory.devices:
        if f"device:{device.id}" not in topology.node:
            for kind in (*_OF_DEVICES, "interface"):
                catalog.retire(kind, device.id)
    for link in before.inventory.links:
        if link.id not in topology.link:
            catalog.retire("link", link.id)
    schools = {topology.inventory.sites[row].id for row in topology.schools}
    for row in before.schools:
        if (school := before.inventory.sites[row].id) not in schools:
            catalog.retire("school", school)


def _ends(link: Link) -> str:
    return f"{_end(link.a)} {_end(link.b)}"


def _end(end: End) -> str:
    if end.device:
        return f"{end.device}/{end.interface}"
    return f"site:{end.site}" if end.site else f"carrier:{end.carrier}"
