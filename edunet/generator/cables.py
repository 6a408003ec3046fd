"""How are the places joined: rings of counties, township hubs, schools with one way in or two?"""

from __future__ import annotations

from random import Random
from typing import Final

from edunet.generator.ledger import Ledger, Planted
from edunet.generator.places import County, Places, Town
from edunet.generator.wish import Row, Wish

RING: Final = 4
STANDARDS: Final = {"rural": (1, 30), "urban": (2, 100)}  # Mbit/s per class, and at least
SOLD: Final = (10, 20, 30, 50, 100, 200, 300, 500, 1000)  # Mbit/s
TWO_WAYS: Final = {"city": 0.5, "town": 0.4, "seat": 0.12, "rural": 0.06}
# The share of schools that have a switch somebody may ask; the others end at a port of the hub.
MANAGED: Final = {"school": 0.92, "kindergarten": 0.5, "teaching_point": 0.2, "university": 1.0}
IN_A_STREET: Final = 12  # schools of a county town that share a duct
IN_A_VALLEY: Final = 4  # schools of a township that do
THIN_EVERY: Final = 40
FALSE_EVERY: Final = 20


class Cabling:
    """Builds the network of places into a ledger."""

    def __init__(self, wish: Wish, places: Places, random: Random) -> None:
        self._wish = wish
        self._places = places
        self._random = random
        self.ledger = Ledger(lab=wish.lab)

    def build(self) -> Ledger:
        """All devices, links and ducts."""
        self._core()
        for site in self._places.own:
            core = ("core-a", "core-b") if self._random.random() < 0.5 else ("core-b", "core-a")
            self._school(site, 0, core, ([], []), "city")
        counties = self._places.counties
        for at in range(0, len(counties), RING):
            self._ring(at // RING + 1, counties[at : at + RING])
        self.ledger.forget_lonely_ducts()
        return self.ledger

    def _core(self) -> None:
        book = self.ledger
        for name, site, carrier in (("a", "idc", "unicom"), ("b", "centre", "gdtv")):
            core = book.device(f"core-{name}", site, 0, "core")
            ends: tuple[Row, Row] = ({"carrier": carrier}, book.port(core, "100GE"))
            rate = {"capacity": "100G", "committed": "20G", "carrier": carrier}
            book.link(f"egress-{name}", "idc_egress", ends, **rate)
        ends = (book.port("core-a", "100GE"), book.port("core-b", "100GE"))
        book.link("core-a-core-b", "backbone", ends, capacity="100G", carrier="gdtv")

    def _ring(self, number: int, counties: list[County]) -> None:
        """core-a > county > county > ... < core-b: each county has two ways to the centre."""
        book = self.ledger
        for county in counties:
            book.device(f"{county.site['id']}-agg", county.site["id"], county.number, "aggregation")
        chain = ["core-a", *(f"{county.site['id']}-agg" for county in counties)]
        rate = {"capacity": "10G", "committed": "10G", "carrier": "gdtv"}
        for above, below in zip(chain, [*chain[1:], "core-b"], strict=True):
            role, kind = ("backbone" if "-agg" in above else "county_uplink"), "XGE"
            ends = (book.port(above, kind), book.port(below, kind))
            ducts = []
            if below == "core-b":  # the ring's other way to the centre: the core is its upstream
                role, ends = "county_uplink", (ends[1], ends[0])
            if role == "county_uplink":
                side = "b" if below == "core-b" else "a"
                name = f"d-core-{side}{(number + 1) // 2}"
                ducts.append(book.duct(name, f"市中心出局管道 {side.upper()}{(number + 1) // 2}"))
            upper, lower = (end["device"].removesuffix("-agg") for end in ends)
            book.link(f"{upper}-{lower}", role, ends, ducts=ducts, **rate)
        for county in counties:
            self._county(county)

    def _county(self, county: County) -> None:
        agg = f"{county.site['id']}-agg"
        streets = max(1, -(-len(county.seat) // IN_A_STREET))
        for at, school in enumerate(county.seat):
            ways = [self._street(county, (at + turn) % streets) for turn in (0, 1)]
            self._school(
                school, county.number, (agg, agg), (ways[0], ways[1] if streets > 1 else []), "seat"
            )
        for at, town in enumerate(county.towns):
            self._town(county, town, at)

    def _street(self, county: County, number: int) -> list[str]:
        name = f"{county.site['name']}城区管道 {number + 1}"
        return [self.ledger.duct(f"d-{county.site['id']}-u{number + 1}", name)]

    def _route(self, county: County, town: int) -> list[str]:
        """The ducts from the county town towards its `town`-th township, the nearest first."""
        routes = ("东线", "西线", "南线", "北线")
        route, sections = town % len(routes), 1 + min(5, town // len(routes) // 2)
        where, title = county.site["id"], county.site["name"] + routes[route]
        return [
            self.ledger.duct(f"d-{where}-{'ewsn'[route]}{at}", f"{title}管道 {at}")
            for at in range(1, sections + 1)
        ]

    def _town(self, county: County, town: Town, at: int) -> None:
        book, name = self.ledger, town.site["id"]
        hub = book.device(f"{name}-hub", name, county.number, "hub")
        agg = f"{county.site['id']}-agg"
        rate = {"capacity": "10G", "committed": "1G", "carrier": "gdtv"}
        here, elsewhere = self._route(county, at), self._route(county, at + 1)
        ends = (book.port(agg, "XGE"), book.port(hub, "XGE"))
        book.link(f"{name}-up", "township_uplink", ends, ducts=here, **rate)
        if self._random.random() < TWO_WAYS["town"]:
            ends = (book.port(agg, "XGE"), book.port(hub, "XGE"))
            ducts = self._second_way(f"{name}-up2", here, elsewhere, "town")
            book.link(f"{name}-up2", "township_uplink", ends, ducts=ducts, **rate)
        for number, school in enumerate(town.schools):
            valley = number // IN_A_VALLEY + 1
            own = [book.duct(f"d-{name}-{valley}", f"{town.site['name']}杆路 {valley}")]
            self._school(school, county.number, (hub, agg), (own, elsewhere), "rural")

    def _second_way(self, link: str, first: list[str], apart: list[str], where: str) -> list[str]:
        """Ducts of the second of two ways: apart from the first, but for those planted."""
        if first and self.ledger.number(("second way", where)) % FALSE_EVERY == 1:
            self.ledger.planted.append(Planted("shared duct", link))
            return first[:1]
        return apart

    def _school(
        self,
        site: Row,
        block: int,
        upstream: tuple[str, str],
        ducts: tuple[list[str], list[str]],
        where: str,
    ) -> None:
        """A school's way in, and for some the second, from the second of the two upstreams."""
        book, name = self.ledger, site["id"]
        managed = self._wish.dense or self._random.random() < MANAGED[site["kind"]]
        two_ways = self._wish.dense or self._random.random() < TWO_WAYS[where]
        if site["access"] != "fibre":
            self._by_air(site, block)
            return
        if managed:
            book.device(f"{name}-sw", name, block, "access")
        rate = {"capacity": "1G", "committed": self._contract(site)}
        ends = (book.port(upstream[0]), self._far_end(name, managed))
        book.link(f"{name}-up", "school_access", ends, carrier="gdtv", ducts=ducts[0], **rate)
        if managed and two_ways:
            way = self._second_way(f"{name}-up2", ducts[0], ducts[1], where)
            ends = (book.port(upstream[1]), self._far_end(name, managed))
            more = {"carrier": "unicom", "ducts": way, "backup_of": f"{name}-up"}
            book.link(f"{name}-up2", "school_access", ends, **rate, **more)

    def _far_end(self, site: str, managed: bool) -> Row:
        return self.ledger.port(f"{site}-sw") if managed else {"site": site}

    def _by_air(self, site: Row, block: int) -> None:
        book, name = self.ledger, site["id"]
        router = book.device(f"{name}-rt", name, block, "access")
        far = book.port(router, "Cellular" if site["access"] == "4g" else "Tunnel")
        role = "school_access" if site["access"] == "4g" else "satellite"
        rate = {"capacity": "20M", "medium": site["access"], "carrier": "unicom"}
        book.link(f"{name}-air", role, ({"carrier": "unicom"}, far), **rate)

    def _contract(self, site: Row) -> str:
        """The smallest rate on sale that keeps the standard; for those planted, the next below."""
        per_class, least = STANDARDS[site["standard"]]
        owed = max(least, per_class * site["classes"])
        enough = next(at for at, rate in enumerate(SOLD) if rate >= owed)
        if site["area"] == "rural" and self.ledger.number("rural") % THIN_EVERY == 5:
            self.ledger.planted.append(Planted("thin contract", f"{site['id']}-up"))
            enough -= 1
        return f"{SOLD[enough]}M" if SOLD[enough] < 1000 else "1G"
