"""A picture painted by hand over two small counties: every state, and every kind of unknown."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
from notices import alert
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Asgi

from alerts.picture import Picture
from alerts.verdict import Verdict
from api.app import create_app
from api.scope import Scope
from edunet.catalog import Catalog
from edunet.facts import Cli, Facts, Port
from edunet.frame import Frame, Reason
from edunet.health import Health
from edunet.inventory import load
from edunet.latest import Latest
from edunet.reloading import Reloading
from edunet.reports import Reports
from edunet.states import Because, State
from edunet.topology import compile_topology
from edunet.traffic import Ports

NOW: Final = 1_790_000_000_000
HUGE: Final = 2**64 - 1
ALIAS: Final = 'to "C:\\school"'
INVENTORY: Final = """
network: {name: 示例, timezone: Asia/Shanghai, locale: zh-CN}
vantage: [{id: noc, device: core}]
credentials: {snmp: {ro: {version: 2c, community: "${SNMP_COMMUNITY}"}}}
carriers: [{id: gdtv, name: 广电}]
standards: {rural: {per_class: 1M, uplink: 30M}}
sites:
  - {id: city, kind: city, name: 示例市}
  - {id: s0, kind: school, parent: city, name: 示例市第一中学, code: "9000",
     classes: 20, students: 900}
  - {id: c1, kind: county, parent: city, name: 城东区}
  - {id: t1, kind: township, parent: c1, name: 白鹭镇}
  - {id: s1, kind: school, parent: c1, name: 城东实验小学, code: "1001", area: urban, classes: 24,
     students: 1080, standard: rural}
  - {id: s2, kind: teaching_point, parent: t1, name: '柳湾"教学点\\', code: "1002", area: rural,
     classes: 2, standard: rural}
  - {id: c2, kind: county, parent: city, name: 临江县}
  - {id: s3, kind: school, parent: c2, name: 临江中学, code: "2001", area: urban}
  - {id: s4, kind: kindergarten, parent: c2, name: Sunshine 幼儿园}
devices:
  - {id: core, site: city, address: 127.8.0.1, snmp: ro}
  - {id: c1-agg, site: c1, address: 127.8.0.2, snmp: ro}
  - {id: c2-agg, site: c2, address: 127.8.0.3, snmp: ro}
  - {id: s1-sw, site: s1, address: 127.8.0.4, snmp: ro}
links:
  - {id: core-c1, role: county_uplink, a: {device: core, interface: GE1},
     b: {device: c1-agg, interface: GE9},
     capacity: 10G, committed: 1G, carrier: gdtv, circuit: G-1, medium: fibre}
  - {id: core-c2, role: county_uplink, a: {device: core, interface: GE2},
     b: {device: c2-agg, interface: GE9},
     capacity: 10G, carrier: gdtv, circuit: G-2}
  - {id: core-s0, role: school_access, a: {device: core, interface: GE3},
     b: {site: s0}}
  - {id: c1-s1, role: school_access, a: {device: c1-agg, interface: GE1},
     b: {device: s1-sw, interface: UP},
     committed: 100M, carrier: gdtv, circuit: G-3}
  - {id: c1-s2, role: school_access, a: {device: c1-agg, interface: GE2},
     b: {site: s2}, committed: 30M}
  - {id: c2-s3, role: school_access, a: {device: c2-agg, interface: GE1},
     b: {site: s3}, committed: 100M}
  - {id: c2-s4, role: school_access, a: {device: c2-agg, interface: GE2},
     b: {site: s4}, committed: 100M}
