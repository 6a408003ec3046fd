"""From one plant to the next: what was seen and judged of things that are still there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from alerts.evidence import Evidence, Series
from alerts.verdict import Verdict
from edunet.topology import Topology

K = TypeVar("K")
Rows = npt.NDArray[np.int64]


class Pairs(NamedTuple):
    """Rows of the same things, int64[n]: in the new plant and in the old one."""

    here: Rows
    there: Rows


class Kept(NamedTuple):
    """What both plants have. A link whose ends changed is another link; a port is its device's."""

    nodes: Pairs
    links: Pairs
    sites: Pairs
    ports: Pairs


def kept(here: Topology, there: Topology) -> Kept:
    """The things of the new plant that the old one had."""
    links = [
        (row, there.link[link.id])
        for row, link in enumerate(here.inventory.links)
        if link.id in there.link and _same(here, there, row, there.link[link.id])
    ]
    ports = {port: 2 * row + side for port, (row, side) in here.ports.items()}
    before = {port: 2 * row + side for port, (row, side) in there.ports.items()}
    return Kept(
        _pairs(here.node, there.node),
        Pairs(*np.array(links, np.int64).reshape(-1, 2).T),
        _pairs(here.site, there.site),
        _pairs(ports, before),
    )


def carry_evidence(kept: Kept, here: Evidence, there: Evidence, devices: tuple[int, int]) -> None:
    """Copy what was seen of the devices and ports both plants have.

    `devices` says how many nodes are devices, here and there: sites without gear are seen by ports.
    """
    real = (kept.nodes.here < devices[0]) & (kept.nodes.there < devices[1])
    rows = Pairs(kept.nodes.here[real], kept.nodes.there[real])
    for mine, theirs, pairs in (
        (here.reach, there.reach, rows),
        (here.snmp, there.snmp, rows),
        (here.ports, there.ports, kept.ports),
    ):
        _copy(mine, theirs, pairs)


def carry_verdict(kept: Kept, here: Verdict, there: Verdict) -> Verdict:
    """The new plant's first verdict, with the states of everything that is still there."""
    arrays = {}
    for pairs, names in (
        (kept.nodes, ("nodes", "node_since", "good", "reached", "waits")),
        (kept.links, ("links", "link_since", "port_up", "port_down", "port_wait")),
        (kept.sites, ("sites", "site_since", "because")),
    ):
        for name in names:
            array = getattr(here, name).copy()
            array[pairs.here] = getattr(there, name)[pairs.there]
            arrays[name] = array
    row_of = dict(zip(kept.nodes.there.tolist(), kept.nodes.here.tolist(), strict=True))
    silent = frozenset(row_of[node] for node in there.silent if node in row_of)
    return replace(here, **arrays, blind=there.blind, silent=silent)


def _same(here: Topology, there: Topology, mine: int, theirs: int) -> bool:
    new, old = here.inventory.links[mine], there.inventory.links[theirs]
    return (new.a, new.b) == (old.a, old.b)


def _pairs(here: Mapping[K, int], there: Mapping[K, int]) -> Pairs:
    both = [(row, there[key]) for key, row in here.items() if key in there]
    return Pairs(*np.array(both, np.int64).reshape(-1, 2).T)


def _copy(here: Series, there: Series, pairs: Pairs) -> None:
    for name, array in vars(here).items():
        if isinstance(array, np.ndarray):
            array[..., pairs.here] = getattr(there, name)[..., pairs.there]
    here.restless = True
