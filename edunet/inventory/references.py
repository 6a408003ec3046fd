"""Is every id declared once, and does every reference lead somewhere?"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from edunet.inventory.calendars import BUILT_IN
from edunet.inventory.finding import Finding
from edunet.inventory.nearest import Names
from edunet.inventory.records import LISTS, Item, Keys, Records, is_id
from edunet.inventory.source import Rows, Table

# section, where in it a reference stands, where what it names is declared
REFERENCES: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    ("vantage", ("device",), "devices"),
    ("ducts", ("owner",), "carriers"),
    ("sites", ("parent",), "sites"),
    ("sites", ("standard",), "standards"),
    ("sites", ("calendar",), "calendars"),
    ("sites", ("power_zone",), "power_zones"),
    ("sites", ("merged_into",), "sites"),
    ("devices", ("site",), "sites"),
    ("devices", ("snmp",), "credentials.snmp"),
    ("devices", ("ssh",), "credentials.ssh"),
    ("links", ("a", "device"), "devices"),
    ("links", ("a", "carrier"), "carriers"),
    ("links", ("b", "device"), "devices"),
    ("links", ("b", "site"), "sites"),
    ("links", ("carrier",), "carriers"),
    ("links", ("ducts",), "ducts"),
    ("links", ("backup_of",), "links"),
    ("calendars", ("extends",), "calendars"),
    ("services", ("site",), "sites"),
    ("services", ("vantage",), "vantage"),
    ("services", ("calendar",), "calendars"),
)
MANY: Final = frozenset({"ducts", "vantage"})  # keys whose value is a list of references
NOUNS: Final = {
    "devices": "device",
    "carriers": "carrier",
    "sites": "site",
    "links": "link",
    "ducts": "duct",
    "standards": "standard",
    "power_zones": "power zone",
    "calendars": "calendar",
    "vantage": "vantage",
    "credentials.snmp": "snmp credential",
    "credentials.ssh": "ssh credential",
}
# A replay tells a story of evidence: how a device was asked is no part of it.
NOT_IN_REPLAY: Final = frozenset({"credentials.snmp", "credentials.ssh", "power_zones", "ducts"})


def duplicates(records: Records) -> Iterator[Finding]:
    """Every id that a section declares twice, named at its second place."""
    for section in LISTS:
        first: dict[str, Item] = {}
        for item in records.items[section]:
            name = item.text("id")
            if not is_id(name):
                continue
            was = first.setdefault(name, item)
            if was is not item:
                where = item.where(was)
                yield item.finding(f"{name!r} is already the id of {where}; choose another", "id")
            if section == "calendars" and name in BUILT_IN:
                yield item.finding(f"{name!r} is built in; choose another, and extend it", "id")


def dangling(records: Records, *, replay: bool = False) -> Iterator[Finding]:
    """Every reference to something that is not declared, with the nearest thing that is."""
    declared = {target: _declared(records, target) for target in NOUNS}
    names = {target: Names(known) for target, known in declared.items()}
    for section, keys, target in REFERENCES:
        if replay and target in NOT_IN_REPLAY:
            continue
        known = declared[target]
        for item in records.items[section]:
            for at, name in _written(item, keys):
                if name not in known and is_id(name):
                    remedy = names[target].remedy(name, target)
                    yield item.finding(f"no {NOUNS[target]} {name!r}; {remedy}", *at)


def _declared(records: Records, target: str) -> Collection[str]:
    if target == "calendars":
        return {*records.ids(target), *BUILT_IN}
    return records.ids(target) if target in LISTS else records.named[target]


def _written(item: Item, keys: tuple[str, ...]) -> Iterator[tuple[Keys, str]]:
    """The references at `keys`, one or a list of them, each with its place."""
    value: object = item.table.get(keys[0])
    for key in keys[1:]:
        value = value.get(key) if type(value) is Table else None
    if type(value) is str and keys[-1] not in MANY:
        yield keys, value
    elif type(value) is Rows and keys[-1] in MANY:
        for index, name in enumerate(value):
            if type(name) is str:
                yield (*keys, index), name


def credentials(records: Records) -> Iterator[Finding]:
    """Every device that is reached by SNMP alone, and has nothing to ask it with."""
    for item in records.items["devices"]:
        if item.text("reach") == "snmp" and item.table.get("snmp") is None:
            text = "snmp needs a credential; add snmp: ..., or write icmp"
            yield item.finding(text, "reach")
