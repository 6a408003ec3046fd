"""Find a plugin by the name it has in YAML, which is the name of its file."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import Any, TypeVar

from pydantic import ValidationError

from edunet.errors import ConfigError
from edunet.model import Model

P = TypeVar("P", bound=Model)


def kinds(package: str) -> list[str]:
    """The names a user may write as `kind`: the files of the package that do not begin with `_`."""
    path = import_module(package).__path__
    return sorted(m.name for m in pkgutil.iter_modules(path) if not m.name.startswith("_"))


def find(package: str, kind: str, base: type[P]) -> type[P]:
    """The subclass of `base` that `package/kind.py` defines: the one class named after the file.

    Raises:
        KeyError: no such file.
    """
    if kind not in kinds(package):
        raise KeyError(kind)
    module = import_module(f"{package}.{kind}")
    (plugin,) = (
        item
        for item in vars(module).values()
        if isinstance(item, type)
        and issubclass(item, base)
        and item.__module__ == module.__name__
        and item.__name__.lower() == kind.replace("_", "")
    )
    return plugin


def build(package: str, base: type[P], place: str, settings: Mapping[str, Any]) -> P:
    """The plugin that `settings` (with its `kind`) describe; `place` is where they stand.

    Raises:
        ConfigError: no such kind, or fields it does not have; one line each, no value repeated.
    """
    fields = dict(settings)
    kind = str(fields.pop("kind", ""))
    try:
        plugin = find(package, kind, base)
    except KeyError:
        choice = ", ".join(kinds(package))
        raise ConfigError(f"{place}: no kind {kind[:40]!r}; choose one of {choice}") from None
    try:
        return plugin.model_validate(fields)
    except ValidationError as error:
        keys = ", ".join(plugin.model_fields)
        said = {"missing": "is missing", "extra_forbidden": f"is no key; {kind} takes {keys}"}
        lines: list[str] = []
        for found in error.errors(include_url=False, include_input=False):
            path = ".".join([place, *map(str, found["loc"])])
            lines.append(f"{path}: {said.get(found['type'], found['msg'])}")
        raise ConfigError("\n".join(lines)) from None
