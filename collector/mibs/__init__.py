"""Which objects a table is made of, read from the YAML file of its MIB."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from collector.mibs.schema import UNKNOWN, Column, Mib, Source
from collector.profiles.files import complaints, read
from edunet.errors import ConfigError

__all__ = ["INTERFACES", "SHIPPED", "UNKNOWN", "Column", "Mib", "Source", "Tables", "known", "mib"]

INTERFACES: Final = "if_mib"
SHIPPED: Final = Path(__file__).parent

Tables = Callable[[str], Mib]
"""Answers what is in a table, by its name."""


@cache
def mib(name: str, *folders: Path) -> Mib:
    """The table of `NAME.yaml`: of the first of these folders that has one, else the shipped one.

    Raises:
        ConfigError: there is none, or it may not be used; says which file, where in it, and what
            to write instead.
    """
    places = (*folders, SHIPPED) if re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) else ()
    path = next((p for folder in places if (p := folder / f"{name}.yaml").is_file()), None)
    if path is None:
        raise ConfigError(f"no table {name[:64]!r}; choose one of {', '.join(known(*folders))}")
    written = read(path, "table", "kind: NAME")
    if "name" in written:
        raise ConfigError(f"{path}: a table is called as its file; remove name")
    try:
        return Mib.model_validate({**written, "name": name})
    except ValidationError as error:
        raise ConfigError("\n".join(complaints(path, error, "table"))) from None


def known(*folders: Path) -> list[str]:
    """The names of all tables there are."""
    return sorted({path.stem for folder in (*folders, SHIPPED) for path in folder.glob("*.yaml")})
