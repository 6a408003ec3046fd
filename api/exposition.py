"""The network as Prometheus reads it: text format 0.0.4, unknown values absent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from prometheus_client import generate_latest

from alerts.picture import Picture
from api.queries.links import link_objects
from api.queries.schools import capacity, seen
from api.scope import Scope
from edunet.catalog import Catalog
from edunet.facts import Port
from edunet.health import Health
from edunet.labels import Names
from edunet.metrics import FAMILIES, INTERFACE_COUNTERS
from edunet.states import State

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_LINK_GAUGES: Final = {
    "download_bps": "edunet_link_download_bits_per_second",
    "upload_bps": "edunet_link_upload_bits_per_second",
    "utilization": "edunet_link_utilization_ratio",
    "committed_bps": "edunet_link_committed_bits_per_second",
}
_PROBE_GAUGES: Final = {
    "rtt_s": "edunet_probe_rtt_seconds",
    "jitter_s": "edunet_probe_jitter_seconds",
    "loss": "edunet_probe_loss_ratio",
}

Series = tuple[str, Mapping[str, str], float | None]


def exposition(
    picture: Picture, catalog: Catalog, health: Health, scope: Scope, county: str | None
) -> bytes:
    """Every series the scope sees. `county` narrows it down, and adds all its interfaces."""
    if county is not None and not scope.sees(county):
        return b""
    sight = Scope(scope.role, county) if county is not None else scope
    names = Names(picture.topology, catalog)
    found: dict[str, list[str]] = {}
    for name, labels, value in _series(picture, names, sight, county is not None):
        if value is not None:
            found.setdefault(name, []).append(
                f"{name}{_labels(tuple(labels.items()))} {_text(value)}"
            )
    text: list[str] = []
    for family in FAMILIES:
        if family.name in found:
            text.append(f"# HELP {family.name} {family.help}\n# TYPE {family.name} {family.type}")
            text += found[family.name]
    own = generate_latest(health.registry) if scope.county is None else b""
    return "\n".join([*text, ""]).encode() + own


def _series(picture: Picture, names: Names, scope: Scope, full: bool) -> Iterator[Series]:
    yield from _devices(picture, names, scope)
    for device in picture.topology.inventory.devices:
        labels = names.device(device.id)
        if scope.sees(labels.get("county")) and device.id in picture.facts:
            ports = picture.facts[device.id].ports
            yield from _interfaces(picture, names, device.id, ports, full)
    yield from _links(picture, names, scope)
    yield from _schools(picture, names, scope)
    open_now = Counter(
        (alert.severity, alert.cause)
        for alert in picture.alerts
        if alert.state == "firing" and scope.sees(alert.county)
    )
    for (severity, cause), count in open_now.items():
        yield "edunet_incidents_open", {"severity": severity, "cause": cause}, count


def _devices(picture: Picture, names: Names, scope: Scope) -> Iterator[Series]:
    probes, devices = picture.table("probe"), picture.table("device")
    for node, device in enumerate(picture.topology.inventory.devices):
        labels = names.device(device.id)
        if not scope.sees(labels.get("county")):
            continue
        yield "edunet_device_up", labels, State(picture.verdict.nodes[node]).up
        uptime = devices.value("uptime_s", picture.slots["device", device.id])
        yield "edunet_device_uptime_seconds", labels, uptime
        if _fresh(picture, probes.time(picture.slots["probe", device.id]), 60):
            for column, name in _PROBE_GAUGES.items():
                yield name, labels, probes.value(column, picture.slots["probe", device.id])


def _interfaces(
    picture: Picture, names: Names, device: str, ports: Iterable[Port], full: bool
) -> Iterator[Series]:
    table = picture.table("interface")
    for port in ports:
        if not full and (device, port.name) not in picture.topology.ports:
            continue
        if not _fresh(picture, table.time(port.slot), 300):
            continue  # the series of what no longer answers ends
        labels = names.interface(device, port.name)
        for column, name in INTERFACE_COUNTERS.items():
            yield name, labels, table.value(column, port.slot)
        oper = table.value("oper", port.slot)
        yield "edunet_interface_up", labels, None if oper in (None, 4) else oper == 1
        yield "edunet_interface_speed_bits_per_second", labels, table.value("speed", port.slot)
        if port.alias:
            yield "edunet_interface_info", {**labels, "alias": port.alias}, 1


def _links(picture: Picture, names: Names, scope: Scope) -> Iterator[Series]:
    topology = picture.topology
    rows = [r for r in range(len(topology.ends)) if scope.sees(topology.county_of_link(r))]
    for row, link in zip(rows, link_objects(picture, rows), strict=True):
        labels = names.link(link["id"])
        yield "edunet_link_up", labels, State(picture.verdict.links[row]).up
        for column, name in _LINK_GAUGES.items():
            yield name, labels, link[column]


def _schools(picture: Picture, names: Names, scope: Scope) -> Iterator[Series]:
    topology, states = picture.topology, picture.verdict.sites.tolist()
    for row in seen(picture, scope):
        site, state = topology.inventory.sites[row], State(states[row])
        labels = names.site(site.id)
        yield "edunet_school_up", labels, state.up
        for each in State:
            yield "edunet_school_state", {**labels, "state": each.word}, each is state
        info = {
            "name": site.name,
            "code": site.code or "",
            "kind": site.kind,
            "area": site.area or "",
            "town": topology.town[row] or "",
        }
        yield "edunet_school_info", {**labels, **info}, 1
        yield "edunet_school_classes", labels, site.classes
        bps = capacity(picture, row) if site.classes else None
        per_class = bps / site.classes if bps and site.classes else None
        yield "edunet_school_bits_per_second_per_class", labels, per_class


def _fresh(picture: Picture, time: int | None, seconds: int) -> bool:
    return time is not None and picture.now - time <= seconds * 1000


@lru_cache(maxsize=1 << 18)
def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    """`{a="b"}`, values escaped; empty labels are left out."""
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels if value)
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _text(value: float) -> str:
    """Integers exactly, however large; everything else as Python's shortest exact form."""
    return str(int(value)) if isinstance(value, (int, bool)) else repr(float(value))
