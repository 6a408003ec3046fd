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


def kinds(package: str, base: type[Model]) -> dict[str, type[Model]]:
    """Every name a user may write as `kind`, and the one subclass of `base` its file defines.

    Files whose name begins with `_`, and files without such a class, are no plugins.
    """
    found: dict[str, type[Model]] = {}
    for module in pkgutil.iter_modules(import_module(package).__path__):
        if module.name.startswith("_"):
            continue
        file = import_module(f"{package}.{module.name}")
        for item in vars(file).values():
            mine = isinstance(item, type) and item.__module__ == file.__name__
            if mine and issubclass(item, base) and item.__name__.lower() == module.name:
                found[module.name] = item
    return found


def build(package: str, base: type[P], place: str, settings: Mapping[str, Any]) -> P:
    """The plugin that `settings` (with its `kind`) describe; `place` is where they stand.

    Raises:
        ConfigError: no such kind, or fields it does not have; one line each, no value repeated.
    """
    fields = dict(settings)
    kind = str(fields.pop("kind", ""))
    known = kinds(package, base)
    if kind not in known:
        raise ConfigError(
            f"{place}: no kind {kind[:40]!r}; choose one of {', '.join(sorted(known))}"
        )
    try:
        made = known[kind].model_validate(fields)
    except ValidationError as error:
        lines = [
            f"{'.'.join([place, *map(str, found['loc'])])}: {found['msg'].lower()}"
            for found in error.errors(include_url=False, include_input=False)
        ]
        raise ConfigError("\n".join(lines)) from None
    assert isinstance(made, base)  # noqa: S101 - `kinds` gives nothing else; for the type checker
    return made
