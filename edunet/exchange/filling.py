"""How does a thing fill the cells of its row, and what do the cells of a row say of a thing?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import PydanticCustomError

from edunet.exchange import cells, words
from edunet.exchange.columns import Column
from edunet.inventory.csv_cells import Refused, reader
from edunet.units import bits_per_second, seconds

Written = str | list[Any] | dict[str, Any]  # a value as it stands in YAML
_OURS = frozenset({"text", "texts", "map"})  # free text: a dash is a dash, and = no formula


_SHOWN = {"rate": cells.show_rate, "time": cells.show_time, "number": cells.show_number}


def fill(name: str, thing: Any, of: Sequence[Column], lang: str = "en") -> dict[str, str]:
    """The cells of a thing, by column; what is not written, or is the default, is blank."""
    filled: dict[str, str] = {}
    for column in of:
        if column.path == ("id",):
            filled[column.key] = name
        elif column.kind == "flag":
            filled[column.key] = "是" if column.path[1] in thing.tags else "否"
        else:
            value = _at(thing, column.path)
            if value is not None and (column.required or value != column.default):
                filled[column.key] = show(column, value, lang)
    return filled


def _at(thing: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        if isinstance(step, int):
            thing = thing[step] if step < len(thing) else None
        elif isinstance(thing, dict):
            thing = thing.get(step)
        else:
            thing = getattr(thing, step)
        if thing is None:
            return None
    return thing


def show(column: Column, value: Any, lang: str) -> str:
    """A value as the text of its cell."""
    match column.kind:
        case "choice":
            text = words.value_label(column.table, column.key, str(value), lang)
        case "list" | "texts":
            text = cells.show_list([str(one) for one in value])
        case "map":
            text = cells.show_map({k: v if isinstance(v, str) else [*v] for k, v in value.items()})
        case "rate" | "time" | "number":
            text = _SHOWN[column.kind](value)
        case _:
            text = str(value)
    return text


def understand(column: Column, text: str, unit: str = "") -> Written | bool | None:
    """What a cell says, as it would stand in YAML; None when it is blank.

    Raises:
        Refused: no spelling of such a value looks like this.
    """
    text = cells.clean(text)
    if not text:
        return None
    if column.kind == "map":
        pairs = cells.read_map(text)
        if pairs is None:
            raise Refused(f"{text[:40]!r} is not read; write key=value; key=value")
        return pairs
    if column.kind in {"list", "texts"} and (parts := cells.read_json_list(text)) is not None:
        return parts
    known = words.column_of(column.table, column.path)
    if column.kind in _OURS or known is None or known.kind in {"code", "phone", "text"}:
        return cells.read_list(text) if column.kind == "texts" else text
    made: Written | bool | None = reader(column.table, known, unit)(text)
    return made


def same(column: Column, one: str, other: str, unit: str = "") -> bool:
    """Whether two texts of a cell mean the same: `1000M` is `1G`, and a default may be left out.

    Raises:
        Refused: the first of them cannot be read.
    """
    return cells.clean(one) == cells.clean(other) or _meaning(column, one, unit) == _meaning(
        column, other
    )


def _meaning(column: Column, text: str, unit: str = "") -> object:
    written = understand(column, text, unit)
    if written is None:
        return column.meant
    try:
        if column.kind == "rate":
            return bits_per_second(written)
        if column.kind == "time":
            return seconds(written)
        if column.kind in {"whole", "number"}:
            return float(str(written))
    except (PydanticCustomError, ValueError):
        pass
    return written


def build(
    field: str, of: Sequence[Column], row: Mapping[str, str], units: Mapping[str, str]
) -> Written | None:
    """What the cells of a row say of one field, as it would stand in YAML; None for nothing.

    Raises:
        Refused: one of them cannot be read.
    """
    whole: Any = None
    inner: dict[str, Any] = {}
    listed: dict[int, dict[str, Any]] = {}
    flags: dict[str, bool] = {}
    blank: set[str] = set()
    for column in (one for one in of if one.field == field):
        value = understand(column, row.get(column.key, ""), units.get(column.key, ""))
        if column.kind == "flag":
            flags[str(column.path[1])] = value is True
        elif value is None:
            blank.add(str(column.path[-1]))
        elif len(column.path) == 1:
            whole = value
        elif isinstance(column.path[1], int):
            listed.setdefault(column.path[1], {})[str(column.path[2])] = value
        else:
            inner[str(column.path[1])] = value
    if flags:
        tags = [one for one in whole or () if flags.get(one, True)]
        return tags + [one for one, yes in flags.items() if yes and one not in tags] or None
    if isinstance(whole, dict):
        inner = {key: one for key, one in whole.items() if key not in blank} | inner
        whole = None
    found: Written | None = whole or [listed[at] for at in sorted(listed)] or inner or None
    return found
