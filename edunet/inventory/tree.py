"""Do the sites form one tree, and does one stand above another?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from edunet.inventory.finding import Finding
from edunet.inventory.records import Item, Records, is_id

SHOWN: Final = 5
# How high a kind stands as a child and as a parent: a child stands lower than its parent.
KINDS: Final = {
    "province": (0, 0),
    "city": (1, 1),
    "county": (2, 2),
    "township": (3, 3),
    "school": (4, 4),
    "teaching_point": (5, 5),
    "kindergarten": (6, 4),
    "university": (6, 4),
    "idc": (6, 3),
    "centre": (6, 3),
}


def fit_above(kind: str | None) -> list[str]:
    """The kinds that may be the parent of this one, the highest first."""
    if kind not in KINDS:
        return []
    return [name for name, (_, height) in KINDS.items() if height < KINDS[kind][0]]


def rings(parents: Mapping[str, str]) -> Iterator[list[str]]:
    """Every ring of names that leads back to itself, by whom each names as its parent."""
    seen: set[str] = set()
    for name in parents:
        path: dict[str, None] = {}
        at = name
        while at in parents and at not in seen:
            seen.add(at)
            path[at] = None
            at = parents[at]
        if at in path:
            members = list(path)
            yield members[members.index(at) :]


def _shown(ring: list[str]) -> str:
    return " > ".join([*ring[:SHOWN], "…"] if len(ring) > SHOWN else [*ring, ring[0]])


def other_rings(records: Records) -> Iterator[Finding]:
    """Every ring of calendars that extend, schools that merge and links that back each other up."""
    for section, key, remedy in (
        ("calendars", "extends", "let one of them extend another"),
        ("sites", "merged_into", "name a school that is still there"),
        ("links", "backup_of", "name the link that is used first"),
    ):
        items = records.ids(section)
        named = {name: item.text(key) for name, item in items.items()}
        for ring in rings({name: other for name, other in named.items() if other}):
            text = f"{_shown(ring)} is a ring; {remedy}"
            yield items[ring[0]].finding(text, key)


class Tree:
    """Who is whose parent. `sites` are those of a well-formed id, fit or not."""

    def __init__(self, records: Records) -> None:
        self.sites = records.ids("sites")
        self.parents: dict[str, str] = {}
        self.roots: list[str] = []
        for name, item in self.sites.items():
            parent = item.text("parent")
            if is_id(parent):
                self.parents[name] = parent
            elif item.table.get("parent") is None:
                self.roots.append(name)
        self._spans = self._walk()

    def findings(self) -> Iterator[Finding]:
        """Every root too many, and every ring."""
        yield from self._second_roots()
        ringed: set[str] = set()
        for ring in rings(self.parents):
            ringed.update(ring)
            text = f"{_shown(ring)} is a ring; name a parent outside of it"
            yield self.sites[ring[0]].finding(text, "parent")
        yield from self._misplaced(ringed)

    def in_line(self, one: str, other: str) -> bool:
        """Whether one of the two is the other, or stands above it."""
        if one not in self._spans or other not in self._spans:
            return True  # what hangs in a ring or nowhere is complained of elsewhere
        (enter, leave), (other_enter, other_leave) = self._spans[one], self._spans[other]
        return (enter <= other_enter <= leave) or (other_enter <= enter <= other_leave)

    def below(self, one: str, other: str) -> bool:
        """Whether `one` is `other` or stands below it."""
        if one not in self._spans or other not in self._spans:
            return False
        enter, leave = self._spans[other]
        return enter <= self._spans[one][0] <= leave

    def below_any(self, tops: set[str]) -> set[str]:
        """Those of `tops` that are in the tree, and all below them."""
        found: set[str] = set()
        until = -1
        for name, (enter, leave) in self._spans.items():  # in the order of entering
            if name in tops:
                until = max(until, leave)
            if enter <= until:
                found.add(name)
        return found

    def _second_roots(self) -> Iterator[Finding]:
        if len(self.roots) < 2:
            return
        children = Counter(self.parents.values())
        root = max(self.roots, key=lambda name: children[name])
        for name in self.roots:
            if name != root:
                line = self.sites[name].line_of(self.sites[root])
                text = f"parent is missing, and the root is {root!r} on {line}"
                yield self.sites[name].finding(f"{text}; write parent: {root}")

    def _misplaced(self, ringed: set[str]) -> Iterator[Finding]:
        """Every site of a kind that cannot stand below its parent's."""
        for name, parent in self.parents.items():
            if name in ringed or parent not in self.sites:
                continue
            item = self.sites[name]
            kind, above = item.text("kind"), self.sites[parent].text("kind")
            fit = fit_above(kind)
            if above in KINDS and kind in KINDS and above not in fit:
                article = "an" if above.startswith("i") else "a"
                text = f"a {kind} cannot stand below {parent!r}, {article} {above}"
                choice = f"name one that is {' or '.join(fit)}" if fit else "remove parent"
                yield item.finding(f"{text}; {choice}", "parent")

    def _walk(self) -> dict[str, tuple[int, int]]:
        """When a walk through the tree enters a site, and the last entry below it."""
        children: defaultdict[str, list[str]] = defaultdict(list)
        for name, parent in self.parents.items():
            children[parent].append(name)
        spans: dict[str, tuple[int, int]] = {}
        order: list[str] = []
        todo = list(self.roots)
        while todo:
            name = todo.pop()
            spans[name] = (len(order), len(order))
            order.append(name)
            todo.extend(children[name])
        for name in reversed(order):
            if above := self.parents.get(name):
                enter, leave = spans[above]
                spans[above] = (enter, max(leave, spans[name][1]))
        return spans


def site_of_devices(records: Records) -> dict[str, str]:
    """The site that every device says it stands in."""
    devices: dict[str, Item] = records.ids("devices")
    return {name: site for name, item in devices.items() if (site := item.text("site"))}


def ends_at(link: Item, end: str, devices: dict[str, str]) -> str | None:
    """The site where a link ends, by itself or by its device."""
    return link.text(end, "site") or devices.get(link.text(end, "device") or "")
