"""How questions reach devices: a transport takes many asks at once and yields frames."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple, Protocol

from edunet.errors import ProbeError
from edunet.facts import Port
from edunet.frame import Frame
from edunet.inventory.model import Device


class UnlistedError(ProbeError):
    """The device answers, and its interfaces cannot be listed."""


class Ask(NamedTuple):
    """One question to one device: these interfaces, now. No ports asks only whether it answers."""

    device: Device
    slot: int  # of the device's own series
    ports: tuple[Port, ...]


class Answer(NamedTuple):
    """What came of an ask.

    Attributes:
        frames: `device` always, `interface` when there were rows; partial answers are kept.
        stale: the device restarted or its interfaces were renumbered: discover it again.
        trouble: why rows are missing, in words that name the device; None when all came.
        varbinds: how many values arrived.
    """

    ask: Ask
    frames: tuple[Frame, ...]
    stale: bool = False
    trouble: str | None = None
    varbinds: int = 0


class Found(NamedTuple):
    """What discovery learnt: the system group, and (ifIndex, ifName, ifAlias, ifDescr) rows."""

    descr: str
    object_id: str
    name: str
    uptime: int  # hundredths of a second
    interfaces: tuple[tuple[int, str, str, str], ...]


class Transport(Protocol):
    """Speaks one protocol with many devices. One slow device delays no other."""

    async def discover(self, device: Device) -> Found:
        """Who the device is and which interfaces it has.

        Raises:
            UnlistedError: it answers, and does not say which interfaces it has.
            ProbeError: it does not answer.
        """

    def poll(self, asks: Sequence[Ask]) -> AsyncGenerator[Answer, None]:
        """Ask all of them at once; answers come as they arrive, one for each ask."""

    async def close(self) -> None:
        """Give the sockets back."""
