"""Which columns may a table have, and which words may its cells hold? In Chinese and in English."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

Keys = tuple[int | str, ...]
_DATA: Final = Path(__file__).with_name("csv_columns.yaml")


class Column(NamedTuple):
    """One column of a table: where in the thing its cells belong, and what they hold.

    `kind` is one of id, ids, text, texts, code, phone, number, decimal, percent, rate, duration,
    day, word, flag, address, addresses. `chinese` are its Chinese names, the one to write first.
    """

    name: str
    path: Keys
    kind: str
    chinese: tuple[str, ...]

    @property
    def shown(self) -> str:
        """Both names, as a message has them."""
        return f"{self.name} ({self.chinese[0]})" if self.chinese else self.name


@cache
def vocabulary() -> dict[str, Any]:
    """Everything the data file says."""
    data: dict[str, Any] = yaml.load(_DATA.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506 (it makes texts only)
    return data


@cache
def columns(table: str) -> dict[str, Column]:
    """The columns of a table, by their English names."""
    found = {}
    for name, said in vocabulary()["columns"][table].items():
        path = tuple(int(key) if key.isdigit() else key for key in said.get("at", name).split("."))
        found[name] = Column(name, path, said["is"], tuple(said.get("zh", ())))
    return found


def find_column(table: str, header: str) -> Column | None:
    """The column that a header means; None if it means none.

    `labels.KEY` (for services `expect.KEY`) is a column of its own for every KEY.
    """
    if column := _by_header(table).get(fold(header)):
        return column
    free = vocabulary()["free"].get(table)
    start, dot, key = header.strip().partition(".")
    if free and dot and fold(start) in (free, "标签") and 0 < len(key) <= 200:
        return Column(header.strip(), (free, key), "text", ())
    return None


def is_ignored(header: str) -> bool:
    """Whether a column of this name says nothing."""
    return fold(header) in {fold(name) for name in vocabulary()["ignored"]}


def table_named(file: str) -> str | None:
    """The table that a file of this name holds: `sites.csv`, `devices-2026.csv`, `学校名单.csv`."""
    stem = unicodedata.normalize("NFKC", file).rsplit(".", 1)[0].lower()
    tables: dict[str, list[str]] = vocabulary()["tables"]
    starts = {start: table for table, more in tables.items() for start in (table, *more)}
    fitting = [start for start in starts if stem.startswith(start)]
    return starts[max(fitting, key=len)] if fitting else None


@cache
def words(table: str, column: str) -> dict[str, str]:
    """The schema's word for every word that may stand in a cell of this column."""
    said: dict[str, list[str]] = vocabulary()["words"][f"{table}.{column}"]
    return {fold(one): word for word, more in said.items() for one in (word, *more)}


def chinese_word(table: str, column: str, word: str) -> str:
    """The Chinese of a word of the schema, or the word itself."""
    said: dict[str, list[str]] = vocabulary()["words"].get(f"{table}.{column}", {})
    return next(iter(said.get(word, ())), word)


def fold(text: str) -> str:
    """A header or a word without what staff write differently: width, case, blanks and joints."""
    return re.sub(r"[\s_.*:-]+", "", unicodedata.normalize("NFKC", text)).lower()


@cache
def _by_header(table: str) -> dict[str, Column]:
    return {
        fold(name): column
        for column in columns(table).values()
        for name in (column.name, ".".join(map(str, column.path)), *column.chinese)
    }
