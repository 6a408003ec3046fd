"""By what is each device judged, where we may not ping?"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Final

from edunet.inventory import Device, Inventory

NOBODY: Final = "nobody"

log = logging.getLogger(__name__)


class Rights:
    """Makes of an inventory one that can be watched with the rights there are."""

    def __init__(self, able: Callable[[], bool]) -> None:
        """`able` says whether this process may send echoes."""
        self._able = able
        self._said: str | None = None

    def adapted(self, inventory: Inventory) -> Inventory:
        """The same inventory where we may ping, or nobody is to be pinged.

        Else one in which those to be pinged are judged by what else they answer to. It is told
        once, and again when a reload makes it another.
        """
        asked = _pinged(inventory)
        if not asked or self._able():
            return inventory
        if (said := _warning(inventory)) != self._said:
            log.warning("%s", said)
            self._said = said
        devices = [substitute(d) if d.id in asked else d for d in inventory.devices]
        return inventory.model_copy(update={"devices": tuple(devices)})


def substitute(device: Device) -> Device:
    """The device, asked by SNMP, else by TCP at the port of its SSH; else as it was."""
    if device.reach != "icmp":
        return device
    if device.snmp:
        return device.model_copy(update={"reach": "snmp"})
    if device.ssh:
        return device.model_copy(update={"reach": f"tcp/{device.ssh_port}"})
    return device


def judged_by(device: Device, *, able: bool) -> str:
    """`ICMP`, `SNMP`, `TCP port 22`, or nobody."""
    reach = device.reach if able else substitute(device).reach
    if reach == "icmp":
        return "ICMP" if able else NOBODY
    return "SNMP" if reach == "snmp" else f"TCP port {reach.removeprefix('tcp/')}"


def _pinged(inventory: Inventory) -> set[str]:
    active = {site.id for site in inventory.sites if not site.passive}
    return {d.id for d in inventory.devices if d.reach == "icmp" and d.site in active}


def _warning(inventory: Inventory) -> str:
    from collector.probes.icmp import NO_RIGHT

    asked = _pinged(inventory)
    ways = Counter(judged_by(d, able=False) for d in inventory.devices if d.id in asked)
    unknown = ways.pop(NOBODY, 0)
    parts = [f"{count} by {way}" for way, count in sorted(ways.items())]
    if unknown:
        parts.append(f"{unknown} by nothing, which stay unknown")
    return f"{NO_RIGHT}; until then those to be pinged are judged {', '.join(parts)}"
