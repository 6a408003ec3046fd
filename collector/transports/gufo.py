"""SNMPv2c by gufo-snmp: one session for each device, many devices at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final

from gufo.snmp import SnmpError, SnmpVersion
from gufo.snmp.aio import SnmpSession

from collector.mibs import Mib, mib
from collector.rows import Reading, frames_of, text
from collector.transports import Answer, Ask, Found
from edunet.clock import Clock
from edunet.errors import ProbeError
from edunet.facts import Port
from edunet.inventory.model import Device

_SYSTEM: Final = {"descr": "1.3.6.1.2.1.1.1.0", "object_id": "1.3.6.1.2.1.1.2.0",
                  "name": "1.3.6.1.2.1.1.5.0", "uptime": "1.3.6.1.2.1.1.3.0"}  # fmt: skip
_TIMEOUTS: Final = (1.0, 2.0)  # seconds; as many tries
_ROWS_A_PDU: Final = 5  # ten objects each and sysUpTime: a reply stays under 1472 bytes
_MOST_INTERFACES: Final = 4096
_AT_ONCE: Final = 256

Note = Callable[[str], None]


class Gufo:
    """Implements `Transport`. `community` answers the secret of a device's credential."""

    def __init__(self, community: Callable[[Device], str], clock: Clock, note: Note | None = None):
        self._community = community
        self._clock = clock
        self._note = note
        self._sessions: dict[str, SnmpSession] = {}
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._mib: Mib = mib("if_mib")

    async def discover(self, device: Device) -> Found:
        system = await self._get(device, list(_SYSTEM.values()))
        names = await self._walk(device, self._mib.identity["name"])
        descrs = await self._walk(device, self._mib.identity["descr"])
        aliases = await self._walk(device, self._mib.identity["alias"])
        uptime = system.get(_SYSTEM["uptime"])
        return Found(
            descr=text(system.get(_SYSTEM["descr"])),
            object_id=text(system.get(_SYSTEM["object_id"])),
            name=text(system.get(_SYSTEM["name"])),
            uptime=uptime if isinstance(uptime, int) else 0,
            interfaces=tuple(
                (index, names.get(index, ""), aliases.get(index, ""), descrs.get(index, ""))
                for index in sorted(names.keys() | descrs.keys())
            ),
        )

    async def poll(self, asks: Sequence[Ask]) -> AsyncIterator[Answer]:
        for answer in asyncio.as_completed([self._poll(ask) for ask in asks]):
            yield await answer

    async def close(self) -> None:
        self._sessions.clear()

    async def _poll(self, ask: Ask) -> Answer:
        async with self._gate:
            readings: list[Reading] = []
            trouble = None
            chunks = [
                ask.ports[i : i + _ROWS_A_PDU] for i in range(0, len(ask.ports), _ROWS_A_PDU)
            ] or [()]
            for chunk in chunks:
                try:
                    values = await self._get(ask.device, self._oids(chunk))
                except ProbeError as error:
                    trouble = str(error)
                    if not readings:  # a device that misses the first question is not asked more
                        break
                    continue
                readings.append(Reading(chunk, values, self._clock.now()))
            frames, stale = frames_of(ask, readings, self._mib, self._clock.now())
            varbinds = sum(len(reading.values) for reading in readings)
            return Answer(ask, frames, stale, trouble, varbinds)

    def _oids(self, ports: Sequence[Port]) -> list[str]:
        oids = [self._mib.scalars["uptime"]]
        for port in ports:
            oids.append(f"{self._mib.identity['name']}.{port.ifindex}")
            oids += [f"{column.oid}.{port.ifindex}" for column in self._mib.columns.values()]
        return oids

    async def _get(self, device: Device, oids: list[str]) -> Mapping[str, Any]:
        """The values of known objects; those the agent lacks are left out.

        Raises:
            ProbeError: no usable answer within the tries.
        """
        why = "no answer"
        for timeout in _TIMEOUTS:
            session = self._session(device, timeout)
            if self._note:
                self._note(f"get {len(oids)} objects from {device.address}:{device.port}")
            try:
                values: Mapping[str, Any] = await session.get_many(oids)
            except TimeoutError:
                why = f"no answer within {timeout:g} s"
            except SnmpError as error:
                why = f"unreadable answer ({type(error).__name__})"
            except OSError as error:
                why = error.strerror or "cannot send"
            else:
                if values:  # the library tells an agent's genErr as nothing at all
                    if self._note:
                        self._note("\n".join(f"  {oid} = {values[oid]!r}" for oid in values))
                    return values
                why = "the agent answered with an error"
            self._sessions.pop(device.id, None)
            if self._note:
                self._note(f"  {why}")
        raise ProbeError(f"{device.id} ({device.address}:{device.port}): {why}")

    async def _walk(self, device: Device, oid: str) -> dict[int, str]:
        """ifIndex -> text of one column. Bounded, and ended when the agent goes in circles."""
        found: dict[int, str] = {}
        last = -1
        try:
            async with asyncio.timeout(20):
                async for name, value in self._session(device, _TIMEOUTS[-1]).getbulk(oid, 20):
                    index = name.removeprefix(f"{oid}.")
                    if (
                        not index.isdecimal()
                        or int(index) <= last
                        or len(found) >= _MOST_INTERFACES
                    ):
                        break
                    last = int(index)
                    found[last] = text(value)
        except (TimeoutError, SnmpError, OSError) as error:
            self._sessions.pop(device.id, None)
            raise ProbeError(
                f"{device.id} ({device.address}:{device.port}): walk of {oid} failed "
                f"({type(error).__name__})"
            ) from None
        return found

    def _session(self, device: Device, timeout: float) -> SnmpSession:
        session = self._sessions.get(device.id)
        if session is None:
            session = self._sessions[device.id] = SnmpSession(
                addr=str(device.address),
                port=device.port,
                community=self._community(device),
                version=SnmpVersion.v2c,
                timeout=timeout,
            )
        return session
