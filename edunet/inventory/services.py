"""What do users ask of the network: which page, which name, which port?"""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from edunet.inventory.finding import quote
from edunet.inventory.thing import Id, Name, Text, Thing
from edunet.units import Duration

_PLAIN: Final = r"[^\s\x00-\x1f\x7f]{1,2000}"
_SHAPES: Final = {
    "http": (r"http://[^/?#]+.*", "http://HOST/"),
    "https": (r"https://[^/?#]+.*", "https://HOST/"),
    "tcp": (r".+:[1-9]\d{0,4}", "HOST:PORT"),
    "icmp": (r"[^/:]+|[0-9a-fA-F:]+", "a name or an address alone"),
}


def _target(written: str) -> str:
    """A URL, a host or HOST:PORT: something without blanks and without a password."""
    if not re.fullmatch(_PLAIN, written):
        raise PydanticCustomError(
            "target", "{got} is no target; write it without blanks", {"got": quote(written)}
        )
    if "@" in (_authority(written) or ""):
        raise PydanticCustomError("target", "a user or a password is in the URL; remove it")
    return written


def _authority(target: str) -> str | None:
    try:
        return urlsplit(target).netloc
    except ValueError:
        raise PydanticCustomError(
            "target", "{got} is no URL; check its brackets", {"got": quote(target)}
        ) from None


def _expected(written: object) -> object:
    """Text, or a list of it; a number is kept as its digits."""
    if written is None:
        raise PydanticCustomError("expect", "nothing is written; write a value, or remove the key")
    parts = written if isinstance(written, list | tuple) else [written]
    if not parts or not all(isinstance(part, str | int | float) for part in parts):
        raise PydanticCustomError(
            "expect", "{got} is not text; write text, or a list of it", {"got": quote(written)}
        )
    if any(len(str(part)) > 1000 for part in parts) or len(parts) > 100:
        raise PydanticCustomError("expect", "this is too long; write at most 1000 characters")
    if isinstance(written, list | tuple):
        return tuple(map(str, parts))
    return str(written)


Target = Annotated[Text, AfterValidator(_target)]
Expected = Annotated[
    str | tuple[str, ...],
    BeforeValidator(_expected),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": ["string", "number"]},
                {"type": "array", "items": {"type": ["string", "number"]}},
            ]
        }
    ),
]


class Service(Thing):
    """Something that must answer. `expect` is read by the probe that `kind` names."""

    kind: Id
    target: Target
    name: Name | None = None
    site: Id | None = None
    vantage: tuple[Id, ...] = ()
    interval: Duration | None = None
    calendar: Id | None = None
    expect: dict[Name, Expected] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _target_fits_kind(self) -> Service:
        pattern, shape = _SHAPES.get(self.kind, (".*", ""))
        if not re.fullmatch(pattern, self.target, re.DOTALL):
            raise PydanticCustomError(
                "target",
                "target {got} does not fit kind {kind}; write {shape}",
                {"got": quote(self.target), "kind": self.kind, "shape": shape},
            )
        if self.kind == "tcp" and int(self.target.rpartition(":")[2]) > 65535:
            raise PydanticCustomError("target", "a port is at most 65535; write a smaller one")
        return self
