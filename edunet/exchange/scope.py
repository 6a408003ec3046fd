"""What belongs to one county: which sites, devices and links may its workbook hold?"""

from __future__ import annotations

from typing import Any, Final

from edunet.errors import ConfigError
from edunet.exchange.columns import TABLES, things
from edunet.inventory import Inventory

OWN: Final = ("sites", "devices", "links", "power_zones", "ducts")


class Scope:
    """One county of an inventory, or with `county` None all of it.

    Raises:
        ConfigError: there is no such county.
    """

    def __init__(self, inventory: Inventory, county: str | None) -> None:
        self.county = county
        self.inventory = inventory
        self._parents = {site.id: site.parent for site in inventory.sites}
        self._places = {device.id: device.site for device in inventory.devices}
        counties = [site.id for site in inventory.sites if site.kind == "county"]
        if county is not None and county not in counties:
            known = ", ".join(counties[:8]) or "none"
            raise ConfigError(f"no county {county!r} in the inventory; there are: {known}")

    def tables(self) -> list[str]:
        """The tables of its workbook."""
        return [name for name in TABLES if self.county is None or name in OWN]

    def things(self, table: str) -> dict[str, Any]:
        """The things of a table that belong to it."""
        every = things(self.inventory, table)
        if self.county is None:
            return every
        if table in {"power_zones", "ducts"}:
            used = self._used(table)
            return {name: thing for name, thing in every.items() if name in used}
        return {name: thing for name, thing in every.items() if self.holds(table, thing)}

    def holds(self, table: str, thing: Any) -> bool:
        """Whether a site, device or link belongs to it."""
        if self.county is None or table not in {"sites", "devices", "links"}:
            return True
        if table == "links":
            return any(
                self._inside(end.site or self._places.get(end.device or "", ""))
                for end in (thing.a, thing.b)
            )
        return self._inside(thing.id if table == "sites" else thing.site)

    def _inside(self, site: str | None) -> bool:
        for _ in range(len(self._parents)):  # a ring ends as well
            if site == self.county:
                return True
            site = self._parents.get(site or "")
            if site is None:
                return False
        return False

    def _used(self, table: str) -> set[str]:
        if table == "power_zones":
            return {site.power_zone for site in self.things("sites").values() if site.power_zone}
        return {duct for link in self.things("links").values() for duct in link.ducts}

    def shared(self, table: str) -> set[str]:
        """Zones and ducts that others use as well: one county does not rewrite them."""
        if self.county is None or table not in {"power_zones", "ducts"}:
            return set()
        if table == "power_zones":
            sites = self.inventory.sites
            return {one.power_zone for one in sites if one.power_zone and not self._inside(one.id)}
        links = self.inventory.links
        return {duct for one in links if not self.holds("links", one) for duct in one.ducts}
