"""Was every device asked once?"""

from __future__ import annotations

from collections.abc import Callable

from alerts.picture import Picture
from edunet.inventory import Device


def asked_once(picture: Picture) -> bool:
    """Whether every device that is watched was asked once, by whatever ways it is to be asked."""
    probes = picture.table("probe")
    return all(_asked(device, picture, probes.time) for device in picture.topology.watched)


def _asked(device: Device, picture: Picture, probed: Callable[[int], int | None]) -> bool:
    if device.snmp and device.id not in picture.facts:
        return False
    return device.reach == "snmp" or probed(picture.slots["probe", device.id]) is not None
