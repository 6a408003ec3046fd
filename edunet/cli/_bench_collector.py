"""The collector of `edunet run` in a process of its own, and what became of each of its rounds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Final, NamedTuple

import numpy as np

from collector.polling import Polling
from collector.transports import Answer, Ask, Found, Transport
from collector.transports.vector import Vector
from edunet.catalog import Catalog
from edunet.cli._bench_machine import peak_mb, resident_mb
from edunet.cli._bench_memory import MEMORY, Memory, shares
from edunet.cli._bench_network import COMMUNITY
from edunet.cli._garbage import search_seldom
from edunet.clock import SystemClock
from edunet.facts import Cli, Facts
from edunet.frame import Frame
from edunet.health import Health
from edunet.inventory.compiled import restore
from edunet.inventory.model import Device, Inventory
from edunet.secrets import Access
from edunet.settings import Intervals
from edunet.topology import compile_topology

_LATEST_S: Final = 30.0  # for the last answer of a cycle, when its time is over
_SETTLE_S: Final = 0.1
_LISTED_S: Final = 3600.0


class Told(NamedTuple):
    """What became of one round of one device; times are of the monotonic clock.

    Attributes:
        due, asked, over: when it was due, put, and known to be whole or not.
        heard: anything came at all.
        missing: ports without a row. runs: of how many groups of neighbouring ports.
    """

    device: str
    due: float
    asked: float
    over: float
    heard: bool
    missing: int
    runs: int


class Start(NamedTuple):
    """What the process held before it asked anything, in MB: without and with the inventory."""

    program_mb: float
    inventory_mb: float


class Listing(NamedTuple):
    """What it took to list every device once; in MB what is held then, and was at most."""

    devices: int
    wall_s: float
    cpu_s: float
    resident_mb: float
    peak_mb: float


class Cycle(NamedTuple):
    """The rounds that were put within some seconds, and what those seconds cost.

    `wall_s`: until the last was over.
    """

    told: Sequence[Told]
    cpu_s: float
    wall_s: float


class Pace(NamedTuple):
    """How often everybody is asked, about so many together; None: in bursts, all at once."""

    period_s: float | None
    together: int


class Order(NamedTuple):
    """Measure so many periods or bursts, after `warm` that are not counted."""

    warm: int
    cycles: int


class Roll:
    """Implements `Consumer`: keeps nothing but who was listed. `whole`: so many were."""

    def __init__(self, devices: int) -> None:
        self._devices, self._listed = devices, set[str]()
        self.whole = asyncio.Event()

    def frame(self, frame: Frame) -> None: ...
    def cli(self, device: str, cli: Cli) -> None: ...

    def facts(self, device: str, facts: Facts) -> None:
        if facts.ports:
            self._listed.add(device)
        if len(self._listed) >= self._devices:
            self.whole.set()


class Witness:
    """A `Transport` that notes what became of every ask that has ports, while it `takes_notes`."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self._rows = np.zeros(0, bool)  # by slot: came since its device was asked
        self.late: dict[str, float] = {}  # seconds after it was due that a device was asked
        self.takes_notes = True
        self.told: list[Told] = []
        self.heard_of: set[str] = set()  # devices of `told`
        self.open: dict[str, tuple[float, float]] = {}  # due, asked
        self._news = asyncio.Event()

    def clear(self) -> None:
        self.told.clear()
        self.heard_of.clear()

    async def until(self, fact: Callable[[], bool], seconds: float) -> None:
        """Wait until an answer has made it so, or for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not fact():
                    self._news.clear()
                    await self._news.wait()

    async def discover(self, device: Device) -> Found:
        return await self._inner.discover(device)

    async def poll(self, asks: Sequence[Ask]) -> AsyncGenerator[Answer, None]:
        now = time.monotonic()
        for ask in asks:
            name = ask.device.id
            self.open[name] = now - self.late.pop(name, 0.0), now
        loop = asyncio.get_running_loop()
        async for answer in self._inner.poll(asks):
            for frame in answer.frames:
                if frame.kind == "interface":
                    self._came(frame)
            due, asked = self.open.pop(answer.ask.device.id)
            # Rows may come with another's answer, which somebody else is just being given.
            loop.call_later(_SETTLE_S, self._over, answer, due, asked, time.monotonic())
            yield answer

    async def close(self) -> None:
        await self._inner.close()

    def _came(self, frame: Frame) -> None:
        most = int(frame.slots.max(initial=-1)) + 1
        if most > len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros(most, bool)])
        self._rows[frame.slots] = True

    def _over(self, answer: Answer, due: float, asked: float, over: float) -> None:
        ask = answer.ask
        slots = [port.slot for port in ask.ports if port.slot < len(self._rows)]
        there = np.zeros(len(ask.ports) + 1, bool)
        there[0] = True  # so that a gap at the very start is one too
        there[1 : len(slots) + 1] = self._rows[slots]
        self._rows[slots] = False
        missing = int((~there).sum())
        runs = int((there[:-1] & ~there[1:]).sum())
        heard = answer.answered == 1 and bool(ask.ports)
        self._news.set()
        self.heard_of.add(ask.device.id)
        if self.takes_notes:
            self.told.append(Told(ask.device.id, due, asked, over, heard, missing, runs))


def collect(pipe: Connection, pace: Pace) -> None:
    """In a child: takes the frames of an inventory, tells its memory, lists every device and says
    so; then measures as ordered."""
    program_mb = resident_mb()
    inventory = restore(pipe.recv())  # as `edunet run` gets it: things share the names of fields
    asyncio.run(_collect(pipe, inventory, pace, program_mb))


async def _collect(pipe: Connection, inventory: Inventory, pace: Pace, program_mb: float) -> None:
    class Paced(Polling):
        together = pace.together

    period_s = pace.period_s
    access, clock = Access("2c", COMMUNITY.encode()), SystemClock()
    engine, catalog = Vector(lambda _: access, clock), Catalog()
    witness = Witness(engine)
    witness.takes_notes = False  # of what is not measured: they would be memory of the collector
    period = f"{period_s or 86_400:g}s"
    intervals = Intervals.model_validate({"links": period, "interfaces": period})
    topology = compile_topology(inventory)
    pipe.send(Start(program_mb, resident_mb()))
    polling = Paced(topology, catalog, intervals, witness, clock)
    _stamped(polling, witness)
    asked = [device.id for device in inventory.devices]
    roll = Roll(len(asked))
    search_seldom()  # as `edunet run` does
    loop = asyncio.get_running_loop()
    wall, cpu = time.monotonic(), time.process_time()
    task = asyncio.create_task(polling.run(roll, Health()))
    try:
        async with asyncio.timeout(_LISTED_S):
            await roll.whole.wait()
        await witness.until(
            lambda: not witness.open and len(witness.heard_of) >= len(asked), _LATEST_S
        )
        took = time.monotonic() - wall, time.process_time() - cpu
        pipe.send(Listing(len(asked), *took, resident_mb(), peak_mb()))
        parts = {
            "inventory": (inventory, topology), "facts": polling.facts, "catalog": catalog,
            "engine": engine, "bench": witness.__dict__, "polling": polling,
        }  # fmt: skip
        while True:
            order = await loop.run_in_executor(None, pipe.recv)
            found: Cycle | Memory
            if order == MEMORY:
                found = Memory(resident_mb(), shares(parts))
            elif period_s is None:
                found = await _bursts(polling, witness, order, asked)
            else:
                found = await _paced(witness, order, period_s)
            pipe.send(found)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await witness.close()


def _stamped(polling: Polling, witness: Witness) -> None:
    """Let the witness know when each device was due."""
    plain = polling.schedule.due

    def due(now_ns: int) -> list[object]:
        jobs = plain(now_ns)
        witness.late.update((job.device, ns / 1e9) for job, ns in jobs)
        return list(jobs)

    polling.schedule.due = due  # type: ignore[method-assign, assignment]


async def _paced(witness: Witness, order: Order, period_s: float) -> Cycle:
    await asyncio.sleep(order.warm * period_s)
    witness.clear()
    witness.takes_notes = True
    began, cpu = time.monotonic(), time.process_time()
    await asyncio.sleep(order.cycles * period_s)
    cpu, ended = time.process_time() - cpu, time.monotonic()
    last = [name for name, (_, asked) in witness.open.items() if asked < ended]
    await witness.until(
        lambda: all(witness.open.get(name, (0, ended))[1] >= ended for name in last), _LATEST_S
    )
    mine = [told for told in witness.told if began <= told.asked < ended]
    return Cycle(mine, cpu, max((told.over for told in mine), default=ended) - began)


async def _bursts(
    polling: Polling, witness: Witness, order: Order, devices: Sequence[str]
) -> Cycle:
    """Everybody at once, again and again; each burst when the one before is over."""
    wall_s = cpu_s = 0.0
    told: list[Told] = []
    for number in range(order.warm + order.cycles):
        witness.clear()
        witness.takes_notes = number >= order.warm
        began, cpu = time.monotonic(), time.process_time()
        polling.urge(devices)
        await witness.until(lambda: len(witness.heard_of) >= len(devices), 10 * _LATEST_S)
        if number >= order.warm:
            told += witness.told
            cpu_s += time.process_time() - cpu
            wall_s += max((each.over for each in witness.told), default=began) - began
    return Cycle(told, cpu_s, wall_s)
