"""Where may a second copy of a city live, so that two of them can run side by side?"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address

from edunet.inventory.model import Inventory
from lab.agents import loopback


def free_port() -> int:
    """A UDP port nobody listens on at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        return int(udp.getsockname()[1])


def moved(inventory: Inventory, *, port: int, net: int) -> Inventory:
    """The same city on another port, 127.X.y.z moved to 127.(X + net).y.z (X round 256).

    Cities that share a port cannot run together; those that share addresses silence one another.

    Raises:
        LabError: a device lives outside 127.0.0.0/8.
    """
    devices = []
    for device in inventory.devices:
        if device.address is None:
            devices.append(device)
            continue
        first, second, *rest = loopback(device).packed
        there = IPv4Address(bytes((first, (second + net) % 256, *rest)))
        devices.append(device.model_copy(update={"address": there, "port": port}))
    return inventory.model_copy(update={"devices": tuple(devices)})
