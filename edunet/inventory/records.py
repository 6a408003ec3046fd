"""What do the sections of the files hold, each thing with its file and its line?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TypeGuard, get_args, get_origin

from edunet.inventory.finding import Finding, quote, spell
from edunet.inventory.model import Inventory
from edunet.inventory.source import Document, Table, locate

Keys = tuple[int | str, ...]
LISTS: Final = {
    name: get_args(field.annotation)[0]
    for name, field in Inventory.model_fields.items()
    if get_origin(field.annotation) is tuple and name != "include"
}
# the sections that name their things by key
NAMED: Final = ("credentials.snmp", "credentials.ssh", "standards")
SINGLES: Final = {
    name: field.annotation
    for name, field in Inventory.model_fields.items()
    if get_origin(field.annotation) is not tuple
}


_ID: Final = re.compile("[a-z0-9][a-z0-9-]{0,63}")


def is_id(written: object) -> TypeGuard[str]:
    """Whether this could be an id; what could not is the schema's to complain of."""
    return isinstance(written, str) and _ID.fullmatch(written) is not None


class Item(NamedTuple):
    """One thing as it was written; `thing` is its model, or None if it does not fit."""

    document: Document
    at: Keys
    table: Table
    thing: Any = None

    def finding(self, text: str, *keys: int | str, warning: bool = False) -> Finding:
        """A finding about the value at `keys`, on its own line."""
        path = spell_in(self.document, self.at + keys)
        said = f"{path}: {text}" if path else text
        return Finding(self.document.file, self.line(*keys), said, warning=warning)

    def line(self, *keys: int | str) -> int:
        return locate(self.table, keys)

    def where(self, other: Item, *keys: int | str, by: str = "id") -> str:
        """Where `other` stands, as seen from here: `sites[3] on line 12`, the line that of `by`."""
        path = spell_in(other.document, other.at + keys)
        line = self.line_of(other, *(keys or (by,)))
        return f"{path} on {line}" if path and other.document.sheet is None else line

    def line_of(self, other: Item, *keys: int | str) -> str:
        """`line 12`, and of which file if it is not this one."""
        line = f"line {other.line(*keys)}"
        return line if other.document is self.document else f"{line} of {other.document.file}"

    def text(self, *keys: str) -> str | None:
        """The text at `keys`, or None when none is there."""
        value: Any = self.table.get(keys[0])
        for key in keys[1:]:
            value = value.get(key) if type(value) is Table else None
        return value if type(value) is str else None


def spell_in(document: Document, keys: Keys) -> str:
    """The path of a value as its file has it: by its keys, or by the header of its column."""
    if document.sheet is None:
        return spell(keys)
    inner = keys[2:]  # a table's file has one section, and its rows have lines
    for end in range(len(inner), 0, -1):
        if header := document.sheet.headers.get(inner[:end]):
            return header if header.isprintable() else quote(header)
    return spell(inner)


class Records(NamedTuple):
    """Everything the documents hold: `items` of the list sections, models of the others.

    `named` are the things of the sections that name them by key, each with its document; `by_id`
    is what `ids` has found so far.
    """

    items: dict[str, list[Item]]
    singles: dict[str, Any]
    named: dict[str, dict[str, Document]]
    findings: list[Finding]
    by_id: dict[str, dict[str, Item]]

    def good(self, section: str) -> Iterator[Item]:
        """The things that fit the schema."""
        return (item for item in self.items[section] if item.thing is not None)

    def ids(self, section: str) -> dict[str, Item]:
        """The first thing of every well-formed id, fit or not: it can be referred to."""
        if section not in self.by_id:  # asked once everything is read
            found: dict[str, Item] = {}
            for item in self.items[section]:
                if is_id(name := item.text("id")):
                    found.setdefault(name, item)
            self.by_id[section] = found
        return self.by_id[section]

    def inventory(self) -> Inventory:
        """All of it as one; only when nothing was found wrong."""
        lists = {name: tuple(item.thing for item in items) for name, items in self.items.items()}
        return Inventory(**lists, **self.singles)
