"""SNMP v1, v2c and v3 by our own client: many devices at once, none of which delays another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial
from typing import Final
from weakref import WeakValueDictionary

from collector.mibs import INTERFACES, Mib, Tables, mib
from collector.rows import Engine, Reading, frames_of, silence, unasked
from collector.snmp import ber
from collector.snmp.client import Client, Note
from collector.snmp.compiled import Came, Plans, Told
from collector.snmp.indexes import Indexes
from collector.snmp.listing import Lister
from collector.snmp.reading import Reader
from collector.snmp.wire import UnsentError
from collector.transports import Answer, Ask, Found, Row, UnlistedError
from collector.values import number_of
from edunet.clock import Clock
from edunet.errors import AuthError, ProbeError
from edunet.inventory.model import Device
from edunet.secrets import Access

_AT_ONCE: Final = 256  # devices; and as many of whom it is doubted that they are there


class Snmp:
    """Implements `Transport`. `access` answers how a device may be asked, `tables` what of it."""

    def __init__(
        self,
        access: Callable[[Device], Access],
        clock: Clock,
        note: Note | None = None,
        tables: Tables = mib,
    ) -> None:
        self._clock, self._tables = clock, tables
        self._met = {INTERFACES: tables(INTERFACES)}  # tables that were listed
        self.client = Client(access, clock, self._spelt, note)
        self._plans = Plans(tables)
        self._lister = Lister(self.client, self._met[INTERFACES])
        self._split: set[str] = set()  # devices whose tables are asked apart, until listed again
        self._gates = {doubtful: asyncio.Semaphore(_AT_ONCE) for doubtful in (False, True)}
        self._turns = WeakValueDictionary[str, asyncio.Lock]()  # of devices being asked

    async def discover(self, device: Device) -> Found:
        self._split.discard(device.id)
        try:
            return await self._lister.found(device)
        except (UnlistedError, UnsentError, AuthError) as error:
            raise type(error)(f"{called(device)}: {error}") from None
        except ProbeError as error:
            raise ProbeError(f"{called(device)}: {error}") from None

    async def rows_of(
        self, device: Device, table: str, slot: Callable[[str], int]
    ) -> tuple[Row, ...]:
        """The rows the device has of a table that is not of interfaces; `slot`: by their names.

        Raises:
            ConfigError: there is no such table.
            ProbeError: the device does not answer, or not all of it.
        """
        met = self._met[table] = self._tables(table)
        try:
            indexes = Indexes(self.client, device, met, modest=self.modest(device))
            return await indexes.rows(slot)
        except (UnsentError, AuthError) as error:
            raise type(error)(f"{called(device)}: {error}") from None
        except ProbeError as error:
            raise ProbeError(f"{called(device)}: {table}: {error}") from None

    async def poll(self, asks: Sequence[Ask]) -> AsyncGenerator[Answer, None]:
        tasks = [asyncio.create_task(self.ask(ask)) for ask in asks]
        try:
            for answer in asyncio.as_completed(tasks):
                yield await answer
        finally:
            for task in tasks:
                task.cancel()

    async def close(self) -> None:
        self.client.close()

    def split(self, device: Device) -> bool:
        """Whether its tables are asked apart."""
        return device.id in self._split

    def modest(self, device: Device) -> bool:
        """Whether it is not to be asked by GETBULK."""
        return self._lister.modest(device)

    async def ask(self, ask: Ask) -> Answer:
        """Ask one device, to the end; of its tables one after the other."""
        turn = self._turns.setdefault(ask.device.id, asyncio.Lock())
        async with turn, self._gates[ask.doubtful]:
            device = ask.device
            split = device.id in self._split
            reader = Reader(self.client, self._plans, self._clock, ask, split=split)
            try:
                await reader.run()
            except (UnsentError, AuthError) as error:  # neither tells whether it lives
                frame = unasked(ask.slot, self._clock.now())
                return Answer(ask, (frame,), trouble=f"{called(device)}: {error}", answered=-1)
            except ProbeError as error:
                frame = silence(ask.slot, self._clock.now())
                return Answer(ask, (frame,), trouble=f"{called(device)}: {error}")
            if reader.split:
                self._split.add(device.id)
            return self._answer(ask, reader)

    def _answer(self, ask: Ask, reader: Reader) -> Answer:
        whole = reader.whole
        told = reader.plan.told(whole) if whole else None
        return self._plain(ask, reader, told) if told else self._careful(ask, reader, whole)

    def _plain(self, ask: Ask, reader: Reader, told: Told) -> Answer:
        """The answer to a plan, all as it was the last time."""
        engine = self._engine(ask.device, told.scalar)
        frames = told.frames(ask, reader.plan.slots, engine)
        stamp = self._tables(ask.table).changed
        changed = told.scalar(stamp) if ask.full and stamp else None
        uptime = int(frames[0].uptime[0])
        return Answer(
            ask, frames, varbinds=len(told.what), changed=changed, answered=1, uptime=uptime
        )

    def _careful(self, ask: Ask, reader: Reader, whole: Came | None) -> Answer:
        """Whatever came, value by value."""
        readings, table = reader.readings, self._tables(ask.table)
        scalar = partial(_scalar, readings, table)
        frames, stale = frames_of(
            ask, readings, table, self._clock.now(), self._engine(ask.device, scalar)
        )
        if whole and not stale:
            reader.plan.take(whole, table)
        changed = scalar(table.changed) if ask.full and table.changed else None
        trouble = f"{called(ask.device)}: {reader.trouble}" if reader.trouble else None
        count = sum(len(reading.values) for reading in readings)
        uptime = int(frames[0].uptime[0])
        return Answer(ask, frames, stale, trouble, count, changed, answered=1, uptime=uptime)

    def _engine(self, device: Device, scalar: Callable[[str], int | None]) -> Engine | None:
        """Boots and time of the agent's engine: version 3 tells them by itself."""
        if told := self.client.engine(device):
            return Engine(*told)
        boots, seconds = scalar("snmpEngineBoots"), scalar("snmpEngineTime")
        return Engine(boots, seconds) if boots and seconds is not None else None

    def _spelt(self, name: bytes) -> str:
        """An object as people write it."""
        words = (table.word(name) for table in self._met.values())
        return next((word for word in words if word), None) or ber.dotted(name)


def _scalar(readings: Sequence[Reading], table: Mib, name: str) -> int | None:
    """A number of zero or more; None where it was not asked, not told, or is none."""
    oid = table.scalars.get(name)
    key = ber.oid(oid) if oid else b""
    return number_of(next((r.values[key] for r in readings if key in r.values), None))


def called(device: Device) -> str:
    """As a person is told of it."""
    return f"{device.id} ({device.address}:{device.port})"