"""
STATES: Final[Mapping[str, tuple[State, Because]]] = {
    "s0": (State.UNKNOWN, Because.NO_EVIDENCE),
    "s1": (State.UP, Because.NONE),
    "s2": (State.DEGRADED, Because.AGENT),
    "s3": (State.DOWN, Because.OWN_LINK),
    "s4": (State.UNREACHABLE, Because.UPSTREAM),
}


class Painted:
    """Implements `api.Source`."""

    def __init__(self, folder: Path, inventory: str = INVENTORY) -> None:
        path = folder / "inventory.yaml"
        path.write_text(inventory, "utf-8")
        os.environ.setdefault("SNMP_COMMUNITY", "public")
        self.topology = compile_topology(load(path))
        self.catalog, self.health = Catalog(), Health()
        self.asked = True
        self.reloading: Reloading | None = None
        self.reports: Reports | None = None
        self.fails = False
        self.shown = self._paint()

    def picture(self) -> Picture:
        if self.fails:
            raise RuntimeError("open-sesame")
        if self.reports:
            return dataclasses.replace(self.shown, reports=self.reports.newest)
        return self.shown

    def ready(self) -> bool:
        return self.asked

    def _paint(self) -> Picture:
        topology, slot = self.topology, self.catalog.slot
        tables = self._tables()
        facts = {
            device: Facts(
                "a switch", "1.3.6.1.4.1.8072", device, "huawei",
                tuple(
                    Port(n, name, name, ALIAS if n == 1 else "", slot("interface", device, name))
                    for n, name in enumerate(names, 1)
                ),
                trouble=None if device != "c2-agg" else "no answer within 2 s",
            )
            for device, names in ports(topology).items()
        }  # fmt: skip
        firing = alert("core-c2", county="c2", sites=("s4",), severity="critical")
        pending = alert("c1-s2", county="c1", state="pending", fired=None, sites=(), seq=0)
        closed = alert("core-c1", county=None, state="resolved", resolved=NOW, sites=("s1",))
        return Picture(
            time=NOW,
            topology=topology,
            verdict=self._verdict(),
            tables=tables,
            traffic=Ports(topology, lambda d, i: slot("interface", d, i)).traffic(
                tables["interface"], NOW, 10_000
            ),
            slots={
                (kind, device.id): slot(kind, device.id)
                for device in topology.inventory.devices
                for kind in ("probe", "device")
            },
            alerts=(firing, pending),
            closed=(closed,),
            facts=facts,
            cli={"core": Cli(NOW, "V200R021", "S6730", 86_400.0, {"GE1": "up"})},
            loaded=NOW - 60_000,
        )

    def _verdict(self) -> Verdict:
        topology = self.topology
        verdict = Verdict.unknown(topology, NOW - 3_600_000)
        verdict.nodes[: topology.devices] = [State.UP, State.UP, State.DOWN, State.UNKNOWN]
        verdict.links[:] = State.UP
        verdict.links[topology.link["core-c2"]] = State.DOWN
        verdict.links[topology.link["core-s0"]] = State.UNKNOWN
        for site, (state, because) in STATES.items():
            row = topology.site[site]
            verdict.sites[row], verdict.because[row] = state, because
        return verdict

    def _tables(self) -> Any:
        latest, slot = Latest(), self.catalog.slot
        named = [(d, n) for d, names in ports(self.topology).items() for n in names]
        slots = np.array([slot("interface", *name) for name in named], np.int32)
        n = len(slots)
        silent = np.array([device == "c2-agg" for device, _ in named])
        bad = np.where(silent, Reason.MISSING, Reason.GOOD).astype(np.uint8)
        count = np.arange(n, dtype=np.uint64)
        columns: dict[str, Any] = {
            "in_octets": HUGE - count,
            "out_octets": count + np.uint64(2**53),
            **dict.fromkeys(("in_errors", "out_errors", "in_discards", "out_discards"), count),
            "oper": np.where(silent, -1, 1).astype(np.int16),
            "admin": np.where(silent, -1, 1).astype(np.int16),
            "speed": np.where(silent, np.nan, 1e9),
            "in_bps": np.where(silent, np.nan, 1e6 * (1 + np.arange(n))),
            "out_bps": np.where(silent, np.nan, 2e6 * (1 + np.arange(n))),
        }
        times = np.full(n, NOW - 1000, np.int64)
        latest.update(Frame("interface", slots, times, columns, dict.fromkeys(columns, bad)))
        rows = len(self.topology.inventory.devices)
        for kind in ("probe", "device"):
            numbers = np.array(
                [slot(kind, d.id) for d in self.topology.inventory.devices], np.int32
            )
            values = np.array([0.0015, 0.002, np.nan, np.nan])
            if kind == "probe":
                columns = {
                    "sent": np.full(rows, 3, np.int16),
                    "received": np.array([3, 3, 0, 0], np.int16),
                    "rtt_s": values,
                    "jitter_s": values / 10,
                    "loss": np.array([0.0, 0.0, 1.0, 1.0]),
                    "loss_60s": np.array([0.0, 0.05, 1.0, 1.0]),
                }
            else:
                columns = {
                    "answered": np.array([1, 1, 0, 0], np.int16),
                    "uptime_s": np.array([86_400.0, 10.0, np.nan, np.nan]),
                }
            when = np.full(rows, NOW - 500, np.int64)
            latest.update(Frame(kind, numbers, when, columns))
        return latest.tables()


def ports(topology: Any) -> dict[str, list[str]]:
    """The ports of each device: those the links name, and one nobody uses."""
    found: dict[str, list[str]] = {device.id: [] for device in topology.inventory.devices}
    for device, interface in topology.ports:
        found[device].append(interface)
    return {device: [*names, "spare"] for device, names in found.items()}


def client(source: Painted, scope: Scope | None = None) -> httpx.AsyncClient:
    """A client of the application, seeing what `scope` sees; a mistake of ours is a 500."""
    app: ASGIApp = create_app(source)
    transport = httpx.ASGITransport(
        app=app if scope is None else _scoped(app, scope), raise_app_exceptions=False
    )
    return httpx.AsyncClient(transport=transport, base_url="http://edunet")


def _scoped(app: ASGIApp, scope: Scope) -> Callable[[Asgi, Receive, Send], Awaitable[None]]:
    """As an authenticating layer would do it."""

    async def inner(asgi: Asgi, receive: Receive, send: Send) -> None:
        asgi.setdefault("state", {})["scope"] = scope
        await app(asgi, receive, send)

    return inner


GETS: Final = (
    "/api/v1/network", "/api/v1/counties", "/api/v1/counties/c1", "/api/v1/schools",
    "/api/v1/schools/s1", "/api/v1/links", "/api/v1/links/core-c1", "/api/v1/devices",
    "/api/v1/devices/core", "/api/v1/devices/core/interfaces", "/api/v1/alerts",
    "/api/v1/alerts/al-core-c2", "/api/v1/annotations", "/metrics", "/metrics/compat",
    "/sd/snmp", "/sd/icmp", "/sd/http", "/healthz", "/readyz",
)  # fmt: skip
LISTS: Final = ("counties", "schools", "links", "devices", "devices/core/interfaces", "alerts")
