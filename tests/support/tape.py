"""A transport played by the test, and polling at work over it on a clock of the test."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from polled import Ear

from collector.polling import Polling
from collector.rows import answered, silence
from collector.transports import Answer, Ask, Found, Listed
from edunet.clock import ManualClock
from edunet.errors import ProbeError
from edunet.health import Health
from edunet.inventory.model import Device


@asynccontextmanager
async def running(asking: Polling, ear: Ear) -> AsyncIterator[Health]:
    """Polling at work in a task of its own; nothing of it is left afterwards."""
    health = Health()
    task = asyncio.create_task(asking.run(ear, health))
    try:
        yield health
        assert not task.done(), "polling never ends by itself"
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
        assert {asyncio.current_task()} == asyncio.all_tasks()


async def until(fact: Callable[[], object], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not fact():  # noqa: ASYNC110 (what is waited for knows nothing of us)
            await asyncio.sleep(0.01)


class Tape:
    """A `Transport` played by the test: who is silent, who takes long, and who was asked when."""

    def __init__(self) -> None:
        self.silent: set[str] = set()
        self.asked: list[tuple[str, int]] = []  # device, number of ports
        self.under_way: list[str] = []
        self.twice: list[str] = []
        self.hold: dict[str, asyncio.Event] = {}
        self.hold_discovery: dict[str, asyncio.Event] = {}
        self.uptime = 1000
        self.found: list[str] = []

    async def discover(self, device: Device) -> Found:
        self.found.append(device.id)
        if device.id in self.hold_discovery:
            await self.hold_discovery[device.id].wait()
        if device.id in self.silent:
            raise ProbeError(f"{device.id}: no answer")
        rows = tuple(Listed(n, f"GE0/0/{n}") for n in (1, 2, 3))
        return Found("d", "1.3.6.1", device.id, self.uptime, rows)

    async def poll(self, asks: Sequence[Ask]) -> AsyncGenerator[Answer, None]:
        tasks = [asyncio.create_task(self._one(ask)) for ask in asks]
        try:
            for answer in asyncio.as_completed(tasks):
                yield await answer
        finally:
            for task in tasks:
                task.cancel()

    async def _one(self, ask: Ask) -> Answer:
        device = ask.device.id
        if device in self.under_way:
            self.twice.append(device)
        self.under_way.append(device)
        self.asked.append((device, len(ask.ports)))
        if device in self.hold:
            await self.hold[device].wait()
        self.under_way.remove(device)
        trouble = f"{device}: no answer" if device in self.silent else None
        frame = silence(ask.slot, 0) if trouble else answered(ask.slot, 0, self.uptime)
        if trouble:
            return Answer(ask, (frame,), trouble=trouble)
        return Answer(ask, (frame,), varbinds=9, answered=1, uptime=self.uptime)

    async def close(self) -> None:
        """Nothing was opened."""


def devices(*names: str) -> list[Device]:
    return [
        Device.model_validate({"id": n, "site": "city", "address": f"127.9.0.{i}", "snmp": "ro"})
        for i, n in enumerate(names, 1)
    ]


async def later(asking: Polling, clock: ManualClock, seconds: float) -> None:
    """Let so much time pass at once, and polling take notice."""
    clock.advance(seconds)
    asking.urge([])
    for _ in range(20):
        await asyncio.sleep(0)
