"""Broken and lying agents: each costs a bounded time, and none of its lies becomes a value."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from typing import Any

import pytest
from hasty import transport
from liar import (
    DESCR,
    GEN_ERR,
    NAME,
    Liar,
    asks_for,
    binds,
    liar,
    ports,
    switch,
    text,
)
from polled import answered, asked

from edunet.errors import ProbeError
from edunet.frame import Reason
from lab import ber

DEADLINE_S = 5.0  # two tries of 1 and 2 s, a small question of 1 s, and some leisure


async def test_an_honest_switch_is_read_in_full() -> None:
    async with liar() as agent:
        _, answer, rows = await asked(agent)

    assert {f"GE0/0/{n}" for n in range(1, 8)} == rows.keys()
    assert {
        "in_octets": 3_000_001,
        "out_octets": 3_000_002,
        "in_errors": 3_000_003,
        "out_errors": 3_000_004,
        "in_discards": 3_000_005,
        "out_discards": 3_000_006,
        "oper": 1,
        "admin": 1,
        "speed": 1e9,
        "bits": 64,
        "discontinuity": 0,
    } == rows["GE0/0/3"]
    assert 1 == answered(answer)
    assert answer.trouble is None
    assert 100_000 == int(answer.frames[1].uptime[0])


def garbage(agent: Liar, question: ber.Request) -> bytes:
    return b"\xff" * 40


def truncated(agent: Liar, question: ber.Request) -> bytes:
    return agent.truth(question)[:-3]


def other_request_id(agent: Liar, question: ber.Request) -> bytes:
    return agent.truth(question._replace(id=b"\x01\x02\x03\x04"))


def other_community(agent: Liar, question: ber.Request) -> bytes:
    return agent.truth(question._replace(community=b"public"))


def silent(agent: Liar, question: ber.Request) -> None:
    return None


def huge(agent: Liar, question: ber.Request) -> bytes:
    return ber.response(question, binds([((*DESCR, 1), text("x" * 60_000))]))


def endless_tag(agent: Liar, question: ber.Request) -> bytes:
    return b"\x9f\xff"  # a tag that goes on behind the end of the datagram


def gen_err(agent: Liar, question: ber.Request) -> bytes:
    return ber.response(question, b"", error=GEN_ERR)


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        pytest.param(silent, "no answer within 2 s", id="silent"),
        pytest.param(garbage, "unreadable answer", id="garbage"),
        pytest.param(truncated, "unreadable answer", id="truncated"),
        pytest.param(other_request_id, "no answer within 2 s", id="wrong request id"),
        pytest.param(other_community, "no answer within 2 s", id="another community"),
        pytest.param(huge, "unreadable answer", id="sixty kilobytes"),
        pytest.param(gen_err, "the agent answered with an error", id="genErr"),
    ],
)
async def test_a_lying_agent_becomes_trouble_within_the_deadline(lie: Any, why: str) -> None:
    async with liar(lie=lie) as agent:
        started = time.monotonic()
        _, answer, rows = await asked(agent)
        took = time.monotonic() - started

        assert {} == rows
        assert 0 == answered(answer)
        device = agent.device
        assert answer.trouble is not None
        assert answer.trouble.startswith(f"{device.id} (127.88.0.1:{device.port}): {why}")
        assert "sesame" not in answer.trouble
        assert took < DEADLINE_S
        with pytest.raises(ProbeError, match=why.removesuffix(" within 2 s")):
            await transport().discover(device)


async def test_foreign_datagrams_dripping_in_do_not_keep_a_question_alive() -> None:
    async def drip(agent: Liar, packet: bytes) -> None:
        while True:
            agent.send(packet)
            await asyncio.sleep(0.02)

    dripping: set[asyncio.Task[None]] = set()

    def lie(agent: Liar, question: ber.Request) -> None:
        dripping.add(asyncio.create_task(drip(agent, other_request_id(agent, question))))

    async with liar(lie=lie) as agent:
        started = time.monotonic()
        try:
            _, answer, _ = await asked(agent)
        finally:
            for task in dripping:
                task.cancel()
        took = time.monotonic() - started

    assert answer.trouble is not None
    assert answer.trouble.endswith("no answer within 2 s")
    assert took < DEADLINE_S


async def test_whatever_bytes_come_the_answer_is_trouble_or_numbers_and_never_a_crash() -> None:
    dice = random.Random(20)  # noqa: S311 (noise, not secrets)

    def noise(agent: Liar, question: ber.Request) -> bytes:
        rows = []
        for name in question.names:
            tag = dice.choice([1, 2, 4, 5, 6, 9, 0x40, 0x41, 0x42, 0x43, 0x44, 0x46, 0x47, 0x80])
            value = ber.element(tag, dice.randbytes(dice.choice([0, 1, 2, 4, 5, 8, 9, 12, 40])))
            said = name if dice.random() < 0.8 else dice.randbytes(dice.randrange(20))
            rows.append(ber.element(ber.SEQUENCE, ber.element(ber.OID, said) + value))
        packet = bytearray(ber.response(question, b"".join(rows)))
        for _ in range(dice.randrange(3)):
            packet[dice.randrange(len(packet))] = dice.randrange(256)
        return bytes(packet)

    async with liar(lie=noise) as agent:
        for _ in range(15):
            line, _, rows = await asked(agent, transport())
            for row in rows.values():
                for column, value in row.items():
                    assert isinstance(value, (int, float)), column
                    assert isinstance(value, Reason) or value >= -1
            await line.transport.close()
            with contextlib.suppress(ProbeError):  # noise may by chance be facts
                await line.discover()


async def test_a_tag_that_goes_on_behind_the_datagram_is_trouble_like_any_other() -> None:
    async with liar(lie=endless_tag) as agent:
        _, answer, rows = await asked(agent, transport())

    assert ({}, 0) == (rows, answered(answer))
    assert answer.trouble is not None
    assert "unreadable answer (a length that cannot be)" in answer.trouble


async def test_where_large_replies_are_lost_on_the_way_small_ones_bring_all_rows() -> None:
    def narrow(agent: Liar, question: ber.Request) -> bytes | None:
        said = agent.truth(question)
        return said if len(said) < 700 else None

    async with liar(switch(ports(9)), narrow) as agent:
        _, answer, rows = await asked(agent)

    assert {f"GE0/0/{n}" for n in range(1, 10)} == rows.keys()
    assert [n * 1_000_000 + 1 for n in range(1, 10)] == [
        rows[f"GE0/0/{n}"]["in_octets"] for n in range(1, 10)
    ]
    assert answer.trouble is None


async def test_of_a_row_the_agent_cannot_read_that_row_alone_is_lost() -> None:
    def lie(agent: Liar, question: ber.Request) -> bytes:
        broken = asks_for(question, NAME, 2)
        return gen_err(agent, question) if broken else agent.truth(question)

    async with liar(lie=lie) as agent:
        _, answer, rows = await asked(agent)

    assert {f"GE0/0/{n}" for n in (1, 3, 4, 5, 6, 7)} == rows.keys()
    assert 1 == answered(answer)
    assert answer.trouble is not None
    assert answer.trouble.endswith("GE0/0/2: the agent answered with an error (genErr)")


async def test_an_agent_too_weak_for_five_rows_at_once_is_asked_less() -> None:
    def lie(agent: Liar, question: ber.Request) -> bytes:
        if len(question.names) > 24:
            return ber.response(question, b"", error=ber.TOO_BIG)
        return agent.truth(question)

    async with liar(lie=lie) as agent:
        _, answer, rows = await asked(agent)

    assert 7 == len(rows)
    assert answer.trouble is None


async def test_when_some_rows_time_out_the_others_are_kept_and_the_trouble_is_named() -> None:
    def lie(agent: Liar, question: ber.Request) -> bytes | None:
        return None if asks_for(question, NAME, 7) else agent.truth(question)

    async with liar(switch(ports(12)), lie) as agent:
        _, answer, rows = await asked(agent)

    # Four rows a question: 1-4, 5-8 (lost), 9-12.
    assert {f"GE0/0/{n}" for n in (1, 2, 3, 4, 9, 10, 11, 12)} == rows.keys()
    assert 1 == answered(answer)
    assert answer.trouble is not None
    assert answer.trouble.endswith("no answer within 2 s")


async def test_a_device_that_goes_silent_halfway_is_not_asked_for_every_row() -> None:
    def lie(agent: Liar, question: ber.Request) -> bytes | None:
        return agent.truth(question) if asks_for(question, NAME, 1) else None

    async with liar(switch(ports(200)), lie) as agent:
        started = time.monotonic()
        _, answer, rows = await asked(agent)
        took = time.monotonic() - started

        assert 4 == len(rows)
        assert 1 + 2 * 2 == len(agent.questions)  # the first, and two rows of two tries
    assert answer.trouble is not None
    assert took < 8


async def test_the_secret_stands_in_no_repr_of_what_can_be_printed() -> None:
    async with liar(lie=garbage) as agent:
        made = transport()
        with pytest.raises(ProbeError) as error:
            await made.discover(agent.device)

    assert "sesame" not in repr(made) + str(error.value) + repr(error.value)
