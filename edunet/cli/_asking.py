"""What `poll` and `probe` share: a collector without threads, log or books."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from collector import profiles
from collector.mibs import Mib, mib
from collector.polling import Polling
from collector.snmp.client import Note
from collector.transports.snmp import Snmp
from collector.transports.vector import Vector
from edunet.catalog import Catalog
from edunet.clock import SystemClock
from edunet.facts import Cli, Facts
from edunet.frame import Frame
from edunet.inventory import Device, Inventory
from edunet.secrets import Access, accesses
from edunet.settings import Settings
from edunet.topology import compile_topology


class Asking(NamedTuple):
    """A polling side that is asked by hand."""

    polling: Polling
    transport: Snmp | Vector
    catalog: Catalog


class Collected:
    """Implements `Consumer`: keeps what came."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.said: dict[str, Facts] = {}

    def frame(self, frame: Frame) -> None:
        self.frames.append(frame)

    def facts(self, device: str, facts: Facts) -> None:
        self.said[device] = facts

    def cli(self, device: str, cli: Cli) -> None:
        """Nobody logs in here."""


def asking(
    inventory: Inventory, settings: Settings, folder: Path, note: Note | None = None
) -> Asking:
    """Everything needed to ask the inventory's devices by SNMP; must be made in the event loop.

    Raises:
        ConfigError: a secret cannot be opened.
    """
    opened = accesses(inventory)
    clock, catalog = SystemClock(), Catalog()

    def access(device: Device) -> Access:
        return opened[device.snmp or ""]

    def table(name: str) -> Mib:
        return mib(name, folder / "mibs")

    # A conversation to be told is held one question at a time.
    transport: Snmp | Vector = (
        Snmp(access, clock, note, table) if note else Vector(access, clock, tables=table)
    )
    known = profiles.load_all([folder / "profiles"])
    polling = Polling(
        compile_topology(inventory),
        catalog,
        settings.intervals,
        transport,
        clock,
        lambda oid: profiles.vendor(oid, known),
    )
    return Asking(polling, transport, catalog)
