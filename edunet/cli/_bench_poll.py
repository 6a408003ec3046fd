"""What does polling cost: in batches, one at a time, and by two libraries, in one run and in turn?

Everybody asks the same objects of the same agents of the virtual city, in GETs of at most 57
objects. CPU is of this process alone: the agents live in another.
"""

from __future__ import annotations

import asyncio
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, NamedTuple

import lab
from collector.discovery import facts_of
from collector.snmp import ber
from collector.transports import Ask
from collector.transports.snmp import Snmp
from collector.transports.vector import Vector
from edunet.catalog import Catalog
from edunet.cli._bench_lateness import COMMUNITY, switches
from edunet.clock import SystemClock
from edunet.inventory.model import Inventory
from edunet.secrets import Access

_AT_ONCE: Final = 64  # devices asked together
_PORTS: Final = 28
_FEW: Final = 20  # devices for a library that would take all day


class Round(NamedTuple):
    """One round over some devices: their number, values, CPU and wall seconds."""

    devices: int
    values: int
    cpu_s: float
    wall_s: float


Way = Callable[[list[Ask]], Awaitable[int]]


def report(devices: int, rounds: int) -> Iterator[str]:
    """The lines of the report, as they become known."""
    yield f"python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}"
    yield from (f"{name} {told}" for name in ("gufo-snmp", "pysnmp") if (told := _version(name)))
    inventory = switches(devices, _PORTS)
    with tempfile.TemporaryDirectory() as data, lab.start(inventory, COMMUNITY, Path(data)):
        found = asyncio.run(_measured(inventory, rounds))
    base = _per_device(found["batches"])
    for name, each in found.items():
        cost, values = _per_device(each), sum(r.values for r in each)
        rate = values / max(sum(r.cpu_s for r in each), 1e-9)
        seconds = sum(r.wall_s for r in each) / len(each)
        yield (
            f"{name:12} {cost * 1e3:8.3f} ms CPU a device ({cost / base:7.1f}x),"
            f" {rate:12,.0f} values a CPU second, {each[0].devices} devices in {seconds:.2f} s"
        )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _per_device(rounds: list[Round]) -> float:
    return statistics.median(r.cpu_s / r.devices for r in rounds)


async def _measured(inventory: Inventory, rounds: int) -> dict[str, list[Round]]:
    """Every way of asking in turn, so many times; the first turn of each is not counted."""
    asks = await _listed(inventory)
    access = Access("2c", COMMUNITY.encode())
    batches, single = (kind(lambda _: access, SystemClock()) for kind in (Vector, Snmp))
    close: Callable[[], None] | None = None
    ways: dict[str, tuple[Way, list[Ask]]] = {
        "batches": (_by(batches), asks),
        "single": (_by(single), asks),
    }
    if _version("gufo-snmp"):
        ways["gufo-snmp"] = _gufo(), asks
    if _version("pysnmp"):
        way, close = _pysnmp()
        ways["pysnmp"] = way, asks[:_FEW]
    found: dict[str, list[Round]] = {name: [] for name in ways}
    try:
        await _turns(ways, rounds, found)
    finally:
        await batches.close()
        await single.close()
        if close:
            close()
            await asyncio.sleep(0)  # the loop closes the socket in its next turn
    return found


async def _turns(
    ways: dict[str, tuple[Way, list[Ask]]], rounds: int, found: dict[str, list[Round]]
) -> None:
    for number in range(rounds + 1):
        for name, (put, some) in ways.items():
            wall, cpu = time.perf_counter(), time.process_time()
            values = 0
            for first in range(0, len(some), _AT_ONCE):
                values += await put(some[first : first + _AT_ONCE])
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            if number:
                found[name].append(Round(len(some), values, cpu, wall))


async def _listed(inventory: Inventory) -> list[Ask]:
    """All ports of every device, listed once."""
    access, catalog = Access("2c", COMMUNITY.encode()), Catalog()
    transport = Snmp(lambda _: access, SystemClock())
    asks: list[Ask] = []
    for slot, device in enumerate(inventory.devices):
        found = await transport.discover(device)
        facts = facts_of(found, (), partial(catalog.slot, "interface", device.id), None)
        asks.append(Ask(device, slot, facts.ports))
    await transport.close()
    return asks


def _by(transport: Vector | Snmp) -> Way:
    async def way(asks: list[Ask]) -> int:
        return sum([answer.varbinds async for answer in transport.poll(asks)])

    return way


def _names(ask: Ask) -> Iterator[list[str]]:
    """The objects of an ask as a library wants them: the same, and as many in a question."""
    from collector.mibs import mib
    from collector.snmp.plan import chunks

    table = mib("if_mib")
    for chunk in chunks(ask, table, split=False):
        yield [ber.dotted(name) for name in chunk.names(table)]


def _gufo() -> Way:
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
            asked[device.id] = list(_names(ask))
        session = sessions[device.id]
        return sum([len(await session.get_many(names)) for names in asked[device.id]])

    async def way(asks: list[Ask]) -> int:
        return sum(await asyncio.gather(*(one(ask) for ask in asks)))

    return way


def _pysnmp() -> tuple[Way, Callable[[], None]]:
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
        for names in _names(ask):
            objects = [ObjectType(ObjectIdentity(name)) for name in names]
            who = CommunityData(COMMUNITY)
            told = await get_cmd(engine, who, target, ContextData(), *objects, lookupMib=False)
            count += len(told[3])
        return count

    async def way(asks: list[Ask]) -> int:
        return sum(await asyncio.gather(*(one(ask) for ask in asks)))

    return way, engine.close_dispatcher
