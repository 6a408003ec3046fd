"""Four ways of asking the same devices: ours in batches and singly, and two libraries."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any, Final, NamedTuple

from collector.mibs import Source, mib
from collector.snmp import ber
from collector.transports import Ask
from edunet.cli._bench_machine import peak_mb
from edunet.cli._bench_network import COMMUNITY
from edunet.clock import SystemClock
from edunet.facts import Port
from edunet.secrets import Access

MOST_NAMES: Final = 57  # in one question: what edunet's batches ask
_MIB: Final = mib("if_mib")
_UPTIME: Final = _MIB.scalars["sysUpTime"]


class Round(NamedTuple):
    """One turn over some devices: their number, values read, CPU and wall seconds."""

    devices: int
    values: int
    cpu_s: float
    wall_s: float


Put = Callable[[Sequence[Ask]], Awaitable[int]]
Close = Callable[[], Awaitable[None]]


def sources(ask: Ask, port: Port) -> Iterator[Source]:
    """The objects that are wanted of a port."""
    for column in _MIB.columns.values():
        if ask.full or not column.seldom:
            yield from (source for source in column.sources if source.object not in port.skip)


def objects() -> frozenset[str]:
    """Every object that edunet ever asks of a port."""
    return frozenset(s.object for column in _MIB.columns.values() for s in column.sources)


def names(ask: Ask) -> list[str]:
    """What is due of a device, by full name: sysUpTime once, and every object of every port."""
    ports = [port for port in ask.ports if isinstance(port, Port)]
    prefixes = {s: ber.dotted(s.prefix) for s in {s for p in ports for s in sources(ask, p)}}
    rows = (f"{prefixes[s]}.{port.ifindex}" for port in ports for s in sources(ask, port))
    return [_UPTIME, *rows]


def questions(ask: Ask) -> list[list[str]]:
    """The same in as few questions as batches need, equally long."""
    due = names(ask)
    count = -(-len(due) // MOST_NAMES)
    return [due[first::count] for first in range(count)]


def work(pipe: Connection, way: str, asks: Sequence[Ask], together: int) -> None:
    """In a child: tells its memory at the start, then takes one turn for every word it hears.

    `together`: how many devices are asked at a time.
    """
    asyncio.run(_work(pipe, way, asks, together))


async def _work(pipe: Connection, way: str, asks: Sequence[Ask], together: int) -> None:
    put, close = WAYS[way]()
    pipe.send(peak_mb())
    try:
        while True:
            pipe.recv()  # nothing else is to happen in this loop meanwhile
            wall, cpu, values = time.perf_counter(), time.process_time(), 0
            for first in range(0, len(asks), together):
                values += await put(asks[first : first + together])
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            pipe.send(Round(len(asks), values, cpu, wall))
    finally:
        await close()


def _vector() -> tuple[Put, Close]:
    from collector.transports.vector import Vector

    return _ours(Vector)


def _snmp() -> tuple[Put, Close]:
    from collector.transports.snmp import Snmp

    return _ours(Snmp)


def _ours(kind: Callable[..., Any]) -> tuple[Put, Close]:
    access = Access("2c", COMMUNITY.encode())
    transport = kind(lambda _: access, SystemClock())

    async def put(asks: Sequence[Ask]) -> int:
        return sum([answer.varbinds async for answer in transport.poll(asks)])

    return put, transport.close


def _gufo() -> tuple[Put, Close]:
    from gufo.snmp import SnmpVersion
    from gufo.snmp.aio import SnmpSession

    sessions: dict[str, Any] = {}
    asked: dict[str, list[list[str]]] = {}

    async def one(ask: Ask) -> int:
        device = ask.device
        if device.id not in sessions:
            sessions[device.id] = SnmpSession(
                addr=str(device.address), port=device.port, community=COMMUNITY,
                version=SnmpVersion.v2c, timeout=5.0,
            )  # fmt: skip
            asked[device.id] = questions(ask)
        session = sessions[device.id]
        return sum([len(await session.get_many(some)) for some in asked[device.id]])

    async def put(asks: Sequence[Ask]) -> int:
        return sum(await asyncio.gather(*(one(ask) for ask in asks)))

    async def close() -> None:
        sessions.clear()

    return put, close


def _pysnmp() -> tuple[Put, Close]:
    from pysnmp.hlapi.v3arch.asyncio import (
        CommunityData,
        ContextData,
        ObjectIdentity,
        ObjectType,
        SnmpEngine,
        UdpTransportTarget,
        get_cmd,
    )

    engine = SnmpEngine()

    async def one(ask: Ask) -> int:
        device, count = ask.device, 0
        target = await UdpTransportTarget.create((str(device.address), device.port), 5, 0)
        for some in questions(ask):
            wanted = [ObjectType(ObjectIdentity(name)) for name in some]
            who = CommunityData(COMMUNITY)
            told = await get_cmd(engine, who, target, ContextData(), *wanted, lookupMib=False)
            count += len(told[3])
        return count

    async def put(asks: Sequence[Ask]) -> int:
        return sum(await asyncio.gather(*(one(ask) for ask in asks)))

    async def close() -> None:
        engine.close_dispatcher()
        await asyncio.sleep(0)  # the loop closes the socket in its next turn

    return put, close


WAYS: Final[dict[str, Callable[[], tuple[Put, Close]]]] = {
    "batches": _vector,
    "single": _snmp,
    "gufo-snmp": _gufo,
    "pysnmp": _pysnmp,
}
LIBRARIES: Final = ("gufo-snmp", "pysnmp")
