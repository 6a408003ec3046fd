"""How do many things of one model become few columns of plain data, and things again?

What comes back was checked before it went, so nothing is validated again: 100,000 things take
a fraction of a second. Equal texts come back as one object.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import astuple
from datetime import date
from functools import cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from itertools import islice
from typing import Annotated, Any, Final, Literal, Protocol, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from edunet.inventory.secret import SecretRef

_set: Final = object.__setattr__


class Column(Protocol):
    """A way to write many values of one type as plain data (JSON), and to read them again."""

    def write(self, values: list[Any]) -> Any: ...

    def read(self, data: Any, same: dict[Any, Any]) -> list[Any]:
        """The values. `same` makes equal ones one object, within a whole inventory."""


class Plain:
    """What JSON knows; None stays None. Few different texts are written once each."""

    def write(self, values: list[Any]) -> Any:
        words = list(dict.fromkeys(values)) if values and type(values[0]) is str else values
        if len(words) * 2 > len(values):
            return values
        number = {word: at for at, word in enumerate(words)}
        return {"words": words, "at": [number[value] for value in values]}

    def read(self, data: Any, same: dict[Any, Any]) -> list[Any]:
        if isinstance(data, dict):
            words = [same.setdefault(word, word) for word in data["words"]]
            return [words[at] for at in data["at"]]
        if any(type(value) is str for value in islice(data, 8)):
            return [same.setdefault(value, value) for value in data]
        return list(data)


class Spelt:
    """What has a spelling: addresses, days."""

    def __init__(self, spell: Callable[[Any], Any], read: Callable[[Any], Any]) -> None:
        self._spell = spell
        self._read = read

    def write(self, values: list[Any]) -> Any:
        return [None if value is None else self._spell(value) for value in values]

    def read(self, data: Any, same: dict[Any, Any]) -> list[Any]:
        return [None if text is None else self._read(text) for text in data]


class Optional:
    """A column in which some are None."""

    def __init__(self, inner: Column) -> None:
        self._inner = inner

    def write(self, values: list[Any]) -> Any:
        there = [value is not None for value in values]
        return [there, self._inner.write([value for value in values if value is not None])]

    def read(self, data: Any, same: dict[Any, Any]) -> list[Any]:
        values = iter(self._inner.read(data[1], same))
        return [next(values) if there else None for there in data[0]]


class Many:
    """A column of tuples, written end to end."""

    def __init__(self, inner: Column) -> None:
        self._inner = inner

    def write(self, values: list[Any]) -> Any:
        return [
            [len(each) for each in values],
            self._inner.write([x for each in values for x in each]),
        ]

    def read(self, data: Any, same: dict[Any, Any]) -> list[Any]:
        values = iter(self._inner.read(data[1], same))
        return [tuple(islice(values, size)) if size else () for size in data[0]]


class Keyed:
    """A column of mappings from text."""

    def __init__(self, inner: Column) -> None:
        self._keys = Many(Plain())
        self._values = Many(inner)

    def write(self, values: list[Any]) -> Any:
        keys = [tuple(each) for each in values]
        return [
            self._keys.write(keys),
            self._values.write([list(each.values()) for each in values]),
        ]

    def read(self, data: Any, same: dict[Any, Any]) -> list[Any]:
        both = zip(self._keys.read(data[0], same), self._values.read(data[1], same), strict=True)
        return [dict(zip(keys, values, strict=True)) for keys, values in both]


class Things:
    """Models of one class: a column for each field that is not its default throughout."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model
        fields = model.model_fields
        self._columns = {name: column(field.annotation) for name, field in fields.items()}
        self._defaults = {
            name: field.get_default(call_default_factory=True) for name, field in fields.items()
        }

    def write(self, values: list[Any]) -> Any:
        written = {}
        for name, how in self._columns.items():
            default = self._defaults[name]
            cells = [getattr(value, name) for value in values]
            if default is PydanticUndefined or any(cell != default for cell in cells):
                written[name] = how.write(cells)
        named = [",".join(sorted(value.model_fields_set)) for value in values]
        return [len(values), Plain().write(named), written]

    def read(self, data: Any, same: dict[Any, Any]) -> list[Any]:
        """The things; all that name the same fields share one set of their names."""
        size, named, written = data
        columns = {name: self._columns[name].read(cells, same) for name, cells in written.items()}
        # An object that sets key by key to a copy of its defaults keeps the dict compact.
        rows = [self._defaults.copy() for _ in range(size)]
        for name, cells in columns.items():
            for row, cell in zip(rows, cells, strict=True):
                row[name] = cell
        made = []
        for row, names in zip(rows, Plain().read(named, same), strict=True):
            thing = self._model.__new__(self._model)
            _set(thing, "__dict__", row)
            _set(thing, "__pydantic_fields_set__", _names(names))
            _set(thing, "__pydantic_extra__", None)
            _set(thing, "__pydantic_private__", None)
            made.append(thing)
        return made


@cache
def _names(joined: str) -> set[str]:
    return set(filter(None, joined.split(",")))


_ADDRESS: Final = Spelt(str, ip_address)
_NETWORK: Final = Spelt(str, ip_network)
_PLAIN: Final = Plain()
_LEAVES: Final[dict[Any, Column]] = {
    **dict.fromkeys((str, int, float, bool), _PLAIN),
    **dict.fromkeys((IPv4Address, IPv6Address), _ADDRESS),
    **dict.fromkeys((IPv4Network, IPv6Network), _NETWORK),
    date: Spelt(date.isoformat, date.fromisoformat),
    SecretRef: Spelt(astuple, lambda parts: SecretRef(*parts)),
}
# Text or a list of texts, which is a tuple here and a list there.
_TEXTS: Final = Spelt(lambda it: it, lambda it: tuple(it) if isinstance(it, list) else it)


def column(annotation: Any) -> Column:
    """The way to write values of this type.

    Raises:
        TypeError: nobody knows how; the schema has a type that this file lacks.
    """
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return column(args[0])
    if origin in (Union, types.UnionType):
        return _union(args)
    if origin is dict:
        return Keyed(column(args[1]))
    if origin is tuple and args[1:] == (Ellipsis,):
        return Many(column(args[0]))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return things(annotation)
    if found := _PLAIN if origin is Literal else _LEAVES.get(annotation):
        return found
    raise TypeError(f"no column for {annotation}")


@cache
def things(model: type[BaseModel]) -> Things:
    """The way to write the models of this class."""
    return Things(model)


def _union(args: tuple[Any, ...]) -> Column:
    ways = {column(one) for one in args if one is not types.NoneType}
    if len(ways) == 1:
        way = ways.pop()
        knows_none = isinstance(way, Plain | Spelt)
        return way if knows_none or types.NoneType not in args else Optional(way)
    if all(one in (str, tuple[str, ...]) for one in args):
        return _TEXTS
    raise TypeError(f"no column for either of {args}")
