"""Which columns does a table have, of the schema and of the words that staff use?"""

from __future__ import annotations

import types
from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator

from edunet.exchange import words
from edunet.inventory import Inventory
from edunet.units import bits_per_second, seconds

TABLES: Final = (
    "sites", "devices", "links", "carriers", "standards", "power_zones", "ducts", "services",
    "vantage",
)  # fmt: skip
MANY: Final = 20  # contacts of one site
Kind = Literal[
    "text", "id", "whole", "number", "day", "rate", "time", "choice", "list", "texts", "map", "flag"
]


class Column(NamedTuple):
    """One column. `path` leads to the value in the thing: `("a", "device")`."""

    table: str
    path: tuple[str | int, ...]
    kind: Kind
    choices: tuple[str, ...] = ()
    required: bool = False
    default: object = None  # as the model has it
    meant: object = None  # as a cell would mean it

    @property
    def key(self) -> str:
        return words.column_name(self.table, self.path)

    @property
    def field(self) -> str:
        return str(self.path[0])

    def label(self, lang: str) -> str:
        return words.column_label(self.table, self.path, lang)


def model_of(table: str) -> Any:
    """The model of the things a table lists."""
    return get_args(Inventory.model_fields[table].annotation)[-1 if is_named(table) else 0]


def is_named(table: str) -> bool:
    """Whether the section names its things by key, as `standards` does."""
    return get_origin(Inventory.model_fields[table].annotation) is dict


def things(inventory: Inventory, table: str) -> dict[str, Any]:
    """The things of a table by their ids."""
    held = getattr(inventory, table)
    return dict(held) if isinstance(held, dict) else {thing.id: thing for thing in held}


@cache
def columns(table: str, contacts: int = MANY) -> tuple[Column, ...]:
    """The columns of a table, the id first; a site has room for so many contacts."""
    found = _of(table, model_of(table), (), contacts)
    if is_named(table):
        found.append(Column(table, ("id",), "id", required=True))
    order: dict[tuple[str | int, ...], int]
    order = {("id",): -2, ("name",): -1, ("labels",): 1, ("expect",): 1}
    return tuple(sorted(found, key=lambda one: order.get(one.path, 0)))


def column_at(table: str, path: tuple[str | int, ...]) -> Column | None:
    """The column of this path; also of one label, and of one tag that has a column of its own."""
    for column in columns(table):
        if column.path == path:
            return column
    if len(path) == 2 and path[0] in {"labels", "expect"}:
        return Column(table, path, "text")
    return Column(table, path, "flag") if len(path) == 2 and path[0] == "tags" else None


def _of(
    table: str, model: type[BaseModel], above: tuple[str | int, ...], contacts: int
) -> list[Column]:
    found: list[Column] = []
    for name, field in model.model_fields.items():
        path = (*above, name)
        bare, marks = _bare(field.annotation, tuple(field.metadata))
        if isinstance(bare, type) and issubclass(bare, BaseModel):
            found += _of(table, bare, path, contacts)
        elif (inner := _listed(bare)) is not None:
            for index in range(contacts):
                found += _of(table, inner, (*path, index), contacts)
        elif path not in {("a", "site"), ("b", "carrier")}:  # no link ends so
            kind, choices = _kind(name, bare, marks)
            required = field.is_required() and not above
            default = meant = None
            if not field.is_required() and not above:
                default = field.get_default(call_default_factory=True)
                meant = default if kind in {"whole", "number"} else str(default or "") or None
            found.append(Column(table, path, kind, choices, required, default, meant))
    return found


def contacts_of(things: Iterable[Any]) -> int:
    """How many contacts the thing with the most of them has, but one at least."""
    return max((len(getattr(thing, "contacts", ())) for thing in things), default=0) or 1


def _listed(bare: Any) -> type[BaseModel] | None:
    """The model that a tuple holds many of."""
    inner = get_args(bare)[0] if get_origin(bare) is tuple else None
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def _bare(annotation: Any, marks: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """A type without `| None` and without what is annotated, and what was."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _bare(inner, (*marks, *more))
    if get_origin(annotation) in (Union, types.UnionType):
        some = [one for one in get_args(annotation) if one is not type(None)]
        return _bare(some[0], marks) if len(some) == 1 else (annotation, marks)
    return annotation, marks


def _kind(name: str, bare: Any, marks: tuple[Any, ...]) -> tuple[Kind, tuple[str, ...]]:
    if get_origin(bare) is Literal:
        return "choice", tuple(map(str, get_args(bare)))
    readers = {mark.func for mark in marks if isinstance(mark, BeforeValidator)}
    if bits_per_second in readers:
        return "rate", ()
    if seconds in readers:
        return "time", ()
    if get_origin(bare) is tuple:
        return ("texts" if name == "tags" else "list"), ()
    by_type: dict[Any, Kind] = {int: "whole", float: "number", date: "day"}
    is_id = any(getattr(mark, "pattern", None) for mark in marks) or bare is not str
    plain: Kind = "id" if is_id else "text"
    return by_type.get(bare) or ("map" if get_origin(bare) is dict else plain), ()
