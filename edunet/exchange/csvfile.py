"""How does an included table of text change where it must, in its own encoding and columns?"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from edunet.errors import ConfigError
from edunet.exchange import cells, words
from edunet.exchange.plan import Step
from edunet.inventory import csv_text
from edunet.inventory.csv_columns import find_column

Path_ = tuple[int | str, ...]
LOOKED_AT = 5  # rows among which the header is sought, as the inventory does


class CsvFile:
    """One table of text that an inventory includes; it has been read without error."""

    def __init__(self, raw: bytes, file: str, table: str) -> None:
        self.file, self.table = file, table
        self.encoding = _encoding(raw)
        text = csv_text.decode(raw)
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.delimiter, self.header = self.find_header(text, table)
        self.rows: list[list[str]] = []
        self.starts: list[int] = []
        source = csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter)
        line = 1
        for row in source:
            self.rows.append(row)
            self.starts.append(line)
            line = source.line_num + 1
        head = self.rows[self.header]
        found = [(at, words.path_of(table, cell)) for at, cell in enumerate(head)]
        self.columns: dict[Path_, int] = {where[0]: at for at, where in found if where}
        self.at = {
            cells.narrow(row[self.columns[("id",)]]): number
            for number, row in enumerate(self.rows)
            if number > self.header and len(row) > self.columns[("id",)]
        }

    @staticmethod
    def find_header(text: str, table: str) -> tuple[str, int]:
        """The delimiter, and the number of the row that names most columns."""
        best = (0, ",", 0)
        for delimiter in csv_text.DELIMITERS:
            source = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            for number, row in enumerate(islice(source, 4 * LOOKED_AT)):
                known = sum(words.path_of(table, cell) is not None for cell in row)
                if known > best[0]:
                    best = (known, delimiter, number)
        return best[1], best[2]

    def lines(self) -> Iterator[tuple[int, int, str, str]]:
        """First line, last line, table and id of every row."""
        after = [*self.starts[1:], 1 << 31]
        for name, number in self.at.items():
            yield self.starts[number], after[number] - 1, self.table, name

    def changed(self, steps: Sequence[Step]) -> bytes:
        """The bytes after the steps; those that change or remove concern rows that are here.

        Raises:
            ConfigError: a value has no column that this table could have.
        """
        gone: set[int] = set()
        for step in steps:
            if step.action == "remove":
                gone.add(self.at[step.id])
                continue
            if step.action == "add":
                self.rows.append([""] * len(self.rows[self.header]))
            row = self.rows[-1 if step.action == "add" else self.at[step.id]]
            for field, value in step.fields.items():
                self._write(row, field, value)
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=self.delimiter, lineterminator=self.newline)
        writer.writerows(row for number, row in enumerate(self.rows) if number not in gone)
        try:
            return out.getvalue().encode(self.encoding)
        except UnicodeEncodeError:
            said = f"{self.file}: a name cannot be written in {self.encoding}; save it as UTF-8"
            raise ConfigError(said) from None

    def _write(self, row: list[str], field: str, value: Any) -> None:
        flat = dict(_flat((field,), value))
        for path, at in self.columns.items():
            if path[0] == field and at < len(row) and path[0] != "tags":
                row[at] = ""
        for path, text in flat.items():
            if path not in self.columns:
                self.columns[path] = self._new_column(path)
            at = self.columns[path]
            row.extend([""] * (at + 1 - len(row)))
            row[at] = text

    def _new_column(self, path: Path_) -> int:
        name = words.column_name(self.table, path)
        if not _readable(self.table, name, path):
            said = f"{self.file} can have no column {name}; write it into a YAML file by hand"
            raise ConfigError(said)
        chinese = any(not cell.isascii() for cell in self.rows[self.header])
        header = self.rows[self.header]
        header.append(words.column_label(self.table, path, "zh" if chinese else "en"))
        return len(header) - 1


def _readable(table: str, name: str, path: Path_) -> bool:
    """Whether the inventory would read a column of this name where it belongs."""
    column = find_column(table, name)
    return column is not None and column.path == path


def _flat(path: Path_, value: Any) -> Iterator[tuple[Path_, str]]:
    """The cells of a value: a list of texts fills one, a mapping one for each key."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _flat((*path, key), one)
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for number, one in enumerate(value):
            yield from _flat((*path, number), one)
    elif isinstance(value, list):
        yield path, "、".join(map(str, value))
    elif value is not None:
        yield path, str(value)


def _encoding(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if raw.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    try:
        raw.decode()
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"
