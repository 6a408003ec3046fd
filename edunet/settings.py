"""How to run: the optional `edunet.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from edunet.errors import ConfigError
from edunet.inventory.model import Id
from edunet.inventory.source import locate, read
from edunet.inventory.wording import say
from edunet.model import Model
from edunet.units import Duration

Listen = Annotated[str, StringConstraints(pattern=r"^(\[[0-9a-fA-F:]+\]|[0-9a-zA-Z.-]+):\d{1,5}$")]


def _bearable(period: float) -> float:
    if not 0.1 <= period <= 86_400:
        raise PydanticCustomError("period", "too often or too seldom; write 100ms to 1d")
    return period


Period = Annotated[Duration, AfterValidator(_bearable)]


class Intervals(Model):
    """How often each question is asked, in seconds."""

    reachability: Period = 1.0
    links: Period = 10.0
    interfaces: Period = 60.0
    ssh: Period = 300.0


class Match(Model):
    """What an alert must be for a route to take it; an empty match takes everything."""

    county: Id | tuple[Id, ...] | None = None
    severity: tuple[Literal["critical", "major", "minor", "info"], ...] | None = None


class Route(Model):
    match: Match = Match()
    channels: tuple[Id, ...]


class Oncall(Model):
    routes: tuple[Route, ...] = ()


class Settings(Model):
    """`sinks` and `channels` name a plugin by `kind`; its own fields are read by the plugin."""

    listen: Listen = "127.0.0.1:8080"
    data: Annotated[str, StringConstraints(min_length=1)] = "./data"
    intervals: Intervals = Intervals()
    # not in repr: addresses and fields may hold keys
    sinks: Mapping[Id, dict[str, Any]] = Field({}, repr=False)
    channels: Mapping[Id, dict[str, Any]] = Field({}, repr=False)
    oncall: Oncall = Oncall()
    queue: Annotated[int, Field(ge=1, le=100_000)] = 1000


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
            f"{path}:{locate(document.data, found['loc'])}: {say(found, Settings)}"
            for found in error.errors(include_url=False)
        ]
        raise ConfigError("\n".join(lines)) from None


def _says_nothing(path: Path) -> bool:
    """Whether there are only comments: everything in this file is optional."""
    lines = (line.strip() for line in path.read_bytes().splitlines())
    return all(not line or line.startswith(b"#") for line in lines)
