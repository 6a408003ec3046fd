"""What is allowed but doubtful: the warnings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel

from edunet.inventory import outside, redundancy
from edunet.inventory.finding import Finding, spell
from edunet.inventory.model import SCHOOL_KINDS, Site
from edunet.inventory.records import Item, Records
from edunet.inventory.secret import SecretRef
from edunet.inventory.source import Rows, locate
from edunet.inventory.tree import Tree, ends_at, site_of_devices
from edunet.units import show_bps

GUESSED: Final = frozenset({"public", "private"})
WITH_DEVICE: Final = frozenset({"county", "township", "idc", "centre"})


def advise(records: Records, tree: Tree) -> Iterator[Finding]:
    """Every warning about what the documents hold."""
    devices = site_of_devices(records)
    yield from _no_vantage(records, devices)
    yield from _schools_without_link(records, devices)
    yield from _sites_without_device(records, devices)
    yield from _links_without_carrier(records)
    yield from _lonely_ducts(records)
    yield from _thin_contracts(records, devices)
    yield from _capacities(records)
    yield from redundancy.shared_ducts(records, devices)
    yield from outside.addresses(records, tree)
    yield from _half_merged(records)
    yield from _literal_secrets(records)


def _no_vantage(records: Records, devices: dict[str, str]) -> Iterator[Finding]:
    """Where nobody says where we stand, it is behind the first device: not if it is a leaf."""
    if records.items["vantage"] or len(devices) < 2:
        return
    first = records.items["devices"][0]
    pairs = [
        (link.text("a", "device"), link.text("b", "device")) for link in records.items["links"]
    ]
    below = {b for a, b in pairs if a not in (None, b)}
    kinds = {item.text("id"): item.text("kind") for item in records.items["sites"]}
    if first.text("id") in below or kinds.get(first.text("site")) in SCHOOL_KINDS:
        text = (
            "no vantage is named, so the collector is taken to stand behind this device, and while "
            "it is silent nothing is known; write vantage: [{id: noc, device: ...}]"
        )
        yield first.finding(text, warning=True)


def _schools_without_link(records: Records, devices: dict[str, str]) -> Iterator[Finding]:
    served: set[str | None] = set()
    for link in records.items["links"]:
        ends = {ends_at(link, "a", devices), ends_at(link, "b", devices)}
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
        below, above = ends_at(item, "b", devices), ends_at(item, "a", devices)
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


def _capacities(records: Records) -> Iterator[Finding]:
    for item in records.good("links"):
        capacity, committed = item.thing.capacity, item.thing.committed
        if capacity and committed and capacity < committed:
            text = f"{show_bps(committed)} does not fit into the capacity of {show_bps(capacity)}"
            yield item.finding(f"{text}; correct one of them", "committed", warning=True)


def _half_merged(records: Records) -> Iterator[Finding]:
    for item in records.good("sites"):
        if item.thing.merged_into and not item.thing.closed:
            text = "this school is merged and not closed; add closed: with the day"
            yield item.finding(text, "merged_into", warning=True)


def _literal_secrets(records: Records) -> Iterator[Finding]:
    credentials = records.singles.get("credentials")
    for keys, secret in _literals(credentials, ("credentials",)):
        document = records.named[".".join(keys[:2])][keys[2]]
        text = "the secret itself is written here; write ${NAME} or {file: PATH}"
        if keys[-1] == "community" and secret.open({}) in GUESSED:
            text = "this community is the first that everybody tries; set another, write ${NAME}"
        line = locate(document.data, keys)
        yield Finding(document.file, line, f"{spell(keys)}: {text}", warning=True)


def _literals(value: object, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], SecretRef]]:
    if isinstance(value, SecretRef) and value.literal:
        yield keys, value
    elif isinstance(value, BaseModel | dict):
        for key, part in dict(value).items():
            yield from _literals(part, (*keys, str(key)))
