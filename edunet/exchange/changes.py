"""What is different between two inventories, thing by thing and field by field?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from edunet.exchange.columns import TABLES, columns, contacts_of, things
from edunet.exchange.filling import fill
from edunet.inventory import Inventory


class Change(NamedTuple):
    """One thing that is added, changed or removed; `fields` are (label, before, after)."""

    action: str
    table: str
    id: str
    name: str
    fields: tuple[tuple[str, str, str], ...] = ()

    def __str__(self) -> str:
        sign = {"add": "+", "remove": "-"}.get(self.action, "~")
        said = f"{sign} {self.table} {self.id} {self.name}".rstrip()
        parts = (f"{label}: {was or '–'} > {will or '–'}" for label, was, will in self.fields)
        return "\n".join([said, *(f"    {part}" for part in parts)])


def compare(before: Inventory, after: Inventory, lang: str = "zh") -> list[Change]:
    """Every difference in what a workbook can hold."""
    return [change for table in TABLES for change in _table(before, after, table, lang)]


def _table(before: Inventory, after: Inventory, table: str, lang: str) -> Iterator[Change]:
    was, will = things(before, table), things(after, table)
    for name, thing in will.items():
        if name not in was:
            yield Change("add", table, name, _name(thing))
        elif thing != was[name]:
            yield Change(
                "change", table, name, _name(thing), _fields(table, was[name], thing, lang)
            )
    for name, thing in was.items():
        if name not in will:
            yield Change("remove", table, name, _name(thing))


def _fields(table: str, was: Any, will: Any, lang: str) -> tuple[tuple[str, str, str], ...]:
    of = columns(table, contacts_of((was, will)))
    old, new = fill("", was, of, lang), fill("", will, of, lang)
    return tuple(
        (column.label(lang), old.get(column.key, ""), new.get(column.key, ""))
        for column in of
        if old.get(column.key, "") != new.get(column.key, "")
    )


def _name(thing: Any) -> str:
    return str(getattr(thing, "name", None) or "")
