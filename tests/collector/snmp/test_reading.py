"""Weak, half silent and lying agents: what came is kept in its own row; the rest is named."""

from __future__ import annotations

import pytest
from hasty import transport
from liar import (
    DISCARDS,
    ERRORS,
    GEN_ERR,
    IF,
    IFX,
    NAME,
    UPTIME,
    Liar,
    Lie,
    Objects,
    asks_for,
    binds,
    liar,
)
from polled import answered, table
from telling import Rows, city_switch, good, listed, truth

from collector.transports import Answer, Ask
from edunet.errors import ProbeError
from lab import ber

OF_IF_TABLE = {"oper", "admin", *ERRORS, *DISCARDS}
EMPTY = ber.NO_SUCH_INSTANCE


async def polled(objects: Objects, lie: Lie) -> tuple[Answer, Rows, Liar]:
    async with liar(objects) as agent:
        line = await listed(agent)
        agent.lie = lie
        answer = await line.poll()
        return answer, table(answer, line.catalog), agent


def silent_to(entry: tuple[int, ...]) -> Lie:
    def lie(agent: Liar, asked: ber.Request) -> bytes | None:
        return None if asks_for(asked, entry) else agent.truth(asked)

    return lie


async def test_a_table_that_is_silent_is_named_and_the_rows_of_the_other_are_kept() -> None:
    objects = city_switch(9)

    answer, rows, agent = await polled(objects, silent_to(IFX))

    assert answer.trouble is not None
    assert "ifXTable of GE0/0/1 to GE0/0/" in answer.trouble
    assert 1 == answered(answer)
    assert truth(objects).keys() == rows.keys()
    for name, row in rows.items():
        expected = {c: v for c, v in truth(objects)[name].items() if c in OF_IF_TABLE}
        assert expected == good(row)
    lost = [asked for asked in agent.questions if asks_for(asked, IFX)]
    assert 3 * 2 == len(lost), "the first question, and two of the table apart"


async def test_where_ports_are_known_by_the_silent_table_the_rows_are_asked_by_another_name() -> (
    None
):
    objects = city_switch(5)

    answer, rows, _ = await polled(objects, silent_to(IF))

    assert answer.trouble is not None
    assert "ifTable of GE0/0/1 to GE0/0/" in answer.trouble
    assert {"in_octets", "out_octets", "speed"} == good(rows["GE0/0/5"]).keys()
    assert good(rows["GE0/0/5"]).items() <= truth(objects)["GE0/0/5"].items()


async def test_an_agent_of_which_nothing_but_the_uptime_comes_has_answered() -> None:
    def lie(agent: Liar, asked: ber.Request) -> bytes | None:
        alone = [ber.subids(name) for name in asked.names] == [UPTIME]
        return agent.truth(asked) if alone else None

    answer, rows, agent = await polled(city_switch(60), lie)

    assert {} == rows
    assert 1 == answered(answer)
    assert 100_000 == int(answer.frames[0].uptime[0])
    assert answer.trouble is not None
    assert "ifTable of GE0/0/1 to GE0/0/" in answer.trouble
    assert not answer.stale
    assert len(agent.questions) <= 2 + 1 + 2 * 2 * 2


async def test_a_path_too_narrow_for_large_replies_is_found_out_once() -> None:
    objects = city_switch(12)

    def lie(agent: Liar, asked: ber.Request) -> bytes | None:
        said = agent.truth(asked)
        return said if len(said) <= 700 else None

    async with liar(objects) as agent:
        line = await listed(agent)
        agent.lie = lie
        first = await line.poll()
        asked = len(agent.questions)
        second = await line.poll()

        for answer in (first, second):
            rows = table(answer, line.catalog)
            assert truth(objects) == {name: good(row) for name, row in rows.items()}
            assert answer.trouble is None
        assert asked - 3 == len(agent.questions) - asked, "two tries and a small one are saved"


