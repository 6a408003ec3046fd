"""What does an export of NetBox's API say of sites, devices and cables, as an inventory?"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from edunet.errors import ConfigError
from edunet.exchange.cells import show_rate
from edunet.exchange.draft import Draft, kind_of
from edunet.exchange.sources import found, json_of, number, rows_of, text

TABLES: Final = (
    "regions", "sites", "devices", "interfaces", "providers", "circuits", "circuit-terminations",
    "cables",
)  # fmt: skip
_GONE: Final = frozenset({"decommissioning", "retired", "offline", "inventory", "deprovisioning"})
_LEVELS: Final = ("city", "county", "township")


def draft(sources: Sequence[Path]) -> Draft:
    """The inventory that the JSON lists of NetBox describe, whatever their version since 2.11.

    Raises:
        ConfigError: a file is no such list, or there are no sites among them.
    """
    tables: dict[str, list[Any]] = {name: [] for name in TABLES}
    made = Draft("an export of NetBox")
    for path in found(sources, ".json"):
        answer = json_of(path)
        rows = rows_of(path, answer.get("results") if isinstance(answer, dict) else answer)
        table = _table_of(path, rows)
        if table in tables:
            tables[table] += rows
            if isinstance(answer, dict) and answer.get("next"):
                made.skip(f"{path.name}: the list goes on; export it with ?limit=0")
        elif rows:
            made.skip(f"{path.name}: {len(rows)} {table or 'rows of an unknown kind'}")
    if not tables["sites"]:
        raise ConfigError("no sites among the files; export /api/dcim/sites/ as sites.json")
    _NetBox(made, tables).take()
    return made


def _table_of(path: Path, rows: list[Any]) -> str:
    """Which list this is: its rows say it by their URL, else the file by its name."""
    url = text(rows[0], "url") if rows else ""
    if match := re.search(r"/api/[a-z]+/([a-z-]+)/\d+/?$", url):
        return match[1]
    return re.sub(r"[^a-z]+", "-", path.stem.lower()).strip("-")


def _key(row: Any) -> str:
    return text(row, "id") if isinstance(row, dict) else text({"id": row}, "id")


def _value(row: Any, key: str) -> str:
    """A choice: `{"value": "active"}`, or the word alone."""
    inner = row.get(key) if isinstance(row, dict) else None
    return text(inner, "value") if isinstance(inner, dict) else text(row, key)


class _NetBox:
    """Takes over one list after the other; `ids` lead from NetBox's numbers to ours."""

    def __init__(self, draft: Draft, tables: dict[str, list[Any]]) -> None:
        self.draft, self.tables = draft, tables
        self.sites: dict[str, str] = {}
        self.devices: dict[str, str] = {}
        self.carriers: dict[str, str] = {}
        self.regions: dict[str, str] = {}
        self.ports: dict[str, tuple[str, str]] = {}  # an interface: its device and its name
        self.rates: dict[str, float] = {}

    def rows(self, table: str) -> list[Any]:
        return sorted(self.tables[table], key=lambda row: (len(_key(row)), _key(row)))

    def take(self) -> None:
        self.take_regions()
        self.take_sites()
        self.take_devices()
        for row in self.rows("interfaces"):
            port = _key(row)
            self.ports[port] = (_key(row.get("device")), text(row, "name"))
            if speed := number(row, "speed"):
                self.rates[port] = speed * 1000
        for row in self.rows("providers"):
            self.carrier(row)
        self.take_cables()

    def take_regions(self) -> None:
        rows = {_key(row): row for row in self.rows("regions")}
        tops = [key for key, row in rows.items() if _key(row.get("parent")) not in rows]
        single = len(tops) == 1
        self.root = ""
        if not single:
            self.root = self.draft.ids["sites"].take("city", otherwise="city")
            note = "what is the root of the tree called, city or province?"
            self.draft.add("sites", {"id": self.root, "kind": "city", "name": self.root}, note)
        below: defaultdict[str, list[str]] = defaultdict(list)
        for key, row in rows.items():
            below[_key(row.get("parent"))].append(key)
        level = [(key, 0 if single else 1, self.root) for key in tops]
        while level:
            after: list[tuple[str, int, str]] = []
            for key, depth, parent in level:
                kind = _LEVELS[min(depth, 2)]
                name = text(rows[key], "name") or key
                if depth > 2:  # the tree of the inventory has no level below townships
                    self.regions[key] = parent
                    self.draft.skip(f"region {name}: its sites now stand in {parent}")
                else:
                    ids = self.draft.ids["sites"]
                    made = ids.take(text(rows[key], "slug"), name, otherwise=kind)
                    self.regions[key] = made
                    fields = {"id": made, "kind": kind, "parent": parent, "name": name}
                    self.draft.add("sites", fields)
                    self.root = self.root or made
                    parent = made
                after += [(child, depth + 1, parent) for child in below[key]]
            level = after
        for key in rows.keys() - self.regions.keys():
            self.draft.skip(f"region {text(rows[key], 'name')}: it stands below itself")

    def take_sites(self) -> None:
        for row in self.rows("sites"):
            name = text(row, "name") or _key(row)
            kind, note = kind_of(name)
            made = self.draft.ids["sites"].take(text(row, "slug"), name, otherwise="site")
            self.sites[_key(row)] = made
            parent = self.regions.get(_key(row.get("region")), self.root)
            if _value(row, "status") in _GONE:
                note = "it is gone in NetBox; when was it closed?"
            labels = {"address": text(row, "physical_address"), "note": text(row, "description")}
            fields = {"id": made, "kind": kind, "parent": parent, "name": name}
            fields |= {"lat": text(row, "latitude"), "lon": text(row, "longitude")}
            kept = {key: value for key, value in labels.items() if value}
            self.draft.add("sites", {**fields, "labels": kept}, note)

    def take_devices(self) -> None:
        for row in self.rows("devices"):
            name = text(row, "name") or f"device {_key(row)}"
            site = self.sites.get(_key(row.get("site")))
            address = text(row, "primary_ip", "address") or text(row, "primary_ip4", "address")
            status = _value(row, "status")
            if site is None or not address or status in _GONE:
                why = "its site is not in the export" if site is None else "no primary address"
                why = f"it is {status}" if status in _GONE else why
                self.draft.skip(f"device {name}: {why}")
                continue
            made = self.draft.ids["devices"].take(name, otherwise=f"device-{_key(row)}")
            self.devices[_key(row)] = made
            role = text(row, "role", "slug") or text(row, "device_role", "slug")
            fields = {"id": made, "site": site, "address": address.split("/")[0], "snmp": "ro"}
            self.draft.add("devices", {**fields, "role": role})

    def carrier(self, row: Any) -> str:
        key = _key(row)
        if key not in self.carriers:
            name = text(row, "name") or text(row, "display") or "carrier"
            made = self.draft.ids["carriers"].take(text(row, "slug"), name, otherwise="carrier")
            self.carriers[key] = made
            self.draft.add("carriers", {"id": made, "name": name})
        return self.carriers[key]

    def take_cables(self) -> None:
        """Cables between devices, and circuits by the cables that end at them."""
        patched: dict[str, str] = {}  # a circuit's termination: the interface cabled to it
        for row in self.rows("cables"):
            ends = [self.end(row, side) for side in ("a", "b")]
            kinds = {kind for kind, _ in ends}
            label = text(row, "label") or f"cable {_key(row)}"
            if kinds == {"interface"}:
                self.cable(label, [key for _, key in ends])
            elif kinds == {"interface", "circuittermination"}:
                by = dict(ends)
                patched[by["circuittermination"]] = by["interface"]
            else:
                self.draft.skip(f"{label}: it does not run between two interfaces")
        ended: defaultdict[str, list[Any]] = defaultdict(list)
        for row in self.rows("circuit-terminations"):
            ended[_key(row.get("circuit"))].append(row)
        for row in self.rows("circuits"):
            self.circuit(row, ended[_key(row)], patched)

    def end(self, row: Any, side: str) -> tuple[str, str]:
        """What a cable's side is, and its number there; one thing alone."""
        many = row.get(f"{side}_terminations")  # since 3.3
        if isinstance(many, list):
            one = many[0] if len(many) == 1 and isinstance(many[0], dict) else {}
            kind, key = text(one, "object_type"), text(one, "object_id") or _key(one.get("object"))
            if isinstance(one.get("object"), dict):
                self.learn(key, kind, one["object"])
        else:
            kind, key = text(row, f"termination_{side}_type"), text(row, f"termination_{side}_id")
        return kind.rpartition(".")[2], key

    def learn(self, key: str, kind: str, row: Any) -> None:
        """A cable names the interfaces at its ends: enough when there is no list of them."""
        if kind.endswith(".interface") and key not in self.ports:
            self.ports[key] = (_key(row.get("device")), text(row, "name"))

    def port(self, key: str) -> dict[str, str] | None:
        device, name = self.ports.get(key, ("", ""))
        if device not in self.devices or not name:
            return None
        return {"device": self.devices[device], "interface": name}

    def cable(self, label: str, keys: list[str]) -> None:
        ends = [self.port(key) for key in keys]
        if ends[0] is None or ends[1] is None:
            self.draft.skip(f"{label}: a device at its end was left out")
            return
        if ends[0]["device"] == ends[1]["device"]:
            self.draft.skip(f"{label}: it leads back to {ends[0]['device']}")
            return
        speeds = [self.rates[key] for key in keys if key in self.rates]
        more = {"capacity": show_rate(min(speeds))} if speeds else {}
        name = f"{ends[0]['device']}-{ends[1]['device']}"
        self.draft.link([ends[0], ends[1]], name, more, sure=True)

    def circuit(self, row: Any, ended: list[Any], patched: dict[str, str]) -> None:
        name = text(row, "cid") or f"circuit {_key(row)}"
        carrier = self.carrier(row["provider"]) if isinstance(row.get("provider"), dict) else ""
        ends: list[dict[str, str]] = []
        for one in ended or [row.get("termination_a"), row.get("termination_z")]:
            if not isinstance(one, dict):
                continue
            place = _key(one.get("site") or one.get("termination"))
            if port := self.port(patched.get(_key(one), "")):
                ends.append(port)
            elif place in self.sites:
                ends.append({"site": self.sites[place]})
        watched = any("device" in end for end in ends)
        if len(ends) == 1 and carrier:
            ends.insert(0, {"carrier": carrier})
        if _value(row, "status") in _GONE or not watched or len(ends) != 2:
            why = "no device of ours is cabled to it" if not watched else "it has no two ends"
            self.draft.skip(f"circuit {name}: {why}")
            return
        more = {"carrier": carrier, "circuit": name} if carrier else {"circuit": name}
        if rate := number(row, "commit_rate"):
            more["committed"] = show_rate(rate * 1000)
        self.draft.link(ends, name, more, sure=True)
