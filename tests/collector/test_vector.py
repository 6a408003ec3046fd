"""The batches: whatever they read is what the scalar client reads, and nothing else gets in."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from fleet import Fleet, fleet
from liar import (
    COMMUNITY,
    DISCONTINUITY,
    IN_OCTETS,
    NAME,
    OPER,
    SPEED,
    Liar,
    Objects,
    Row,
    binds,
    liar,
    ports,
    switch,
    text,
)
from polled import answered, snmp

from collector.transports import Answer, Ask
from collector.transports.snmp import Snmp
from collector.transports.vector import Vector
from edunet.clock import SystemClock
from edunet.frame import Reason
from edunet.inventory.model import Device
from edunet.secrets import Access
from lab import ber


@asynccontextmanager
async def vector() -> AsyncIterator[Vector]:
    access = Access("2c", COMMUNITY.encode())
    made = Vector(lambda device: access, SystemClock())
    try:
        yield made
    finally:
        await made.close()


def odd() -> Objects:
    """Every kind of value, and rows whose numbers take one byte and more."""
    rows = [*ports(6), *(Row(n, f"Vlanif{n}", alias="至教育局") for n in (130, 20_000, 3_000_000))]
    objects = switch(rows)
    for index, value in enumerate((0, 1, 127, 128, 2**32, 2**64 - 1), 1):
        objects[*IN_OCTETS, index] = ber.number(ber.COUNTER64, value)
        objects[*SPEED, index] = ber.number(ber.GAUGE32, min(value, 2**32 - 1))
        objects[*OPER, index] = ber.number(ber.INTEGER, index)
    objects[*OPER, 130] = ber.number(ber.INTEGER, 99)
    objects[*IN_OCTETS, 20_000] = text("many")
    objects[*DISCONTINUITY, 3_000_000] = b"\x02\x01\xff"
    return objects


async def test_both_read_the_same_of_every_kind_of_value() -> None:
    async with fleet(odd(), switch(ports(28)), odd()) as played, vector() as batches:
        single = played.rows(await played.poll(snmp()))
        answers = await played.poll(batches)
        together = played.rows(answers)

    assert single == together
    assert 9 + 28 + 9 == len(together)
    assert [None] * 3 == [answer.trouble for answer in answers]
    assert [1] * 3 == [answer.answered for answer in answers]
    assert [100_000] * 3 == [answer.uptime for answer in answers]
    assert {2**64 - 1, Reason.MALFORMED} <= {row["in_octets"] for row in together.values()}


async def test_batches_ask_once_and_need_nobody_s_help() -> None:
    async with fleet(*(switch(ports(9)) for _ in range(5))) as played, vector() as batches:
        await played.poll(batches)
        asked = [len(agent.questions) for agent in played.agents]
        await played.poll(batches)

    assert len(set(asked)) == 1
    assert [2 * count for count in asked] == [len(agent.questions) for agent in played.agents]
    assert 0 == sum(batches._engine.dropped.values())


async def test_after_a_renumbering_no_value_lands_in_a_foreign_row() -> None:
    async with fleet(switch(ports(6)), switch(ports(6))) as played, vector() as batches:
        await played.poll(batches)
        moved, still = played.agents
        moved.objects = switch(
            [Row(1, "GE0/0/2"), Row(2, "GE0/0/1"), *(Row(n, f"GE0/0/{n}") for n in (3, 4, 5, 6))]
        )
        answers = {a.ask.device.id: a for a in await played.poll(batches)}
        rows = played.rows(list(answers.values()))

    assert answers[moved.device.id].stale
    assert not answers[still.device.id].stale
    mine = {name: row for (device, name), row in rows.items() if device == moved.device.id}
    assert {f"GE0/0/{n}" for n in (3, 4, 5, 6)} == mine.keys()
    for name, row in mine.items():
        assert int(name[-1]) * 1_000_000 + 1 == row["in_octets"]


def other_id(agent: Liar, question: ber.Request) -> bytes:
    return agent.truth(question._replace(id=b"\x41\x02\x03\x04"))


def other_community(agent: Liar, question: ber.Request) -> bytes:
    return agent.truth(question._replace(community=b"public"))


def twice(agent: Liar, question: ber.Request) -> list[bytes]:
    return [agent.truth(question)] * 2


def lost_once(agent: Liar, question: ber.Request) -> bytes | None:
    seen = sum(asked.names == question.names for asked in agent.questions)
    return None if seen == 1 else agent.truth(question)


def shuffled(agent: Liar, question: ber.Request) -> bytes:
    names = [ber.subids(name) for name in question.names]
    rows = [(name, agent.objects.get(name, ber.NO_SUCH_INSTANCE)) for name in names]
    random.Random(4).shuffle(rows)  # noqa: S311 (noise, not secrets)
    return ber.response(question, binds(rows))


def refused(agent: Liar, question: ber.Request) -> bytes:
    said = agent.truth(question)
    broken = ber.element(ber.OID, ber.name((*NAME, 2))) in said  # asked by name or by GETBULK
    return ber.response(question, b"", error=5) if broken else said


@pytest.mark.parametrize(
    ("lie", "same"),
    [
        pytest.param(twice, True, id="every answer twice"),
        pytest.param(lost_once, True, id="every first question lost"),
        pytest.param(shuffled, False, id="values in another order"),
        pytest.param(refused, False, id="one row refused"),
    ],
)
async def test_a_strange_agent_is_read_as_by_the_scalar_client(lie: Any, same: bool) -> None:
    async with fleet(switch(ports(9)), lie=lie) as played, vector() as batches:
        together = await played.poll(batches)
        rows = played.rows(together)
        played.agents[0].questions.clear()
        alone = await played.poll(snmp())

    assert played.rows(alone) == rows
    assert [a.trouble for a in alone] == [a.trouble for a in together]
    assert same == (9 == len(rows) and together[0].trouble is None)


@pytest.mark.parametrize("lie", [other_id, other_community], ids=["id", "community"])
async def test_an_answer_to_another_question_is_none(lie: Any) -> None:
    async with fleet(switch(ports(3)), lie=lie) as played, vector() as batches:
        (answer,) = await played.poll(batches)

    assert 0 == answer.answered == answered(answer)
    assert answer.trouble is not None
    assert answer.trouble.endswith("no answer within 1 s")
    assert {} == played.rows([answer])


async def test_an_answer_from_another_address_is_none() -> None:
    async with fleet(switch(ports(3))) as played, vector() as batches, liar() as stranger:
        (agent,) = played.agents

        def elsewhere(asked: Liar, question: ber.Request) -> None:
            stranger.asker = asked.asker
            stranger.send(asked.truth(question))

        agent.lie = elsewhere
        (answer,) = await played.poll(batches)

    assert 0 == answer.answered
    assert batches._engine.dropped["foreign"] > 0


async def test_noise_becomes_no_value_that_the_agent_did_not_say() -> None:
    dice = random.Random(7)  # noqa: S311 (noise, not secrets)

    def noise(agent: Liar, question: ber.Request) -> list[bytes]:
        packet = bytearray(agent.truth(question))
        for _ in range(dice.choice([0, 1, 1, 2, 8])):
            packet[dice.randrange(len(packet))] = dice.randrange(256)
        cut = dice.choice([0, 0, 0, 1, 40])
        return [bytes(packet[: len(packet) - cut]), dice.randbytes(dice.randrange(90))]

    truth = {n: n * 1_000_000 for n in range(1, 6)}
    objects = [switch(ports(5)) for _ in range(6)]
    async with fleet(*objects, lie=noise) as played, vector() as batches, asyncio.timeout(60):
        answers = await played.poll(batches)
    for (_, name), row in played.rows(answers).items():
        assert int(name.rpartition("/")[2]) in truth
        for value in row.values():
            assert isinstance(value, (int, float))


async def test_ipv6_is_asked_in_batches_too() -> None:
    objects = switch(ports(3))
    async with liar(objects, address="::1") as agent, vector() as batches:
        played = Fleet([agent])
        await played.look()
        agent.questions.clear()
        (answer,) = await played.poll(batches)

    assert 3 == len(played.rows([answer]))
    assert answer.trouble is None
    assert 0 == sum(batches._engine.dropped.values())


async def test_more_than_fit_into_one_window_are_all_asked() -> None:
    async with fleet(switch(ports(200))) as played, vector() as batches:
        batches._engine.flight.room = 64
        agent = played.agents[0]
        device = agent.device.model_dump(mode="json")
        clones = [Device.model_validate({**device, "id": f"c{n}"}) for n in range(40)]
        facts = played.facts[agent.device.id]
        asks = [Ask(clone, n, facts.ports) for n, clone in enumerate(clones)]
        answers = [answer async for answer in batches.poll(asks)]

    assert {clone.id for clone in clones} == {answer.ask.device.id for answer in answers}
    assert all(answer.trouble is None for answer in answers)
    rows = sum(len(f) for a in answers for f in a.frames if f.kind == "interface")
    assert 40 * 200 == rows
    slots = np.concatenate([f.slots for a in answers for f in a.frames if f.kind == "device"])
    assert list(range(40)) == sorted(slots.tolist())


async def test_a_bug_in_one_answer_is_raised_to_who_polls_and_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(self: Snmp, ask: Ask) -> Answer:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Snmp, "ask", broken)
    async with fleet(switch(ports(3)), lie=refused) as played, vector() as batches:
        with pytest.raises(RuntimeError, match="a bug"):
            async with asyncio.timeout(10):
                await played.poll(batches)


async def test_a_device_listed_again_and_found_the_same_takes_no_more_memory() -> None:
    async with fleet(switch(ports(9)), switch(ports(9))) as played, vector() as batches:
        await played.poll(batches)
        before = batches._plans._count
        for agent in played.agents:
            await batches.discover(agent.device)
        await played.look()
        answers = await played.poll(batches)

    assert before == batches._plans._count
    assert 18 == len(played.rows(answers))
