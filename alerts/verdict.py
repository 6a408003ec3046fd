"""The states of every node, link and site at one moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edunet.states import Because
from edunet.topology import Bools, Topology

States = npt.NDArray[np.int8]
Times = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Verdict:
    """The state of every node, link and site, and since when (milliseconds UTC).

    `blind`: every vantage is dark, so nothing is known. `good`: bool[nodes], nodes that were
    reached and may be believed. `because`: `Because` of every site. `port_up`, `port_down`,
    `port_wait`: bool[links, 2], ends a living device sees light at, none, or none just now.
    `silent`: nodes that carry traffic but do not answer. `reached`: bool[nodes], devices that
    packets get to as far as we know. `waits`: bool[nodes], of the others those that cannot be
    judged before a neighbour was asked again.
    """

    nodes: States
    node_since: Times
    links: States
    link_since: Times
    sites: States
    site_since: Times
    because: States
    good: Bools
    port_up: Bools
    port_down: Bools
    port_wait: Bools
    reached: Bools
    waits: Bools
    blind: bool = False
    silent: frozenset[int] = frozenset()

    @classmethod
    def unknown(cls, topology: Topology, now: int) -> Verdict:
        """What is true before anything was seen."""
        n, m, s = len(topology.nodes), len(topology.ends), len(topology.inventory.sites)
        times = [np.full(size, now, np.int64) for size in (n, m, s)]
        states = [np.zeros(size, np.int8) for size in (n, m, s)]
        port = np.zeros((m, 2), bool)
        return cls(
            nodes=states[0],
            node_since=times[0],
            links=states[1],
            link_since=times[1],
            sites=states[2],
            site_since=times[2],
            because=np.full(s, Because.NO_EVIDENCE, np.int8),
            good=np.zeros(n, bool),
            port_up=port,
            port_down=port,
            port_wait=port,
            reached=np.zeros(n, bool),
            waits=np.zeros(n, bool),
        )
