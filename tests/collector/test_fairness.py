"""Whose turn it is: nobody waits for the dead, nobody is asked twice at once, no turn is lost."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from contextlib import AsyncExitStack
from itertools import pairwise

import numpy as np
import pytest
from liar import COMMUNITY, NAME, Liar, liar
from polled import Ear, inventory, polling
from tape import Tape, devices, later, running, until

from collector.transports import Ask
from collector.transports.snmp import Snmp
from collector.transports.vector import Vector
from edunet.clock import ManualClock, SystemClock
from edunet.frame import Frame
from edunet.secrets import Access
from edunet.settings import Intervals
from lab import ber


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


class Ahead(SystemClock):
    """A clock that can be set forward: then every first question is due at the same moment."""

    seconds = 0

    def ticks(self) -> int:
        return super().ticks() + self.seconds * 1_000_000_000


@pytest.mark.parametrize("kind", [Snmp, Vector], ids=["singly", "in batches"])
async def test_ten_dead_and_ten_half_dead_agents_do_not_delay_the_others(
    kind: type[Snmp | Vector],
) -> None:
    """Promise P4: compared are two runs over the same forty live agents."""
    sixth = ber.element(ber.OID, ber.name((*NAME, 6)))
    access = Access("2c", COMMUNITY.encode())

    def half(agent: Liar, question: ber.Request) -> bytes | None:
        said = agent.truth(question)
        return None if sixth in said else said

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
            transport = kind(lambda device: access, SystemClock())
            asking = polling(what, transport, clock, how)
            clock.seconds = 10
            ear = Stamped()
            async with AsyncExitStack() as last, running(asking, ear):
                last.push_async_callback(transport.close)
                await until(lambda: ear.complete(40, 4), 15)
            times = [each for each in ear.heard.values() if len(each) >= 4][:40]
            gaps = [b - a for each in times for a, b in pairwise(each[1:])]
            return max(each[0] for each in times), statistics.median(gaps)

    alone, beside = await lateness(0), await lateness(10)

    assert beside[0] < alone[0] + 1, "waiting for the dead ones would cost three seconds and more"
    assert 0.9 < alone[1] < 1.1
    assert beside[1] < alone[1] + 0.15


async def test_hundreds_of_dead_devices_asked_singly_do_not_delay_a_living_one() -> None:
    access = Access("2c", COMMUNITY.encode())
    async with liar() as living, liar(lie=lambda *_: None) as silent:
        dead = [silent.device.model_copy(update={"id": f"dead{n}"}) for n in range(600)]
        asks = [Ask(device, slot, (), doubtful=True) for slot, device in enumerate(dead, 1)]
        transport = Snmp(lambda device: access, SystemClock())

        async with contextlib.aclosing(transport.poll([*asks, Ask(living.device, 0, ())])) as told:
            first = await anext(told)

        assert living.device == first.ask.device
        await transport.close()


class Stamped(Ear):
    """When each living device answered, in seconds since the ear was made."""

    def __init__(self) -> None:
        super().__init__()
        self.began = time.monotonic()
        self.heard: dict[int, list[float]] = {}

    def frame(self, frame: Frame) -> None:
        super().frame(frame)
        if frame.kind == "device":
            for slot in frame.slots[np.asarray(frame.columns["answered"]) == 1].tolist():
                self.heard.setdefault(slot, []).append(time.monotonic() - self.began)

    def complete(self, devices: int, answers: int) -> bool:
        return sum(len(times) >= answers for times in self.heard.values()) >= devices
