"""What is known now, family by family: labels beside values; what is unknown is not among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from alerts.picture import Picture
from api.prom.plant import STATES, Plant, Schools
from api.prom.ports import Ints, Ports
from api.prom.words import Texts, labels, texts
from api.scope import Scope
from edunet.latest import Table
from edunet.metrics import INTERFACE_COUNTERS
from edunet.states import State

Bools = npt.NDArray[np.bool_]

_FRESH_MS: Final = {"probe": 60_000, "interface": 300_000}
_OPER_UNKNOWN: Final = 4  # the MIB's own word for it
_PROBE_GAUGES: Final = {
    "rtt_s": "edunet_probe_rtt_seconds",
    "jitter_s": "edunet_probe_jitter_seconds",
    "loss_60s": "edunet_probe_loss_ratio",
}
_LINK_GAUGES: Final = {
    "download_bps": "edunet_link_download_bits_per_second",
    "upload_bps": "edunet_link_upload_bits_per_second",
    "utilization": "edunet_link_utilization_ratio",
}


class Told(NamedTuple):
    """The series of one family: object[n] labels and their n values."""

    name: str
    labels: Texts
    values: npt.NDArray[Any]


class Sight(NamedTuple):
    """A picture, the labels of its plant, who looks, and whether at every port."""

    picture: Picture
    plant: Plant
    scope: Scope
    every_port: bool

    def seen(self, county: Ints) -> Bools:
        """bool[n]: what the scope sees of elements that stand in these counties."""
        if self.scope.county is None:
            return np.ones(len(county), bool)
        return np.asarray(county == self.plant.code(self.scope.county))


def interfaces(sight: Sight) -> Iterator[Told]:
    """Counters, state and speed of the ports whose reading is at most five minutes old: the series
    of what no longer answers end.
    """
    ports = sight.plant.ports(sight.picture.facts, sight.every_port)
    table = sight.picture.table("interface")
    seen = sight.seen(sight.plant.county[ports.site])
    seen &= fresh(sight.picture, "interface", ports.slots)
    ports = Ports._make(column[seen] for column in ports)
    for column, name in INTERFACE_COUNTERS.items():
        values, known = read(table, column, ports.slots)
        yield _told(name, ports.labels, values, known)
    oper, known = read(table, "oper", ports.slots)
    yield _told("edunet_interface_up", ports.labels, oper == 1, known & (oper != _OPER_UNKNOWN))
    speed, known = read(table, "speed", ports.slots)
    yield _told("edunet_interface_speed_bits_per_second", ports.labels, speed, known)
    yield _told("edunet_interface_info", ports.info, ports.named, ports.named)


def links(sight: Sight) -> Iterator[Told]:
    """State and traffic of the links."""
    plant, seen = sight.plant.links, sight.seen(sight.plant.links.county)
    yield _up("edunet_link_up", plant.labels, sight.picture.verdict.links, seen)
    for column, name in _LINK_GAUGES.items():
        yield _gauge(name, plant.labels, np.asarray(sight.picture.traffic[column]), seen)
    yield _gauge("edunet_link_committed_bits_per_second", plant.labels, plant.committed, seen)


def schools(sight: Sight) -> Iterator[Told]:
    """State of the schools, what they are, what they have a class, and what counties are called."""
    seen = sight.seen(sight.plant.counties.county)
    yield _told("edunet_county_info", sight.plant.counties.info, seen, seen)
    plant, seen = sight.plant.schools, sight.seen(sight.plant.schools.county)
    states = sight.picture.verdict.sites[plant.rows]
    yield _up("edunet_school_up", plant.labels, states, seen)
    each = states[:, np.newaxis] == np.array(STATES)
    yield _told(
        "edunet_school_state", plant.states, each, np.broadcast_to(seen[:, np.newaxis], each.shape)
    )
    yield _told("edunet_school_info", plant.info, seen, seen)
    yield _told("edunet_school_classes", plant.labels, plant.classes, seen & (plant.classes >= 0))
    per_class = _per_class(sight, plant)
    yield _gauge("edunet_school_bits_per_second_per_class", plant.labels, per_class, seen)


def devices(sight: Sight) -> Iterator[Told]:
    """State and uptime of the devices."""
    plant, seen = sight.plant.devices, sight.seen(sight.plant.devices.county)
    nodes = sight.picture.verdict.nodes[: len(plant.labels)]
    yield _up("edunet_device_up", plant.labels, nodes, seen)
    slots = plant.slots["device"]
    seen = seen & fresh(sight.picture, "device", slots)
    uptime, known = read(sight.picture.table("device"), "uptime_s", slots[seen])
    yield _told("edunet_device_uptime_seconds", plant.labels[seen], uptime, known)


def probes(sight: Sight) -> Iterator[Told]:
    """What the last burst of echoes measured, where it is at most a minute old."""
    plant = sight.plant.devices
    slots = plant.slots["probe"]
    seen = sight.seen(plant.county) & fresh(sight.picture, "probe", slots)
    for column, name in _PROBE_GAUGES.items():
        values, known = read(sight.picture.table("probe"), column, slots[seen])
        yield _told(name, plant.labels[seen], values, known)


def incidents(sight: Sight) -> Iterator[Told]:
    """Alerts that fire now, counted."""
    found = Counter(
        (alert.severity, alert.cause)
        for alert in sight.picture.alerts
        if alert.state == "firing" and sight.scope.sees(alert.county)
    )
    told = texts(labels({"severity": severity, "cause": cause}) for severity, cause in found)
    yield Told("edunet_incidents_open", told, np.array(list(found.values()), np.int64))


def _per_class(sight: Sight, plant: Schools) -> npt.NDArray[np.float64]:
    """Bit/s the uplinks of each school are good for, over its classes; NaN = unknown.

    One uplink of unknown rate makes the sum unknown.
    """
    speed = np.asarray(sight.picture.traffic["speed"])
    rates = np.fmin(sight.plant.links.promised, speed)[plant.via]
    total = np.bincount(plant.owner, rates, len(plant.rows))
    total[(total == 0) | (plant.classes <= 0)] = np.nan
    return np.asarray(total / np.maximum(plant.classes, 1), np.float64)


def _up(name: str, of: Texts, states: npt.NDArray[np.int8], seen: Bools) -> Told:
    """1 = up or degraded, 0 = not, absent = unknown."""
    up = (states == State.UP) | (states == State.DEGRADED)
    return _told(name, of, up, seen & (states != State.UNKNOWN))


def _gauge(name: str, of: Texts, values: npt.NDArray[Any], seen: Bools) -> Told:
    return _told(name, of, values, seen & np.isfinite(values))


def _told(name: str, of: Texts, values: npt.NDArray[Any], known: Bools) -> Told:
    """The series whose value is known; truth is written 1 and 0."""
    found = values[known]
    return Told(name, of[known], found.view(np.uint8) if found.dtype == bool else found)


def fresh(picture: Picture, kind: str, slots: Ints) -> Bools:
    """bool[n]: which slots were ever read, and not too long ago."""
    times = picture.table(kind).times
    inside = (slots >= 0) & (slots < len(times))
    when = np.zeros(len(slots), np.int64)
    when[inside] = times[slots[inside]]
    most = _FRESH_MS.get(kind)
    return (when > 0) & (most is None or picture.now - when <= most)


def read(table: Table, column: str, slots: Ints) -> tuple[npt.NDArray[Any], Bools]:
    """n values of slots that were read, and which of them are known."""
    if column not in table.columns:
        return np.zeros(len(slots)), np.zeros(len(slots), bool)
    values = table.columns[column][slots]
    known = values >= 0 if values.dtype == np.int16 else np.isfinite(values)
    if column in table.reason:
        known &= table.reason[column][slots] == 0
    return values, known
