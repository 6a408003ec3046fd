"""Which counties, townships and schools does a wished network have?"""

from __future__ import annotations

from random import Random
from typing import Any, Final, NamedTuple

from edunet.generator.names import Names, Place, stock
from edunet.generator.wish import Row, Wish

OF_THE_CITY: Final = 0.02  # schools run by the city itself
IN_THE_SEAT: Final = 0.35  # of a county's schools
PER_TOWN: Final = 9
IN_A_ZONE: Final = 0.7
# Where no cable leads: the share of teaching points on each kind of air.
ON_AIR: Final = (("satellite", 0.04), ("4g", 0.12))


class Town(NamedTuple):
    site: Row
    schools: list[Row]


class County(NamedTuple):
    """`number` counts from 1; `seat` are the schools of the county town."""

    number: int
    site: Row
    zones: list[Row]
    seat: list[Row]
    towns: list[Town]

    @property
    def sites(self) -> list[Row]:
        below = [site for town in self.towns for site in (town.site, *town.schools)]
        return [self.site, *self.seat, *below]


class Places(NamedTuple):
    """`top` are the city, its IDC and its centre; `own` the schools of the city itself."""

    name: str
    top: list[Row]
    own: list[Row]
    counties: list[County]


def settle(wish: Wish, random: Random) -> Places:
    """The tree of sites. It has as many schools as were wished for."""
    names = Names(random)
    top: list[Row] = [
        {"id": "city", "kind": "city", "name": names.city},
        {"id": "idc", "kind": "idc", "parent": "city", "name": "联通托管机房"},
        {"id": "centre", "kind": "centre", "parent": "city", "name": "市教育信息中心"},
    ]
    number = max(1, round(wish.schools * OF_THE_CITY)) if wish.schools >= 20 else 0
    own = _Founder(names, random, "99000", "city", None).found("city", number, "city-s", {})
    shares = _shares(wish.schools - number, wish.counties, random)
    places = names.places("county", wish.counties)
    counties = [
        _county(wish, place, at, share, random)
        for at, (place, share) in enumerate(zip(places, shares, strict=True), 1)
    ]
    return Places(names.city, top, own, counties)


def _shares(total: int, parts: int, random: Random) -> list[int]:
    """`total` dealt out to so many counties, the largest about three times the smallest."""
    weights = [1 + 2 * random.random() for _ in range(parts)]
    left, heavy, shares = total, sum(weights), []
    for weight in weights:
        share = round(left * weight / heavy)
        shares.append(share)
        left, heavy = left - share, heavy - weight
    return shares


def _county(wish: Wish, place: Place, number: int, schools: int, random: Random) -> County:
    names = Names(random)
    zones = [
        {"id": f"pz-{place.id}-{at}", "name": place.bare + line}
        for at, line in enumerate(names.listed("power"), 1)
    ]
    net = 127 if wish.lab else 10
    site: Row = {
        "id": place.id,
        "kind": "county",
        "parent": "city",
        "name": place.name,
        "prefixes": [f"{net}.{10 + number}.0.0/16"],
        "contacts": [{"name": f"{place.name}电教站值班室", "phone": f"0000-{number:07}"}],
    }
    founder = _Founder(names, random, f"{number:05}", place.id, zones)
    rural = schools - round(schools * IN_THE_SEAT)
    towns = names.places("town", -(-rural // PER_TOWN))
    around = {"county": place.bare}
    seat = founder.found("seat", schools - rural, f"{place.id}-s", around)
    return County(number, site, zones, seat, founder.towns(towns, rural, place))


class _Founder:
    """Founds the schools of one county, numbering them through. `zones` None: of the city."""

    def __init__(
        self, names: Names, random: Random, code: str, parent: str, zones: list[Row] | None
    ) -> None:
        self._names = names
        self._random = random
        self._code = code
        self._parent = parent
        self._zones = zones or []
        self._founded = 0
        self._taken: dict[str, int] = {}

    def towns(self, places: list[Place], schools: int, county: Place) -> list[Town]:
        """The townships of a county, with so many schools among them."""
        made = []
        for place, share in zip(places, _shares(schools, len(places), self._random), strict=True):
            at = f"{county.id}-{place.id}"
            site = {"id": at, "kind": "township", "parent": county.id, "name": place.name}
            around = {"town": place.bare, "county": county.bare}
            self._parent = at
            self._taken = {}  # a village's name may stand in two townships
            made.append(Town(site, self.found("town", share, f"{at}-s", around)))
        return made

    def found(self, where: str, number: int, prefix: str, around: dict[str, str]) -> list[Row]:
        """So many schools of a place: those it must have first."""
        kinds = stock("stages.yaml")[where]
        once = [kind for kind in kinds if kind.get("once")]
        often = [kind for kind in kinds if not kind.get("once")]
        weights = [kind["weight"] for kind in often]
        chosen = once[:number] + self._random.choices(often, weights, k=max(0, number - len(once)))
        width = max(2, len(str(number)))
        return [
            self._school(kind, f"{prefix}{at:0{width}}", around, rural=where == "town")
            for at, kind in enumerate(chosen, 1)
        ]

    def _school(self, kind: Row, name: str, around: dict[str, str], *, rural: bool) -> Row:
        self._founded += 1
        draw = self._random.randint
        classes = draw(*kind["classes"])
        area = "rural" if rural else "urban"
        school: Row = {
            "id": name,
            "kind": kind["kind"],
            "parent": self._parent,
            "name": self._names.school(kind["name"], self._taken, **around),
            "code": f"33{self._code}{self._founded:05}",
            "area": area,
            "stage": kind["stage"],
            "classes": classes,
            "students": classes * draw(*kind["pupils"]) + draw(0, classes - 1),
            "standard": area,
            "access": "fibre",
        }
        if self._zones and self._random.random() < IN_A_ZONE:
            school["power_zone"] = self._random.choice(self._zones)["id"]
        if kind.get("exam"):
            school |= {"tags": ["exam_site"], "rooms": classes}
        if kind["kind"] == "teaching_point":
            self._take_to_the_air(school)
        return school

    def _take_to_the_air(self, school: Row) -> None:
        fate = self._random.random()
        for access, share in ON_AIR:
            if fate < share:
                school["access"] = access
                del school["standard"]  # what is owed is owed by cable
                return


def schools_of(places: Places) -> list[Row]:
    """Every school, in the order of the files."""
    sites: list[Any] = [*places.own, *(site for one in places.counties for site in one.sites)]
    return [site for site in sites if "classes" in site]
