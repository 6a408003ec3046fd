"""Asks every device its tables when they are due, by whatever transport it is given."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from typing import Final

from collector.consumer import Consumer
from collector.discovery import facts_of
from collector.schedule import Job, Schedule
from collector.transports import Answer, Ask, Transport
from edunet.catalog import Catalog
from edunet.clock import Clock
from edunet.errors import ProbeError
from edunet.facts import Facts, Port
from edunet.frame import Frame
from edunet.health import Health
from edunet.inventory.model import Device
from edunet.settings import Intervals
from edunet.topology import Topology

_LONGEST_SLEEP_S: Final = 1.0
_DISCOVER_AT_ONCE: Final = 64

log = logging.getLogger(__name__)


class Polling:
    """The SNMP side of one collector. `run` never returns; `urge` may be called from its loop."""

    def __init__(
        self,
        topology: Topology,
        catalog: Catalog,
        intervals: Intervals,
        transport: Transport,
        clock: Clock,
        vendor: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._catalog, self._clock, self._transport = catalog, clock, transport
        self._vendor = vendor
        self._devices = {d.id: d for d in topology.inventory.devices if d.snmp}
        self._wanted: dict[str, set[str]] = {}
        for device, interface in topology.ports:
            self._wanted.setdefault(device, set()).add(interface)
        self.facts: dict[str, Facts] = {}
        self._busy: set[str] = set()
        self._uptimes: dict[str, int] = {}
        self._schedule = Schedule(self._jobs(intervals), clock.ticks())
        self._gate = asyncio.Semaphore(_DISCOVER_AT_ONCE)
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, consumer: Consumer, health: Health) -> None:
        """Ask for ever; answers go to the consumer as they come."""
        while True:
            now = self._clock.ticks()
            self._wake.clear()
            due = self._schedule.due(now)
            for table in {job.table for job, _ in due}:
                late = max(ns for job, ns in due if job.table == table)
                health.lateness.labels(table).set(late / 1e9)
            jobs = [job for job, _ in due if job.device not in self._busy]
            for device in {job.device for job, _ in due} & self._busy:
                self._schedule.urge(device, now)  # what it was asked before may say nothing new
            if jobs:
                self._spawn(self._round(jobs, consumer, health))
            next_ns = self._schedule.next_ns()
            pause = _LONGEST_SLEEP_S if next_ns is None else (next_ns - self._clock.ticks()) / 1e9
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(max(pause, 0.0), _LONGEST_SLEEP_S)):
                    await self._wake.wait()

    def urge(self, devices: Iterable[str]) -> None:
        """Look at these devices' links at once: the judge needs to tell one fault from another."""
        for device in devices:
            self._schedule.urge(device, self._clock.ticks())
        self._wake.set()

    async def once(self, consumer: Consumer) -> list[Answer]:
        """One full round over every device, for `edunet poll --once`."""
        asks = await asyncio.gather(
            *(self._ask(Job(device, "interfaces", 0), consumer) for device in self._devices)
        )
        answers = [answer async for answer in self._transport.poll([a for a in asks if a])]
        for answer in answers:
            self._deliver(answer, consumer)
        return answers

    def _jobs(self, intervals: Intervals) -> Iterator[Job]:
        for device in self._devices.values():
            full = round((device.interval or intervals.interfaces) * 1e9)
            yield Job(device.id, "interfaces", full)
            if self._wanted.get(device.id) or device.reach == "snmp":
                yield Job(device.id, "links", min(round(intervals.links * 1e9), full))

    async def _round(self, jobs: Sequence[Job], consumer: Consumer, health: Health) -> None:
        """Ask the devices of these jobs; one job a device, the fuller one when two are due."""
        started = self._clock.ticks()
        fullest = {job.device: job for job in sorted(jobs, key=lambda job: job.period_ns)}
        self._busy |= fullest.keys()
        try:
            asks = await asyncio.gather(*(self._ask(job, consumer) for job in fullest.values()))
            async for answer in self._transport.poll([ask for ask in asks if ask]):
                self._deliver(answer, consumer)
                self._busy.discard(answer.ask.device.id)
                if not answer.trouble:
                    health.last_success.set(self._clock.now() / 1e3)
        finally:
            self._busy -= fullest.keys()
        for table in {job.table for job in fullest.values()}:
            health.cycle.labels(table).set((self._clock.ticks() - started) / 1e9)
        reached = [facts for facts in self.facts.values() if not facts.trouble]
        health.answered.set(len(reached) / max(len(self._devices), 1))

    async def _ask(self, job: Job, consumer: Consumer) -> Ask | None:
        """The ask for a job; discovers the device first when it is not known yet."""
        device = self._devices[job.device]
        slot = self._catalog.slot("device", device.id)
        known = self.facts.get(device.id)
        if known is None or not known.object_id:
            try:
                async with self._gate:
                    known = await self._discover(device)
            except ProbeError as error:
                self._trouble(device.id, str(error), consumer)
                return Ask(device, slot, ())
            consumer.facts(device.id, known)
        wanted = self._wanted.get(device.id, set())
        ports: tuple[Port, ...] = known.ports
        if job.table == "links":
            ports = tuple(port for port in ports if port.name in wanted)
        return Ask(device, slot, ports)

    async def _discover(self, device: Device) -> Facts:
        found = await self._transport.discover(device)
        facts = facts_of(
            found,
            self._wanted.get(device.id, ()),
            lambda name: self._catalog.slot("interface", device.id, name),
            self._vendor(found.object_id),
        )
        for name in facts.lost:
            log.warning("%s has no interface %s; write its ifName", device.id, name)
        self.facts[device.id] = facts
        return facts

    def _deliver(self, answer: Answer, consumer: Consumer) -> None:
        device = answer.ask.device.id
        for frame in answer.frames:
            consumer.frame(frame)
        if self._restarted(device, answer.frames) or answer.stale:
            known = self.facts.get(device)
            if known:
                self.facts[device] = known._replace(object_id="")  # discovered at the next ask
        self._trouble(device, answer.trouble, consumer)

    def _restarted(self, device: str, frames: Sequence[Frame]) -> bool:
        """Whether the device's uptime fell: its ifIndexes may have changed."""
        uptime = int(frames[0].uptime[0])
        before = self._uptimes.get(device, 0)
        if uptime:
            self._uptimes[device] = uptime
        return 0 < uptime < before

    def _trouble(self, device: str, trouble: str | None, consumer: Consumer) -> None:
        """Say once when a device is lost and once when it is back."""
        known = self.facts.get(device, Facts())
        if known.trouble == trouble:
            return
        if known.trouble is None or trouble is None:
            log.info("%s", trouble or f"{device} answers again")
        self.facts[device] = known._replace(trouble=trouble)
        consumer.facts(device, self.facts[device])

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
