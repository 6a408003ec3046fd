"""Which calls does the API offer, told without anything from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

_METHODS: Final = ("get", "post", "put", "patch", "delete")


class Call(NamedTuple):
    """One call; `open` when a browser may simply follow it."""

    method: str
    path: str
    help: str
    parameters: tuple[str, ...]
    open: bool


def calls(openapi: Mapping[str, Any]) -> tuple[tuple[str, tuple[Call, ...]], ...]:
    """The calls of an OpenAPI description by their tag, in its order."""
    groups: dict[str, list[Call]] = {}
    for path, item in openapi["paths"].items():
        for method in _METHODS:
            if method in item:
                told = item[method]
                group = next(iter(told.get("tags", ())), "")
                groups.setdefault(group, []).append(_call(method, path, told))
    return tuple((group, tuple(found)) for group, found in groups.items())


def _call(method: str, path: str, told: Mapping[str, Any]) -> Call:
    parameters = told.get("parameters", ())
    return Call(
        method=method.upper(),
        path=path,
        help=told.get("description") or told.get("summary") or "",
        parameters=tuple(one["name"] for one in parameters if one["in"] == "query"),
        open=method == "get" and not any(one.get("required") for one in parameters),
    )
