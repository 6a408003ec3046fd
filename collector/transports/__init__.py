"""How questions reach devices: a transport takes many asks at once and yields frames."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple, Protocol

from collector.mibs import INTERFACES
from collector.snmp import ber
from edunet.errors import ProbeError
from edunet.facts import Port
from edunet.frame import Frame
from edunet.inventory.model import Device


class UnlistedError(ProbeError):
    """The device answers, and its interfaces cannot be listed."""


class Row(NamedTuple):
    """One row of a table whose rows are no interfaces.

    Attributes:
        numbers: its index; good until the device renumbers.
        said: what the device calls it; empty where nothing does: then its index alone is the row.
        name: what the series is called. slot: of the series.
        skip: objects that the device does not have for this row, or tells wrongly.
    """

    numbers: tuple[int, ...]
    said: str
    name: str
    slot: int
    skip: frozenset[str] = frozenset()


def index_of(row: Port | Row) -> bytes:
    """The row's part of an object's name, on the wire."""
    return ber.oid_of(*row.numbers) if isinstance(row, Row) else ber.oid_of(row.ifindex)


class Ask(NamedTuple):
    """One question to one device: these rows of a table, now. None: only whether it answers.

    Attributes:
        slot: of the device's own series.
        ports: the rows: interfaces of `if_mib`, `Row`s of any other table.
        full: also what is asked seldom. engine: the device tells snmpEngineBoots and Time.
        dated: the device tells when rows of the table last came or went (ifTableLastChange).
        doubtful: it did not answer lately: first see by one datagram whether it lives.
        table: as its file in `collector/mibs` is called.
    """

    device: Device
    slot: int
    ports: tuple[Port | Row, ...]
    full: bool = True
    engine: bool = False
    doubtful: bool = False
    dated: bool = False
    table: str = INTERFACES


class Answer(NamedTuple):
    """What came of an ask.

    Attributes:
        frames: what was read since the answer before: the `device` row of this device and rows of
            the kind of its table, perhaps of others beside it; partial answers are kept.
        answered: 1 = it did, 0 = it did not, -1 = it could not be asked. uptime: sysUpTime, 0 =
            not told.
        stale: rows are gone, or are others than they were: list the table again.
        changed: when rows last came or went, in hundredths of a second as sysUpTime, where it was
            asked and told.
        trouble: why rows are missing, in words that name the device; None when all came.
        varbinds: how many values arrived.
    """

    ask: Ask
    frames: tuple[Frame, ...]
    stale: bool = False
    trouble: str | None = None
    varbinds: int = 0
    changed: int | None = None
    answered: int = 0
    uptime: int = 0


class Listed(NamedTuple):
    """One interface as the device lists it; `skip` are the objects it does not have for it."""

    ifindex: int
    name: str
    alias: str = ""
    descr: str = ""
    mac: str = ""
    skip: frozenset[str] = frozenset()


class Found(NamedTuple):
    """What discovery learnt: the system group, the interfaces, and which tables there are not.

    `silent`: the tables that could not be read to their end, each with the reason. `uptime` and
    `changed` (ifTableLastChange) are in hundredths of a second.
    """

    descr: str
    object_id: str
    name: str
    uptime: int
    interfaces: tuple[Listed, ...]
    lacks: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    changed: int | None = None
    engine: bool = False


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
