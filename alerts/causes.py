"""What is broken, so that everything else that is dark is only a consequence."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from alerts.evidence import CONFIRM, Evidence
from alerts.verdict import Verdict
from edunet.states import State
from edunet.topology import Bools, Topology

_PORT_HOLD_MS: Final = 5000  # how long a dark device waits for the port towards it to be read


class Dark(NamedTuple):
    """A dark device on the border: when it began (milliseconds UTC), and its way to the living as
    (link, device beyond it); none: nothing near explains it.
    """

    row: int
    first: int
    near: list[tuple[int, int]]


class Cause(NamedTuple):
    """One broken thing.

    Attributes:
        row: of the link or the device in the topology.
        opened: milliseconds UTC of the first evidence.
        confirmed: false while the evidence could still point elsewhere.
        kind: outage, or redundancy_lost when everything behind is still reached.
        verdict: what kind of fault it is, as far as the evidence tells.
        sites: rows of the sites nobody reaches because of it.
    """

    type: Literal["link", "device"]
    row: int
    opened: int
    confirmed: bool
    kind: Literal["outage", "redundancy_lost"]
    verdict: Literal["device", "unknown"]
    sites: tuple[int, ...] = ()


def causes(topology: Topology, seen: Evidence, verdict: Verdict, now: int) -> list[Cause]:
    """The broken links and devices on the border between what is reached and what is dark.

    A dark device behind one living neighbour is told as their link, unless the neighbour's port
    has light all the same: then it is the device. Behind several living neighbours it is the
    device. A link whose both ends answer is told as itself. What has to wait is left out.
    """
    border = _border(topology, seen, verdict)
    found = [_of_device(topology, seen, verdict, now, dark) for dark in border]
    devices = {cause.row for cause in found if cause.type == "device"}
    links = {cause.row for cause in found if cause.type == "link"}
    dark = (verdict.links == State.DOWN) | verdict.port_wait.any(axis=1)
    for row in np.flatnonzero(dark).tolist():
        if row not in links and not devices & set(topology.ends[row].tolist()):
            found.append(_of_link(topology, seen, verdict, now, row))
    return [cause._replace(sites=_cut_off(topology, found, cause)) for cause in found]


def _border(topology: Topology, seen: Evidence, verdict: Verdict) -> list[Dark]:
    """The dark devices next to what is reached.

    A link that had failed while the device still answered explains nothing: the device is behind
    another border, or, when its whole part has none, it is broken itself.
    """
    devices = topology.devices
    lost = np.zeros(len(topology.nodes), bool)
    lost[:devices] = np.isin(verdict.nodes[:devices], (State.DOWN, State.UNREACHABLE))
    lost[:devices] &= seen.reach.dark
    if not lost.any():
        return []
    comp = topology.components(lost, np.ones(len(topology.ends), bool))
    border, alone = [], []
    for x in np.flatnonzero(lost & ~verdict.waits).tolist():
        near = [
            (link, g)
            for link, g in topology.links_of[x]
            if verdict.reached[g] and not any(seen.cut_before(link, side, x) for side in (0, 1))
        ]
        living = [pair for pair in near if verdict.good[pair[1]]]
        if near:
            border.append(
                Dark(x, _began(seen, x, np.flatnonzero(lost & (comp == comp[x]))), living or near)
            )
        elif verdict.nodes[x] == State.DOWN:
            alone.append(Dark(x, int(seen.reach.first_bad[x]), []))
    explained = {int(comp[dark.row]) for dark in border}
    return border + [dark for dark in alone if int(comp[dark.row]) not in explained]


def _began(seen: Evidence, x: int, part: npt.NDArray[np.intp]) -> int:
    """The first failure of x, or of what is behind it when that still answered after x."""
    first, last = seen.reach.first_bad, int(seen.reach.last_up[part].max())
    later = first[part][first[part] > last]
    return int(first[x] if first[x] > last or not len(later) else later.min())


def _of_device(topology: Topology, seen: Evidence, verdict: Verdict, now: int, dark: Dark) -> Cause:
    x, first, near = dark
    if len(near) != 1:
        return Cause("device", x, first, True, "outage", "device" if near else "unknown")
    link, g = near[0]
    side = _side(topology, link, g)
    light = int(seen.ports.seen[2 * link + side])
    if verdict.port_up[link, side] and light >= first:
        # Light on the port of a device that failed more often than a lost echo and a cut explain.
        newly = first > seen.reach.first_bad[x]
        sure = seen.reach.n_down[x] > CONFIRM and not (newly and light > seen.reach.bad[-1, x])
        sure = bool(sure or now - first > seen.barrier)
        return Cause("device", x, first, sure, "outage", "device")
    asked = verdict.port_down[link, side] or light == 0 or now - first > _PORT_HOLD_MS
    return Cause("link", link, first, bool(asked), "outage", "unknown")


def _side(topology: Topology, link: int, node: int) -> int:
    return 0 if topology.ends[link, 0] == node else 1


def _of_link(topology: Topology, seen: Evidence, verdict: Verdict, now: int, row: int) -> Cause:
    """A dark link as a cause of its own: lost protection, unless nothing else leads behind it."""
    told = [side for side in (0, 1) if verdict.port_down[row, side] or verdict.port_wait[row, side]]
    firsts = [int(seen.ports.first_bad[2 * row + side]) for side in told]
    opened = min((first for first in firsts if first), default=now)
    down = bool(verdict.links[row] == State.DOWN)
    a, b = topology.ends[row].tolist()
    if a < 0 or b >= topology.devices:  # the port is all there is to see
        lost = a < 0 or verdict.nodes[b] != State.UP
        return Cause("link", row, opened, down, "outage" if lost else "redundancy_lost", "unknown")
    again = [int(seen.ports.bad[CONFIRM - 1, 2 * row + side]) for side in told]
    if all(_answers_without(seen, verdict, n, opened, max(again, default=0)) for n in (a, b)):
        return Cause("link", row, opened, down, "redundancy_lost", "unknown")
    # The far end may be about to fall silent. Nobody ever asked it: then the port must do.
    unknown = any(verdict.nodes[n] == State.UNKNOWN and not seen.reach.n_down[n] for n in (a, b))
    late = now - opened > seen.barrier
    return Cause("link", row, opened, down and unknown and late, "outage", "unknown")


def _answers_without(seen: Evidence, verdict: Verdict, n: int, since: int, again: int) -> bool:
    """Whether a device answered after the light went out, and the dark was seen again since it
    was last back: a port state from before its recovery is stale.
    """
    reach = seen.reach
    alive = verdict.good[n] and reach.last_up[n] >= since and reach.up_since[n] <= again
    return bool(alive or n in verdict.silent)


def _cut_off(topology: Topology, found: list[Cause], cause: Cause) -> tuple[int, ...]:
    """Sites that no vantage reaches with the cause broken and would reach without it.

    By the graph, not by who has been asked: the answer does not depend on the order of polls.
    """
    before = _reached(topology, [other for other in found if other[:2] != cause[:2]])
    after = _reached(topology, found)
    lost = set(topology.node_site[before & ~after].tolist())
    kept = set(topology.node_site[after].tolist())
    return tuple(sorted(lost - kept))


def _reached(topology: Topology, broken: list[Cause]) -> Bools:
    """bool[nodes]: those a vantage reaches with these things broken."""
    alive = np.ones(len(topology.nodes), bool)
    whole = np.ones(len(topology.ends), bool)
    for cause in broken:
        (whole if cause.type == "link" else alive)[cause.row] = False
    comp = topology.components(alive, whole)
    return np.asarray(np.isin(comp, comp[list(topology.vantage)]) & alive)
