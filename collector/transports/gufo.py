"""SNMPv2c by gufo-snmp: one session for each device, many devices at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from gufo.snmp import SnmpVersion
from gufo.snmp.aio import SnmpSession

from collector.mibs import Mib, mib
from collector.rows import Reading, frames_of, text
from collector.transports import Answer, Ask, Found, UnlistedError
from edunet.clock import Clock
from edunet.errors import ProbeError
from edunet.facts import Port
from edunet.inventory.model import Device

_SYSTEM: Final = {"descr": "1.3.6.1.2.1.1.1.0", "object_id": "1.3.6.1.2.1.1.2.0",
                  "name": "1.3.6.1.2.1.1.5.0", "uptime": "1.3.6.1.2.1.1.3.0"}  # fmt: skip
_TIMEOUTS: Final = (1.0, 2.0)  # seconds; as many tries
_WALK_S: Final = 20.0
_PATIENCE_S: Final = 15.0  # for all the rows of one device; what is not there by then is trouble
_LOST_IN_A_ROW: Final = 2
_ROWS_A_PDU: Final = 5  # ten objects each and sysUpTime: a reply stays under 1472 bytes
_MOST_INTERFACES: Final = 4096
_AT_ONCE: Final = 256

Note = Callable[[str], None]
T = TypeVar("T")


class _RefusedError(ProbeError):
    """The agent answered, with an error: fewer objects at once may do."""


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
        try:
            names = await self._walk(device, self._mib.identity["name"])
            descrs = await self._walk(device, self._mib.identity["descr"])
            aliases = await self._walk(device, self._mib.identity["alias"])
        except ProbeError as error:
            raise UnlistedError(str(error)) from None
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

    async def poll(self, asks: Sequence[Ask]) -> AsyncGenerator[Answer, None]:
        tasks = [asyncio.create_task(self._poll(ask)) for ask in asks]
        try:
            for answer in asyncio.as_completed(tasks):
                yield await answer
        finally:
            for task in tasks:
                task.cancel()

    async def close(self) -> None:
        self._sessions.clear()

    async def _poll(self, ask: Ask) -> Answer:
        async with self._gate:
            readings, trouble = await self._readings(ask)
            frames, stale = frames_of(ask, readings, self._mib, self._clock.now())
            varbinds = sum(len(reading.values) for reading in readings)
            return Answer(ask, frames, stale, trouble, varbinds)

    async def _readings(self, ask: Ask) -> tuple[list[Reading], str | None]:
        """What the device said about the ports, and why the rest is missing.

        A chunk the agent refuses is halved: of a broken row that row alone is lost, and a weak
        agent is asked less at once. A device that misses the first question, or two in a row, is
        not asked more: it has gone.
        """
        readings: list[Reading] = []
        trouble, lost = None, 0
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE_S
        chunks = [ask.ports[i : i + _ROWS_A_PDU] for i in range(0, len(ask.ports), _ROWS_A_PDU)]
        waiting = chunks[::-1] or [()]
        while waiting and lost < _LOST_IN_A_ROW:
            chunk = waiting.pop()
            if loop.time() > until:
                trouble = f"{_called(ask.device)}: not all rows within {_PATIENCE_S:g} s"
                break
            try:
                values = await self._get(ask.device, self._oids(chunk))
            except _RefusedError as error:
                half = len(chunk) // 2
                if half:
                    waiting += [chunk[half:], chunk[:half]]
                else:
                    trouble, lost = str(error), lost + 1
            except ProbeError as error:
                trouble, lost = str(error), lost + 1
                if not readings:
                    break
            else:
                lost = 0
                readings.append(Reading(chunk, values, self._clock.now()))
        return readings, trouble

    def _oids(self, ports: Sequence[Port]) -> list[str]:
        oids = [self._mib.scalars["uptime"]]
        for port in ports:
            oids.append(f"{self._mib.identity['name']}.{port.ifindex}")
            if port.name != port.said:
                oids.append(f"{self._mib.identity['descr']}.{port.ifindex}")
            oids += [f"{column.oid}.{port.ifindex}" for column in self._mib.columns.values()]
        return oids

    async def _get(self, device: Device, oids: list[str]) -> Mapping[str, Any]:
        """The values of known objects; those the agent lacks are left out.

        Raises:
            ProbeError: no usable answer within the tries; _RefusedError: it answered an error.
        """
        why = ""
        for timeout in _TIMEOUTS:
            self._tell(f"get {len(oids)} objects from {device.address}:{device.port}")
            try:
                values: Mapping[str, Any] = await _said(
                    lambda: self._session(device).get_many(oids), timeout
                )
            except ProbeError as error:
                why = str(error)
            else:
                if not values:  # the library tells an agent's genErr or tooBig as nothing at all
                    raise _RefusedError(f"{_called(device)}: the agent answered with an error")
                self._tell("\n".join(f"  {oid} = {value!r}" for oid, value in values.items()))
                return values
            self._sessions.pop(device.id, None)
            self._tell(f"  {why}")
        raise ProbeError(f"{_called(device)}: {why}")

    async def _walk(self, device: Device, oid: str) -> dict[int, str]:
        """ifIndex -> text of one column. Bounded, and ended when the agent goes in circles."""
        found: dict[int, str] = {}
        last = -1
        try:
            async with asyncio.timeout(_WALK_S):
                rows = self._session(device).getbulk(oid, 20)
                while row := await _next(rows):
                    index = row[0].removeprefix(f"{oid}.")
                    if (
                        not index.isdecimal()
                        or int(index) <= last
                        or len(found) >= _MOST_INTERFACES
                    ):
                        break
                    last = int(index)
                    found[last] = text(row[1])
        except (ProbeError, OSError) as error:
            self._sessions.pop(device.id, None)
            why = str(error) or f"not done within {_WALK_S:g} s"
            raise ProbeError(f"{_called(device)}: walk of {oid}: {why}") from None
        return found

    def _tell(self, words: str) -> None:
        if self._note:
            self._note(words)

    def _session(self, device: Device) -> SnmpSession:
        session = self._sessions.get(device.id)
        if session is None:
            session = self._sessions[device.id] = SnmpSession(
                addr=str(device.address),
                port=device.port,
                community=self._community(device),
                version=SnmpVersion.v2c,
                # Ours are the deadlines: the library begins anew with every datagram it ignores.
                timeout=_WALK_S,
            )
        return session


async def _next(rows: AsyncIterator[T]) -> T | None:
    """The next row of a walk, None after the last; a lost question is put again."""
    for timeout in _TIMEOUTS[:-1]:
        with contextlib.suppress(ProbeError):
            return await _said(lambda: anext(rows, None), timeout)
    return await _said(lambda: anext(rows, None), _TIMEOUTS[-1])


async def _said(ask: Callable[[], Awaitable[T]], seconds: float) -> T:
    """What the library makes of an answer that comes within so many seconds.

    Raises:
        ProbeError: why there is none, in a few words.
    """
    try:
        async with asyncio.timeout(seconds) as limit:
            return await ask()
    except TimeoutError:
        # The library's word for an ICMP port unreachable as well.
        late = f"no answer within {seconds:g} s"
        raise ProbeError(late if limit.expired() else "nobody listens there") from None
    except OSError as error:
        raise ProbeError((error.strerror or "cannot send").lower()) from None
    except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 (over a hostile reply the library panics)
        raise ProbeError(f"unreadable answer ({type(error).__name__})") from None


def _called(device: Device) -> str:
    return f"{device.id} ({device.address}:{device.port})"
