"""Who is asked what and when, and what is told of it: the polling side over real agents."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import statistics
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise

import pytest
from liar import NAME, Liar, Row, asks_for, liar, ports, switch
from polled import Ear, gufo, inventory, polling

from collector.polling import Polling
from collector.rows import silence
from collector.transports import Answer, Ask, Found
from edunet.clock import ManualClock, SystemClock
from edunet.errors import ProbeError
from edunet.frame import Frame
from edunet.health import Health
from edunet.inventory.model import Device
from edunet.settings import Intervals
from lab import ber


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
        rows = ((1, "GE0/0/1", "", ""), (2, "GE0/0/2", "", ""), (3, "GE0/0/3", "", ""))
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
        return Answer(ask, (silence(ask.slot, 0),), trouble=trouble, varbinds=0 if trouble else 9)

    async def close(self) -> None:
        """Nothing was opened."""


def devices(*names: str) -> list[Device]:
    return [
        Device.model_validate({"id": n, "site": "city", "address": f"127.9.0.{i}", "snmp": "ro"})
        for i, n in enumerate(names, 1)
    ]


async def test_a_loss_is_told_once_and_the_return_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "collector")
    tape, ear = Tape(), Ear()
    asking = polling(inventory(devices("a")), tape)
    for quiet in (False, False, True, True, True, False, False):
        tape.silent = {"a"} if quiet else set()
        await asking.once(ear)

    assert ["a: no answer", "a answers again"] == [r.getMessage() for r in caplog.records]
    assert [None, "a: no answer", None] == [facts.trouble for facts in ear.said["a"]]


async def test_who_was_dead_from_the_start_is_told_of_once_and_its_coming_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "collector")
    tape, ear = Tape(), Ear()
    asking = polling(inventory(devices("a")), tape)
    for quiet in (True, True, False, False):
        tape.silent = {"a"} if quiet else set()
        answers = await asking.once(ear)
        assert ["a"] == [answer.ask.device.id for answer in answers]

    assert ["a: no answer", "a answers again"] == [r.getMessage() for r in caplog.records]
    assert "a" == ear.said["a"][-1].name
    assert ear.said["a"][-1].trouble is None


async def test_who_answers_but_lists_nothing_is_trouble_without_a_flood_of_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "collector")
    ear = Ear()

    def lie(agent: Liar, question: ber.Request) -> bytes:
        if question.kind == ber.GET:
            return agent.truth(question)
        return b"\xff\xff"

    async with liar(lie=lie) as agent:
        asking = polling(inventory([agent.device]), gufo())
        for _ in range(3):
            (answer,) = await asking.once(ear)
            assert answer.varbinds == 1, "it is asked whether it lives, and does"
        agent.lie = None
        (answer,) = await asking.once(ear)

    assert 2 * 1 + 7 * 10 == answer.varbinds, "two replies with sysUpTime, seven rows of ten"
    told = [record.getMessage() for record in caplog.records]
    assert 2 == len(told)
    assert "walk of 1.3.6.1.2.1.31.1.1.1.1: unreadable answer" in told[0]
    assert told[1].endswith("answers again")
    assert [1, 1, 1, 1] == [int(frame.columns["answered"][0]) for frame in ear.of("device")]


async def test_an_interface_the_device_does_not_have_is_told_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, tape = ManualClock(), Tape()
    asking = polling(inventory(devices("a"), {"a": "GE9/9/9"}), tape, clock)
    for _ in range(4):
        await asking.once(Ear())
        clock.advance(301)  # it is looked for again, for cards are plugged in

    assert 4 == len(tape.found)
    assert ["a has no interface GE9/9/9; write its ifName"] == [
        record.getMessage() for record in caplog.records
    ]


async def test_a_device_is_discovered_anew_each_hour_and_not_at_each_poll() -> None:
    clock, tape = ManualClock(), Tape()
    asking = polling(inventory(devices("a")), tape, clock)
    for _ in range(13):
        await asking.once(Ear())
        clock.advance(300)

    assert ["a", "a"] == tape.found


async def test_links_are_asked_often_and_all_interfaces_rarely() -> None:
    tape = Tape()
    how = Intervals.model_validate({"links": "200ms", "interfaces": "1s"})
    asking = polling(inventory(devices("a"), {"a": "GE0/0/2"}), tape, how=how)

    async with running(asking, Ear()):
        await until(lambda: sum(n == 3 for _, n in tape.asked) >= 3)

    counts = [n for _, n in tape.asked]
    assert set(counts) == {1, 3}
    assert counts.count(1) >= 2 * counts.count(3)
    assert [] == tape.twice


SLOW = Intervals.model_validate({"links": "10s", "interfaces": "60s"})


async def later(asking: Polling, clock: ManualClock, seconds: float) -> None:
    """Let so much time pass at once, and polling take notice."""
    clock.advance(seconds)
    asking.urge([])
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_full_question_that_fell_on_a_busy_device_is_put_when_it_is_free() -> None:
    tape, clock = Tape(), ManualClock()
    asking = polling(inventory(devices("a"), {"a": "GE0/0/2"}), tape, clock, SLOW)

    async with running(asking, Ear()):
        await later(asking, clock, 6)
        tape.hold["a"] = asyncio.Event()
        while not tape.under_way:
            await later(asking, clock, 1)
        assert ("a", 1) == tape.asked[-1], "the device is busy with its links"
        await later(asking, clock, 61)  # the turn of the full question comes and goes
        before = len(tape.asked)
        tape.hold.pop("a").set()
        await later(asking, clock, 0)
        await later(asking, clock, 0.5)

    assert ("a", 3) in tape.asked[before:]
    assert [] == tape.twice, "never two questions to one device at the same time"


async def test_the_end_of_a_round_does_not_free_a_device_that_is_busy_again() -> None:
    tape, clock = Tape(), ManualClock()
    asking = polling(inventory(devices("a", "b"), {"a": "GE0/0/2"}), tape, clock, SLOW)
    await asking.once(Ear())

    async with running(asking, Ear()):
        tape.hold["b"] = asyncio.Event()
        await later(asking, clock, 6)
        assert ["b"] == tape.under_way, "a and b were asked in one round, and a has answered"
        tape.hold["a"] = asyncio.Event()
        await later(asking, clock, 20)
        assert ["b", "a"] == tape.under_way
        tape.hold.pop("b").set()
        await later(asking, clock, 0)
        assert ["a"] == tape.under_way
        await later(asking, clock, 20)
        await later(asking, clock, 20)

    assert [] == tape.twice


async def test_who_is_discovered_for_ever_keeps_nobody_of_the_same_moment_waiting() -> None:
    tape, clock, ear = Tape(), ManualClock(), Ear()
    tape.hold_discovery["dead"] = asyncio.Event()
    asking = polling(inventory(devices("a", "dead", "b")), tape, clock, SLOW)

    async with running(asking, ear):
        await later(asking, clock, 6)
        assert {"a", "b", "dead"} == set(tape.found)
        assert {"a", "b"} == {device for device, _ in tape.asked}


async def test_an_urged_device_is_asked_at_once() -> None:
    tape = Tape()
    how = Intervals.model_validate({"links": "1h", "interfaces": "2h"})
    clock = ManualClock()
    asking = polling(inventory(devices("a"), {"a": "GE0/0/2"}), tape, clock, how)

    async with running(asking, Ear()):
        clock.advance(6)
        await until(lambda: tape.asked)
        before = len(tape.asked)
        clock.advance(60)
        asking.urge(["a", "nobody"])
        await until(lambda: len(tape.asked) > before, 1.0)

    assert ("a", 1) == tape.asked[-1]


async def test_an_urge_while_the_device_is_busy_is_an_ask_afterwards() -> None:
    tape = Tape()
    how = Intervals.model_validate({"links": "1h", "interfaces": "2h"})
    clock = ManualClock()
    asking = polling(inventory(devices("a"), {"a": "GE0/0/2"}), tape, clock, how)
    tape.hold["a"] = asyncio.Event()

    async with running(asking, Ear()):
        clock.advance(6)
        await until(lambda: tape.under_way)
        clock.advance(1)
        asking.urge(["a"])
        await asyncio.sleep(0.03)
        assert 1 == len(tape.asked)
        tape.hold.pop("a").set()
        clock.advance(1)
        await until(lambda: len(tape.asked) == 2, 2.5)

    assert [] == tape.twice


async def test_what_goes_wrong_in_one_round_ends_neither_polling_nor_other_rounds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Deaf(Ear):
        def frame(self, frame: object) -> None:
            raise RuntimeError("a consumer with a bug")

    tape = Tape()
    how = Intervals.model_validate({"links": "200ms", "interfaces": "200ms"})
    asking = polling(inventory(devices("a")), tape, how=how)
    async with running(asking, Deaf()):
        await until(lambda: len(tape.found) >= 2 or len(tape.asked) >= 2)

    assert "a round of questions failed" in {record.getMessage() for record in caplog.records}


async def test_after_a_restart_the_device_is_discovered_again() -> None:
    ear = Ear()
    async with liar(switch(ports(3), uptime=500_000)) as agent:
        asking = polling(inventory([agent.device]), gufo())
        await asking.once(ear)
        agent.objects = switch([Row(1, "GE0/0/1"), Row(2, "XGE1"), Row(3, "GE0/0/3")], uptime=900)
        await asking.once(ear)
        (answer,) = await asking.once(ear)

    assert ["GE0/0/1", "XGE1", "GE0/0/3"] == [p.name for p in ear.said[agent.device.id][-1].ports]
    assert answer.trouble is None
    # The reply right after the restart has kept the rows whose names still fit.
    assert [3, 2, 3] == [len(frame) for frame in ear.of("interface")]


class Ahead(SystemClock):
    """A clock that can be set forward: then every first question is due at the same moment."""

    seconds = 0

    def ticks(self) -> int:
        return super().ticks() + self.seconds * 1_000_000_000


async def test_ten_dead_and_ten_half_dead_agents_do_not_delay_the_others() -> None:
    """Promise P4: compared are two runs over the same forty live agents."""

    def half(agent: Liar, question: ber.Request) -> bytes | None:
        return None if asks_for(question, NAME, 6) else agent.truth(question)

    async def lateness(dead: int) -> tuple[float, float]:
        """Seconds to the last live agent's first answer; and from answer to answer, the median."""
        async with AsyncExitStack() as stack:
            live = [await stack.enter_async_context(liar()) for _ in range(40)]
            gone = [
                await stack.enter_async_context(liar(lie=half if n % 2 else lambda *_: None))
                for n in range(2 * dead)
            ]
            how = Intervals.model_validate({"links": "1s", "interfaces": "1s"})
            what, clock = inventory([agent.device for agent in (*live, *gone)]), Ahead()
            asking = polling(what, gufo(), clock, how)
            clock.seconds = 10
            ear = Stamped()
            async with running(asking, ear):
                await until(lambda: ear.complete(40, 4), 15)
            times = [each for each in ear.heard.values() if len(each) >= 4][:40]
            gaps = [b - a for each in times for a, b in pairwise(each[1:])]
            return max(each[0] for each in times), statistics.median(gaps)

    alone, beside = await lateness(0), await lateness(10)

    assert beside[0] < alone[0] + 1, "waiting for the dead ones would cost three seconds and more"
    assert 0.9 < alone[1] < 1.1
    assert beside[1] < alone[1] + 0.15


class Stamped(Ear):
    """When each living device answered, in seconds since the ear was made."""

    def __init__(self) -> None:
        super().__init__()
        self.began = time.monotonic()
        self.heard: dict[int, list[float]] = {}

    def frame(self, frame: Frame) -> None:
        super().frame(frame)
        if frame.kind == "device" and frame.columns["answered"][0]:
            self.heard.setdefault(int(frame.slots[0]), []).append(time.monotonic() - self.began)

    def complete(self, devices: int, answers: int) -> bool:
        return sum(len(times) >= answers for times in self.heard.values()) >= devices
