"""Where what answers borders on what does not, and what must be asked before that is believed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from alerts.evidence import STALE_PERIODS, Evidence, Times
from edunet.topology import Bools, Ints, Topology


class Look(NamedTuple):
    """What the evidence says at one moment, before anything is concluded.

    `good`, `dark`, `suspect`: bool[nodes]; a device in none of them is unknown. `port_up`,
    `port_down`, `port_wait`: bool[links, 2], ends whose light is on, is off, or is in doubt; only
    a port whose device answers counts, and only what it said since the device came back.
    """

    good: Bools
    dark: Bools
    suspect: Bools
    port_up: Bools
    port_down: Bools
    port_wait: Bools


class Frontier(NamedTuple):
    """Which dark devices forward all the same, which devices packets get to (unknown ones count
    as passable), and which others wait for a neighbour to be asked again: bool[nodes].
    """

    silent: frozenset[int]
    reached: Bools
    waits: Bools


def look(topology: Topology, seen: Evidence, now: int) -> Look:
    """The masks at `now` (milliseconds UTC)."""
    size, devices = len(topology.nodes), topology.devices
    reach, ports = seen.reach, seen.ports
    fresh = reach.fresh(now, (seen.reach_period * STALE_PERIODS).astype(np.int64))
    good, dark, suspect = (np.zeros(size, bool) for _ in range(3))
    good[:devices] = fresh & (reach.n_up > 0)
    dark[:devices] = fresh & reach.dark
    suspect[:devices] = fresh & reach.suspect
    owner = topology.ends.reshape(-1)
    real = (owner >= 0) & (owner < devices)
    safe = np.where(real, owner, 0)
    told = np.zeros(len(owner), bool)
    if devices:
        told = ports.fresh(now, int(seen.port_period * STALE_PERIODS)) & real
        told &= good[safe] & (ports.seen >= reach.up_since[safe])
    up, down, wait = told & (ports.n_up > 0), told & ports.dark, told & ports.suspect
    return Look(good, dark, suspect, *(side.reshape(-1, 2) for side in (up, down, wait)))


def frontier(topology: Topology, seen: Evidence, look: Look, now: int) -> Frontier:
    """The border as it runs at `now`."""
    real = np.arange(len(topology.nodes)) < topology.devices
    whole: Bools = np.logical_not(look.port_down.any(axis=1))
    passable: Bools = real & ~look.dark & ~look.suspect
    nobody = np.zeros(len(real), bool)
    if not (look.dark | look.suspect).any():
        return Frontier(frozenset(), passable, nobody)
    silent = _silent_forwarders(topology, seen, look, whole)
    passable[list(silent)] = True
    reached = _region(topology, passable, whole)
    behind: Bools = real & ~reached
    if not behind.any():
        return Frontier(silent, reached, nobody)
    lit = _region(topology, passable & look.good, whole)
    vouched = topology.components(reached & ~lit, whole)
    border = _Border(topology, seen, look, reached, np.where(lit, -1, vouched))
    comp = topology.components(behind, np.ones(len(whole), bool))
    return Frontier(silent, reached, behind & np.isin(comp, list(border.waiting(comp, now))))


def _region(topology: Topology, passable: Bools, whole: Bools) -> Bools:
    """The passable nodes connected to a vantage."""
    comp = topology.components(passable, whole)
    standing = [node for node in topology.vantage if passable[node]]
    return np.asarray(passable & np.isin(comp, comp[standing]))


def _silent_forwarders(
    topology: Topology, seen: Evidence, look: Look, whole: Bools
) -> frozenset[int]:
    """Dark devices that still carry traffic: something behind them answered after they went dark.

    One of them may hide the next, so the border is drawn again for each found.
    """
    found: set[int] = set()
    asked = look.good | look.suspect
    last_up = _of_nodes(asked, seen.reach.last_up, 0)
    alive: Bools = np.logical_not(look.dark)
    while dark := set(np.flatnonzero(look.dark).tolist()) - found:
        lit = _region(topology, alive, whole)
        comp = topology.components(np.logical_not(lit), whole)
        newest = np.zeros(len(comp), np.int64)
        np.maximum.at(newest, comp, np.where(lit, 0, last_up))
        new = {
            x
            for x in dark
            if newest[comp[x]] >= seen.reach.dark_since[x]
            and any(lit[g] and whole[link] for link, g in topology.links_of[x])
        }
        if not new:
            break
        found |= new
        alive[list(new)] = True
    return frozenset(found)


class _Border(NamedTuple):
    """What a border is judged by. `vouched`: int32[nodes], the part of the reached that a device
    which does not answer carries; -1 = reached without such a device.
    """

    topology: Topology
    seen: Evidence
    look: Look
    reached: Bools
    vouched: Ints

    def waiting(self, comp: Ints, now: int) -> set[int]:
        """Parts behind the border, by component, where somebody has to be asked again first.

        A part waits as a whole, so that no child speaks before its parent was asked; never longer
        than the barrier.
        """
        topology, reached, parts = self.topology, self.reached, set[int]()
        oldest = np.full(len(comp), now, np.int64)
        asked = _of_nodes(self.look.good & ~reached, self.seen.reach.last_up, now)
        np.minimum.at(oldest, comp, asked)
        a, b = topology.ends.T
        real = (a >= 0) & (b >= 0) & (a < topology.devices) & (b < topology.devices)
        for link in np.flatnonzero(real & (reached[a] != reached[b])).tolist():
            side = 0 if reached[a[link]] else 1
            x = int(topology.ends[link, 1 - side])
            since = self._waits_since(link, side, x, int(oldest[comp[x]]))
            if since and now - since <= self.seen.barrier:
                parts.add(int(comp[x]))
        return parts

    def _waits_since(self, link: int, side: int, x: int, oldest: int) -> int:
        """Since when x, beyond that side of the link, waits (milliseconds UTC); 0 = it does not.

        `oldest`: when the one among the believed behind x who was asked longest ago answered.
        """
        seen, look, reach = self.seen, self.look, self.seen.reach
        first, g = int(reach.first_bad[x]), int(self.topology.ends[link, side])
        if look.suspect[x]:
            return first
        if not look.dark[x] or seen.cut_before(link, side, x):
            return 0
        witnesses = self._witnesses(g)
        if not seen.proved(x, witnesses):
            near = [n for _, n in self.topology.links_of[g] if look.good[n] and self.reached[n]]
            returns = reach.up_since[[*witnesses.tolist(), *near]]
            return min((back for back in returns.tolist() if back > first), default=first)
        doubt = not look.port_down[link, side] and oldest < reach.dark_since[x]
        return int(reach.dark_since[x]) if doubt else 0  # who answers behind it may yet clear it

    def _witnesses(self, g: int) -> Ints:
        """Who proves that g forwards: g itself, or else those who answer through it."""
        if self.look.good[g]:
            return np.array([g], np.int32)
        return np.flatnonzero((self.vouched == self.vouched[g]) & self.look.good).astype(np.int32)


def _of_nodes(mask: Bools, times: Times, other: int) -> Times:
    """int64[nodes]: a device's time where the mask holds, elsewhere the other value."""
    full = np.full(len(mask), other, np.int64)
    full[: len(times)] = np.where(mask[: len(times)], times, other)
    return full
