"""A small network that obeys physics, and a monitor that polls it on a time line of its own."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from alerts.alert import Alert, Notice
from alerts.engine import Engine
from alerts.rule import Rule, load
from edunet.catalog import Catalog
from edunet.frame import Frame
from edunet.inventory.model import Inventory
from edunet.settings import Intervals
from edunet.states import State
from edunet.topology import Topology, compile_topology

START: Final = 1_790_000_000_000
TICK: Final = 250
_KINDS: Final = {"c": "city", "a": "county", "b": "county", "h": "township"}
_DOWN, _LIT = 2, 1  # ifOperStatus


def plant(links: str, *, reach: str = "icmp", slow: str = "", deaf: str = "") -> Inventory:
    """An inventory from words: `x-y` links two devices, `x=v` a port to a site without gear.

    Every name is a site with a device of the same name (`=` ones have none), below the site it was
    first linked to; `@-x` is a leased line from a carrier. The first device is where we stand.
    a* and b* are counties, h* townships, c* the city, all others schools of 10 classes.
    The `slow` ones are reached by SNMP, every 10 s; the `deaf` ones have no SNMP.
    """
    sites: dict[str, dict[str, object]] = {}
    devices: dict[str, dict[str, object]] = {}
    lines: list[dict[str, object]] = []
    for word in links.split():
        near, far = word.replace("=", "-").split("-")
        name = f"{near}-{far}" if near != "@" else f"egress-{far}"
        for site, parent in ((near, None), (far, near)):
            if site != "@" and site not in sites:
                kind = _KINDS.get(site[0], "school")
                sites[site] = {"id": site, "kind": kind, "name": site.upper(), "classes": 10}
                sites[site]["parent"] = parent
        for device in (near, far) if "-" in word else (near,):
            if device != "@":
                devices[device] = {
                    "id": device,
                    "site": device,
                    "reach": "snmp" if device in slow.split() else reach,
                    "snmp": None if device in deaf.split() else "ro",
                }
        a = {"carrier": "tel"} if near == "@" else {"device": near, "interface": name}
        b = {"device": far, "interface": name} if "-" in word else {"site": far}
        lines.append({"id": name, "role": "school_access", "a": a, "b": b})
    return Inventory.model_validate(
        {
            "network": {"name": "physics", "locale": "en"},
            "vantage": [{"id": "noc", "device": next(iter(devices))}],
            "carriers": [{"id": "tel", "name": "Tel"}],
            "sites": list(sites.values()),
            "devices": list(devices.values()),
            "links": lines,
        }
    )


class World:
    """What is really broken. `broken` holds words of the form `kind:id`:

    link (a cut), power (a site or device without power), hang (a device that forwards nothing but
    keeps its lasers on), mute (it forwards, but its own address is dead), agent (only its SNMP is
    dead), eyes (of the collector: its own cable).
    """

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.broken: set[str] = set()
        self._ids = [name.split(":")[1] for name in topology.nodes]

    def reached(self) -> set[str]:
        """Ids of the nodes that packets from the collector get to, answering or not."""
        if "eyes:noc" in self.broken:
            return set()
        found: set[int] = set()
        border = [node for node in self.topology.vantage if self._alive(node)]
        while border:
            found.add(node := border.pop())
            for link, other in self.topology.links_of[node]:
                if other not in found and self.carries(link) and self._alive(other):
                    border.append(other)
        return {self._ids[node] for node in found}

    def carries(self, link: int) -> bool:
        return f"link:{self.topology.inventory.links[link].id}" not in self.broken

    def lit(self, link: int, side: int) -> bool:
        """Whether light falls on the port at one end of a link."""
        far = int(self.topology.ends[link, 1 - side])
        return self.carries(link) and (far < 0 or f"power:{self._ids[far]}" not in self.broken)

    def state(self, site: str) -> State:
        """What the site of that id must be called: the specification, from the truth alone."""
        reached, row = self.reached(), self._ids.index(site)
        real = row < self.topology.devices
        if site in reached:
            hidden = f"mute:{site}" in self.broken or f"agent:{site}" in self.broken
            return State.DEGRADED if hidden and real else State.UP
        near = {self._ids[g] for _, g in self.topology.links_of[row] if g < self.topology.devices}
        answering = {g for g in near & reached if f"mute:{g}" not in self.broken}
        return State.DOWN if answering else State.UNREACHABLE

    def _alive(self, node: int) -> bool:
        name = self._ids[node]
        return f"power:{name}" not in self.broken and f"hang:{name}" not in self.broken


class Watch:
    """A monitor of one world: it polls, feeds the engine, and keeps what the engine says."""

    def __init__(
        self,
        inventory: Inventory,
        *,
        ask: bool = True,
        phases: Mapping[str, int] | None = None,
        firing: Iterable[Alert] = (),
        now: int = START,
        shuffle: random.Random | None = None,
        world: World | None = None,
        rules: Iterable[Rule] | None = None,
    ) -> None:
        """`phases`: milliseconds each device's polls are late by; `shuffle` permutes frames."""
        self.topology = compile_topology(inventory)
        self.world = world or World(self.topology)
        self.catalog, self.now, self.shuffle = Catalog(), now, shuffle
        self.intervals = Intervals()
        self.engine = Engine(
            self.topology,
            self.catalog,
            self.intervals,
            load() if rules is None else rules,
            now,
            firing,
        )
        self.ask = ask
        self.notices: list[Notice] = []
        self.seen: dict[str, list[tuple[int, State]]] = {}
        self.lose: set[str] = set()  # devices whose next echo gets lost
        self.skip: set[str] = set()  # devices nobody polls
        self._asked: frozenset[str] = frozenset()
        self._phases = phases or {d.id: 40 * n for n, d in enumerate(inventory.devices)}

    def run(self, seconds: float) -> Watch:
        """Let time pass, a tick at a time."""
        end = self.now + round(seconds * 1000)
        while self.now < end:
            self.now += TICK
            frames = self._poll()
            if self.shuffle:
                frames = [part for frame in frames for part in _rows(frame)]
                self.shuffle.shuffle(frames)
            for frame in frames:
                self.engine.observe(frame)
            if not frames and self.now % 1000:
                continue
            decisions = self.engine.advance(self.now)
            self._asked = decisions.ask if self.ask else frozenset()
            self.notices += decisions.notices
            self._keep()
        return self

    def breaks(self, *faults: str) -> Watch:
        self.world.broken |= set(faults)
        return self

    def heals(self, *faults: str) -> Watch:
        self.world.broken -= set(faults) if faults else set(self.world.broken)
        return self

    @property
    def told(self) -> list[str]:
        """The notices so far, as `open link:core-a`."""
        return [f"{n.action} {n.alert.subject.type}:{n.alert.subject.id}" for n in self.notices]

    @property
    def outages(self) -> list[Notice]:
        return [n for n in self.notices if n.action == "open" and n.alert.severity != "info"]

    def state(self, element: str) -> State:
        """The state of `site:ID`, `device:ID` or `link:ID` now."""
        return self.seen[element][-1][1]

    def since(self, element: str) -> int:
        """Since when, as the engine says it: milliseconds after the start."""
        kind, _, name = element.partition(":")
        verdict = self.engine.verdict
        if kind == "site":
            return int(verdict.site_since[self.topology.site[name]]) - START
        if kind == "link":
            return int(verdict.link_since[self.topology.link[name]]) - START
        return int(verdict.node_since[self.topology.node[element]]) - START

    def passed(self, element: str, after: int = 0) -> list[State]:
        """The states an element went through, from `after` (milliseconds after the start) on."""
        return [state for time, state in self.seen[element] if time - START >= after]

    def _poll(self) -> list[Frame]:
        pinged: dict[str, tuple[int, bool]] = {}
        polled: dict[str, tuple[int, bool]] = dict.fromkeys(self._asked, (self.now, False))
        for device in self.topology.inventory.devices:
            if device.reach == "icmp" and (
                due := self._due(device.id, round(self.intervals.reachability * 1000))
            ):
                pinged[device.id] = (due, False)
            if device.snmp and (due := self._due(device.id, round(self.intervals.links * 1000))):
                polled[device.id] = (due, False)
        reached = self.world.reached()
        for name, (time, _) in pinged.items():
            up = name in reached and f"mute:{name}" not in self.world.broken
            pinged[name] = (time, up and name not in self.lose)
        self.lose -= pinged.keys()
        dead = {w.split(":")[1] for w in self.world.broken if w.startswith(("mute:", "agent:"))}
        for name, (time, _) in polled.items():
            polled[name] = (time, name in reached and name not in dead)
        answered = {name: time for name, (time, up) in polled.items() if up}
        frames = [
            self._alive("probe", pinged),
            self._alive("device", polled),
            self._ports(answered),
        ]
        return [frame for frame in frames if len(frame)]

    def _due(self, device: str, period: int) -> int | None:
        """The moment in this tick at which the device is to be polled, if there is one."""
        late = (self.now - START - self._phases.get(device, 0)) % period
        return self.now - late if late < TICK and device not in self.skip else None

    def _alive(self, kind: str, readings: Mapping[str, tuple[int, bool]]) -> Frame:
        up = np.array([up for _, up in readings.values()], np.int16)
        columns = {"sent": np.full(len(up), 1, np.int16), "received": up}
        return Frame(
            kind,
            np.array([self.catalog.slot(kind, name) for name in readings], np.int32),
            np.array([time for time, _ in readings.values()], np.int64),
            columns if kind == "probe" else {"answered": up},
        )

    def _ports(self, answered: Mapping[str, int]) -> Frame:
        rows = [
            (self.catalog.slot("interface", device, port), answered[device], link, side)
            for (device, port), (link, side) in self.world.topology.ports.items()
            if device in answered
        ]
        oper = [_LIT if self.world.lit(link, side) else _DOWN for _, _, link, side in rows]
        return Frame(
            "interface",
            np.array([row[0] for row in rows], np.int32),
            np.array([row[1] for row in rows], np.int64),
            {"oper": np.array(oper, np.int16)},
        )

    def _keep(self) -> None:
        verdict, inventory = self.engine.verdict, self.topology.inventory
        now: dict[str, int] = dict(zip(self.topology.nodes, verdict.nodes.tolist(), strict=True))
        links = zip(inventory.links, verdict.links.tolist(), strict=True)
        sites = zip(inventory.sites, verdict.sites.tolist(), strict=True)
        now |= {f"link:{link.id}": state for link, state in links}
        now |= {f"site:{site.id}": state for site, state in sites}
        for element, state in now.items():
            passed = self.seen.setdefault(element, [])
            if not passed or passed[-1][1] != state:
                passed.append((self.now, State(state)))


def _rows(frame: Frame) -> list[Frame]:
    """The frame as frames of one row each."""
    return [
        Frame(
            frame.kind,
            frame.slots[n : n + 1],
            frame.times[n : n + 1],
            {name: column[n : n + 1] for name, column in frame.columns.items()},
        )
        for n in range(len(frame))
    ]
