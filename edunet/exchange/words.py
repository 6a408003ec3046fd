"""What do people call a table, a column and a value, and which one do they mean?"""

from __future__ import annotations

from functools import cache

from edunet.inventory import csv_columns

Keys = tuple[int | str, ...]


def table_label(table: str, lang: str) -> str:
    """What we call a table."""
    return str(csv_columns.vocabulary()["tables"][table][0]) if lang == "zh" else table


def table_of(title: str) -> tuple[str | None, bool]:
    """The table that a sheet of this name holds, and whether it is called just so."""
    said: dict[str, list[str]] = csv_columns.vocabulary()["tables"]
    for table, more in said.items():
        if csv_columns.fold(title) in {csv_columns.fold(one) for one in (table, *more)}:
            return table, True
    return csv_columns.table_named(f"{title}.csv"), False


@cache
def column_of(table: str, path: Keys) -> csv_columns.Column | None:
    """The column of a value; that of the first contact for every contact."""
    known = {column.path: column for column in csv_columns.columns(table).values()}
    return known.get(tuple(0 if isinstance(part, int) else part for part in path))


@cache
def column_name(table: str, path: Keys) -> str:
    """The English name of a column: `a_device`, `contact_phone_2`, `labels.KEY`."""
    number = next((part for part in path if isinstance(part, int)), 0)
    known = column_of(table, path)
    free = "." if path[0] == "labels" else "_"
    name = known.name if known else free.join(map(str, path))
    return f"{name}_{number + 1}" if number else name


def column_label(table: str, path: Keys, lang: str) -> str:
    """What we call a column: `班级数`, `联系电话2`."""
    known = column_of(table, path)
    if lang != "zh" or known is None or not known.chinese:
        return column_name(table, path)
    number = next((part for part in path if isinstance(part, int)), 0)
    return f"{known.chinese[0]}{number + 1}" if number else known.chinese[0]


def path_of(table: str, header: str) -> tuple[Keys, str] | None:
    """Where the cells below a header belong, and the unit it gives in brackets; None if unknown."""
    header = header.strip().rstrip("*").strip()
    if header in {"labels", "expect"}:  # all of them in one cell
        return (header,), ""
    if known := csv_columns.find_column(table, header):
        return known.path, ""
    bare, _, unit = header.replace("（", "(").rstrip(")）").partition("(")
    if unit and (known := csv_columns.find_column(table, bare)):
        return known.path, unit.strip()
    stem = header.rstrip("0123456789")
    number = header[len(stem) :]
    known = csv_columns.find_column(table, stem) if number and len(number) < 3 else None
    if known and 0 in known.path and int(number):
        return tuple(int(number) - 1 if part == 0 else part for part in known.path), ""
    return None


@cache
def value_label(table: str, name: str, value: str, lang: str) -> str:
    """What we call one of the few values of a column."""
    return csv_columns.chinese_word(table, name, value) if lang == "zh" else value


def known_headers(table: str) -> list[str]:
    """Every name of a column of a table."""
    every = csv_columns.columns(table).values()
    return [name for column in every for name in (column.name, *column.chinese)]