@pytest.mark.parametrize("error", [GEN_ERR, ber.TOO_BIG, ber.NO_SUCH_NAME, 16, 77])
@pytest.mark.parametrize("place", [0, 1, 200])
@pytest.mark.parametrize("version", ["1", "2c"])
async def test_an_agent_that_refuses_everything_is_not_asked_row_by_row(
    error: int, place: int, version: str
) -> None:
    """Neither when it names the first object each time, as it may in version 1."""

    def lie(agent: Liar, asked: ber.Request) -> bytes:
        return ber.response(asked, ber.asked_again(asked), error, place)

    async with liar(city_switch(200)) as agent:
        line = await listed(agent)
        agent.lie = lie
        line.transport = transport(version)
        answer = await line.poll()
        rows, count = table(answer, line.catalog), len(agent.questions)

    assert {} == rows
    named = place == 1 and error in {GEN_ERR, ber.NO_SUCH_NAME}
    one_by_one = named and (version, error) == ("1", ber.NO_SUCH_NAME)
    assert count <= 17 * (48 if one_by_one else 5 if named else 1)
    assert (1 if one_by_one else 0) == answered(answer)
    assert answer.trouble is not None
    assert answer.trouble.endswith("it refuses whatever is asked") == one_by_one


async def test_a_doubtful_device_costs_one_datagram_when_it_is_dead() -> None:
    async with liar(city_switch(60)) as agent:
        line = await listed(agent)
        agent.lie = lambda *_: None
        ask = Ask(agent.device, 0, line.facts.ports, doubtful=True)
        (answer,) = [answer async for answer in line.transport.poll([ask])]

        assert 0 == answered(answer)
        assert answer.trouble is not None
        assert "no answer within" in answer.trouble
        assert 1 == len(agent.questions)
        assert 1 == len(agent.questions[0].names)


async def test_a_doubtful_device_that_is_back_is_read_whole() -> None:
    objects = city_switch(30)
    async with liar(objects) as agent:
        line = await listed(agent)
        ask = Ask(agent.device, 0, line.facts.ports, doubtful=True)
        (answer,) = [answer async for answer in line.transport.poll([ask])]

        rows = table(answer, line.catalog)
        assert truth(objects) == {name: good(row) for name, row in rows.items()}
        assert 1 + -(-30 // 4) == len(agent.questions)


async def test_one_broken_object_of_one_row_costs_that_object_alone() -> None:
    """An agent that names it by error-index, as RFC 3416 has it."""
    objects = city_switch(9)

    def lie(agent: Liar, asked: ber.Request) -> bytes:
        for place, name in enumerate(asked.names, 1):
            if ber.subids(name) == (*ERRORS["in_errors"], 6):
                return ber.response(asked, ber.asked_again(asked), GEN_ERR, place)
        return agent.truth(asked)

    answer, rows, agent = await polled(objects, lie)

    expected = truth(objects)
    del expected["GE0/0/6"]["in_errors"]
    assert expected == {name: good(row) for name, row in rows.items()}
    assert answer.trouble is None
    assert 3 + 1 == len(agent.questions)


async def test_a_row_without_any_of_its_names_is_nobodys() -> None:
    def lie(agent: Liar, asked: ber.Request) -> bytes:
        names = [ber.subids(name) for name in asked.names]
        rows = [(n, EMPTY if n[:-1] == NAME else agent.objects.get(n, EMPTY)) for n in names]
        return ber.response(asked, binds(rows))

    answer, rows, _ = await polled(city_switch(5), lie)

    assert {} == rows
    assert answer.stale
    assert 1 == answered(answer)


async def test_an_agent_that_names_other_objects_than_were_asked_is_unreadable() -> None:
    def lie(agent: Liar, asked: ber.Request) -> bytes:
        return ber.response(asked, binds([((1, 3, 9, n), b"\5\0") for n in range(60)]))

    async with liar(city_switch(5)) as agent:
        line = await listed(agent)
        agent.lie = lie
        answer = await line.poll()
        assert 0 == answered(answer)
        assert answer.trouble is not None
        assert answer.trouble.endswith("unreadable answer (other objects than were asked)")
        with pytest.raises(ProbeError, match="other objects than were asked"):
            await line.discover()
