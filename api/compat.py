"""The ports and clocks of devices under the names snmp_exporter's `if_mib` module gives them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from alerts.picture import Picture
from api.prom.ports import Ints
from api.prom.values import fresh, read
from api.prom.words import Texts, head, labels, lines, texts
from api.scope import Scope
from edunet.facts import Port
from edunet.inventory.model import Device
from edunet.metrics import Metric
from edunet.states import State
from edunet.topology import Topology

Values = npt.NDArray[Any]

_ROWS: Final = 1 << 15  # a block holds up all other threads: some 5 ms
_SNMP: Final = 161
_GAUGE32: Final = 2**32 - 1


def _as_told(values: Values) -> Values:
    return values


def _megabits(values: Values) -> Values:
    """RFC 2863: ifHighSpeed is in units of 1,000,000 bit/s, rounded to the nearest."""
    return np.asarray(np.rint(values / 1e6))


def _bits(values: Values) -> Values:
    """RFC 2863: what does not fit into ifSpeed is told as its largest value."""
    return np.asarray(np.minimum(values, _GAUGE32))


def _ticks(values: Values) -> Values:
    """Hundredths of a second, as SNMP counts them."""
    return np.asarray(np.rint(values * 100))


class Object(NamedTuple):
    """One object of the MIB: where its values are found, and how SNMP scales them."""

    metric: Metric
    column: str
    scaled: Callable[[Values], Values] = _as_told


def _counter(name: str, column: str) -> Object:
    return Object(Metric(name, "counter", f"{name} of IF-MIB, as the device counts it."), column)


def _gauge(name: str, column: str, scaled: Callable[[Values], Values] = _as_told) -> Object:
    return Object(Metric(name, "gauge", f"{name} of IF-MIB."), column, scaled)


OBJECTS: Final = (
    _counter("ifHCInOctets", "in_octets"),
    _counter("ifHCOutOctets", "out_octets"),
    _counter("ifInErrors", "in_errors"),
    _counter("ifOutErrors", "out_errors"),
    _counter("ifInDiscards", "in_discards"),
    _counter("ifOutDiscards", "out_discards"),
    _gauge("ifAdminStatus", "admin"),
    _gauge("ifOperStatus", "oper"),
    _gauge("ifHighSpeed", "speed", _megabits),
    _gauge("ifSpeed", "speed", _bits),
)
UPTIME: Final = Object(
    Metric("sysUpTime", "gauge", "sysUpTime of SNMPv2-MIB, in hundredths of a second."),
    "uptime_s",
    _ticks,
)


class Rows(NamedTuple):
    """Ports, or devices: their labels and the slots of their series."""

    labels: Texts
    slots: Ints


class Compat:
    """Writes devices. Keeps the labels of their ports; any thread may ask."""

    def __init__(self) -> None:
        self._of: Topology | None = None
        self._written: dict[tuple[str, bool, bool], tuple[tuple[Port, ...], Rows]] = {}
        self._called: dict[str, Device] = {}
        self._one = threading.Lock()

    def device(self, picture: Picture, target: str) -> Device | None:
        """The device of that id, or at that address."""
        with self._one:
            self._know(picture)
            return self._called.get(target)

    def all(self, picture: Picture, scope: Scope, county: str | None, every: bool) -> list[bytes]:
        """Every device in sight, told apart by `instance`: its address."""
        topology = picture.topology
        seen = [
            device
            for device in topology.inventory.devices
            if scope.sees(at := county_of(topology, device)) and county in (None, at)
        ]
        return list(self._blocks(picture, seen, True, every))

    def one(self, picture: Picture, device: Device, every: bool) -> list[bytes]:
        """One device as snmp_exporter tells it: without `instance`, which the scraper adds.

        Nothing when its agent did not answer last: the exporter would fail, and so `up` be 0.
        """
        node = picture.topology.node[f"device:{device.id}"]
        lost = State(picture.verdict.nodes[node]).up is False
        clock = _read_clock(picture, device, False)
        if lost or not len(clock.slots):
            return []
        return list(self._blocks(picture, [device], False, every))

    def _blocks(
        self, picture: Picture, devices: list[Device], named: bool, every: bool
    ) -> Iterator[bytes]:
        with self._one:  # written by one, waited for by all
            self._know(picture)
            found = [self._ports(picture, device, named, every) for device in devices]
        ports = _joined(found)
        ports = _picked(ports, fresh(picture, "interface", ports.slots))
        clocks = _joined([_read_clock(picture, device, named) for device in devices])
        yield from _told(picture, "device", UPTIME, clocks)
        for one in OBJECTS:
            yield from _told(picture, "interface", one, ports)

    def _know(self, picture: Picture) -> None:
        """Another inventory: what was written of the one before is forgotten."""
        if self._of is not picture.topology:
            self._of, self._written = picture.topology, {}
            devices = picture.topology.inventory.devices
            self._called = {instance(device): device for device in devices}
            self._called |= {device.id: device for device in devices}

    def _ports(self, picture: Picture, device: Device, named: bool, every: bool) -> Rows:
        facts = picture.facts.get(device.id)
        ports = facts.ports if facts else ()
        kept = self._written.get((device.id, named, every))
        if kept is None or kept[0] != ports:
            ends = picture.topology.ports
            wanted = [port for port in ports if every or (device.id, port.name) in ends]
            place = _place(picture.topology, device, named)
            rows = Rows(
                texts(labels({**_names(port), **place}) for port in wanted),
                np.array([port.slot for port in wanted], np.int32),
            )
            kept = self._written[device.id, named, every] = (ports, rows)
        return kept[1]


def instance(device: Device) -> str:
    """What snmp_exporter is asked for: the address, with its port where that is not 161."""
    host = str(device.address) if device.address else device.id
    if device.port == _SNMP:
        return host
    return f"[{host}]:{device.port}" if ":" in host else f"{host}:{device.port}"


def county_of(topology: Topology, device: Device) -> str | None:
    """Where a device stands; None = in no county."""
    return topology.county[topology.site[device.site]]


def _names(port: Port) -> dict[str, str]:
    return {
        "ifAlias": port.alias,
        "ifDescr": port.descr,
        "ifIndex": str(port.ifindex),
        "ifName": port.said or port.name,
    }


def _place(topology: Topology, device: Device, named: bool) -> dict[str, str]:
    place = {
        "device": device.id,
        "site": device.site,
        "county": county_of(topology, device) or "",
    }
    return {"instance": instance(device), **place} if named else place


def _read_clock(picture: Picture, device: Device, named: bool) -> Rows:
    """The clock of a device, or no row while its agent is silent."""
    slot = picture.slots.get(("device", device.id), -1)
    if picture.table("device").value(UPTIME.column, slot) is None:
        return _joined([])
    place = _place(picture.topology, device, named)
    return Rows(texts([labels(place)]), np.array([slot], np.int32))


def _joined(found: list[Rows]) -> Rows:
    nothing = Rows(texts([]), np.zeros(0, np.int32))
    return Rows._make(map(np.concatenate, zip(nothing, *found, strict=True)))


def _picked(rows: Rows, wanted: npt.NDArray[np.bool_]) -> Rows:
    return Rows(rows.labels[wanted], rows.slots[wanted])


def _told(picture: Picture, kind: str, told: Object, rows: Rows) -> Iterator[bytes]:
    """A family in blocks; one without a known value is left out."""
    values, known = read(picture.table(kind), told.column, rows.slots)
    values, named = told.scaled(values[known]), rows.labels[known]
    for start in range(0, len(values), _ROWS):
        if start == 0:
            yield head(told.metric, openmetrics=False)
        part = slice(start, start + _ROWS)
        yield lines(told.metric.name, named[part], values[part])
