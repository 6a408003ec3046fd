"""How to run: the optional `edunet.yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from edunet.errors import ConfigError
from edunet.inventory.finding import quote, spell
from edunet.inventory.model import Id
from edunet.inventory.records import is_id
from edunet.inventory.source import locate, read
from edunet.inventory.wording import say
from edunet.model import Model
from edunet.units import Duration


def _listen(written: object) -> object:
    """An address and a port; an IPv6 address in brackets."""
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[0-9a-zA-Z.-]{1,253}):\d{1,5}", str(written))
    if match and (match[1][0] != "[" or _is_ipv6(match[1][1:-1])):
        return written
    raise PydanticCustomError(
        "listen", "{got} is no address with a port; write 127.0.0.1:8080", {"got": quote(written)}
    )


def _is_ipv6(text: str) -> bool:
    try:
        return bool(IPv6Address(text))
    except ValueError:
        return False


def _counties(written: object) -> object:
    """One county or several."""
    for name in written if isinstance(written, list | tuple) else [written]:
        if not is_id(name):
            raise PydanticCustomError(
                "county",
                "{got} is not an id; write small letters, digits and hyphens",
                {"got": quote(name)},
            )
    return written


def _not_yet(known: object, instead: str) -> BeforeValidator:
    """Takes the one value that this version honours."""

    def only(written: object) -> object:
        if written == known:
            return written
        # Of a URL only its scheme is shown: a password may stand in it.
        got = quote(written.partition(":")[0] if isinstance(written, str) else written)
        raise PydanticCustomError(
            "not_yet", "{got} is not there yet; {instead}", {"got": got, "instead": instead}
        )

    return BeforeValidator(only)


Listen = Annotated[str, BeforeValidator(_listen)]
Counties = Annotated[str | tuple[str, ...], BeforeValidator(_counties)]


def _bearable(period: float) -> float:
    if not 0.1 <= period <= 86_400:
        raise PydanticCustomError("period", "too often or too seldom; write 100ms to 1d")
    return period


Period = Annotated[Duration, AfterValidator(_bearable)]


class Intervals(Model):
    """How often each question is asked, in seconds. Nothing asks for `optics` and `config` yet."""

    reachability: Period = 1.0
    links: Period = 10.0
    interfaces: Period = 60.0
    ssh: Period = 300.0
    optics: Period = 300.0
    config: Period = 86_400.0


class Match(Model):
    """What an alert must be for a route to take it; an empty match takes everything."""

    county: Counties | None = None
    severity: tuple[Literal["critical", "major", "minor", "info"], ...] | None = None


class Route(Model):
    match: Match = Match()
    channels: tuple[Id, ...]


class Oncall(Model):
    routes: tuple[Route, ...] = ()


class Settings(Model):
    """`sinks` and `channels` name a plugin by `kind`; its own fields are read by the plugin.

    Of `history`, `books` and `bus` only what this version honours is taken.
    """

    listen: Listen = "127.0.0.1:8080"
    data: Annotated[str, StringConstraints(min_length=1)] = "./data"
    intervals: Intervals = Intervals()
    # not in repr: addresses and fields may hold keys
    sinks: Mapping[Id, dict[str, Any]] = Field({}, repr=False)
    channels: Mapping[Id, dict[str, Any]] = Field({}, repr=False)
    oncall: Oncall = Oncall()
    queue: Annotated[int, Field(ge=1, le=100_000)] = 1000
    history: Annotated[None, _not_yet(None, "no history is kept, so remove history")] = None
    books: Annotated[str, _not_yet("sqlite", "the books are kept in SQLite: write sqlite")] = (
        "sqlite"
    )
    bus: Annotated[None, _not_yet(None, "collectors are not joined, so remove bus")] = None


def load(path: Path | None = None) -> Settings:
    """The settings of the file; without one those of `./edunet.yaml`, else the defaults.

    Raises:
        ConfigError: it cannot be read, or is wrong; everything that is wrong, one per line.
    """
    if path is None:
        path = Path("edunet.yaml")
        if not path.exists():
            return Settings()
    document = read(path)
    if document.data is None and _says_nothing(path):
        return Settings()
    if document.data is None or document.findings:
        raise ConfigError("\n".join(str(finding) for finding in document.findings))
    try:
        return Settings.model_validate(document.data)
    except ValidationError as error:
        lines = [
            f"{path}:{locate(document.data, found['loc'])}: {_place(found)}{_say(found)}"
            for found in error.errors(include_url=False)
        ]
        raise ConfigError("\n".join(lines)) from None


def _place(found: ErrorDetails) -> str:
    """Where it is wrong; of what is missing, where it should be."""
    keys = tuple(key for key in found["loc"] if key != "[key]")
    path = spell(keys[:-1] if found["type"] == "missing" else keys)
    return f"{path}: " if path else ""


def _say(found: ErrorDetails) -> str:
    # What a sink or a channel is given may be a secret, wherever it was put.
    return say(found, Settings, hidden=found["loc"][0] in ("sinks", "channels") and _deep(found))


def _deep(found: ErrorDetails) -> bool:
    return len(found["loc"]) > 1 and found["loc"][-1] != "[key]"


def _says_nothing(path: Path) -> bool:
    """Whether there are only comments: everything in this file is optional."""
    lines = (line.strip() for line in path.read_bytes().splitlines())
    return all(not line or line.startswith(b"#") for line in lines)
