"""Do the sites form one tree, and does one stand above another?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from edunet.inventory.finding import Finding
from edunet.inventory.records import Item, Records, is_id

SHOWN = 5


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
        for ring in self._rings():
            shown = " > ".join([*ring[:SHOWN], "…"] if len(ring) > SHOWN else [*ring, ring[0]])
            text = f"{shown} is a ring; name a parent outside of it"
            yield self.sites[ring[0]].finding(text, "parent")

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

    def _second_roots(self) -> Iterator[Finding]:
        if len(self.roots) < 2:
            return
        children = Counter(self.parents.values())
        root = max(self.roots, key=lambda name: children[name])
        line = self.sites[root].line()
        for name in self.roots:
            if name != root:
                text = f"parent is missing, and the root is {root!r} on line {line}"
                yield self.sites[name].finding(f"{text}; write parent: {root}")

    def _rings(self) -> Iterator[list[str]]:
        seen: set[str] = set()
        for name in self.sites:
            path: dict[str, None] = {}
            at = name
            while at in self.sites and at not in seen:
                seen.add(at)
                path[at] = None
                at = self.parents.get(at, "")
            if at in path:
                members = list(path)
                yield members[members.index(at) :]

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
