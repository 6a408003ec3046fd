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
    reached and may be believed. `because`: `Because` of every site.
    """

    nodes: States
    node_since: Times
    links: States
    link_since: Times
    sites: States
    site_since: Times
    because: States
    good: Bools
    blind: bool = False
    silent: frozenset[int] = frozenset()

    @classmethod
    def unknown(cls, topology: Topology, now: int) -> Verdict:
        """What is true before anything was seen."""
        n, m, s = len(topology.nodes), len(topology.ends), len(topology.inventory.sites)
        times = [np.full(size, now, np.int64) for size in (n, m, s)]
        states = [np.zeros(size, np.int8) for size in (n, m, s)]
        because = np.full(s, Because.NO_EVIDENCE, np.int8)
        return cls(
            states[0],
            times[0],
            states[1],
            times[1],
            states[2],
            times[2],
            because,
            np.zeros(n, bool),
        )
