"""What is true of every device, link and site, given what was seen: pure, and never hasty."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from alerts.evidence import CONFIRM, STALE_PERIODS, Evidence
from alerts.frontier import frontier, look
from alerts.verdict import States, Times, Verdict
from edunet.states import Because, State
from edunet.topology import Topology

_LOST: Final = (State.DOWN, State.UNREACHABLE)


def judge(topology: Topology, seen: Evidence, now: int, before: Verdict) -> Verdict:
    """The verdict at `now` (milliseconds UTC), given the one before.

    A reply proves the whole path, so only a node that failed while a neighbour is proved to live
    is `down`; every other dark node is `unreachable`. While that cannot be told yet, the state
    before is kept. While our own eyes are in doubt, nothing changes; when they are shut, nothing
    is known.
    """
    reach, vantage = seen.reach, np.array(topology.vantage, np.int64)
    fresh = reach.fresh(now, (seen.reach_period * STALE_PERIODS).astype(np.int64))
    if reach.seen.any() and not fresh.any():  # nobody could be asked for long: nothing gets out
        return _blinded(topology, before, now)
    looked = fresh[vantage]
    if len(vantage) and (looked & (reach.n_down[vantage] > 0)).all():
        if not reach.dark[vantage].all():
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
        self.look = look(topology, seen, now)
        self.frontier = frontier(topology, seen, self.look, now)
        self.lost = self.look.dark.copy()  # a silent forwarder is dark, what is behind it is not
        self.lost[list(self.frontier.silent)] = False

    def verdict(self) -> Verdict:
        nodes = self._nodes()
        links = self._links()
        sites, because = self._sites(nodes, links)
        before, look = self.before, self.look
        node_since = np.where(nodes == before.nodes, before.node_since, self._node_times(nodes))
        link_since = np.where(links == before.links, before.link_since, self._link_times(links))
        site_since = before.site_since.copy()
        for site in np.flatnonzero(sites != before.sites).tolist():
            site_since[site] = self._site_time(site, sites[site], nodes, node_since)
        return Verdict(
            nodes, node_since, links, link_since, sites, site_since, because, look.good,
            look.port_up, look.port_down, look.port_wait, self.frontier.reached,
            self.frontier.waits, silent=self.frontier.silent,
        )  # fmt: skip

    def _nodes(self) -> States:
        look, devices = self.look, self.topology.devices
        nodes = np.zeros(len(self.topology.nodes), np.int8)
        nodes[look.good] = State.UP
        # Silence from before the device came back says nothing of its agent now.
        snmp = self.seen.snmp
        heard = snmp.fresh(self.now, int(self.seen.snmp_period * STALE_PERIODS))
        heard &= snmp.bad[CONFIRM - 1] >= self.seen.reach.up_since
        agent = look.good[:devices] & snmp.dark & heard
        nodes[:devices][agent] = State.DEGRADED
        nodes[look.suspect] = self.before.nodes[look.suspect]
        for node in np.flatnonzero(look.dark).tolist():
            nodes[node] = self._dark(node)
        lit = self.topology.ends[look.port_up[:, 0], 1]  # most of them, and all alike
        nodes[lit[lit >= devices]] = State.UP
        for node in (np.flatnonzero(nodes[devices:] != State.UP) + devices).tolist():
            nodes[node] = self._virtual(node)
        return nodes

    def _dark(self, node: int) -> int:
        """Down, unreachable, or (while a neighbour has not been asked again) what it was."""
        if node in self.frontier.silent:
            return State.DEGRADED
        if self.frontier.waits[node]:
            return int(self.before.nodes[node])
        near = [g for _, g in self.topology.links_of[node] if g < self.topology.devices]
        alive = any(self.look.good[g] and self.frontier.reached[g] for g in near)
        return State.DOWN if alive or not near else State.UNREACHABLE

    def _virtual(self, node: int) -> int:
        """A site without a device of its own is what the ports towards it say."""
        look, links = self.look, self.topology.links_of[node]
        before = int(self.before.nodes[node])
        if any(look.port_up[link, 0] for link, _ in links):
            return State.UP
        if any(look.port_wait[link, 0] for link, _ in links):
            return before
        if any(look.port_down[link, 0] for link, _ in links):
            return State.DOWN
        if all(self.lost[g] for _, g in links):
            return before if any(self.frontier.waits[g] for _, g in links) else State.UNREACHABLE
        return self._held(before, (g for _, g in links))

    def _held(self, before: int, reporters: Iterable[int]) -> int:
        """The state before, while a reporter is in doubt or has only just come back; else unknown.

        Right after a device returns, what its ports said earlier is stale and what they say now
        has not been read yet.
        """
        for g in reporters:
            if self.look.suspect[g] or (
                self.look.good[g] and self.now - self.seen.reach.up_since[g] <= self.seen.patience
            ):
                return before
        return State.UNKNOWN

    def _links(self) -> States:
        """A link is what a port at a living end says of it; without one, what its ends are."""
        ends, topology, look = self.topology.ends, self.topology, self.look
        links = np.zeros(len(ends), np.int8)
        links[look.port_up.any(axis=1)] = State.UP
        wait = look.port_wait.any(axis=1)
        links[wait] = self.before.links[wait]
        links[look.port_down.any(axis=1)] = State.DOWN
        unheard = ~(look.port_up | look.port_down | look.port_wait).any(axis=1)
        for row in np.flatnonzero(unheard).tolist():
            devices = [n for n in ends[row].tolist() if 0 <= n < topology.devices]
            if not any(self.lost[n] for n in devices) or any(look.good[n] for n in devices):
                links[row] = self._held(int(self.before.links[row]), devices)
            elif any(self.frontier.waits[n] for n in devices):
                links[row] = self.before.links[row]
            else:
                links[row] = State.UNREACHABLE
        return links

    def _sites(self, nodes: States, links: States) -> tuple[States, States]:
        """The state of every site from its nodes, and why."""
        topology = self.topology
        count = len(topology.inventory.sites)
        states = np.full(count, State.UNKNOWN, np.int8)
        because = np.full(count, Because.NO_EVIDENCE, np.int8)
        # Most sites are well, and all alike; the others are looked at one by one.
        there = np.bincount(topology.node_site, minlength=count) > 0
        ill = np.zeros(count, bool)
        ill[topology.node_site[nodes != State.UP]] = True
        below = topology.ends[links == State.DOWN, 1]
        ill[topology.node_site[below[below >= 0]]] = True
        states[there & ~ill], because[there & ~ill] = State.UP, Because.NONE
        for site in np.flatnonzero(there & ill).tolist():
            found = nodes[list(topology.nodes_of[site])].tolist()
            states[site], because[site] = self._site(site, found, nodes, links)
        # Of a passive one one hears, whatever the port near it says.
        states[topology.passive] = State.UNKNOWN
        because[topology.passive] = Because.NO_EVIDENCE
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
            lit = any(self.look.port_up[row, 0] for row in uplinks)
            return State.DOWN, Because.OWN_DEVICE if lit and not cut else Because.OWN_LINK
        if lost:
            return State.UNREACHABLE, Because.UPSTREAM
        return State.UNKNOWN, Because.NO_EVIDENCE

    def _site_time(self, site: int, state: int, nodes: States, node_since: Times) -> int:
        """When a site's state began: lost with the last of its nodes, back with the first."""
        rows = self.topology.nodes_of[site]
        if state in _LOST:
            return max(int(node_since[n]) for n in rows if nodes[n] in _LOST)
        if state == State.UP:
            return min(int(node_since[n]) for n in rows if nodes[n] == state)
        return self.now

    def _node_times(self, nodes: States) -> Times:
        """When the evidence for each node's state began, where that is not the one before."""
        reach, times = self.seen.reach, np.full(len(nodes), self.now, np.int64)
        devices = self.topology.devices
        real, before = nodes[:devices], self.before.nodes[:devices]
        lost = np.isin(real, _LOST)
        # One that was dark under another name is what it is now only by its newest failures.
        renamed = np.isin(before, _LOST)
        renamed[list(self.before.silent)] = True
        fallen = np.where(renamed, reach.bad[CONFIRM - 1], reach.first_bad)
        times[:devices][lost] = fallen[lost]
        times[:devices][real == State.UP] = reach.up_since[real == State.UP]
        port_times = self._port_times()
        news = np.flatnonzero(nodes[devices:] != self.before.nodes[devices:]) + devices
        for node in news.tolist():
            links = self.topology.links_of[node]
            if nodes[node] == State.UNREACHABLE:
                told = [int(reach.first_bad[g]) for _, g in links if self.lost[g]]
                times[node] = max(told, default=self.now)
            elif nodes[node] in (State.DOWN, State.UP):
                told = [int(port_times[link, 0]) for link, _ in links if port_times[link, 0]]
                last = nodes[node] == State.DOWN
                times[node] = (max if last else min)(told, default=self.now)
        return times

    def _link_times(self, links: States) -> Times:
        port_times = self._port_times()
        best = np.where(port_times > 0, port_times, self.now).min(axis=1, initial=self.now)
        return np.where((links == State.UP) | (links == State.DOWN), best, self.now)

    def _port_times(self) -> Times:
        """int64[links, 2]: when each port began to say what it says now; 0 = says nothing.

        Nothing is dated before its device was last back: until then nobody could say it.
        """
        ports, devices, owner = self.seen.ports, self.topology.devices, self.topology.ends
        real = (owner >= 0) & (owner < devices)
        back = np.zeros(owner.shape, np.int64)
        back[real] = self.seen.reach.up_since[owner[real]]
        times = np.where(ports.n_down > 0, ports.first_bad, ports.up_since).reshape(-1, 2)
        told = self.look.port_up | self.look.port_down
        return np.where(told, np.maximum(times, back), 0)
