"""What is allowed but doubtful: the warnings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel

from edunet.inventory.finding import Finding, spell
from edunet.inventory.model import SCHOOL_KINDS, Site
from edunet.inventory.records import Item, Records
from edunet.inventory.secret import SecretRef
from edunet.inventory.source import Rows, locate
from edunet.inventory.tree import site_of_devices
from edunet.units import show_bps

WITH_DEVICE: Final = frozenset({"county", "township", "idc", "centre"})


def advise(records: Records, file: str) -> Iterator[Finding]:
    """Every warning about a document."""
    devices = site_of_devices(records)
    yield from _schools_without_link(records, devices)
    yield from _sites_without_device(records, devices)
    yield from _links_without_carrier(records)
    yield from _lonely_ducts(records)
    yield from _thin_contracts(records, devices)
    yield from _literal_secrets(records, file)


def _ends_at(item: Item, end: str, devices: dict[str, str]) -> str | None:
    """The site where a link ends, by itself or by its device."""
    return item.text(end, "site") or devices.get(item.text(end, "device") or "")


def _schools_without_link(records: Records, devices: dict[str, str]) -> Iterator[Finding]:
    served: set[str | None] = set()
    for link in records.items["links"]:
        ends = {_ends_at(link, "a", devices), _ends_at(link, "b", devices)}
        if len(ends) == 2:  # a cable within the school connects it to nothing
            served |= ends
    for item in records.items["sites"]:
        gone = item.text("closed") or item.text("merged_into") or item.text("access") == "none"
        if item.text("kind") in SCHOOL_KINDS and not gone and item.text("id") not in served:
            text = "no link ends at this school; add its school_access link, or write access: none"
            yield item.finding(text, warning=True)


def _sites_without_device(records: Records, devices: dict[str, str]) -> Iterator[Finding]:
    equipped = set(devices.values())
    for item in records.items["sites"]:
        kind = item.text("kind")
        if kind in WITH_DEVICE and item.text("id") not in equipped:
            text = f"no device stands in this {kind}; add one to devices"
            yield item.finding(text, warning=True)


def _links_without_carrier(records: Records) -> Iterator[Finding]:
    for item in records.items["links"]:
        if not any((item.text("carrier"), item.text("a", "carrier"), item.text("b", "carrier"))):
            text = "nobody is named to call when it breaks; write carrier: ..."
            yield item.finding(text, warning=True)


def _lonely_ducts(records: Records) -> Iterator[Finding]:
    used: Counter[str] = Counter()
    for item in records.items["links"]:
        ducts = item.table.get("ducts")
        used.update(
            {duct for duct in ducts if isinstance(duct, str)} if type(ducts) is Rows else ()
        )
    for name, item in records.ids("ducts").items():
        if used[name] == 1:
            text = "only one link runs through this duct; name it in the other links it carries"
            yield item.finding(text, warning=True)


def _thin_contracts(records: Records, devices: dict[str, str]) -> Iterator[Finding]:
    schools: dict[str, Site] = {
        item.thing.id: item.thing for item in records.good("sites") if item.thing.is_school
    }
    contracts: defaultdict[str, list[Item]] = defaultdict(list)
    for item in records.good("links"):
        below, above = _ends_at(item, "b", devices), _ends_at(item, "a", devices)
        if below in schools and below != above and item.thing.backup_of is None:
            contracts[str(below)].append(item)
    standards = records.singles.get("standards", {})
    for name, links in contracts.items():
        rates = [item.thing.committed or item.thing.capacity for item in links]
        standard = standards.get(schools[name].standard)
        owed = standard.required(schools[name].classes) if standard else None
        if owed is None or None in rates or sum(rates) >= owed:
            continue
        asked = f"the {show_bps(owed)} that standard {schools[name].standard!r} asks for {name!r}"
        text = f"{show_bps(sum(rates))} is below {asked}; raise the contract"
        yield links[0].finding(
            text, "committed" if links[0].thing.committed else "capacity", warning=True
        )


def _literal_secrets(records: Records, file: str) -> Iterator[Finding]:
    credentials = records.singles.get("credentials")
    for keys in _literals(credentials, ("credentials",)):
        text = "the secret itself is written here; write ${NAME} or {file: PATH}"
        yield Finding(file, locate(records.data, keys), f"{spell(keys)}: {text}", warning=True)


def _literals(value: object, keys: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, SecretRef) and value.literal:
        yield keys
    elif isinstance(value, BaseModel | dict):
        for key, part in dict(value).items():
            yield from _literals(part, (*keys, str(key)))
