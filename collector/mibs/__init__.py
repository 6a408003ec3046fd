"""Which objects a table is made of, read from the YAML file of its MIB."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

import yaml
from pydantic import StringConstraints

from edunet.model import Model

Oid = Annotated[str, StringConstraints(pattern=r"^1(\.\d+)+$")]


class Column(Model):
    """One object of a table: its value is multiplied by `scale`, or unknown when it is `zero`.

    `among` is the range of an enumeration: what lies outside is no value of the object.
    """

    oid: Oid
    type: Literal["uint64", "int16", "float64"]
    scale: float = 1
    zero: Literal["zero", "unknown"] = "zero"
    among: tuple[int, int] | None = None


class Mib(Model):
    scalars: dict[str, Oid]
    identity: dict[str, Oid]
    columns: dict[str, Column]


@cache
def mib(name: str) -> Mib:
    """The table of `collector/mibs/NAME.yaml`."""
    text = files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return Mib.model_validate(yaml.safe_load(text))
