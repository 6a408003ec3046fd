"""Asks every device its tables when they are due, by whatever transport it is given."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from collector.company import Company
from collector.consumer import Consumer
from collector.known import Known
from collector.rows import silence, unasked
from collector.schedule import Job, Schedule, fullness, jobs_of
from collector.snmp.wire import UnsentError
from collector.transports import Answer, Ask, Transport, UnlistedError
from collector.turns import Turns
from edunet.catalog import Catalog
from edunet.clock import Clock
from edunet.errors import AuthError, ProbeError
from edunet.facts import Facts
from edunet.health import Health
from edunet.inventory.model import Device
from edunet.settings import Intervals
from edunet.topology import Topology

_LONGEST_SLEEP_S: Final = 1.0
_MANY: Final = 8  # rounds under way: from then on those just listed wait for company
_LIST_AT_ONCE: Final = 256

log = logging.getLogger(__name__)


class _Run(NamedTuple):
    """Who is told of what comes, and where those just listed wait to be asked together."""

    consumer: Consumer
    health: Health
    company: Company


class Polling:
    """The SNMP side of one collector. `run` never returns; `urge` may be called from its loop."""

    together = 96  # devices a wake-up: batches have company, and nothing comes in large bursts

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
        self._devices = {d.id: d for d in topology.watched if d.snmp and d.address}
        wanted: dict[str, set[str]] = {}
        for device, interface in topology.ports:
            wanted.setdefault(device, set()).add(interface)
        self._known = Known(self._devices, wanted, catalog, clock, vendor)
        self._turns = Turns(_LIST_AT_ONCE)
        self._busy: set[str] = set()
        self.schedule = Schedule(
            jobs_of(self._devices.values(), wanted, intervals), clock.ticks(), self.together
        )
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def facts(self) -> Mapping[str, Facts]:
        """What each device said of itself, of those that were listed."""
        return self._known.facts

    def keep(self, before: Polling) -> None:
        """Take over what another polling knew of the devices that have not changed since."""
        for name, device in self._devices.items():
            if before._devices.get(name) == device:
                self._known.keep(name, before._known)

    async def run(self, consumer: Consumer, health: Health) -> None:
        """Ask for ever; answers go to the consumer as they come."""
        try:
            await self._ask_for_ever(consumer, health)
        finally:
            rounds = tuple(self._tasks)
            for task in rounds:
                task.cancel()
            await asyncio.gather(*rounds, return_exceptions=True)

    async def _ask_for_ever(self, consumer: Consumer, health: Health) -> None:
        run = _Run(consumer, health, Company(lambda jobs: self._put(jobs, run)))
        while True:
            now = self._clock.ticks()
            self._wake.clear()
            due = self.schedule.due(now)
            for table in {job.table for job, _ in due}:
                late = max(ns for job, ns in due if job.table == table)
                health.lateness.labels(table).set(late / 1e9)
            ready = self._ready([job for job, _ in due], run)
            # Who has no ports yet may be dead: what is told of a round is told of the others.
            for with_ports in (True, False):
                self._put(
                    [j for j in ready if bool(self._known.ports(j.device)) is with_ports], run
                )
            next_ns = self.schedule.next_ns()
            pause = _LONGEST_SLEEP_S if next_ns is None else (next_ns - self._clock.ticks()) / 1e9
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(max(pause, 0.0), _LONGEST_SLEEP_S)):
                    await self._wake.wait()

    def _ready(self, due: Sequence[Job], run: _Run) -> list[Job]:
        """Those of the due that are asked now; the others are asked when their device is free.

        Who is to be listed, and has to wait for it, is asked meanwhile for the ports it had.
        """
        known, turns = self._known, self._turns
        for job in due:
            if turns.has(job.device):
                turns.due(job)
            elif known.outdated(job.device) and not known.doubtful(job.device):
                turns.wait(job, known.rank(job.device))
        self._begin(run)
        fullest: dict[str, Job] = {}
        for job in sorted(due, key=fullness):
            if turns.has(job.device):
                continue
            if turns.waits(job.device):
                if not known.ports(job.device):
                    continue
                turns.asked(job.device)
            if job.device in self._busy:
                self.schedule.again(job, self._clock.ticks())
            else:
                fullest[job.device] = job
        return list(fullest.values())

    def urge(self, devices: Iterable[str]) -> None:
        """Look at these devices' links at once: the judge needs to tell one fault from another."""
        for device in devices:
            self.schedule.urge(device, self._clock.ticks())
        self._wake.set()

    async def once(self, consumer: Consumer) -> list[Answer]:
        """One full round over every device, for `edunet poll --once`."""

        gate = asyncio.Semaphore(_LIST_AT_ONCE)

        async def answers(name: str) -> list[Answer]:
            failed: Answer | None = None
            async with gate:
                if self._known.outdated(name) and not self._known.doubtful(name):
                    failed = await self._listed(self._devices[name], consumer)
            if failed:
                return [failed]
            return [
                answer async for answer in self._answers([Job(name, "interfaces", 0)], consumer)
            ]

        rounds = await asyncio.gather(*(answers(device) for device in self._devices))
        return [answer for each in rounds for answer in each]

    def _put(self, jobs: Iterable[Job], run: _Run) -> None:
        """Ask those who are not busy, in one round."""
        idle = {job.device: job for job in jobs if job.device not in self._busy}
        if idle:
            self._busy |= idle.keys()  # at once: the round itself begins a moment later
            self._spawn(self._round(tuple(idle.values()), run))

    async def _round(self, jobs: Sequence[Job], run: _Run) -> None:
        """Ask the devices of these jobs."""
        started = self._clock.ticks()
        waiting = {job.device for job in jobs}
        try:
            async with contextlib.aclosing(self._answers(jobs, run.consumer)) as answers:
                async for answer in answers:
                    device = answer.ask.device.id
                    waiting.discard(device)
                    self._busy.discard(device)
                    if not answer.trouble:
                        run.health.last_success.set(self._clock.now() / 1e3)
        finally:
            self._busy -= waiting  # those that answered may be busy again with the next question
        for table in {job.table for job in jobs}:
            run.health.cycle.labels(table).set((self._clock.ticks() - started) / 1e9)
        self._tell_answered(run)

    def _tell_answered(self, run: _Run) -> None:
        run.health.answered.set(len(self._known.reached) / max(len(self._devices), 1))

    async def _answers(
        self, jobs: Sequence[Job], consumer: Consumer
    ) -> AsyncGenerator[Answer, None]:
        """The answers to these jobs, each delivered already."""
        asks = [self._ask(job) for job in jobs]
        async with contextlib.aclosing(self._transport.poll(asks)) as answers:
            async for answer in answers:
                self._deliver(answer, consumer)
                yield answer

    def _ask(self, job: Job) -> Ask:
        """The ask for a job, by what is known of the device."""
        device, known = self._devices[job.device], self._known
        facts = known.facts.get(device.id, Facts())
        full = job.table != "links"
        return Ask(
            device,
            self._catalog.slot("device", device.id),
            facts.ports if full else known.ends(device.id),
            full,
            facts.engine,
            doubtful=known.doubtful(device.id),
            dated=facts.changed is not None,
        )

    def _deliver(self, answer: Answer, consumer: Consumer) -> None:
        for frame in answer.frames:
            consumer.frame(frame)
        self._known.answered(answer, consumer)

    def _begin(self, run: _Run) -> None:
        """List those whose turn it is."""
        for device in self._turns.begin(self._busy):
            self._busy.add(device)
            self._spawn(self._turn(device, run))

    async def _turn(self, device: str, run: _Run) -> None:
        """List a device, and ask what has come due."""
        failed: Answer | None = None
        try:
            if not self._known.doubtful(device):
                failed = await self._listed(self._devices[device], run.consumer)
        finally:
            job = self._turns.end(device)
            self._busy.discard(device)
        if failed:
            self._tell_answered(run)
        elif job and self._known.ports(device) and len(self._tasks) > _MANY:
            run.company.put(job)
        elif job:
            self._put([job], run)
        self._begin(run)

    async def _listed(self, device: Device, consumer: Consumer) -> Answer | None:
        """List a device; the answer, delivered already, when it does not answer."""
        slot = self._catalog.slot("device", device.id)
        try:
            found = await self._transport.discover(device)
            self._known.listed(device, found, consumer)
        except UnlistedError as error:
            self._known.unlisted(device.id, str(error))
            return None
        except (UnsentError, AuthError) as error:
            unsent = unasked(slot, self._clock.now())
            failed = Answer(Ask(device, slot, ()), (unsent,), trouble=str(error), answered=-1)
        except ProbeError as error:
            silent = silence(slot, self._clock.now())
            failed = Answer(Ask(device, slot, ()), (silent,), trouble=str(error))
        else:
            return None
        self._deliver(failed, consumer)
        return failed

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a round of questions failed", exc_info=error)
