"""Which cells does one sheet of a workbook hold, and which of them are merged?"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from edunet.errors import ConfigError
from edunet.exchange.archive import Archive

MAX_COLUMNS: Final = 256
MAX_CELLS: Final = 2_000_000
MAX_ROWS: Final = 200_000
MAX_TEXT: Final = 32_767  # of one cell, as Excel itself has it
MAX_MERGED: Final = 10_000
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ADDRESS: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


class Cell(NamedTuple):
    """One cell: its text as a person would type it, and whether it was text, number, date..."""

    text: str
    kind: str = "text"  # text, number, date, time, long (a number beyond 15 digits), formula, error


class Sheet(NamedTuple):
    """One sheet. Only cells that hold something are there; rows and columns count from 1."""

    name: str
    rows: dict[int, dict[int, Cell]]
    merged: list[tuple[int, int, int, int]]  # first row, first column, last row, last column


def column_name(number: int) -> str:
    """`A`, `B`, ... `AA` of a column's number."""
    name = ""
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(65 + letter) + name
    return name


def place(address: str) -> tuple[int, int] | None:
    """Row and column of `B12`; None if it is no address."""
    match = _ADDRESS.fullmatch(address)
    if not match:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column


def unescape(text: str) -> str:
    """`_x000D_` is how a workbook writes what XML cannot (ECMA-376, ST_Xstring)."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


class SheetReader:
    """Takes the cells of one sheet as they come; `value` reads what one of them stores."""

    def __init__(self, archive: Archive, name: str, value: Callable[[str, str, int], Cell]) -> None:
        self.archive = archive
        self.value = value
        self.sheet = Sheet(name, {}, [])
        self.row = self.column = 0
        self.kind, self.style, self.formula = "n", 0, False
        self.pieces: list[str] | None = None
        self.collecting = self.phonetic = False
        self.cells = self.size = 0

    def read(self, part: str) -> Sheet:
        self.archive.walk(part, self.start, self.end, self.text)
        return self.sheet

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self.at(attributes.get("r", ""))
            self.kind = attributes.get("t", "n")
            style = attributes.get("s", "0")
            self.style = int(style) if style.isdigit() and len(style) < 9 else 0
            self.formula, self.pieces, self.size = False, [], 0
        elif name in {"v", "t"} and self.pieces is not None:
            self.collecting = not self.phonetic
        elif name == "rPh":
            self.phonetic = True
        elif name == "f":
            self.formula = True
        elif name == "row":
            number = attributes.get("r", "")
            well = number.isdigit() and len(number) < 8
            self.row, self.column = int(number) if well else self.row + 1, 0
        elif name == "mergeCell":
            self.merge(attributes.get("ref", ""))

    def at(self, address: str) -> None:
        found = place(address)
        if found:
            self.row, self.column = found
        else:
            self.column += 1

    def merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        corners = place(first), place(last)
        if corners[0] and corners[1]:
            self.sheet.merged.append((*corners[0], *corners[1]))
            if len(self.sheet.merged) > MAX_MERGED:
                raise self.refusal(f"has over {MAX_MERGED} merged cells; unmerge them")

    def text(self, said: str) -> None:
        if self.collecting and self.pieces is not None:
            self.size += len(said)
            if self.size > 2 * MAX_TEXT:
                where = f"{column_name(self.column)}{self.row}"
                raise self.refusal(f"cell {where} is longer than {MAX_TEXT} characters; shorten it")
            self.pieces.append(said)

    def end(self, name: str) -> None:
        if name in {"v", "t"}:
            self.collecting = False
        elif name == "rPh":
            self.phonetic = False
        elif name == "c" and self.pieces is not None:
            text, self.pieces = "".join(self.pieces), None
            found = self.value(self.kind, text, self.style) if text else Cell("")
            if self.formula:
                found = Cell(found.text, "formula")
            if found.text or self.formula:
                self.keep(found)

    def keep(self, cell: Cell) -> None:
        if self.column > MAX_COLUMNS:
            where = f"{column_name(self.column)}{self.row}"
            raise self.refusal(f"cell {where} is far to the right; keep {MAX_COLUMNS} columns")
        self.sheet.rows.setdefault(self.row, {})[self.column] = cell
        self.cells += 1
        if self.cells > MAX_CELLS or len(self.sheet.rows) > MAX_ROWS:
            raise self.refusal(f"has over {MAX_ROWS} rows or {MAX_CELLS} cells; split it")

    def refusal(self, why: str) -> ConfigError:
        return self.archive.refusal(f"sheet {self.sheet.name}: {why}")
