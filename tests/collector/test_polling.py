"""Who is asked what and when, and what is told of it: the polling side over real agents."""

from __future__ import annotations

import logging
from itertools import pairwise

import pytest
from hasty import transport
from liar import Liar, Row, liar, ports, switch
from polled import Ear, inventory, polling, snmp
from tape import Tape, devices, running, until

from edunet.clock import ManualClock
from edunet.settings import Intervals
from lab import ber


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
        asking = polling(inventory([agent.device]), transport())
        for _ in range(3):
            (answer,) = await asking.once(ear)
            assert answer.varbinds == 1, "it is asked whether it lives, and does"
        agent.lie = None
        (answer,) = await asking.once(ear)

    assert 2 * 1 + 7 * 11 == answer.varbinds, "two replies with sysUpTime, seven rows of 11"
    told = [record.getMessage() for record in caplog.records]
    assert 2 == len(told)
    assert "walk of ifTable: unreadable answer" in told[0]
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


async def test_a_device_is_discovered_anew_about_each_hour_and_not_all_together() -> None:
    clock, tape = ManualClock(), Tape()
    names = [f"d{number}" for number in range(50)]
    asking = polling(inventory(devices(*names)), tape, clock)
    counts = []
    for _ in range(31):  # up to two and a half hours
        await asking.once(Ear())
        counts.append(len(tape.found))
        clock.advance(300)

    assert counts[0] == counts[8] == 50, "nobody within 45 minutes"
    assert 100 == counts[15], "everybody once within 75"
    assert counts[-1] >= 150
    assert max(after - before for before, after in pairwise(counts)) <= 25


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


async def test_where_both_are_asked_as_often_the_whole_table_is_asked() -> None:
    tape = Tape()
    how = Intervals.model_validate({"links": "200ms", "interfaces": "200ms"})
    asking = polling(inventory(devices("a"), {"a": "GE0/0/2"}), tape, how=how)
    async with running(asking, Ear()):
        await until(lambda: len(tape.asked) >= 4)

    assert {("a", 3)} == set(tape.asked), "all three ports each time, never the link's alone"


async def test_many_that_were_just_discovered_are_asked_soon_and_none_twice_at_once() -> None:
    tape, names = Tape(), [f"d{number}" for number in range(60)]
    how = Intervals.model_validate({"links": "100ms", "interfaces": "100ms"})
    asking = polling(inventory(devices(*names)), tape, how=how)
    async with running(asking, Ear()):
        await until(lambda: {device for device, _ in tape.asked} == set(names))
        await until(lambda: len(tape.asked) >= 300)

    assert [] == tape.twice


async def test_after_a_restart_the_device_is_discovered_again() -> None:
    ear = Ear()
    async with liar(switch(ports(3), uptime=500_000)) as agent:
        asking = polling(inventory([agent.device]), snmp())
        await asking.once(ear)
        agent.objects = switch([Row(1, "GE0/0/1"), Row(2, "XGE1"), Row(3, "GE0/0/3")], uptime=900)
        await asking.once(ear)
        (answer,) = await asking.once(ear)

    assert ["GE0/0/1", "XGE1", "GE0/0/3"] == [p.name for p in ear.said[agent.device.id][-1].ports]
    assert answer.trouble is None
    # The reply right after the restart has kept the rows whose names still fit.
    assert [3, 2, 3] == [len(frame) for frame in ear.of("interface")]
