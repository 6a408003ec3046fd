"""How does an inventory become a workbook that is safe to open and quick to correct?"""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from edunet import __version__
from edunet.errors import ConfigError
from edunet.exchange import words
from edunet.exchange.columns import MANY, Column, columns, contacts_of
from edunet.exchange.filling import fill
from edunet.exchange.scope import Scope
from edunet.exchange.sheet import MAX_ROWS, MAX_TEXT
from edunet.exchange.stamp import SHEET, VERSION, digest
from edunet.inventory import Inventory

SPARE: Final = 500  # rows below the table that still have drop-downs
WIDEST: Final = 40
LABELS: Final = 30  # more of them share one column
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
_LOOKS_ESCAPED: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def write(
    inventory: Inventory, path: Path, *, county: str | None = None, lang: str = "zh"
) -> dict[str, int]:
    """Writes the workbook anew, and says how many rows each table has.

    Raises:
        ConfigError: there is no such county, a text cannot stand in a workbook, a table is too
            long for one, or the file cannot be written.
    """
    if path.suffix.lower() != ".xlsx":
        raise ConfigError(f"{path} is no name of a workbook; write one that ends in .xlsx")
    from openpyxl import Workbook

    scope = Scope(inventory, county)
    book = Workbook(write_only=True)
    counts: dict[str, int] = {}
    for table in scope.tables():
        held = scope.things(table)
        if len(held) > MAX_ROWS - 1:
            raise ConfigError(f"{table} has over {MAX_ROWS} rows; export county by county")
        _Writer(book, table, lang).write(held)
        counts[table] = len(held)
    hidden = book.create_sheet(SHEET)
    hidden.sheet_state = "hidden"
    said = {"format": VERSION, "edunet": __version__, "inventory": digest(inventory)}
    for row in (said | ({"county": county} if county else {})).items():
        hidden.append(row)
    _save(book, path)
    return counts


def _save(book: Any, path: Path) -> None:
    """Whole or not at all: somebody may have the old one open."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        try:
            book.save(name)
            mask = os.umask(0)
            os.umask(mask)
            Path(name).chmod(0o666 & ~mask)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        why = (error.strerror or "no reason given").lower()
        raise ConfigError(f"cannot write {path}: {why}; name another file") from None


class _Writer:
    """Writes one table."""

    def __init__(self, book: Any, table: str, lang: str) -> None:
        self.table = table
        self.lang = lang
        self.sheet = book.create_sheet(words.table_label(table, lang))

    def write(self, held: dict[str, Any]) -> None:
        of = _with_labels(self.table, columns(self.table, _contacts(held)), held)
        filled = [fill(name, thing, of, self.lang) for name, thing in held.items()]
        self._shape(of, filled)
        self.sheet.append([self._header(column) for column in of])
        for row in filled:
            self.sheet.append([self._cell(column, row.get(column.key, "")) for column in of])

    def _shape(self, of: Sequence[Column], filled: list[dict[str, str]]) -> None:
        """Widths, text formats, the frozen header and drop-downs; before any row is written."""
        from openpyxl.utils import get_column_letter
        from openpyxl.worksheet.datavalidation import DataValidation

        self.sheet.freeze_panes = "C2"
        for number, column in enumerate(of, 1):
            letter = get_column_letter(number)
            texts = [column.label(self.lang)]
            texts += [row.get(column.key, "") for row in filled[:SPARE]]
            shape = self.sheet.column_dimensions[letter]
            shape.width = min(WIDEST, max(map(_width, texts)) + 3)
            if column.kind not in {"whole", "number", "day"}:
                shape.number_format = "@"
            if column.choices:
                shown = [
                    words.value_label(self.table, column.key, one, self.lang)
                    for one in column.choices
                ]
                choice = DataValidation("list", formula1=f'"{",".join(shown)}"', allow_blank=True)
                choice.showErrorMessage = True
                choice.add(f"{letter}2:{letter}{len(filled) + SPARE + 1}")
                self.sheet.data_validations.append(choice)

    def _header(self, column: Column) -> Any:
        from openpyxl.styles import Alignment, Font, PatternFill

        label = column.label(self.lang)
        cell = self._typed(f"{label} *" if column.required else label, "s")
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="DDE6F0")
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        return cell

    def _cell(self, column: Column, text: str) -> Any:
        if not text:
            return None
        if column.kind in {"whole", "number"} and len(text) <= 15:
            return self._typed(float(text) if "." in text else int(text), "n")
        if column.kind == "day":
            day = date.fromisoformat(text)
            if day.year > 1900:
                cell = self._typed(day, "d")
                cell.number_format = "yyyy-mm-dd"
                return cell
        return self._typed(self._escaped(text), "s")

    def _typed(self, value: object, kind: str) -> Any:
        """A cell of this very type: text that begins with = is text, never a formula."""
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(self.sheet)
        cell._value, cell.data_type = value, kind
        if kind == "s":
            cell.number_format = "@"
        return cell

    def _escaped(self, text: str) -> str:
        try:
            text.encode()
        except UnicodeEncodeError:
            said = f"{self.table}: half a character cannot be written; remove it"
            raise ConfigError(said) from None
        text = _LOOKS_ESCAPED.sub("_x005F_", text)
        text = _CONTROL.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
        if len(text) > MAX_TEXT:
            said = f"{self.table}: a cell would hold over {MAX_TEXT} characters; shorten it"
            raise ConfigError(said)
        return text


def _contacts(held: dict[str, Any]) -> int:
    most = contacts_of(held.values())
    if most > MANY:
        raise ConfigError(f"a site has {most} contacts; a workbook has room for {MANY}")
    return most


def _with_labels(table: str, of: Sequence[Column], held: dict[str, Any]) -> Sequence[Column]:
    """A column for each label, where their names allow it and they are few."""
    keys = sorted({key for thing in held.values() for key in thing.labels})
    single = [Column(table, ("labels", key), "text") for key in keys]
    if len(keys) <= LABELS and all(
        words.path_of(table, one.label("zh")) == (one.path, "") == words.path_of(table, one.key)
        for one in single
    ):
        return [*(one for one in of if one.path != ("labels",)), *single]
    return of


def _width(text: str) -> int:
    """How wide a text is: Chinese characters are as wide as two others."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text[:WIDEST])
