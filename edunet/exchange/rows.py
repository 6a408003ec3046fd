"""Which things do the sheets of a workbook list, and which cells cannot be read?"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from edunet.errors import ConfigError
from edunet.exchange import cells, words, workbook
from edunet.exchange.columns import TABLES, Column, column_at
from edunet.exchange.sheet import Cell, Sheet, column_name
from edunet.exchange.stamp import SHEET, VERSION, Stamp, found
from edunet.inventory.csv_columns import is_ignored
from edunet.inventory.finding import MOST, quote
from edunet.inventory.nearest import nearest

TITLES: Final = 10  # rows that may stand above the header
WRONG: Final = "\x00"  # in place of what was complained of already
ALIKE: Final = 2  # known headers that make a row the header


class Mistake(NamedTuple):
    """What is wrong in a row, or with `row` 0 in a sheet."""

    file: str
    sheet: str
    row: int
    label: str
    text: str

    def __str__(self) -> str:
        where = f"{self.file} sheet {self.sheet}"
        if self.row:
            where += f" row {self.row}"
        if self.label:
            where += f", {self.label}"
        return f"{where}: {self.text}"


class Row(NamedTuple):
    """One thing as its row has it, by the columns that are in the sheet."""

    table: str
    id: str
    sheet: str
    number: int
    texts: dict[str, str]


class Head(NamedTuple):
    """The columns of a table as its sheet has them: each with its label, and the unit it names."""

    sheet: str
    columns: tuple[Column, ...]
    labels: dict[str, str]
    units: dict[str, str]


class Listed(NamedTuple):
    """Everything a workbook lists, by table."""

    file: str
    rows: dict[str, dict[str, Row]]
    heads: dict[str, Head]
    mistakes: list[Mistake]
    notes: list[str]
    stamp: Stamp | None


def read(path: Path) -> Listed:
    """What a workbook lists, and every cell that cannot be read.

    Raises:
        ConfigError: it is no workbook, is too large, is of another version, or has no table.
    """
    sheets = workbook.read(path)
    stamp = found(sheets)
    if stamp and stamp.version != VERSION:
        raise ConfigError(f"{path} was made by another version of edunet; export it anew")
    listed = Listed(str(path), {}, {}, [], [], stamp)
    known = ", ".join(words.table_label(one, "zh") for one in TABLES)
    for sheet in sheets:
        if sheet.name == SHEET or not sheet.rows:
            continue
        table, exact = words.table_of(sheet.name)
        reader = _Reader(listed, sheet, table or "sites")
        if table is None or not (exact or reader.header):
            listed.notes.append(f"sheet {sheet.name} is not read; tables are called {known}")
        elif table in listed.heads:
            text = f"sheet {listed.heads[table].sheet} lists the same; put them into one"
            listed.mistakes.append(Mistake(str(path), sheet.name, 0, "", text))
        else:
            reader.read()
    if not listed.heads and not listed.mistakes:
        raise ConfigError(f"{path} has no table; call its sheets {known}")
    return listed


class _Reader:
    """Reads one sheet."""

    def __init__(self, listed: Listed, sheet: Sheet, table: str) -> None:
        self.listed, self.sheet, self.table = listed, sheet, table
        self.columns: dict[int, Column] = {}
        self.units: dict[str, str] = {}
        self.header = self._header()

    def complain(self, row: int, label: str, text: str) -> None:
        if len(self.listed.mistakes) < MOST:
            self.listed.mistakes.append(
                Mistake(self.listed.file, self.sheet.name, row, label, text)
            )

    def read(self) -> None:
        wanted = words.column_label(self.table, ("id",), "zh")
        if not self.header:
            self.complain(0, "", f"no header; write {wanted} above the ids")
            return
        self._name_columns()
        labels = {column.key: self._label(at) for at, column in self.columns.items()}
        if "id" not in labels:
            self.complain(self.header, "", f"no column of ids; write {wanted} above it")
            return
        head = Head(self.sheet.name, tuple(self.columns.values()), labels, self.units)
        self.listed.heads[self.table] = head
        self._unmerge()
        rows = self.listed.rows.setdefault(self.table, {})
        for number in sorted(self.sheet.rows):
            if number > self.header and (row := self._row(number, self.sheet.rows[number])):
                if row.id in rows:
                    text = f"{quote(row.id)} is already in row {rows[row.id].number}"
                    self.complain(number, labels["id"], f"{text}; write another")
                else:
                    rows[row.id] = row

    def _header(self) -> int:
        """The one of the first rows in which the most words are names of columns."""
        best, most = 0, ALIKE - 1
        for number in sorted(self.sheet.rows)[:TITLES]:
            row = self.sheet.rows[number].values()
            hits = sum(words.path_of(self.table, cells.clean(one.text)) is not None for one in row)
            if hits > most:
                best, most = number, hits
        return best

    def _name_columns(self) -> None:
        used = {at for number, row in self.sheet.rows.items() if number > self.header for at in row}
        header = self.sheet.rows[self.header]
        seen: set[str] = set()
        for at in sorted(used | set(header)):
            label = cells.clean(header[at].text) if at in header else ""
            path, unit = words.path_of(self.table, label) or (None, "")
            column = column_at(self.table, path) if path else None
            if column is None:
                if at in used and not is_ignored(label):
                    self._unknown(at, label)
            elif column.key in seen:
                text = f"column {column_name(at)} {quote(label)} is there twice; remove one"
                self.complain(self.header, "", text)
            else:
                seen.add(column.key)
                self.columns[at] = column
                self.units[column.key] = unit

    def _unknown(self, at: int, label: str) -> None:
        if not label:
            text = f"column {column_name(at)} has no header; write one, or clear the column"
        elif near := nearest(label, words.known_headers(self.table)):
            text = f"unknown column {quote(label)}; write {near}"
        else:
            text = f"unknown column {quote(label)}; remove it, or call it as the export does"
        self.complain(self.header, "", text)

    def _label(self, at: int) -> str:
        return cells.clean(self.sheet.rows[self.header][at].text).rstrip(" *")

    def _unmerge(self) -> None:
        """What stands once for several rows stands in each of them."""
        for top, left, bottom, right in self.sheet.merged:
            across = [at for at in self.columns if left <= at <= right]
            if bottom <= self.header or not across:
                continue
            where = f"{column_name(left)}{top}:{column_name(right)}{bottom}"
            if left != right or top <= self.header or self.columns[left].key == "id":
                text = f"the merged cells {where} are not read; unmerge them"
                self.complain(max(top, self.header), self._label(across[0]), text)
                continue
            if first := self.sheet.rows.get(top, {}).get(left):
                for number in self.sheet.rows:
                    if top < number <= bottom:
                        self.sheet.rows[number][left] = first

    def _row(self, number: int, row: dict[int, Cell]) -> Row | None:
        texts = dict.fromkeys((column.key for column in self.columns.values()), "")
        refused = False
        for at, column in self.columns.items():
            if at in row and (wrong := _wrong(row[at], column)):
                refused = refused or column.key == "id"
                self.complain(number, self._label(at), f"cell {column_name(at)}{number} {wrong}")
                texts[column.key] = WRONG
            elif at in row:
                texts[column.key] = cells.clean(row[at].text)
        if refused or not any(texts.values()):
            return None
        if not texts["id"]:
            label = next(self._label(at) for at, one in self.columns.items() if one.key == "id")
            self.complain(number, label, "nothing is written; write an id")
            return None
        return Row(self.table, cells.narrow(texts["id"]), self.sheet.name, number, texts)


def _wrong(cell: Cell, column: Column) -> str | None:
    """Why a cell cannot be what its column wants; None when it may be."""
    if cell.kind == "formula":
        return "holds a formula; paste its value"
    if cell.kind == "error":
        return f"holds the error {quote(cell.text)}; write the value"
    if cell.kind == "long" and column.kind not in {"whole", "number"}:
        return "is a number of which Excel keeps 15 digits; format it as text and write it again"
    if cell.kind in {"date", "time"} and column.kind != "day":
        return "was made a date by Excel; format it as text and write it again"
    if cell.kind == "time":
        return "holds a time of day; write the day alone"
    return None
