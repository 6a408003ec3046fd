"""Does what the sections of the files hold fit the schema, each thing judged by itself?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from edunet.inventory.finding import MOST, Finding, quote
from edunet.inventory.model import Inventory
from edunet.inventory.nearest import nearest
from edunet.inventory.records import LISTS, NAMED, SINGLES, Item, Keys, Records, is_id, spell_in
from edunet.inventory.slim import Slimmer
from edunet.inventory.source import Document, Rows, Sheet, Table, locate
from edunet.inventory.wording import renamed, say, unknown_key


def sort_out(documents: Sequence[Document]) -> Records:
    """The things of all documents, judged one by one, so that one mistake hides no other.

    The first document is the inventory itself, the others are what it includes.
    """
    records = Records({name: [] for name in LISTS}, {}, {name: {} for name in NAMED}, [], {})
    for document in documents:
        if document.data is not None:
            _Sections(document, records).judge(is_root=document is documents[0])
    # A file that could not be read may hold them.
    if all(document.data is not None and not document.data.get("sites") for document in documents):
        text = "there is none; write at least the root of the tree"
        _Sections(documents[0], records).complain(("sites",), text)
    return records


class _Sections:
    """The sections of one file, as they are judged."""

    def __init__(self, document: Document, records: Records) -> None:
        self.slimmer = Slimmer()
        self.document = document
        self.data = document.data if document.data is not None else Table(1)
        self.records = records

    def judge(self, *, is_root: bool) -> None:
        for key in self.data.keys() - Inventory.model_fields.keys():
            if self.full:
                break
            self.complain((key,), unknown_key(key, Inventory.model_fields))
            # What a misspelt section declares is not called unknown wherever it is named.
            if near := nearest(key, Inventory.model_fields.keys() - self.data.keys()):
                self.data[near] = self.data[key]
                self.data.lines[near] = locate(self.data, (key,))
        if not is_root and "network" in self.data:
            text = "this stands in the inventory that includes this file; remove it here"
            self.complain(("network",), text)
        for section, model in LISTS.items():
            self.many(section, model)
        for section, annotation in SINGLES.items():
            if section != "network" or is_root:
                self.one(section, annotation)

    @property
    def full(self) -> bool:
        """Whether so much is wrong already that nobody reads more."""
        return len(self.records.findings) > MOST

    def complain(self, keys: Keys, text: str, shown: Keys | None = None) -> None:
        if self.full:
            return
        path = spell_in(self.document, keys if shown is None else shown)
        said = f"{path}: {text}" if path else text
        self.records.findings.append(Finding(self.document.file, locate(self.data, keys), said))

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
            thing = self.slimmer.slim(model.model_validate(row))
        except ValidationError as error:
            self.translate(error, at, model)
        self.records.items[str(at[0])].append(Item(self.document, at, row, thing))

    def one(self, section: str, annotation: Any) -> None:
        written = self.data.get(section)
        if written is None:
            if Inventory.model_fields[section].is_required():
                self.complain((section,), f"this is missing; write {section}: ...")
            return
        try:
            made = TypeAdapter(annotation).validate_python(written)
        except ValidationError as error:
            self.translate(error, (section,), annotation, hidden=section == "credentials")
            made = None
        for part in (name for name in NAMED if name.split(".")[0] == section):
            self.name(part, written, made)
        if made is not None:
            self.join(section, made)

    def name(self, part: str, written: Any, made: Any) -> None:
        """Notes who declares what, and complains of what two files declare."""
        keys = tuple(part.split("."))
        for key in keys[1:]:
            written = written.get(key) if isinstance(written, Table) else None
        if not isinstance(written, Table):
            return
        for name in filter(is_id, written):
            first = self.records.named[part].setdefault(name, self.document)
            if first is not self.document:
                here = (*keys, name)
                where = f"line {locate(first.data, here)} of {first.file}"
                text = f"{name!r} is already declared on {where}; choose another"
                self.complain(here, text)

    def join(self, section: str, made: Any) -> None:
        """Adds what this file says to what the files before it said."""
        before = self.records.singles.get(section)
        if before is None:
            self.records.singles[section] = made
        elif isinstance(made, dict):
            self.records.singles[section] = {**made, **before}
        else:
            both = {
                name: {**getattr(made, name), **getattr(before, name)}
                for name in type(made).model_fields
            }
            self.records.singles[section] = before.model_copy(update=both)

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
            keys = at + tuple(key for key in each["loc"] if key != "[key]")
            if self.document.sheet and not self.in_cell(keys, self.document.sheet, each["type"]):
                continue
            if each["type"] == "missing" and each["loc"] in misspelt:
                continue
            # Of what is missing, its absence is said of the whole; a stray key may be a password.
            whole = each["type"] == "missing" or (hidden and each["type"] == "extra_forbidden")
            self.complain(keys, say(each, model, hidden=hidden), keys[:-1] if whole else None)

    def in_cell(self, keys: Keys, sheet: Sheet, kind: str) -> bool:
        """Whether an error of a cell is still to be said; of an empty one it is said here."""
        if keys in sheet.refused:
            return False
        if kind != "missing":
            return True
        headers = [sheet.headers[path] for path in sheet.headers if _begins(path, keys[2:])]
        # A column that is not there was complained of once, in the line of the header.
        if headers and not any(_begins(cell, keys) for cell in sheet.refused):
            names = " or ".join(map(quote, headers))
            self.complain(keys, f"nothing is written; fill {names}", keys[:2])
        return False


def _begins(path: Keys, start: Keys) -> bool:
    return path[: len(start)] == start
