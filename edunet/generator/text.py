"""How is a generated network written: as one YAML file, or as a folder of tables?"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any, Final

from edunet.generator.wish import Row

# What is read as text wherever it stands, by any reader of YAML; all else is quoted.
_PLAIN: Final = re.compile(
    r"(?!(?:true|false|yes|no|on|off|null|y|n)$)[A-Za-z一-鿿][\w（）/-]*"
    r"|\d+[MGh]|\d+\.\d+\.\d+\.\d+(?:/\d+)?",
    re.IGNORECASE,
)
TABLES: Final = ("power_zones", "ducts", "sites", "devices", "links")
BY_HAND: Final = frozenset({"city", "idc", "centre", "county"})  # sites that stay in the YAML file
ENDS: Final = ("device", "interface", "site", "carrier")


def to_yaml(sections: dict[str, Any]) -> str:
    """The whole network as one file, a line for each thing."""
    return "".join(_sections(sections))


def to_csv(sections: dict[str, Any]) -> dict[str, str]:
    """File name -> text: `inventory.yaml`, and a table for each section counties keep lists of."""
    rows = {name: list(sections[name]) for name in TABLES}
    kept = [site for site in rows["sites"] if site["kind"] in BY_HAND]
    rows["sites"] = [site for site in rows["sites"] if site["kind"] not in BY_HAND]
    files = {f"{name}.csv": _table(rows[name]) for name in TABLES if rows[name]}
    small = {name: part for name, part in sections.items() if name not in TABLES}
    return {"inventory.yaml": to_yaml({**small, "sites": kept, "include": list(files)}), **files}


def _sections(sections: dict[str, Any]) -> Iterator[str]:
    yield "# An invented network; every likeness is chance. Made by: edunet inventory generate\n"
    for name, section in sections.items():
        if name == "network" or not section:
            yield f"\n{name}: {_flow(section)}\n"
        elif isinstance(section, dict):
            yield f"\n{name}:\n"
            yield from (f"  {key}: {_flow(value)}\n" for key, value in section.items())
        else:
            yield f"\n{name}:\n"
            yield from (f"  - {_flow(thing)}\n" for thing in section)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and not _PLAIN.fullmatch(value):
        return f'"{value}"'
    return str(value)


def _table(rows: list[Row]) -> str:
    flat = [_flat(row) for row in rows]
    header = list(dict.fromkeys(key for row in flat for key in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(flat)
    return out.getvalue()


def _flat(row: Row) -> Row:
    """A row with its ends side by side (`a_device`) and its lists in one cell."""
    flat: Row = {}
    for key, value in row.items():
        if key in ("a", "b"):
            flat |= {f"{key}_{part}": value[part] for part in ENDS if part in value}
        else:
            flat[key] = ";".join(value) if isinstance(value, list) else value
    return flat
