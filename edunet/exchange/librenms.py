"""What do LibreNMS's devices and the neighbours they saw say, as an inventory?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from edunet.errors import ConfigError
from edunet.exchange.draft import Draft, kind_of
from edunet.exchange.sources import csv_of, found, json_of, rows_of, text

_MARKS: Final = {  # what only rows of this list have
    "links": {"local_device_id", "remote_device_id"},
    "ports": {"port_id", "ifName"},
    "devices": {"device_id", "hostname"},
}


def draft(sources: Sequence[Path]) -> Draft:
    """The inventory that devices, links and ports describe: answers of the API, or tables.

    Raises:
        ConfigError: a file is no such list, or there are no devices among them.
    """
    tables: dict[str, list[Any]] = {"devices": [], "links": [], "ports": []}
    made = Draft("an export of LibreNMS")
    for path in found(sources, ".json", ".csv"):
        rows = csv_of(path) if path.suffix.lower() == ".csv" else _rows(path)
        keys = set(rows[0]) if rows else set()
        table = next((name for name, marks in _MARKS.items() if marks <= keys), None)
        if table:
            tables[table] += rows
        elif rows:
            made.skip(f"{path.name}: {len(rows)} rows of an unknown kind")
    if not tables["devices"]:
        raise ConfigError("no devices among the files; export /api/v0/devices as devices.json")
    _LibreNms(made, tables).take()
    return made


def _rows(path: Path) -> list[dict[str, Any]]:
    answer = json_of(path)
    if isinstance(answer, dict):
        lists = [answer[key] for key in ("devices", "links", "ports") if key in answer]
        answer = lists[0] if lists else None
    return rows_of(path, answer)


class _LibreNms:
    """Takes over devices, the places they name, and what they saw at their ports."""

    def __init__(self, draft: Draft, tables: dict[str, list[Any]]) -> None:
        self.draft, self.tables = draft, tables
        self.devices: dict[str, str] = {}
        self.sites: dict[str, str] = {}
        self.ports = {
            text(row, "port_id"): text(row, "ifName") or text(row, "ifDescr")
            for row in tables["ports"]
        }

    def take(self) -> None:
        root = {"id": self.draft.ids["sites"].take("city", otherwise="city"), "kind": "city"}
        self.draft.add("sites", root | {"name": "city"}, "what is the root of the tree called?")
        rows = sorted(self.tables["devices"], key=lambda row: _number(text(row, "device_id")))
        for row in rows:
            self.device(row)
        seen = Counter(
            text(row, key)
            for row in self.tables["links"]
            for key in ("local_device_id", "remote_device_id")
        )
        done: set[frozenset[tuple[str, str]]] = set()
        for row in sorted(self.tables["links"], key=lambda row: _number(text(row, "id"))):
            self.link(row, seen, done)

    def device(self, row: Any) -> None:
        key, host = text(row, "device_id"), text(row, "hostname")
        name = text(row, "sysName") or text(row, "display") or host
        address = next((one for one in (text(row, "ip"), host) if _is_address(one)), None)
        if address is None:
            self.draft.skip(f"device {name}: it has no address, but the name {host!r}")
            return
        if text(row, "disabled") == "1":
            self.draft.skip(f"device {name}: it is disabled")
            return
        plain = name.split(".")[0] if not _is_address(name) else name
        made = self.draft.ids["devices"].take(plain, otherwise=f"device-{key}")
        self.devices[key] = made
        fields = {"id": made, "site": self.site(row), "address": address, "snmp": "ro"}
        port = text(row, "port")
        self.draft.add("devices", fields | ({"port": port} if port not in {"", "161"} else {}))

    def site(self, row: Any) -> str:
        place = text(row, "location")
        if not place:
            return "city"
        if place not in self.sites:
            kind, note = kind_of(place)
            made = self.draft.ids["sites"].take(place, otherwise="site")
            self.sites[place] = made
            fields = {"id": made, "kind": kind, "parent": "city", "name": place[:200]}
            fields |= {"lat": text(row, "lat"), "lon": text(row, "lng")}
            self.draft.add("sites", fields, note or "in which county is it?")
        return self.sites[place]

    def link(self, row: Any, seen: Counter[str], done: set[frozenset[tuple[str, str]]]) -> None:
        """One neighbour that a device saw; the other end saw the same line."""
        keys = [text(row, f"{side}_device_id") for side in ("local", "remote")]
        names = [self.ports.get(text(row, f"{side}_port_id"), "") for side in ("local", "remote")]
        names[0] = names[0] or text(row, "local_port")
        names[1] = names[1] or text(row, "remote_port")
        devices = [self.devices.get(key) for key in keys]
        shown = f"link {text(row, 'id')}"
        if text(row, "active") == "0":
            return
        if None in devices or "" in names:
            other = text(row, "remote_hostname") or "a device"
            why = f"{other} is not among the devices"
            if None not in devices:
                why = "its ports are not in the export"
            self.draft.skip(f"{shown}: {why}")
            return
        ends = list(zip(map(str, devices), names, strict=True))
        if frozenset(ends) in done or devices[0] == devices[1]:
            return
        done.add(frozenset(ends))
        # The device with more neighbours is as a rule the one nearer to the centre.
        if seen[keys[1]] > seen[keys[0]]:
            ends.reverse()
        two = [{"device": device, "interface": name} for device, name in ends]
        self.draft.link(two, f"{ends[0][0]}-{ends[1][0]}", {}, sure=False)


def _number(key: str) -> tuple[int, str]:
    return len(key), key


def _is_address(written: str) -> bool:
    try:
        ip_address(written)
    except ValueError:
        return False
    return True
