"""The network as a graph of numbers, compiled once from an inventory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edunet.inventory.model import Device, End, Inventory, Link, Site

Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Topology:
    """Nodes are the devices, in the inventory's order, then one virtual node for each site that is
    the `{site}` end of a link: such a site is seen only through the near port.

    Attributes:
        inventory: what it was compiled from.
        nodes: name of each node, `device:ID` or `site:ID`.
        node_site: int32[nodes], row of the site each node stands in.
        ends: int32[links, 2], node at a and at b; -1 = a carrier, outside what we see.
        vantage: nodes the collectors stand on.
        day: schools not open that day are none of ours; None = all of them are.
    """

    inventory: Inventory
    nodes: tuple[str, ...]
    node_site: Ints
    ends: Ints
    vantage: tuple[int, ...]
    day: date | None = None

    @property
    def devices(self) -> int:
        """How many nodes are real: the first so many."""
        return len(self.inventory.devices)

    @cached_property
    def node(self) -> Mapping[str, int]:
        return {name: row for row, name in enumerate(self.nodes)}

    @cached_property
    def site(self) -> Mapping[str, int]:
        return {site.id: row for row, site in enumerate(self.inventory.sites)}

    @cached_property
    def link(self) -> Mapping[str, int]:
        return {link.id: row for row, link in enumerate(self.inventory.links)}

    @cached_property
    def ports(self) -> Mapping[tuple[str, str], tuple[int, int]]:
        """(device id, interface) -> (link row, 0 for a or 1 for b)."""
        return {
            (end.device, end.interface): (row, side)
            for row, link in enumerate(self.inventory.links)
            for side, end in enumerate((link.a, link.b))
            if end.device and end.interface
        }

    @cached_property
    def links_of(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """For each node its links as (link row, node at the other end)."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.nodes]
        for row, (a, b) in enumerate(self.ends.tolist()):
            if a >= 0 and b >= 0:
                found[a].append((row, b))
                found[b].append((row, a))
        return tuple(tuple(pairs) for pairs in found)

    @cached_property
    def nodes_of(self) -> tuple[tuple[int, ...], ...]:
        """For each site the nodes that stand in it."""
        found: list[list[int]] = [[] for _ in self.inventory.sites]
        for node, site in enumerate(self.node_site.tolist()):
            found[site].append(node)
        return tuple(tuple(nodes) for nodes in found)

    @cached_property
    def uplinks_of(self) -> tuple[tuple[int, ...], ...]:
        """For each site the links whose downstream end (b) stands in it."""
        found: list[list[int]] = [[] for _ in self.inventory.sites]
        for row, (a, b) in enumerate(self.ends.tolist()):
            if b >= 0 and (a < 0 or self.node_site[a] != self.node_site[b]):
                found[self.node_site[b]].append(row)
        return tuple(tuple(rows) for rows in found)

    @cached_property
    def county(self) -> tuple[str | None, ...]:
        """For each site the nearest ancestor of kind county (itself included), or None."""
        return tuple(self._ancestor(site, "county") for site in self.inventory.sites)

    @cached_property
    def town(self) -> tuple[str | None, ...]:
        """For each site the nearest ancestor of kind township (itself included), or None."""
        return tuple(self._ancestor(site, "township") for site in self.inventory.sites)

    @cached_property
    def schools(self) -> tuple[int, ...]:
        """Rows of the sites that are schools, in the inventory's order; those closed left out."""
        return tuple(
            row
            for row, site in enumerate(self.inventory.sites)
            if site.is_school and (self.day is None or site.open_on(self.day))
        )

    @cached_property
    def passive(self) -> Ints:
        """Rows of the sites nobody asks anything."""
        rows = [row for row, site in enumerate(self.inventory.sites) if site.passive]
        return np.array(rows, np.int32)

    @cached_property
    def watched(self) -> tuple[Device, ...]:
        """The devices that are asked at all; of passive sites one only hears."""
        sites = self.inventory.sites
        return tuple(d for d in self.inventory.devices if not sites[self.site[d.site]].passive)

    @cached_property
    def by_satellite(self) -> frozenset[str]:
        """Ids of the devices whose site is, or is told to be, reached by a satellite alone."""
        links = self.inventory.links
        cable = [link.role != "satellite" and link.medium != "satellite" for link in links]
        far = self._seen_over(np.ones(len(links), bool)) & ~self._seen_over(np.array(cable, bool))
        told = {site.id for site in self.inventory.sites if site.access == "satellite"}
        return frozenset(
            device.id
            for row, device in enumerate(self.inventory.devices)
            if far[row] or device.site in told
        )

    @cached_property
    def school_rows(self) -> frozenset[int]:
        """The same, to look one up."""
        return frozenset(self.schools)

    def county_of_link(self, row: int) -> str | None:
        """The county of the link's downstream end, else of its upstream end."""
        for node in reversed(self.ends[row].tolist()):
            if node >= 0 and (county := self.county[int(self.node_site[node])]):
                return county
        return None

    def components(self, alive: Bools, whole: Bools) -> Ints:
        """int32[nodes]: which nodes reach each other over `alive` nodes and `whole` links.

        They have the same number; parts are numbered in the order of their first nodes.
        """
        inside = np.flatnonzero((self.ends >= 0).all(axis=1))
        a, b = self.ends[inside, 0], self.ends[inside, 1]
        keep = alive[a] & alive[b] & whole[inside]
        return _components(len(self.nodes), a[keep], b[keep])

    def _seen_over(self, whole: Bools) -> Bools:
        """bool[nodes]: which nodes these links join to a vantage."""
        comp = self.components(np.ones(len(self.nodes), bool), whole)
        return np.asarray(np.isin(comp, comp[list(self.vantage)]))

    def _ancestor(self, site: Site, kind: str) -> str | None:
        sites, here = self.inventory.sites, site
        while here.kind != kind:
            if here.parent is None:
                return None
            here = sites[self.site[here.parent]]
        return str(here.id)


