"""What do plain lists say, as an inventory, even where nobody gave ids?"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from edunet.errors import ConfigError
from edunet.exchange import words
from edunet.exchange.columns import TABLES, column_at, columns
from edunet.exchange.csvfile import CsvFile
from edunet.exchange.draft import Draft, kind_of
from edunet.exchange.filling import build
from edunet.exchange.sources import MAX_ROWS, found, read
from edunet.inventory import csv_text
from edunet.inventory.csv_cells import Refused
from edunet.inventory.csv_columns import fold, is_ignored
from edunet.inventory.source import Unreadable

ORDER: Final = (
    "carriers", "standards", "power_zones", "ducts", "sites", "devices", "links", "services",
    "vantage",
)  # fmt: skip
_REFERS: Final = {
    "parent": "sites", "merged_into": "sites", "site": "sites", "carrier": "carriers",
    "owner": "carriers", "device": "devices", "power_zone": "power_zones", "standard": "standards",
    "ducts": "ducts", "backup_of": "links",
}  # fmt: skip
NAMES: Final = frozenset({"设备名称", "名称", "name", "主机名", "hostname", "链路名称", "线路名称"})
Item = tuple[str, dict[str, Any], str]  # where it stands, what it says, what must be decided


def draft(sources: Sequence[Path]) -> Draft:
    """The inventory that lists describe, one table a file, told by the file's name.

    Names stand for ids where there are none: `上级: 城东区` finds the site of this name.

    Raises:
        ConfigError: a file cannot be read, or its name says no table.
    """
    made = Draft(", ".join(path.name for path in sources))
    lists = _Lists(made)
    for path in found(sources, ".csv"):
        lists.read(path)
    lists.hand_over()
    return made


class _Lists:
    """The rows of all lists, and the ids that names stand for."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.items: dict[str, list[Item]] = {name: [] for name in TABLES}
        self.names: dict[str, dict[str, str]] = {name: {} for name in TABLES}

    def read(self, path: Path) -> None:
        table = words.table_of(path.stem)[0]
        if table is None:
            said = f"{path}: the name does not say which table this is; call it sites.csv"
            raise ConfigError(said)
        raw = read(path)
        try:
            text = csv_text.decode(raw)
            header, rows = _header(text, table)
            for line, cells in rows:
                self.row(f"{path.name}:{line}", table, dict(zip(header, cells, strict=False)))
        except Unreadable as error:
            line, said = error.args
            raise ConfigError(f"{path}:{line}: {said}") from None
        for name in header:
            known = words.path_of(table, name) or is_ignored(name) or fold(name) in NAMES
            if name and not known:
                self.draft.skip(f"{path.name}: column {name}")

    def row(self, where: str, table: str, cells: dict[str, str]) -> None:
        paths = {name: words.path_of(table, name) for name in cells}
        texts: dict[str, str] = {}
        units: dict[str, str] = {}
        of = list(columns(table))
        for name, known in paths.items():
            column = column_at(table, known[0]) if known else None
            if known and column:
                texts[column.key], units[column.key] = cells[name], known[1]
                of += [column] if column not in of else []
        fields: dict[str, Any] = {}
        named = next((cells[one] for one in cells if fold(one) in NAMES and paths[one] is None), "")
        for field in dict.fromkeys(column.field for column in of):
            try:
                value = build(field, of, texts, units)
            except Refused as error:
                self.draft.skip(f"{where}: {field}: {error}")
                continue
            if value is not None:
                fields[field] = value
        if named and table not in {"sites", "carriers", "ducts", "power_zones"}:
            fields["labels"] = {**fields.get("labels", {}), "name": named}
        if fields:
            self.items[table].append((where, fields, self.complete(table, fields)))

    def complete(self, table: str, fields: dict[str, Any]) -> str:
        """Gives a row its id and kind where it has none; what a person must still decide."""
        note = ""
        labels = fields.get("labels")
        name = str(fields.get("name") or (labels.get("name", "") if labels else ""))
        for contact in fields.get("contacts", []):
            contact.setdefault("name", name)
        if table == "sites" and "kind" not in fields and name:
            fields["kind"], note = kind_of(name)
        given = str(fields.get("id", ""))
        if table == "links" and not given:
            ends = [fields.get(end, {}) for end in ("a", "b")]
            name = "-".join(
                str(end.get("device") or end.get("site") or end.get("carrier") or "")
                for end in ends
                if isinstance(end, dict)
            )
        made = self.draft.ids.get(table)
        if made is not None:
            hint = str(fields.get("address") or fields.get("code") or "")
            taken = made.take(given or name or hint, hint, otherwise=table.rstrip("s"))
            if given and taken != given:
                self.draft.skip(f"id {given!r}: it is now {taken}")
            fields["id"] = taken
        for word in (given, name, str(fields.get("code", ""))):
            if word:
                self.names[table].setdefault(word, str(fields.get("id", "")))
        return note

    def hand_over(self) -> None:
        for table in ORDER:
            for where, fields, note in self.items[table]:
                resolved = {key: self.resolve(key, value) for key, value in fields.items()}
                if table == "standards":
                    self.draft.standards[str(resolved.pop("id", "standard"))] = resolved
                elif table == "devices" and "site" not in resolved:
                    self.draft.skip(f"{where}: device {resolved['id']}: no site")
                else:
                    self.draft.add(table, _sorted(resolved), note)

    def resolve(self, key: str, value: Any) -> Any:
        """Ids in place of names."""
        if isinstance(value, dict):
            return {inner: self.resolve(inner, one) for inner, one in value.items()}
        table = _REFERS.get(key)
        if table is None:
            return value
        if isinstance(value, list):
            return [self.names[table].get(str(one), one) for one in value]
        return self.names[table].get(str(value), value)


def _sorted(fields: dict[str, Any]) -> dict[str, Any]:
    """What says most comes first."""
    return {key: fields[key] for key in ("id", "kind", "role") if key in fields} | fields


def _header(text: str, table: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The names of the columns, and the rows below them with their lines."""
    delimiter, number = CsvFile.find_header(text, table)
    rows = list(csv_text.rows(text, delimiter))
    if len(rows) > MAX_ROWS:
        raise Unreadable(MAX_ROWS, f"over {MAX_ROWS} rows; split the list")
    raw = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = next(row for at, row in enumerate(raw) if at == number)
    if not any(words.path_of(table, name) for name in header):
        raise Unreadable(1, f"no header names columns of {table}; write it above the rows")
    below = [row for at, row in enumerate(rows) if row[1] == header][:1]
    start = below[0][0] if below else 0
    return [name.strip() for name in header], [row for row in rows if row[0] > start]
