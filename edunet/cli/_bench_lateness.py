"""Do dead devices delay the living? The same devices polled with all alive, and with some silent.

Lateness is the time from the moment a device's question was due to the moment its answer was
handed on. The devices are agents of the virtual city, in a process of its own.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

import lab
from collector.polling import Polling
from collector.transports import Answer, Ask, Found
from collector.transports.vector import Vector
from edunet.catalog import Catalog
from edunet.cli._bench_machine import about
from edunet.cli._bench_network import COMMUNITY, switches
from edunet.clock import SystemClock
from edunet.facts import Cli, Facts
from edunet.frame import Frame
from edunet.health import Health
from edunet.inventory.model import Device, Inventory
from edunet.secrets import Access
from edunet.settings import Intervals
from edunet.topology import compile_topology

_SETTLE_S: Final = 12.0  # the first round is spread over five seconds, and lists every device


class Plan(NamedTuple):
    """How many devices, which share of them is silent, how often they are asked, how long."""

    devices: int
    silent: float
    period_s: float
    periods: int
    rounds: int


class Figures(NamedTuple):
    """Seconds of lateness of the living, and CPU seconds of the collector, of one run."""

    lateness: Sequence[float]
    cpu_s: float
    answers: int


def report(plan: Plan) -> Iterator[str]:
    """The lines of the report, as they become known."""
    yield from about()
    few = round(plan.devices * plan.silent)
    yield (
        f"{plan.devices} devices every {plan.period_s:g} s for {plan.periods} periods,"
        f" {plan.rounds} runs of each kind in turn; {few} of them silent"
    )
    inventory = switches(plan.devices)
    quiet = {device.id for device in inventory.devices[:: round(1 / plan.silent)][:few]}
    alone: list[Figures] = []
    beside: list[Figures] = []
    with (
        tempfile.TemporaryDirectory() as data,
        lab.start(inventory, COMMUNITY, Path(data)) as city,
    ):
        for number in range(plan.rounds):
            city.ask("heal")
            alone.append(asyncio.run(_run(inventory, quiet, plan)))
            yield f"run {number + 1}, all alive:  {_told(alone[-1:])}"
            for device in quiet:
                city.ask("hang", device)
            beside.append(asyncio.run(_run(inventory, quiet, plan)))
            yield f"run {number + 1}, some silent: {_told(beside[-1:])}"
    yield f"together, all alive:  {_told(alone)}"
    yield f"together, some silent: {_told(beside)}"
    for share, name in ((50, "median"), (99, "99th percentile")):
        before, after = (_percentile(each, share) for each in (alone, beside))
        yield f"the {name} moves by {(after / before - 1) * 100:+.1f} % ({after / before:.3f}x)"


def _told(runs: Sequence[Figures]) -> str:
    median, most = (_percentile(runs, share) * 1e3 for share in (50, 99))
    answers = sum(run.answers for run in runs)
    cpu = sum(run.cpu_s for run in runs) / max(answers, 1) * 1e3
    return f"median {median:.1f} ms, 99 % {most:.1f} ms, {answers} answers, {cpu:.2f} ms CPU each"


def _percentile(runs: Sequence[Figures], share: float) -> float:
    return float(np.percentile(np.concatenate([run.lateness for run in runs]), share))


class _Stamping:
    """A `Transport` that notes when each device was asked, and when its answer came."""

    def __init__(self, inner: Vector) -> None:
        self._inner = inner
        self.took: list[tuple[str, float, float]] = []  # device, asked, answered

    async def discover(self, device: Device) -> Found:
        return await self._inner.discover(device)

    async def poll(self, asks: Sequence[Ask]) -> AsyncGenerator[Answer, None]:
        began = time.monotonic()
        async for answer in self._inner.poll(asks):
            if answer.varbinds:
                self.took.append((answer.ask.device.id, began, time.monotonic()))
            yield answer

    async def close(self) -> None:
        await self._inner.close()


class _Nobody:
    """Implements `Consumer`: takes everything and keeps nothing."""

    def frame(self, frame: Frame) -> None: ...
    def facts(self, device: str, facts: Facts) -> None: ...
    def cli(self, device: str, cli: Cli) -> None: ...


async def _run(inventory: Inventory, quiet: set[str], plan: Plan) -> Figures:
    access = Access("2c", COMMUNITY.encode())
    clock = SystemClock()
    transport = _Stamping(Vector(lambda _: access, clock))
    period = f"{plan.period_s:g}s"
    intervals = Intervals.model_validate({"links": period, "interfaces": period})
    polling = Polling(compile_topology(inventory), Catalog(), intervals, transport, clock)
    late: dict[str, float] = {}
    plain = polling.schedule.due

    def due(now_ns: int) -> list[object]:
        jobs = plain(now_ns)
        late.update((job.device, ns / 1e9) for job, ns in jobs)
        return list(jobs)

    polling.schedule.due = due  # type: ignore[method-assign, assignment]
    task = asyncio.create_task(polling.run(_Nobody(), Health()))
    await asyncio.sleep(_SETTLE_S)
    transport.took.clear()
    cpu = time.process_time()
    await asyncio.sleep(plan.period_s * plan.periods)
    cpu = time.process_time() - cpu
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await transport.close()
    heard = [each for each in transport.took if each[0] not in quiet]
    lateness = [late.get(device, 0.0) + came - asked for device, asked, came in heard]
    return Figures(lateness, cpu, len(transport.took))
