"""Which numbers are given out so far: ports, addresses, circuits, ducts?"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, NamedTuple

from edunet.generator.wish import Row

PER_SLOT: Final = 48
PER_NET: Final = 250
CIRCUITS: Final = {"unicom": "LT", "gdtv": "GD"}


class Planted(NamedTuple):
    """A doubtful thing put in on purpose: `edunet check` should warn of this link."""

    kind: str  # thin contract or shared duct
    link: str


class Ledger:
    """What was built, and the next free number of everything."""

    def __init__(self, *, lab: bool) -> None:
        self._lab = lab
        self._next: Counter[Any] = Counter()
        self.devices: list[Row] = []
        self.links: list[Row] = []
        self.ducts: dict[str, Row] = {}
        self.planted: list[Planted] = []

    def number(self, key: Any) -> int:
        """1, 2, 3... of each key."""
        self._next[key] += 1
        return self._next[key]

    def port(self, device: str, kind: str = "GE") -> Row:
        """The next free port of a device: an end of a link."""
        slot, at = divmod(self.number((device, kind)) - 1, PER_SLOT)
        return {"device": device, "interface": f"{kind}{slot}/0/{at + 1}"}

    def device(self, name: str, site: str, block: int, role: str) -> str:
        """A device of this name with the next address of its county's block."""
        third, fourth = divmod(self.number(("address", block)) - 1, PER_NET)
        row: Row = {
            "id": name,
            "site": site,
            "address": f"{127 if self._lab else 10}.{10 + block}.{third}.{fourth + 1}",
        }
        if self._lab:
            row["port"] = 16100
        self.devices.append(row | {"snmp": "ro", "role": role})
        return name

    def link(self, name: str, role: str, ends: tuple[Row, Row], **more: Any) -> str:
        """A link from the upstream end to the other, with a circuit of its carrier."""
        row: Row = {"id": name, "role": role, "a": ends[0], "b": ends[1], "medium": "fibre", **more}
        carrier = row["carrier"]
        row["circuit"] = f"{CIRCUITS[carrier]}-{self.number(carrier):06}"
        if not row.get("ducts"):
            row.pop("ducts", None)
        self.links.append(row)
        return name

    def duct(self, name: str, title: str) -> str:
        """The duct of this name, which is laid when it is first asked for."""
        if name not in self.ducts:
            length = 400 + (len(self.ducts) * 7919) % 9600
            self.ducts[name] = {"id": name, "name": title, "length_m": length, "owner": "gdtv"}
        return name

    def forget_lonely_ducts(self) -> None:
        """Drop every duct through which fewer than two links run: it says nothing."""
        used = Counter(duct for link in self.links for duct in link.get("ducts", ()))
        self.ducts = {name: row for name, row in self.ducts.items() if used[name] > 1}
        for link in self.links:
            if "ducts" in link:
                link["ducts"] = [duct for duct in link["ducts"] if duct in self.ducts]
                if not link["ducts"]:
                    del link["ducts"]
