"""How does a drafted inventory look: complete, and saying where a person must decide?"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

from edunet.exchange.ids import Ids
from edunet.exchange.yamltext import flow, scalar
from edunet.inventory import examine

SECTIONS: Final = (
    "vantage", "carriers", "power_zones", "ducts", "sites", "devices", "links", "services",
)  # fmt: skip
_KINDS: Final = (
    ("teaching_point", "教学点|村小"),
    ("kindergarten", "幼儿园"),
    ("university", "大学|学院|高校|university|college"),
    ("school", "小学|中学|初中|高中|学校|一中|二中|三中|职高|附小|附中|school"),
    ("idc", "机房|数据中心|idc|data ?cent"),
    ("centre", "教育局|电教|中心|局|cent(re|er)|office"),
)
_RANKS: Final = {
    "province": 0, "city": 1, "idc": 2, "centre": 2, "county": 3, "township": 4,
}  # fmt: skip
_ROLES: Final = {
    "county": "county_uplink", "township": "township_uplink", "school": "school_access",
    "teaching_point": "school_access", "kindergarten": "school_access",
    "university": "school_access",
}  # fmt: skip
LOWEST: Final = 9  # of a school
SHOWN: Final = 300  # lines of what was left out


class Entry(NamedTuple):
    fields: dict[str, Any]
    note: str


class Draft:
    """What a source says, in the shape of the inventory. `left` is what could not be taken over."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.sections: dict[str, list[Entry]] = {name: [] for name in SECTIONS}
        self.ids = {name: Ids() for name in SECTIONS}
        self.standards: dict[str, dict[str, Any]] = {}
        self.left: list[str] = []
        self.kinds: dict[str, str] = {}
        self.places: dict[str, str] = {}
        self._skipped = 0
        self._interfaces: set[tuple[str, str]] = set()

    def skip(self, what: str) -> None:
        """Notes what was left out, and why; of very many, that there are more."""
        self._skipped += 1
        if self._skipped <= SHOWN:
            self.left.append(f"left out: {what}")
        elif self._skipped == SHOWN + 1:
            self.left.append("left out: and more")

    def add(self, section: str, fields: dict[str, Any], note: str = "") -> None:
        """One thing; fields of None, empty text and empty lists are not written."""
        kept = {key: value for key, value in fields.items() if value not in (None, "", [], {})}
        self.sections[section].append(Entry(kept, note))
        if section == "sites":
            self.kinds[str(kept.get("id"))] = str(kept.get("kind"))
        elif section == "devices":
            self.places[str(kept.get("id"))] = str(kept.get("site"))

    def _site(self, end: dict[str, str]) -> str:
        return end.get("site") or self.places.get(end.get("device", ""), "")

    def _rank(self, end: dict[str, str]) -> int:
        """How far from the centre an end is; a bare site can only be the lower one."""
        if "carrier" in end:
            return -1
        return (
            LOWEST + 1 if "site" in end else _RANKS.get(self.kinds.get(self._site(end), ""), LOWEST)
        )

    def link(
        self, ends: list[dict[str, str]], name: str, more: dict[str, Any], *, sure: bool
    ) -> None:
        """A link between two ends, the upper first as far as the kinds of their sites tell.

        `sure` says that the source itself knows this line, and it was not learnt from neighbours.
        """
        for end in ends:
            port = (end.get("device", ""), end.get("interface", ""))
            if port[0] and port in self._interfaces:
                self.skip(f"link {name}: {port[1]} of {port[0]} already ends another one")
                return
        ranks = [self._rank(end) for end in ends]
        notes = [] if sure and ranks[0] != ranks[1] else ["which end is nearer to the centre?"]
        # Of neighbours, only a school is surely the lower end; else their order is as good.
        if ranks[0] > ranks[1] and (sure or ranks[0] == LOWEST):
            ends.reverse()
        below = self.kinds.get(self._site(ends[1]), "")
        role = "idc_egress" if "carrier" in ends[0] else _ROLES.get(below, "backbone")
        self._interfaces |= {(end["device"], end["interface"]) for end in ends if "device" in end}
        fields = {"id": self.ids["links"].take(name, otherwise="link"), "role": role}
        if "committed" not in more:
            notes.append("committed: 100M")
        self.add("links", {**fields, "a": ends[0], "b": ends[1], **more}, "; ".join(notes))

    def text(self) -> str:
        """The whole file. What `edunet check` would complain of is added to `left`."""
        network = self.sections["sites"][0].fields["name"] if self.sections["sites"] else "?"
        lines = [
            f"# Drafted from {_one_line(self.source)}. What stands behind `decide:` was not in it.",
            f"network: {{name: {scalar(network)}, timezone: Asia/Shanghai, locale: zh-CN}}",
            "credentials:   # decide: how devices are asked; secrets are references, never text",
            '  snmp: {ro: {version: 2c, community: "${SNMP_COMMUNITY}"}}',
        ]
        if self.standards:
            lines.append("standards:")
            lines += [f"  {name}: {flow(fields)}" for name, fields in self.standards.items()]
        for section, entries in self.sections.items():
            if entries:
                lines.append(f"{section}:")
            for entry in entries:
                note = f"   # decide: {_one_line(entry.note)}" if entry.note else ""
                lines.append(f"  - {flow(entry.fields)}{note}")
        text = "\n".join(lines) + "\n"
        self._check(text)
        return text

    def _check(self, text: str) -> None:
        with tempfile.TemporaryDirectory(prefix="edunet-") as folder:
            path = Path(folder) / "inventory.yaml"
            path.write_text(text, encoding="utf-8")
            _, findings = examine(path)
        wrong = [one for one in findings if not one.warning]
        self.left += [f"to repair: line {one.line}: {one.text}" for one in wrong]


def kind_of(name: str) -> tuple[str, str]:
    """What a place seems to be by its name, and what to ask when that is only a guess."""
    for kind, pattern in _KINDS:
        if re.search(pattern, name, re.IGNORECASE):
            return kind, ""
    return "school", "is it a school, or what kind?"


def _one_line(text: str) -> str:
    """Text for a comment: nothing in it may end the comment."""
    return "".join(sign if sign.isprintable() else " " for sign in text)[:300]
