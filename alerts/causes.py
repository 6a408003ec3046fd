"""What is broken, so that everything else that is dark is only a consequence."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np

from alerts.evidence import CONFIRM, Evidence
from alerts.verdict import Verdict
from edunet.states import State
from edunet.topology import Topology

_PORT_HOLD_MS: Final = 5000  # how long a dark device waits for the port towards it to be read


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
    """The broken links and devices on the border between what answers and what does not.

    A dark device behind one living neighbour is told as their link, unless the neighbour's port
    still had light while the device failed `CONFIRM` times: then it is the device. Behind several
    living neighbours it is the device. A link whose both ends answer is told as itself.
    """
    found = [_of_device(topology, seen, verdict, now, x) for x in _down_devices(topology, verdict)]
    devices = {cause.row for cause in found if cause.type == "device"}
    links = {cause.row for cause in found if cause.type == "link"}
    for row in np.flatnonzero(_dark_links(verdict)).tolist():
        if row not in links and not devices & set(topology.ends[row].tolist()):
            found.append(_of_link(topology, seen, verdict, row))
    return [cause._replace(sites=_cut_off(topology, verdict, found, cause)) for cause in found]


def _down_devices(topology: Topology, verdict: Verdict) -> list[int]:
    down: list[int] = np.flatnonzero(verdict.nodes[: topology.devices] == State.DOWN).tolist()
    return down


def _dark_links(verdict: Verdict) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray((verdict.links == State.DOWN) | verdict.port_wait.any(axis=1))


def _of_device(topology: Topology, seen: Evidence, verdict: Verdict, now: int, x: int) -> Cause:
    first = int(seen.reach.first_bad[x])
    frontier = [
        (link, g)
        for link, g in topology.links_of[x]
        if g < topology.devices and verdict.good[g] and not _cut_before(topology, seen, x, link, g)
    ]
    if len(frontier) != 1:
        return Cause("device", x, first, True, "outage", "device" if frontier else "unknown")
    link, g = frontier[0]
    side = _side(topology, link, g)
    light = int(seen.ports.seen[2 * link + side])
    if verdict.port_up[link, side] and first <= light <= seen.reach.bad[CONFIRM - 1, x]:
        return Cause("device", x, first, True, "outage", "device")
    asked = verdict.port_down[link, side] or light == 0 or now - first > _PORT_HOLD_MS
    return Cause("link", link, first, bool(asked), "outage", "unknown")


def _cut_before(topology: Topology, seen: Evidence, x: int, link: int, g: int) -> bool:
    """Whether the link had failed while x still answered: then x's silence does not explain it."""
    port = 2 * link + _side(topology, link, g)
    return bool(0 < seen.ports.first_bad[port] < seen.reach.last_up[x])


def _side(topology: Topology, link: int, node: int) -> int:
    return 0 if topology.ends[link, 0] == node else 1


def _of_link(topology: Topology, seen: Evidence, verdict: Verdict, row: int) -> Cause:
    """A dark link as a cause of its own: lost protection, unless nothing else leads behind it."""
    firsts = [int(seen.ports.first_bad[2 * row + side]) for side in (0, 1)]
    opened = min((first for first in firsts if first), default=0)
    ends = [node for node in topology.ends[row].tolist() if 0 <= node < topology.devices]
    far = int(topology.ends[row, 1])
    unseen = far >= topology.devices  # a site without a device: the port is all there is to see
    # Both ends must have answered since the light went out: a far end that has not been asked yet
    # may be about to fall silent, and then it is an outage that must be told.
    proved = all(seen.reach.last_up[node] >= opened and verdict.good[node] for node in ends)
    lost = topology.ends[row, 0] < 0 or (unseen and verdict.nodes[far] != State.UP)
    kind: Literal["outage", "redundancy_lost"] = "outage" if lost else "redundancy_lost"
    confirmed = verdict.links[row] == State.DOWN and (lost or proved)
    return Cause("link", row, opened, bool(confirmed), kind, "unknown")


def _cut_off(
    topology: Topology, verdict: Verdict, found: list[Cause], cause: Cause
) -> tuple[int, ...]:
    """Sites that no vantage reaches with the cause broken and would reach without it.

    By the graph, not by who has been asked: the answer does not depend on the order of polls.
    """
    others = [other for other in found if other[:2] != cause[:2]]
    before = _reached(topology, others)
    after = _reached(topology, [*others, cause])
    lost = set(topology.node_site[before & ~after].tolist())
    kept = set(topology.node_site[after].tolist())
    return tuple(sorted(lost - kept))


def _reached(topology: Topology, broken: list[Cause]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """bool[nodes]: those a vantage reaches with these things broken."""
    alive = np.ones(len(topology.nodes), bool)
    whole = np.ones(len(topology.ends), bool)
    for cause in broken:
        (whole if cause.type == "link" else alive)[cause.row] = False
    comp = topology.components(alive, whole)
    return np.asarray(np.isin(comp, comp[list(topology.vantage)]) & alive)
