"""The labels of interfaces, written once and anew only for devices that say something else."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from api.prom.words import Texts, labels, texts
from edunet.facts import Facts, Port
from edunet.labels import Names
from edunet.topology import Topology

Ints = npt.NDArray[np.int32]


class Ports(NamedTuple):
    """Interfaces of devices in the inventory's order, each device's in the order it tells them.

    Attributes:
        site: int32[n], row of the site the device stands in.
        slots: int32[n], of the `interface` series.
        info: labels with the alias. named: bool[n], which have one.
    """

    labels: Texts
    site: Ints
    slots: Ints
    info: Texts
    named: npt.NDArray[np.bool_]


class PortLabels:
    """The interfaces devices have told: every one, or those that are ends of links.

    A province has many times more ports than links: whoever never asks for all never pays for all.
    """

    def __init__(self, topology: Topology, names: Names, every: bool) -> None:
        self._topology, self._names, self._every = topology, names, every
        self._said: dict[str, tuple[Port, ...]] = {}
        self._of_device: dict[str, Ports] = {}
        self._ports = _joined([])
        self._one = threading.Lock()

    def ports(self, facts: Mapping[str, Facts]) -> Ports:
        """Those of every device that has told its own."""
        devices = self._topology.inventory.devices
        said = {device.id: facts[device.id].ports for device in devices if device.id in facts}
        with self._one:  # written by one, waited for by all
            if said != self._said:
                self._of_device = {
                    device: self._of_device[device]
                    if self._said.get(device) == ports
                    else self._written(device, ports)
                    for device, ports in said.items()
                }
                self._said, self._ports = said, _joined(self._of_device.values())
            return self._ports

    def _written(self, device: str, said: tuple[Port, ...]) -> Ports:
        ends = self._topology.ports
        ports = [port for port in said if self._every or (device, port.name) in ends]
        named = [self._names.interface(device, port.name) for port in ports]
        info = (
            labels({**each, "alias": port.alias}) if port.alias else b""
            for each, port in zip(named, ports, strict=True)
        )
        row = self._topology.node_site[self._topology.node[f"device:{device}"]]
        return Ports(
            texts(map(labels, named)),
            np.full(len(ports), row, np.int32),
            np.array([port.slot for port in ports], np.int32),
            texts(info),
            np.array([bool(port.alias) for port in ports], bool),
        )


def _joined(found: Iterable[Ports]) -> Ports:
    """The ports of many devices one after another."""
    numbers = np.zeros(0, np.int32)
    nothing = Ports(texts([]), numbers, numbers, texts([]), np.zeros(0, bool))
    return Ports._make(map(np.concatenate, zip(nothing, *found, strict=True)))
