"""What does a table say, row by row, in the shape the schema reads?"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import islice, pairwise
from typing import Any, Final, NamedTuple

from edunet.inventory import csv_text
from edunet.inventory.csv_cells import Read, Refused, reader
from edunet.inventory.csv_columns import Column, columns, find_column, fold, is_ignored
from edunet.inventory.finding import MOST, Finding, quote
from edunet.inventory.nearest import nearest
from edunet.inventory.records import LISTS, Keys
from edunet.inventory.source import Document, Rows, Sheet, Table, Unreadable, refuse

MAX_COLUMNS: Final = 1000
MAX_ROWS: Final = 1_000_000
LONGEST: Final = 300  # characters of a header
LOOKED_AT: Final = 5  # rows among which the header is sought: above it may stand a title


class _Plan(NamedTuple):
    """How the cells of one column are read, and where in a thing they belong."""

    at: int
    header: str
    column: Column
    read: Read


def parse_table(raw: bytes, file: str, table: str) -> Document:
    """The table these bytes hold, of the section `table`; `file` is only its name."""
    try:
        text = csv_text.decode(raw)
        delimiter, line, header = _header(text, table)
        reading = _Reading(file, table, line, header)
        if reading.plan:
            reading.take(csv_text.rows(text, delimiter))
    except Unreadable as error:
        return refuse(file, *error.args)
    digest = sha256(raw).hexdigest()
    sheet = Sheet({plan.column.path: plan.header for plan in reading.plan}, reading.refused)
    data = reading.data if reading.plan else None
    return Document(file, data, reading.findings, sheet, digest)


def _header(text: str, table: str) -> tuple[str, int, list[str]]:
    """The delimiter, and the row that names most columns, with its line."""
    best: tuple[int, str, int, list[str]] | None = None
    trouble: Unreadable | None = None
    for delimiter in csv_text.DELIMITERS:
        try:
            first = list(islice(csv_text.rows(text, delimiter), LOOKED_AT))
        except Unreadable as error:
            trouble = trouble or error
            continue
        for line, row in first:
            known = sum(_column(table, cell)[0] is not None for cell in row[:MAX_COLUMNS])
            if best is None or known > best[0]:
                best = (known, delimiter, line, row)
    if best is None or not best[0]:
        raise trouble or Unreadable(1, _no_header(table))
    return best[1:]


def _no_header(table: str) -> str:
    shown = ", ".join(column.shown for column in islice(columns(table).values(), 4))
    return f"no row names the columns of {table}; write a header such as {shown}"


def _column(table: str, header: str) -> tuple[Column | None, str]:
    """The column that a header means, and the unit it gives in brackets."""
    if len(header) > LONGEST:
        return None, ""
    if column := find_column(table, header):
        return column, ""
    name, bracket, rest = header.replace("（", "(").replace("）", ")").partition("(")
    return (find_column(table, name), rest.strip(" )")) if bracket else (None, "")


class _Reading:
    """The rows of one file, as they are read."""

    def __init__(self, file: str, table: str, line: int, header: list[str]) -> None:
        self.file = file
        self.table = table
        self.line = line
        self.width = len(header)
        self.findings: list[Finding] = []
        self.refused: set[Keys] = set()
        self.rows = Rows(line)
        self.named = Table(line)
        self.plan = list(self.planned(header))
        self.unnamed = [at for at, cell in enumerate(header) if not cell.strip()]
        self.data = Table(line)
        self.data[table] = self.rows if table in LISTS else self.named

    def complain(self, line: int, text: str) -> None:
        if len(self.findings) <= MOST:
            self.findings.append(Finding(self.file, line, text))

    def planned(self, header: list[str]) -> Iterator[_Plan]:
        """The columns that are read; says which are unknown, there twice, or missing."""
        if self.width > MAX_COLUMNS:
            raise Unreadable(
                self.line, f"more than {MAX_COLUMNS} columns; remove those without use"
            )
        taken: dict[Keys, str] = {}
        meant: set[int | str] = set()
        for at, cell in enumerate(header):
            if not cell.strip() or is_ignored(cell):
                continue
            column, unit = _column(self.table, cell)
            if column is None:
                near = self.near(cell)
                meant.update(near.path[:1] if near else ())
                self.complain(self.line, f"{_shown(cell)}: {self.unknown(near)}")
            elif column.path in taken:
                first = quote(taken[column.path])
                text = f"this column is there already, as {first}; remove one"
                self.complain(self.line, f"{_shown(cell)}: {text}")
            else:
                taken[column.path] = cell
                yield _Plan(at, cell, column, reader(self.table, column, unit))
        meant.update(path[0] for path in taken)
        for key in sorted(self.required() - meant):
            wanted = [one.shown for one in columns(self.table).values() if one.path[0] == key]
            self.complain(self.line, f"there is no column {' or '.join(wanted)}; add it")

    def required(self) -> set[str]:
        if self.table not in LISTS:
            return {"id"}
        fields = LISTS[self.table].model_fields
        return {name for name, field in fields.items() if field.is_required()}

    def near(self, header: str) -> Column | None:
        """The column that a misspelt header may mean."""
        known = {
            fold(name): column
            for column in columns(self.table).values()
            for name in (column.name, *column.chinese)
        }
        found = nearest(fold(header), known)
        return known[found] if found else None

    def unknown(self, near: Column | None) -> str:
        if near:
            return f"unknown column; write {near.shown}"
        shown = ", ".join(one.shown for one in columns(self.table).values())
        return f"unknown column; known are {shown}"

    def take(self, rows: Iterator[tuple[int, list[str]]]) -> None:
        for line, cells in rows:
            if line <= self.line:
                continue
            if len(self.rows) >= MAX_ROWS:
                raise Unreadable(line, f"more than {MAX_ROWS} rows; split the file")
            if len(cells) > self.width and any(cell.strip() for cell in cells[self.width :]):
                text = f"{len(cells)} cells are in this row and {self.width} in the header"
                self.complain(line, f"{text}; quote a cell that holds the separator")
            for at in self.unnamed:
                if at < len(cells) and cells[at].strip():
                    text = f"cell {at + 1}, {quote(cells[at])}, stands in a column without a header"
                    self.complain(line, f"{text}; name the column, or remove the cell")
            self.keep(*self.row(line, cells))

    def row(self, line: int, cells: list[str]) -> tuple[Table, list[Keys]]:
        """The thing that a row describes, and its keys whose cells were refused."""
        row, refused = Table(line), []
        width = len(cells)
        for at, header, column, read in self.plan:
            if at >= width or not (cell := cells[at].strip()):
                continue
            try:
                value = read(cell)
            except Refused as error:
                self.complain(line, f"{_shown(header)}: {error}")
                refused.append(column.path)
                value = None if column.kind == "flag" else cell
            if value is None:
                continue
            if type(value) is str and len(column.path) == 1:
                row[column.name] = value
            else:
                _place(row, column.path, value, line)
        return row, refused

    def keep(self, row: Table, refused: list[Keys]) -> None:
        if not row:
            return
        if self.table in LISTS:
            self.refused.update((self.table, len(self.rows), *path) for path in refused)
            self.rows.append(row)
            self.rows.lines.append(row.line)
            return
        name = row.pop("id", None)
        if name is None:
            self.complain(row.line, "nothing is written; fill the id")
        elif name in self.named:
            was = self.named.lines.get(name, self.named.line)
            self.complain(row.line, f"{quote(name)} is already on line {was}; choose another")
        else:
            self.refused.update((self.table, name, *path) for path in refused)
            self.named[name] = row
            self.named.lines[name] = row.line


def _shown(header: str) -> str:
    return header if header.isprintable() else quote(header)


def _place(row: Table, path: Keys, value: Any, line: int) -> None:
    """Puts a value below keys that lead to it: `a.device`, `contacts.0.name`, `tags.exam_site`."""
    if type(value) is not str:
        parts = row.setdefault(str(path[0]), Rows(line))
        more = value if type(value) is list else [path[1]] if value else []
        parts.extend(more)
        parts.lines.extend([line] * len(more))
        return
    inner: Any = row
    for key, after in pairwise(path):
        made: Any = Rows(line) if type(after) is int else Table(line)
        if isinstance(inner, Rows):
            if not inner:
                inner.append(made)
                inner.lines.append(line)
            inner = inner[0]
        else:
            inner = inner.setdefault(key, made)
    inner[path[-1]] = value
