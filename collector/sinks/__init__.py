"""Where frames go besides the log: one sink, one file, found by its name.

A sink's settings are a frozen `Sink` named after its file (`influx.py` holds `Influx`); what runs
is the `Outlet` its `open` gives back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from edunet.errors import DeliveryError
from edunet.frame import Frame
from edunet.model import Model
from edunet.plugins import build

Labels = Callable[[str, int], Mapping[str, str]]
"""The labels of a (kind, slot): `site, county, device, interface, link, role, carrier`.

An empty answer means that nobody knows the series any more: it is left out, never sent nameless.
"""


class AwayError(DeliveryError):
    """The connection broke: what the server kept only in memory may be gone.

    `refused` is true when nobody listened there: then the server itself has been away.
    """

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class UnwelcomeError(DeliveryError):
    """The address, the bucket or the token is wrong: the data is fine, so only a person helps."""


class Refusal(NamedTuple):
    """What the server will never take, as lines of text, and its own words about it."""

    body: bytes
    words: str
    suffix: str = "lp"  # of the file it is set aside in: which language the lines are
    late: bool = False  # the server has something newer; what was sent before is always late


class RefusedError(DeliveryError):
    """Everything was delivered but for these; to try them again cannot help."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(refusals[0].words, permanent=True)
        self.refusals = tuple(refusals)


class Outlet(Protocol):
    """A sink at work. One thread writes; writing the same frames twice changes nothing there."""

    @property
    def ordered(self) -> bool:
        """Whether the other side takes a series in the order of time only.

        Then what an outage left behind goes before what is new.
        """

    @property
    def durable(self) -> bool:
        """Whether what was written outlives everybody's death; a server may forget its newest."""

    @property
    def left_out(self) -> Mapping[str, int]:
        """How many values or rows were not taken, by reason: `oversized`, `unnamed`, `late`."""

    @property
    def connections(self) -> int:
        """How many connections were opened: one more says that the other side hung up before."""

    def write(self, frames: Sequence[Frame]) -> None:
        """Deliver frames.

        Raises:
            DeliveryError: not, or not all of them; the kinds above say what to do.
        """

    def relabel(self) -> None:
        """The labels may have changed (a reload): ask for them again. Any thread may call this."""

    def close(self) -> None:
        """Let go of connections."""


class Sink(Model, ABC):
    """The settings of one sink; subclasses add fields and `open`."""

    @abstractmethod
    def open(self, labels: Labels) -> Outlet:
        """Start it. Connects to nobody yet.

        Raises:
            ConfigError: a secret cannot be opened.
        """


def parse(name: str, settings: Mapping[str, Any]) -> Sink:
    """The sink called `name` in `edunet.yaml`.

    Raises:
        ConfigError: its kind does not exist, or its fields are wrong; one line each.
    """
    return build(__name__, Sink, f"sinks.{name}", settings)  # type: ignore[type-abstract]
