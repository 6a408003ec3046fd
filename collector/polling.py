"""Asks every device its tables when they are due, by whatever transport it is given."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Iterator, Sequence
from typing import Final

from collector.company import Company
from collector.consumer import Consumer
from collector.discovery import facts_of
from collector.marks import Marks
from collector.rows import silence, unasked
from collector.schedule import Job, Schedule, fullness, jobs_of
from collector.snmp.wire import UnsentError
from collector.transports import Answer, Ask, Transport, UnlistedError
from edunet.catalog import Catalog
from edunet.clock import Clock
from edunet.errors import AuthError, ProbeError
from edunet.facts import Facts, Port
from edunet.health import Health
from edunet.inventory.model import Device
from edunet.settings import Intervals
from edunet.topology import Topology

_LONGEST_SLEEP_S: Final = 1.0
_MANY: Final = 8  # rounds under way: from then on those just discovered wait for company
_DISCOVER_AT_ONCE: Final = 256
_LOOK_AGAIN_NS: Final = 3600_000_000_000  # cards are added and descriptions change unannounced
_LOOK_AGAIN_LOST_NS: Final = 300_000_000_000  # while an interface of the inventory is not there
_DOUBT: Final = 3  # rounds in a row without an answer: from then on one datagram asks first

log = logging.getLogger(__name__)


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
        self._vendor = vendor
        self._devices = {d.id: d for d in topology.watched if d.snmp and d.address}
        self._wanted: dict[str, set[str]] = {}
        for device, interface in topology.ports:
            self._wanted.setdefault(device, set()).add(interface)
        self.facts: dict[str, Facts] = {}
        self._reached: set[str] = set()  # devices without trouble
        self._stale = set(self._devices)  # not discovered yet, restarted, or renumbered
        self._look_again: dict[str, int] = {}  # ticks at which a discovery has grown old
        self._unlisted: dict[str, str] = {}  # answers, and does not tell its interfaces: why
        self._busy: set[str] = set()
        self._ends: dict[str, tuple[tuple[Port, ...], tuple[Port, ...]]] = {}
        self._marks = Marks()
        self._missed: dict[str, int] = {}  # rounds in a row without any answer
        self.schedule = Schedule(
            jobs_of(self._devices.values(), self._wanted, intervals), clock.ticks(), self.together
        )
        self._gate = asyncio.Semaphore(_DISCOVER_AT_ONCE)
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def keep(self, before: Polling) -> None:
        """Take over what another polling knew of the devices that have not changed since."""
        for name, device in self._devices.items():
            if before._devices.get(name) != device or name not in before.facts:
                continue
            self.facts[name] = before.facts[name]
            self._marks.keep(name, before._marks)
            if name in before._reached:
                self._reached.add(name)
            if name not in before._stale and before._wanted.get(name) == self._wanted.get(name):
                self._stale.discard(name)
                self._look_again[name] = before._look_again.get(name, 0)

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
        def put(jobs: Iterable[Job]) -> None:
            idle = {job.device: job for job in jobs if job.device not in self._busy}
            if idle:
                self._busy |= idle.keys()  # at once: the round itself begins a moment later
                self._spawn(self._round(tuple(idle.values()), consumer, health, company))

        company = Company(put)
        while True:
            now = self._clock.ticks()
            self._wake.clear()
            due = self.schedule.due(now)
            for table in {job.table for job, _ in due}:
                late = max(ns for job, ns in due if job.table == table)
                health.lateness.labels(table).set(late / 1e9)
            for job, _ in due:
                # Who is just being discovered is asked when that is done.
                if job.device in self._busy and not self._unknown(job.device):
                    self.schedule.again(job, now)
            jobs = [job for job, _ in due if job.device not in self._busy]
            for some in self._apart(jobs):
                put(some)
            next_ns = self.schedule.next_ns()
            pause = _LONGEST_SLEEP_S if next_ns is None else (next_ns - self._clock.ticks()) / 1e9
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(max(pause, 0.0), _LONGEST_SLEEP_S)):
                    await self._wake.wait()

    def urge(self, devices: Iterable[str]) -> None:
        """Look at these devices' links at once: the judge needs to tell one fault from another."""
        for device in devices:
            self.schedule.urge(device, self._clock.ticks())
        self._wake.set()

    async def once(self, consumer: Consumer) -> list[Answer]:
        """One full round over every device, for `edunet poll --once`."""

        async def answers(device: str) -> list[Answer]:
            job = Job(device, "interfaces", 0)
            return [answer async for answer in self._answers([job], consumer)]

        rounds = await asyncio.gather(*(answers(device) for device in self._devices))
        return [answer for each in rounds for answer in each]

    def _apart(self, jobs: Iterable[Job]) -> Iterator[list[Job]]:
        """One job a device, the fuller when two are due; those to be discovered each by itself.

        What is not known yet may be dead, and nobody shall wait for it.
        """
        fullest = {job.device: job for job in sorted(jobs, key=fullness)}
        known = [job for job in fullest.values() if not self._unknown(job.device)]
        if known:
            yield known
        for job in fullest.values():
            if self._unknown(job.device):
                yield [job]

    async def _round(
        self, jobs: Sequence[Job], consumer: Consumer, health: Health, company: Company
    ) -> None:
        """Ask the devices of these jobs."""
        started = self._clock.ticks()
        waiting = {job.device for job in jobs}
        try:
            async with contextlib.aclosing(self._answers(jobs, consumer, company)) as answers:
                async for answer in answers:
                    device = answer.ask.device.id
                    waiting.discard(device)
                    self._busy.discard(device)
                    if not answer.trouble:
                        health.last_success.set(self._clock.now() / 1e3)
        finally:
            self._busy -= waiting  # those that answered may be busy again with the next question
        for table in {job.table for job in jobs}:
            health.cycle.labels(table).set((self._clock.ticks() - started) / 1e9)
        health.answered.set(len(self._reached) / max(len(self._devices), 1))

    async def _answers(
        self, jobs: Sequence[Job], consumer: Consumer, company: Company | None = None
    ) -> AsyncGenerator[Answer, None]:
        """The answers to these jobs, each delivered already.

        `company` takes those that had to be discovered, when there are many of them.
        """
        asks: list[Ask] = []
        for job in jobs:
            # Those that must be discovered come alone: nobody waits for them here.
            alone = len(jobs) == 1 and self._unknown(job.device)
            asked = await self._introduced(job, consumer) if alone else self._ask(job)
            if isinstance(asked, Answer):
                self._deliver(asked, consumer)
                yield asked
            elif alone and company and asked.ports and len(self._tasks) > _MANY:
                company.put(job)
            else:
                asks.append(asked)
        async with contextlib.aclosing(self._transport.poll(asks)) as answers:
            async for answer in answers:
                self._deliver(answer, consumer)
                yield answer

    async def _introduced(self, job: Job, consumer: Consumer) -> Ask | Answer:
        """The ask for a device to be discovered first; the answer, when that is all there is."""
        device = self._devices[job.device]
        slot = self._catalog.slot("device", device.id)
        if self._missed.get(device.id, 0) >= _DOUBT:
            return Ask(device, slot, (), doubtful=True)
        try:
            async with self._gate:
                await self._discover(device, consumer)
        except UnlistedError as error:
            self._unlisted[device.id] = str(error)
        except (UnsentError, AuthError) as error:
            unsent = unasked(slot, self._clock.now())
            return Answer(Ask(device, slot, ()), (unsent,), trouble=str(error), answered=-1)
        except ProbeError as error:
            silent = silence(slot, self._clock.now())
            return Answer(Ask(device, slot, ()), (silent,), trouble=str(error))
        return self._ask(job)

    def _ask(self, job: Job) -> Ask:
        """The ask for a job, by what is known of the device."""
        device = self._devices[job.device]
        facts = self.facts.get(device.id, Facts())
        full = job.table != "links"
        return Ask(
            device,
            self._catalog.slot("device", device.id),
            facts.ports if full else self._links(device.id, facts.ports),
            full,
            facts.engine,
            doubtful=self._missed.get(device.id, 0) >= _DOUBT,
            dated=facts.changed is not None,
        )

    def _links(self, device: str, ports: tuple[Port, ...]) -> tuple[Port, ...]:
        """Those at the ends of links; the same tuple for the same ports."""
        if (known := self._ends.get(device)) is None or known[0] is not ports:
            wanted = self._wanted.get(device, set())
            known = self._ends[device] = ports, tuple(p for p in ports if p.name in wanted)
        return known[1]

    def _unknown(self, device: str) -> bool:
        return device in self._stale or self._clock.ticks() >= self._look_again.get(device, 0)

    async def _discover(self, device: Device, consumer: Consumer) -> None:
        found = await self._transport.discover(device)
        known = self.facts.get(device.id, Facts())
        if found.silent and known.ports:
            # Half a list would call known ports by other names: the whole one is kept.
            self._stale.discard(device.id)
            self._look_again[device.id] = self._clock.ticks() + _LOOK_AGAIN_LOST_NS
            raise UnlistedError(f"{device.id}: walk of {'; '.join(found.silent)}")
        facts = facts_of(
            found,
            self._wanted.get(device.id, ()),
            lambda name: self._catalog.slot("interface", device.id, name),
            self._vendor(found.object_id),
        )._replace(trouble=known.trouble)  # its return is told when its rows have come
        for name in set(facts.lost) - set(known.lost):
            log.warning("%s has no interface %s; write its ifName", device.id, name)
        self.facts[device.id] = facts
        self._stale.discard(device.id)
        self._unlisted.pop(device.id, None)
        if found.silent:
            self._unlisted[device.id] = f"{device.id}: walk of {'; '.join(found.silent)}"
        later = _LOOK_AGAIN_LOST_NS if facts.lost or found.silent else _LOOK_AGAIN_NS
        self._marks.listed(device.id, self._clock.ticks())
        self._look_again[device.id] = self._clock.ticks() + later
        consumer.facts(device.id, facts)

    def _deliver(self, answer: Answer, consumer: Consumer) -> None:
        device = answer.ask.device.id
        for frame in answer.frames:
            consumer.frame(frame)
        changed = self.facts.get(device, Facts()).changed
        if self._marks.moved(answer, changed, self._clock.ticks()) or answer.stale:
            self._stale.add(device)
        self._missed[device] = 0 if answer.answered else self._missed.get(device, 0) + 1
        self._trouble(device, answer.trouble or self._unlisted.get(device), consumer)

    def _trouble(self, device: str, trouble: str | None, consumer: Consumer) -> None:
        """Say once when a device is lost and once when it is back."""
        (self._reached.discard if trouble else self._reached.add)(device)
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
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a round of questions failed", exc_info=error)
