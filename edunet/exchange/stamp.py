"""Which inventory was a workbook made of? A hidden sheet says it."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from edunet.exchange.columns import TABLES, columns, contacts_of, things
from edunet.exchange.filling import fill
from edunet.exchange.sheet import Sheet
from edunet.inventory import Inventory

SHEET: Final = "edunet"
VERSION: Final = "1"


class Stamp(NamedTuple):
    """The hidden sheet of a workbook."""

    version: str
    county: str | None
    digest: str


def digest(inventory: Inventory) -> str:
    """A hash of everything a workbook can hold, the same for inventories that mean the same."""
    whole = hashlib.sha256()
    for table in TABLES:
        held = things(inventory, table)
        of = columns(table, contacts_of(held.values()))
        for name, thing in sorted(held.items()):
            filled = sorted(fill(name, thing, of).items())
            whole.update(repr((table, filled)).encode("utf-8", "backslashreplace"))
    return whole.hexdigest()


def found(sheets: list[Sheet]) -> Stamp | None:
    """The stamp of a workbook; None when edunet did not make it."""
    for sheet in sheets:
        if sheet.name == SHEET:
            said = {row[1].text: row[2].text for row in sheet.rows.values() if {1, 2} <= set(row)}
            if said.get("format"):
                return Stamp(said["format"], said.get("county"), said.get("inventory", ""))
    return None