def compile_topology(inventory: Inventory, day: date | None = None) -> Topology:
    """The graph of a checked inventory; every reference in it must resolve."""
    site_row = {site.id: row for row, site in enumerate(inventory.sites)}
    nodes = {f"device:{device.id}": site_row[device.site] for device in inventory.devices}
    for link in inventory.links:
        if link.b.site:
            nodes.setdefault(f"site:{link.b.site}", site_row[link.b.site])
    row = {name: number for number, name in enumerate(nodes)}
    ends = [[_node(end, row) for end in _ends(link)] for link in inventory.links]
    return Topology(
        inventory=inventory,
        nodes=tuple(nodes),
        node_site=np.array(list(nodes.values()), np.int32),
        ends=np.array(ends, np.int32).reshape(-1, 2),
        vantage=_vantage(inventory, row),
        day=day,
    )


def _components(size: int, a: Ints, b: Ints) -> Ints:
    """int32[size]: the component of each node, where links join a[i] and b[i].

    Each node points at one of its part that is not larger; at last all at the smallest. In two
    rounds every part has grown by another or is complete, so there are few rounds. (scipy has the
    same, no faster, for 20 MB of every process.)
    """
    root = np.arange(size)
    while True:
        one, other = root[a], root[b]
        apart = np.flatnonzero(one != other)
        if not len(apart):
            break
        a, b, one, other = a[apart], b[apart], one[apart], other[apart]
        np.minimum.at(root, np.maximum(one, other), np.minimum(one, other))
        while not np.array_equal(further := root[root], root):
            root = further
    first = root == np.arange(size)
    return (np.cumsum(first) - 1)[root].astype(np.int32)


def _vantage(inventory: Inventory, row: Mapping[str, int]) -> tuple[int, ...]:
    """Where the collectors stand; where nobody says, behind the first device."""
    if not inventory.vantage and inventory.devices:
        return (0,)
    return tuple(row[f"device:{place.device}"] for place in inventory.vantage)


def _ends(link: Link) -> tuple[End, End]:
    return link.a, link.b


def _node(end: End, row: Mapping[str, int]) -> int:
    if end.device:
        return row[f"device:{end.device}"]
    return row[f"site:{end.site}"] if end.site else -1
