"""A picture of an invented city as it stands after a round of polling: what the output writes."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from alerts.picture import Picture
from alerts.verdict import Verdict
from edunet.catalog import Catalog
from edunet.facts import Facts, Port
from edunet.frame import Frame, Reason
from edunet.generator import wish
from edunet.generator.city import generate
from edunet.inventory.model import Inventory
from edunet.latest import Latest
from edunet.metrics import INTERFACE_COUNTERS
from edunet.slots import place
from edunet.states import State
from edunet.topology import Topology, compile_topology
from edunet.traffic import Ports

NOW: Final = 1_790_000_000_000
PORTS_EACH: Final = 28
_UNKNOWN: Final = 0.02  # the share of ports that did not answer for a column


class City(NamedTuple):
    """`interfaces`: the last readings of every port, as the log holds them: a frame for 64
    devices.
    """

    picture: Picture
    catalog: Catalog
    interfaces: tuple[Frame, ...]


def city(ports: int) -> City:
    """About so many ports, on switches of 28; the ends of links are among them."""
    schools = max(1, ports // PORTS_EACH)
    counties = min(200, max(1, schools // 90))
    sections = generate(wish(schools=schools, counties=counties, dense=True)).sections
    topology = compile_topology(Inventory.model_validate(sections))
    catalog, random = Catalog(), np.random.default_rng(1)
    place(catalog, topology)
    facts = _facts(topology, catalog, ports)
    frames = tuple(_frames(facts, random))
    latest = Latest()
    for frame in (*frames, *_asked(topology, catalog, random)):
        latest.update(frame)
    tables = latest.tables()
    traffic = Ports(topology, lambda device, name: catalog.slot("interface", device, name))
    verdict = Verdict.unknown(topology, NOW)
    for states in (verdict.nodes, verdict.links, verdict.sites):
        states[:] = random.choice(
            [State.UP, State.DOWN, State.UNKNOWN], len(states), p=[0.97, 0.02, 0.01]
        )
    picture = Picture(
        time=NOW,
        topology=topology,
        verdict=verdict,
        tables=tables,
        traffic=traffic.traffic(tables["interface"], NOW, 60_000),
        slots={
            (kind, device.id): catalog.slot(kind, device.id, identity=device.site)
            for device in topology.inventory.devices
            for kind in ("probe", "device")
        },
        facts=facts,
    )
    return City(picture, catalog, frames)


def _facts(topology: Topology, catalog: Catalog, ports: int) -> dict[str, Facts]:
    """The ends of links first, then as many more as make up the number."""
    names: dict[str, list[str]] = {device.id: [] for device in topology.inventory.devices}
    for device, interface in topology.ports:
        names[device].append(interface)
    lacking = max(0, ports - len(topology.ports))
    each, more = divmod(lacking, len(names))
    for number, spare in enumerate(names.values()):
        spare += [f"GigabitEthernet0/1/{n}" for n in range(each + (number < more))]
    return {
        device: Facts(
            ports=tuple(
                Port(n, name, name, f"room {n}" if n % 3 == 0 else "",
                     catalog.slot("interface", device, name))
                for n, name in enumerate(found, 1)
            )
        )
        for device, found in names.items()
    }  # fmt: skip


def _frames(facts: dict[str, Facts], random: np.random.Generator) -> list[Frame]:
    found = [np.array([port.slot for port in told.ports], np.int32) for told in facts.values()]
    together = (np.concatenate(found[n : n + 64]) for n in range(0, len(found), 64))
    return [_interfaces(slots, random) for slots in together]


def _interfaces(slots: Any, random: np.random.Generator) -> Frame:
    n = len(slots)
    counts = {name: random.integers(0, 2**44, n, np.uint64) for name in INTERFACE_COUNTERS}
    columns: dict[str, Any] = {
        **counts,
        "oper": random.choice([1, 2], n, p=[0.8, 0.2]).astype(np.int16),
        "speed": random.choice([1e9, 1e10], n),
        "in_bps": random.lognormal(15, 2, n),
        "out_bps": random.lognormal(15, 2, n),
    }
    bad = (random.random(n) < _UNKNOWN).astype(np.uint8) * np.uint8(Reason.MISSING)
    reasons = {name: bad.copy() for name in columns}
    return Frame("interface", slots, np.full(n, NOW - 1000, np.int64), columns, reasons)


def _asked(topology: Topology, catalog: Catalog, random: np.random.Generator) -> list[Frame]:
    """The last burst and the last uptime of every device."""
    devices = topology.inventory.devices
    n, times = len(devices), np.full(len(devices), NOW - 1000, np.int64)
    columns = {
        "probe": {
            "rtt_s": random.lognormal(-6, 1, n),
            "jitter_s": random.lognormal(-8, 1, n),
            "loss_60s": np.zeros(n),
        },
        "device": {"uptime_s": random.integers(1, 10**9, n) / 100},
    }
    return [
        Frame(
            kind,
            np.array([catalog.slot(kind, d.id, identity=d.site) for d in devices], np.int32),
            times.copy(),
            dict(found),
        )
        for kind, found in columns.items()
    ]
