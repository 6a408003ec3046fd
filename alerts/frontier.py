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
    comp = topology.components(behind, np.ones(len(whole), bool))
    waiting = _waiting(topology, seen, look, reached, comp, now)
    return Frontier(silent, reached, behind & np.isin(comp, list(waiting)))


def _region(topology: Topology, passable: Bools, whole: Bools) -> Bools:
    """The passable nodes connected to a vantage; without one, all of them."""
    if not topology.vantage:
        return passable
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
    while topology.vantage and (dark := set(np.flatnonzero(look.dark).tolist()) - found):
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


def _waiting(
    topology: Topology, seen: Evidence, look: Look, reached: Bools, comp: Ints, now: int
) -> set[int]:
    """Parts behind the border, by component, where somebody has to be asked again first.

    A part waits as a whole, so that no child speaks before its parent was asked; never longer
    than the barrier.
    """
    reach, parts = seen.reach, set[int]()
    oldest = np.full(len(comp), now, np.int64)
    np.minimum.at(oldest, comp, _of_nodes(look.good & ~reached, reach.last_up, now))
    a, b = topology.ends.T
    real = (a >= 0) & (b >= 0) & (a < topology.devices) & (b < topology.devices)
    for link in np.flatnonzero(real & (reached[a] != reached[b])).tolist():
        a, b = topology.ends[link].tolist()
        g, side = (a, 0) if reached[a] else (b, 1)
        x = a + b - g
        since = 0
        if look.suspect[x]:
            since = int(reach.first_bad[x])
        elif look.good[x]:  # its way is cut and it has not been asked since
            since = int(seen.ports.first_bad[2 * link + side])
        elif look.dark[x] and not seen.cut_before(link, side, x):
            if not seen.proved(g, x):
                since = max(int(reach.first_bad[x]), int(reach.up_since[g]))
            elif not look.port_down[link, side] and oldest[comp[x]] < reach.dark_since[x]:
                since = int(reach.dark_since[x])  # who answers behind it proves that it forwards
        if since and now - since <= seen.barrier:
            parts.add(int(comp[x]))
    return parts


def _of_nodes(mask: Bools, times: Times, other: int) -> Times:
    """int64[nodes]: a device's time where the mask holds, elsewhere the other value."""
    full = np.full(len(mask), other, np.int64)
    full[: len(times)] = np.where(mask[: len(times)], times, other)
    return full
