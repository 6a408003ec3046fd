"""Few are listed at once; the others wait, and those that are known are asked meanwhile."""

from __future__ import annotations

import asyncio

import pytest
from polled import Ear, inventory, polling
from tape import Tape, devices, later, running

from collector import polling as module
from collector.known import Known
from collector.schedule import Job
from collector.transports import Answer, Ask, Found, Listed
from collector.turns import Turns
from edunet.catalog import Catalog
from edunet.clock import ManualClock
from edunet.settings import Intervals

SLOW = Intervals.model_validate({"links": "10s", "interfaces": "60s"})
NAMES = [f"d{number}" for number in range(30)]


def job(device: str, table: str = "interfaces") -> Job:
    return Job(device, table, 60 if table == "interfaces" else 10)


def test_those_of_a_lower_rank_come_first_and_of_equal_ones_who_came_first() -> None:
    turns = Turns(2)
    for device, rank in (("old", 3), ("new", 1), ("newer", 1), ("linked", 0)):
        turns.wait(job(device), rank)

    assert ["linked", "new"] == list(turns.begin(set()))
    assert [] == list(turns.begin(set()))
    turns.end("new")
    assert ["newer"] == list(turns.begin(set()))


def test_who_is_busy_keeps_its_place_in_the_line() -> None:
    turns = Turns(1)
    turns.wait(job("a"), 0)
    turns.wait(job("b"), 1)

    assert ["b"] == list(turns.begin({"a"}))
    turns.wait(job("c"), 1)
    turns.end("b")
    assert ["a"] == list(turns.begin(set()))


def test_of_all_that_came_due_meanwhile_the_fullest_is_left_to_be_done() -> None:
    turns = Turns(1)
    for table in ("links", "interfaces", "links"):
        turns.wait(job("a", table), 0)
    assert ["a"] == list(turns.begin(set()))
    assert job("a") == turns.end("a")

    turns.wait(job("a", "links"), 0)
    turns.asked("a")
    assert ["a"] == list(turns.begin(set())), "it waits once"
    turns.due(job("a", "links"))
    assert job("a", "links") == turns.end("a")
    assert not turns.has("a")

    turns.wait(job("a", "links"), 0)
    turns.asked("a")
    assert ["a"] == list(turns.begin(set()))
    assert turns.end("a") is None, "nothing came due since it was asked"


async def test_who_restarted_is_asked_on_while_it_waits_to_be_listed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A power cut ends, and half a province is to be listed at once."""
    monkeypatch.setattr(module, "_LIST_AT_ONCE", 2)
    clock, tape = ManualClock(), Tape()
    asking = polling(inventory(devices(*NAMES), dict.fromkeys(NAMES, "GE0/0/1")), tape, clock, SLOW)
    await asking.once(Ear())

    async with running(asking, Ear()):
        tape.uptime = 1
        await later(asking, clock, 20)
        tape.hold_discovery = {name: asyncio.Event() for name in NAMES}
        tape.found.clear()
        for _ in range(3):
            tape.asked.clear()
            await later(asking, clock, 11)
            listed = set(tape.found)
            assert 2 == len(listed) == len(tape.found)
            assert set(NAMES) - listed == {device for device, _ in tape.asked}
        for held in tape.hold_discovery.values():
            held.set()
        for _ in range(10):
            await later(asking, clock, 1)
        assert sorted(NAMES) == sorted(tape.found), "each once"

    assert [] == tape.twice


def test_the_silent_are_listed_last_and_first_are_the_unknown_ends_of_links() -> None:
    told, dark, new, linked = devices("told", "dark", "new", "linked")
    known = Known([], {linked.id: {"GE0/0/1"}}, Catalog(), ManualClock(), lambda _: None)
    known.listed(told, Found("", "", "", 1, (Listed(1, "GE0/0/1"),)), Ear())
    known.answered(Answer(Ask(dark, 0, ()), (), trouble="no answer"), Ear())

    ranked = sorted((dark, told, new, linked), key=lambda device: known.rank(device.id))

    assert [linked, new, told, dark] == ranked


async def test_those_that_wait_to_be_listed_are_no_tasks_and_links_come_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_LIST_AT_ONCE", 2)
    clock, tape = ManualClock(), Tape()
    linked = NAMES[10:14]
    asking = polling(
        inventory(devices(*NAMES), dict.fromkeys(linked, "GE0/0/1")), tape, clock, SLOW
    )
    tape.hold_discovery = {name: asyncio.Event() for name in NAMES}
    before = len(asyncio.all_tasks())

    async with running(asking, Ear()):
        await later(asking, clock, 6)
        assert 1 + 2 == len(asyncio.all_tasks()) - before, "polling, and two that are listed"
        for name in NAMES:
            tape.hold_discovery[name].set()
        await later(asking, clock, 0)
        await later(asking, clock, 0)

    assert set(NAMES) == set(tape.found)
    assert set(linked) == set(tape.found[:4])
