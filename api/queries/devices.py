"""How every device is, what it says of itself, and its interfaces."""

from __future__ import annotations

from typing import Final

from alerts.picture import Picture
from api.queries.age import age_s, device_told
from api.queries.common import Answer, milliseconds, when
from api.scope import Scope
from edunet.facts import Cli, Facts, Port
from edunet.latest import Table
from edunet.metrics import INTERFACE_COUNTERS
from edunet.states import State

OPER: Final = {1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "not_present",
               7: "lower_layer_down"}  # fmt: skip
ADMIN: Final = {1: "up", 2: "down", 3: "testing"}
DUPLEX: Final = {2: "half", 3: "full"}
_MINUTE_S: Final = 60.0
_TOTALS: Final = tuple(INTERFACE_COUNTERS)


def devices(picture: Picture, scope: Scope, lang: str) -> list[Answer]:
    """The objects of `/devices`, in the inventory's order."""
    topology = picture.topology
    return [
        _device(picture, node)
        for node in range(topology.devices)
        if scope.sees(topology.county[int(topology.node_site[node])])
    ]


def device(picture: Picture, scope: Scope, lang: str, device_id: str) -> Answer | None:
    """The object of `/devices/{id}`: also what the device says of itself; None = not in sight."""
    topology = picture.topology
    node = topology.node.get(f"device:{device_id}")
    if node is None or not scope.sees(topology.county[int(topology.node_site[node])]):
        return None
    facts = picture.facts.get(device_id, Facts())
    cli = picture.cli.get(device_id)
    return {
        **_device(picture, node),
        **minute(picture, device_id),
        "sys_name": facts.name or None,
        "sys_descr": facts.descr or None,
        "sys_object_id": facts.object_id or None,
        "trouble": facts.trouble,
        "lost_interfaces": list(facts.lost),
        "ssh": None if cli is None else _cli(picture, cli),
    }


def interfaces(picture: Picture, scope: Scope, lang: str, device_id: str) -> list[Answer] | None:
    """The objects of `/devices/{id}/interfaces`, in the order of ifIndex; None = not in sight."""
    if device(picture, scope, lang, device_id) is None:
        return None
    table = picture.table("interface")
    ports = picture.facts.get(device_id, Facts()).ports
    return [_interface(picture, table, device_id, port) for port in ports]


def probe(picture: Picture, device_id: str) -> Answer:
    """Round trip and jitter in milliseconds and loss of the last burst to a device."""
    slot = picture.slots.get(("probe", device_id), -1)
    table = picture.table("probe")
    return {
        "rtt_ms": milliseconds(table.value("rtt_s", slot)),
        "loss": table.value("loss", slot),
        "jitter_ms": milliseconds(table.value("jitter_s", slot)),
    }


def minute(picture: Picture, device_id: str) -> Answer:
    """Round trips and loss of the single echoes of the last minute; null once it is long ago."""
    slot, table = picture.slots.get(("probe", device_id), -1), picture.table("probe")
    told = age_s(picture, table.told_at(slot))
    fresh = told is not None and told < _MINUTE_S

    def read(name: str) -> float | None:
        return table.value(name, slot) if fresh else None

    return {
        "jitter_ms": milliseconds(table.value("jitter_s", slot)),
        "rtt_p50_ms": milliseconds(read("rtt_p50_s")),
        "rtt_p95_ms": milliseconds(read("rtt_p95_s")),
        "rtt_p99_ms": milliseconds(read("rtt_p99_s")),
        "loss_60s": read("loss_60s"),
        "echoes_60s": read("sent_60s"),
    }


def _device(picture: Picture, node: int) -> Answer:
    topology, verdict = picture.topology, picture.verdict
    device = topology.inventory.devices[node]
    site = int(topology.node_site[node])
    facts, cli = picture.facts.get(device.id, Facts()), picture.cli.get(device.id)
    slot = picture.slots.get(("device", device.id), -1)
    burst = probe(picture, device.id)
    told = device_told(picture, device.id)
    return {
        "id": device.id,
        "site": device.site,
        "county": topology.county[site],
        "address": str(device.address) if device.address else None,
        "vendor": facts.vendor,
        "model": cli.model if cli else None,
        "state": State(verdict.nodes[node]).word,
        "flags": [],
        "since": when(picture, int(verdict.node_since[node])),
        "uptime_s": picture.table("device").value("uptime_s", slot),
        "cpu": None,
        "memory": None,
        "temperature_c": None,
        "rtt_ms": burst["rtt_ms"],
        "loss": burst["loss"],
        "reach": device.reach,
        "measured": when(picture, told),
        "age_s": age_s(picture, told),
    }


def _interface(picture: Picture, table: Table, device_id: str, port: Port) -> Answer:
    def read(name: str) -> float | None:
        return table.value(name, port.slot)

    end = picture.topology.ports.get((device_id, port.name))
    links = picture.topology.inventory.links
    return {
        "name": port.name,
        "alias": port.alias or None,
        "index": port.ifindex,
        "admin": ADMIN.get(int(read("admin") or 0)),
        "oper": OPER.get(int(read("oper") or 0)),
        "speed_bps": read("speed"),
        "duplex": DUPLEX.get(int(read("duplex") or 0)),
        "in_bps": read("in_bps"),
        "out_bps": read("out_bps"),
        **{name: read(name) for name in _TOTALS},
        "measured": when(picture, table.time(port.slot)),
        "age_s": age_s(picture, table.time(port.slot)),
        "link": links[end[0]].id if end else None,
    }


def _cli(picture: Picture, cli: Cli) -> Answer:
    return {
        "time": when(picture, cli.time),
        "version": cli.version,
        "model": cli.model,
        "uptime_s": cli.uptime_s,
        "interfaces": dict(cli.interfaces),
        "trouble": cli.trouble,
    }
