"""What do the sections of a file hold, each thing with its line, and does it fit the schema?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TypeGuard, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from edunet.inventory.finding import MOST, Finding, quote, spell
from edunet.inventory.model import Inventory
from edunet.inventory.nearest import nearest
from edunet.inventory.source import Document, Rows, Table, locate
from edunet.inventory.wording import renamed, say, unknown_key

Keys = tuple[int | str, ...]
LISTS: Final = {
    name: get_args(field.annotation)[0]
    for name, field in Inventory.model_fields.items()
    if get_origin(field.annotation) is tuple
}
SINGLES: Final = {
    name: field.annotation
    for name, field in Inventory.model_fields.items()
    if get_origin(field.annotation) is not tuple
}


def is_id(written: object) -> TypeGuard[str]:
    """Whether this could be an id; what could not is the schema's to complain of."""
    return isinstance(written, str) and re.fullmatch("[a-z0-9][a-z0-9-]{0,63}", written) is not None


class Item(NamedTuple):
    """One thing as it was written; `thing` is its model, or None if it does not fit."""

    file: str
    at: Keys
    table: Table
    thing: Any = None

    def finding(self, text: str, *keys: int | str, warning: bool = False) -> Finding:
        """A finding about the value at `keys`, on its own line."""
        return Finding(
            self.file, self.line(*keys), f"{spell(self.at + keys)}: {text}", warning=warning
        )

    def line(self, *keys: int | str) -> int:
        return locate(self.table, keys)

    def text(self, *keys: str) -> str | None:
        """The text at `keys`, or None when none is there."""
        value: Any = self.table
        for key in keys:
            value = value.get(key) if isinstance(value, Table) else None
        return value if isinstance(value, str) else None


class Records(NamedTuple):
    """Everything a document holds: `items` of the list sections, models of the others."""

    data: Table
    items: dict[str, list[Item]]
    singles: dict[str, Any]
    findings: list[Finding]

    def good(self, section: str) -> Iterator[Item]:
        """The things that fit the schema."""
        return (item for item in self.items[section] if item.thing is not None)

    def ids(self, section: str) -> dict[str, Item]:
        """The first thing of every well-formed id, fit or not: it can be referred to."""
        found: dict[str, Item] = {}
        for item in self.items[section]:
            if is_id(name := item.text("id")):
                found.setdefault(name, item)
        return found

    def inventory(self) -> Inventory:
        """All of it as one; only when nothing was found wrong."""
        lists = {name: tuple(item.thing for item in items) for name, items in self.items.items()}
        return Inventory(**lists, **self.singles)


def sort_out(document: Document) -> Records:
    """The things of a document, judged one by one, so that one mistake hides no other."""
    data = document.data if document.data is not None else Table(1)
    sections = _Sections(document.file, data)
    for key in data.keys() - Inventory.model_fields.keys():
        if sections.full:
            break
        sections.complain((key,), unknown_key(key, Inventory.model_fields))
        # What a misspelt section declares is not called unknown wherever it is named.
        if near := nearest(key, Inventory.model_fields.keys() - data.keys()):
            data[near], data.lines[near] = data[key], locate(data, (key,))
    for section, model in LISTS.items():
        sections.many(section, model)
    for section, annotation in SINGLES.items():
        sections.one(section, annotation)
    if not data.get("sites"):
        sections.complain(("sites",), "there is none; write at least the root of the tree")
    return sections.records


class _Sections:
    """The sections of one file, as they are judged."""

    def __init__(self, file: str, data: Table) -> None:
        self.file = file
        self.data = data
        self.records = Records(data, {name: [] for name in LISTS}, {}, [])

    @property
    def full(self) -> bool:
        """Whether so much is wrong already that nobody reads more."""
        return len(self.records.findings) > MOST

    def complain(self, keys: Keys, text: str, shown: Keys | None = None) -> None:
        if self.full:
            return
        path = spell(keys if shown is None else shown)
        finding = Finding(self.file, locate(self.data, keys), f"{path}: {text}")
        self.records.findings.append(finding)

    def many(self, section: str, model: Any) -> None:
        rows = self.data.get(section)
        if section == "vantage" and isinstance(rows, Table):
            self.item((section,), rows, model)
        elif isinstance(rows, Rows):
            for index, row in enumerate(rows):
                self.item((section, index), row, model)
        elif rows is not None:
            self.complain((section,), f"{quote(rows)} is not a list; write - id: ... for each")

    def item(self, at: Keys, row: Any, model: Any) -> None:
        if not isinstance(row, Table):
            self.complain(at, f"{quote(row)} is not a mapping; write id: ... and the rest")
            return
        thing = None
        try:
            thing = model.model_validate(row)
        except ValidationError as error:
            self.translate(error, at, model)
        self.records.items[str(at[0])].append(Item(self.file, at, row, thing))

    def one(self, section: str, annotation: Any) -> None:
        written = self.data.get(section)
        if written is None:
            if Inventory.model_fields[section].is_required():
                self.complain((section,), f"this is missing; write {section}: ...")
            return
        try:
            self.records.singles[section] = TypeAdapter(annotation).validate_python(written)
        except ValidationError as error:
            self.translate(error, (section,), annotation, hidden=section == "credentials")

    def translate(
        self, error: ValidationError, at: Keys, model: Any, *, hidden: bool = False
    ) -> None:
        if error.error_count() > MOST:
            count = error.error_count()
            self.complain(at, f"{count} values in here are wrong; see edunet check --schema")
        if self.full or error.error_count() > MOST:
            return
        errors = error.errors(include_url=False)
        misspelt = renamed(errors, model)
        for each in errors:
            if each["type"] == "missing" and each["loc"] in misspelt:
                continue
            keys = at + tuple(key for key in each["loc"] if key != "[key]")
            # Of what is missing, its absence is said of the whole; a stray key may be a password.
            whole = each["type"] == "missing" or (hidden and each["type"] == "extra_forbidden")
            self.complain(keys, say(each, model, hidden=hidden), keys[:-1] if whole else None)
