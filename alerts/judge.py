"""What is true of every device, link and site, given what was seen: pure, and never hasty."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from alerts.evidence import CONFIRM, Evidence
from alerts.verdict import States, Times, Verdict
from edunet.states import Because, State
from edunet.topology import Bools, Topology

STALE_PERIODS = 3.5  # silence of the asker this long makes a thing unknown
_BARRIER_PERIODS = 1.2  # how long a child waits for its parent to be asked
_BARRIER_MS = 5000


def judge(topology: Topology, seen: Evidence, now: int, before: Verdict) -> Verdict:
    """The verdict at `now` (milliseconds UTC), given the one before.

    A reply proves the whole path, so only a node that failed while a neighbour is proved to live
    is `down`; every other dark node is `unreachable`. While that cannot be told yet, the state
    before is kept. While our own eyes are in doubt, nothing changes; when they are shut, nothing
    is known.
    """
    vantage = np.array(topology.vantage, np.int64)
    if len(vantage) and (seen.reach.n_down[vantage] > 0).all():
        if not seen.reach.dark[vantage].all():
            return before
        return _blinded(topology, before, now)
    return _Look(topology, seen, now, before).verdict()


def _blinded(topology: Topology, before: Verdict, now: int) -> Verdict:
    if before.blind:
        return before
    dark = Verdict.unknown(topology, now)
    return Verdict(**{**dark.__dict__, "blind": True})


class _Look:
    """One evaluation: masks over the evidence, then nodes, links and sites in turn."""

    def __init__(self, topology: Topology, seen: Evidence, now: int, before: Verdict) -> None:
        self.topology, self.seen, self.now, self.before = topology, seen, now, before
        size, devices = len(topology.nodes), topology.devices
        fresh = seen.reach.fresh(now, (seen.reach_period * STALE_PERIODS).astype(np.int64))
        self.good = np.zeros(size, bool)
        self.dark = np.zeros(size, bool)
        self.suspect = np.zeros(size, bool)
        self.good[:devices] = fresh & (seen.reach.n_up > 0)
        self.dark[:devices] = fresh & seen.reach.dark
        self.suspect[:devices] = fresh & seen.reach.suspect
        self.port_up, self.port_down, self.port_wait = self._ports()
        self.barrier = _BARRIER_MS + int(_BARRIER_PERIODS * seen.reach_period.max(initial=0))

    def verdict(self) -> Verdict:
        silent = self._silent_forwarders()
        nodes = self._nodes(silent)
        links = self._links()
        sites, because = self._sites(nodes, links)
        before, topology = self.before, self.topology
        node_since = np.where(nodes == before.nodes, before.node_since, self._node_times(nodes))
        link_since = np.where(links == before.links, before.link_since, self._link_times(links))
        site_since = before.site_since.copy()
        for site in np.flatnonzero(sites != before.sites).tolist():
            rows = [n for n in topology.nodes_of[site] if nodes[n] == sites[site]]
            known = sites[site] in (State.DOWN, State.UNREACHABLE, State.UP)
            site_since[site] = node_since[rows].min() if rows and known else self.now
        return Verdict(
            nodes, node_since, links, link_since, sites, site_since, because, self.good,
            self.port_up, self.port_down, self.port_wait, silent=silent,
        )  # fmt: skip

    def _ports(self) -> tuple[Bools, Bools, Bools]:
        """bool[links, 2] each: ends whose light is on, is off, or is in doubt.

        Only a port whose device answers counts, and only what it said since the device came back.
        """
        ports, ends = self.seen.ports, self.topology.ends
        devices = self.topology.devices
        fresh = ports.fresh(self.now, int(self.seen.port_period * STALE_PERIODS))
        owner = ends.reshape(-1)
        real = (owner >= 0) & (owner < devices)
        safe = np.where(real, owner, 0)
        told = np.zeros(len(owner), bool)
        if devices:
            told = fresh & real & self.good[safe] & (ports.seen >= self.seen.reach.up_since[safe])
        up, down, wait = told & (ports.n_up > 0), told & ports.dark, told & ports.suspect
        return up.reshape(-1, 2), down.reshape(-1, 2), wait.reshape(-1, 2)

    def _silent_forwarders(self) -> frozenset[int]:
        """Dark devices that still carry traffic: something behind them answered meanwhile."""
        topology, reach = self.topology, self.seen.reach
        if not topology.vantage or not self.dark.any():
            return frozenset()
        whole: Bools = np.logical_not(self.port_down.any(axis=1))
        passable: Bools = np.logical_not(self.dark | self.suspect)
        found: set[int] = set()
        while True:
            comp = topology.components(passable, whole)
            lit = np.isin(comp, comp[list(topology.vantage)]) & passable
            new = {
                x
                for x in (set(np.flatnonzero(self.dark).tolist()) - found)
                if any(lit[g] and whole[link] for link, g in topology.links_of[x])
                and any(
                    self.good[y] and not lit[y] and reach.last_up[y] >= reach.bad[CONFIRM - 1, x]
                    for _, y in topology.links_of[x]
                    if y < topology.devices
                )
            }
            if not new:
                return frozenset(found)
            found |= new
            passable[list(new)] = True

    def _nodes(self, silent: frozenset[int]) -> States:
        devices = self.topology.devices
        nodes = np.zeros(len(self.topology.nodes), np.int8)
        nodes[self.good] = State.UP
        # Silence from before the device came back says nothing of its agent now.
        heard = self.seen.snmp.bad[CONFIRM - 1] >= self.seen.reach.up_since
        agent = self.good[:devices] & self.seen.snmp.dark & heard
        nodes[:devices][agent] = State.DEGRADED
        nodes[self.suspect] = self.before.nodes[self.suspect]
        for node in np.flatnonzero(self.dark).tolist():
            nodes[node] = State.DEGRADED if node in silent else self._dark(node)
        for node in range(devices, len(nodes)):
            nodes[node] = self._virtual(node)
        return nodes

    def _dark(self, node: int) -> int:
        """Down, unreachable, or (while a neighbour has not been asked again) what it was."""
        reach, links = self.seen.reach, self.topology.links_of[node]
        neighbours = [g for _, g in links if g < self.topology.devices]
        if not neighbours:
            return State.DOWN
        first, waiting = int(reach.first_bad[node]), 0
        for g in neighbours:
            if self.good[g]:
                back = int(reach.up_since[g])
                # a neighbour that has only just come back proves nothing of older failures
                if reach.last_up[g] >= first and (
                    back <= first or reach.bad[CONFIRM - 1, node] >= back
                ):
                    return State.DOWN
                waiting = max(waiting, first, back)
            elif self.suspect[g]:
                waiting = max(waiting, first)
        if waiting and self.now - waiting <= self.barrier:
            return int(self.before.nodes[node])
        return State.DOWN if waiting else State.UNREACHABLE

    def _virtual(self, node: int) -> int:
        """A site without a device of its own is what the ports towards it say."""
        sides = [(link, 0) for link, _ in self.topology.links_of[node]]
        if any(self.port_up[side] for side in sides):
            return State.UP
        if any(self.port_wait[side] for side in sides):
            return int(self.before.nodes[node])
        if any(self.port_down[side] for side in sides):
            return State.DOWN
        if any(self.dark[g] for _, g in self.topology.links_of[node]):
            return State.UNREACHABLE
        return self._held(
            int(self.before.nodes[node]), (g for _, g in self.topology.links_of[node])
        )

    def _held(self, before: int, reporters: Iterable[int]) -> int:
        """The state before, while a reporter is in doubt or has only just come back; else unknown.

        Right after a device returns, what its ports said earlier is stale and what they say now
        has not been read yet.
        """
        patience = _BARRIER_MS + _BARRIER_PERIODS * self.seen.port_period
        for g in reporters:
            if g < 0 or g >= self.topology.devices:
                continue
            if self.suspect[g] or (
                self.good[g] and self.now - self.seen.reach.up_since[g] <= patience
            ):
                return before
        return State.UNKNOWN

    def _links(self) -> States:
        """A link is what a port at a living end says of it; without one, what its ends are."""
        ends, topology = self.topology.ends, self.topology
        links = np.zeros(len(ends), np.int8)
        links[self.port_up.any(axis=1)] = State.UP
        wait = self.port_wait.any(axis=1)
        links[wait] = self.before.links[wait]
        links[self.port_down.any(axis=1)] = State.DOWN
        silent = ~(self.port_up | self.port_down | self.port_wait).any(axis=1)
        for row in np.flatnonzero(silent).tolist():
            devices = [n for n in ends[row].tolist() if 0 <= n < topology.devices]
            if any(self.dark[n] for n in devices) and not any(self.good[n] for n in devices):
                links[row] = State.UNREACHABLE
            else:
                links[row] = self._held(int(self.before.links[row]), devices)
        return links

    def _sites(self, nodes: States, links: States) -> tuple[States, States]:
        """The state of every site from its nodes, and why."""
        count = len(self.topology.inventory.sites)
        states = np.zeros(count, np.int8)
        because = np.zeros(count, np.int8)
        for site, rows in enumerate(self.topology.nodes_of):
            states[site], because[site] = self._site(site, nodes[list(rows)].tolist(), nodes, links)
        return states, because

    def _site(
        self, site: int, found: list[int], nodes: States, links: States
    ) -> tuple[State, Because]:
        connected = [state for state in found if state in (State.UP, State.DEGRADED)]
        lost = [state for state in found if state in (State.DOWN, State.UNREACHABLE)]
        uplinks = self.topology.uplinks_of[site]
        cut = any(links[row] == State.DOWN for row in uplinks)
        if connected and lost:
            return State.DEGRADED, Because.OWN_DEVICE
        if State.DEGRADED in connected:
            return State.DEGRADED, Because.AGENT
        if connected:
            return (State.DEGRADED, Because.OWN_LINK) if cut else (State.UP, Because.NONE)
        if State.DOWN in lost:
            lit = any(self.port_up[row, 0] for row in uplinks)
            return State.DOWN, Because.OWN_DEVICE if lit and not cut else Because.OWN_LINK
        if lost:
            return State.UNREACHABLE, Because.UPSTREAM
        return State.UNKNOWN, Because.NO_EVIDENCE

    def _node_times(self, nodes: States) -> Times:
        """When the evidence for each node's state began."""
        reach, times = self.seen.reach, np.full(len(nodes), self.now, np.int64)
        real = nodes[: self.topology.devices]
        lost = (real == State.DOWN) | (real == State.UNREACHABLE)
        times[: len(real)][lost] = reach.first_bad[lost]
        times[: len(real)][real == State.UP] = reach.up_since[real == State.UP]
        port_times = self._port_times()
        for node in range(len(real), len(nodes)):
            rows = [port_times[link, 0] for link, _ in self.topology.links_of[node]]
            told = [time for time in rows if time]
            if told and nodes[node] in (State.DOWN, State.UP):
                times[node] = min(told)
        return times

    def _link_times(self, links: States) -> Times:
        port_times = self._port_times()
        best = np.where(port_times > 0, port_times, self.now).min(axis=1, initial=self.now)
        told = (links == State.UP) | (links == State.DOWN)
        return np.where(told, best, self.now)

    def _port_times(self) -> Times:
        """int64[links, 2]: when each port began to say what it says now; 0 = says nothing."""
        ports = self.seen.ports
        times = np.where(ports.n_down > 0, ports.first_bad, ports.up_since).reshape(-1, 2)
        return np.where(self.port_up | self.port_down, times, 0)
