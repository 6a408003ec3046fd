"""What never changes between two scrapes: the labels of every element, written once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from alerts.picture import Picture
from api.prom.ports import Ints, PortLabels, Ports
from api.prom.words import Texts, labels, texts
from edunet.catalog import Catalog
from edunet.facts import Facts
from edunet.labels import Names
from edunet.states import State

Floats = npt.NDArray[np.float64]
STATES: Final = tuple(State)
_NOWHERE: Final = -1


class Devices(NamedTuple):
    """In the inventory's order. `slots`: kind -> int32[n], of `probe` and `device`."""

    labels: Texts
    county: Ints
    slots: Mapping[str, Ints]


class Links(NamedTuple):
    """In the topology's order; bit/s as the inventory has it, NaN = nothing said.

    `promised` = committed, else the capacity.
    """

    labels: Texts
    county: Ints
    committed: Floats
    promised: Floats


class Schools(NamedTuple):
    """Schools that are open, n of them, in the inventory's order.

    Attributes:
        rows: int64[n], among the sites.
        states: object[n, 5], labels with each of `STATES`. info: labels with what it is.
        classes: int64[n], -1 = not said.
        owner, via: which school (0 to n-1) has which link as an uplink, one pair each.
    """

    labels: Texts
    county: Ints
    rows: npt.NDArray[np.int64]
    states: Texts
    info: Texts
    classes: npt.NDArray[np.int64]
    owner: npt.NDArray[np.int64]
    via: npt.NDArray[np.int64]


class Counties(NamedTuple):
    """In the inventory's order, each with its name."""

    info: Texts
    county: Ints


class Plant:
    """The labels of one topology. `county`: int32[sites], the number of each one's county."""

    def __init__(self, picture: Picture, catalog: Catalog) -> None:
        self.topology, self.slots = picture.topology, picture.slots
        self._names = Names(self.topology, catalog)
        counties = dict.fromkeys(self.topology.county)
        self._codes = {county: code for code, county in enumerate(counties) if county}
        self.county = self._numbers(self.topology.county)
        self.devices, self.links = self._devices(), self._links()
        self.schools, self.counties = self._schools(), self._counties()
        self._port_labels = {
            every: PortLabels(self.topology, self._names, every) for every in (False, True)
        }

    def of(self, picture: Picture) -> bool:
        """Whether it is this picture's plant."""
        return self.topology is picture.topology and self.slots is picture.slots

    def code(self, county: str) -> int:
        """The number of a county in the `county` columns; of an unknown one, a number of none."""
        return self._codes.get(county, _NOWHERE - 1)

    def ports(self, facts: Mapping[str, Facts], every: bool) -> Ports:
        """The interfaces devices have told: every one, or those that are ends of links."""
        return self._port_labels[every].ports(facts)

    def _devices(self) -> Devices:
        named = [self._names.device(d.id) for d in self.topology.inventory.devices]
        ids = [d.id for d in self.topology.inventory.devices]
        return Devices(
            texts(map(labels, named)),
            self._numbers(each.get("county") for each in named),
            {
                kind: np.array([self.slots[kind, id_] for id_ in ids], np.int32)
                for kind in ("probe", "device")
            },
        )

    def _links(self) -> Links:
        topology = self.topology
        found = topology.inventory.links
        return Links(
            texts(labels(self._names.link(link.id)) for link in found),
            self._numbers(topology.county_of_link(row) for row in range(len(found))),
            np.array([np.nan if n.committed is None else n.committed for n in found], np.float64),
            np.array([n.committed or n.capacity or np.nan for n in found], np.float64),
        )

    def _schools(self) -> Schools:
        topology, rows = self.topology, self.topology.schools
        sites = [topology.inventory.sites[row] for row in rows]
        named = [self._names.site(site.id) for site in sites]
        info = [
            {"name": s.name, "code": s.code or "", "kind": s.kind, "area": s.area or "",
             "town": topology.town[row] or ""}
            for s, row in zip(sites, rows, strict=True)
        ]  # fmt: skip
        pairs = [(n, link) for n, row in enumerate(rows) for link in topology.uplinks_of[row]]
        owner, via = np.array(pairs, np.int64).reshape(-1, 2).T
        return Schools(
            texts(map(labels, named)),
            self._numbers(topology.county[row] for row in rows),
            np.array(rows, np.int64),
            texts(
                labels({**each, "state": state.word}) for each in named for state in STATES
            ).reshape(-1, len(STATES)),
            texts(labels({**n, **more}) for n, more in zip(named, info, strict=True)),
            np.array([-1 if s.classes is None else s.classes for s in sites], np.int64),
            owner,
            via,
        )

    def _counties(self) -> Counties:
        found = [site for site in self.topology.inventory.sites if site.kind == "county"]
        return Counties(
            texts(labels({"county": site.id, "name": site.name}) for site in found),
            self._numbers(site.id for site in found),
        )

    def _numbers(self, counties: Iterable[str | None]) -> Ints:
        """int32[n]: a number for each county, -1 for none."""
        return np.array([self._codes.get(each or "", _NOWHERE) for each in counties], np.int32)
