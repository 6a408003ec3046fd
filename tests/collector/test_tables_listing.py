"""Which rows a table has: listed whatever the agent can, in circles never, each with its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pytest
from batched import ACCESS
from liar import GEN_ERR, Liar, binds, liar, ports, switch
from polled import snmp, spoken
from tables import LOAD, PHYSICAL_NAME, called, optics, processors, told

from collector.transports import Ask
from edunet.catalog import Catalog
from edunet.errors import ConfigError, ProbeError
from edunet.secrets import Access
from lab import ber

MODULES = {7: ("GigabitEthernet0/0/1", -534, -178), 8: ("GigabitEthernet0/0/2", -1, -1)}


def no_bulk(agent: Liar, asked: ber.Request) -> bytes | None:
    return None if asked.kind == ber.GETBULK else agent.truth(asked)


def refusing(agent: Liar, asked: ber.Request) -> bytes:
    bulk = asked.kind == ber.GETBULK
    return ber.response(asked, b"", error=GEN_ERR) if bulk else agent.truth(asked)


@pytest.mark.parametrize(
    ("lie", "count"),
    [
        pytest.param(no_bulk, 30, id="never answers a GETBULK"),
        pytest.param(refusing, 30, id="refuses a GETBULK"),
    ],
)
async def test_rows_are_listed_more_modestly(lie: Callable[..., bytes], count: int) -> None:
    async with liar(processors(*range(count)), lie) as agent:
        rows = await snmp().rows_of(agent.device, "hr_processor", int)

    assert list(range(196_608, 196_608 + count)) == [row.slot for row in rows]


async def test_version_1_lists_and_reads_the_same() -> None:
    new, old = snmp(), spoken(Access("1", ACCESS.community))
    async with liar(optics(MODULES), ending) as agent:
        slot = partial(Catalog().slot, "optics", agent.device.id)
        rows = await old.rows_of(agent.device, "huawei_optics", slot)
        assert rows == await new.rows_of(agent.device, "huawei_optics", slot)
        ask = Ask(agent.device, 0, rows, table="huawei_optics")
        before, after = [[a async for a in each.poll([ask])] for each in (old, new)]

    assert told(after, "optics") == told(before, "optics")
    assert 2 == len(told(before, "optics"))


def ending(agent: Liar, asked: ber.Request) -> bytes:
    """As RFC 1157 has it: noSuchName names the first object that is not there."""
    if asked.version == ber.V2C:
        return agent.truth(asked)
    have = sorted(agent.objects)
    for place, name in enumerate(asked.names, 1):
        oid = ber.subids(name)
        if oid not in agent.objects if asked.kind == ber.GET else oid >= have[-1]:
            return ber.response(asked, b"", error=2, index=place)
    return agent.truth(asked)


async def test_an_agent_in_circles_ends() -> None:
    asked = 0

    def lie(agent: Liar, question: ber.Request) -> bytes:
        nonlocal asked
        asked += 1
        return ber.response(question, binds([((*LOAD, 7), ber.integer(1))]))

    async with liar(processors(1), lie) as agent:
        rows = await snmp().rows_of(agent.device, "hr_processor", lambda _: 0)

    assert [(7,)] == [row.numbers for row in rows]
    assert 2 == asked


NAMES: Sequence[tuple[list[str], list[str]]] = [
    (["a", "b"], ["a", "b"]),
    (["a", "a"], ["1", "2"]),
    (["", "b"], ["1", "b"]),
    (["2", ""], ["2", "2 (2)"]),
    (["2 (2)", "", "2"], ["2 (2)", "2", "3 (2)"]),
]


@pytest.mark.parametrize(("said", "expected"), NAMES, ids=str)
async def test_no_two_rows_share_a_series(said: list[str], expected: list[str]) -> None:
    modules = {n: (name, -100, -100) for n, name in enumerate(said, 1)}
    async with liar(optics(modules)) as agent:
        rows = await snmp().rows_of(agent.device, "huawei_optics", lambda _: 0)

    assert len(set(called(rows))) == len(rows)
    assert said == [row.said for row in rows]
    assert expected == called(rows)


async def test_an_agent_without_the_table_has_no_rows() -> None:
    async with liar(switch(ports(3))) as agent:
        assert () == await snmp().rows_of(agent.device, "huawei_optics", lambda _: 0)


async def test_a_name_that_is_no_text_is_none() -> None:
    objects = optics(MODULES)
    objects[*PHYSICAL_NAME, 7] = ber.integer(7)
    async with liar(objects) as agent:
        rows = await snmp().rows_of(agent.device, "huawei_optics", lambda _: 0)

    assert ("", "7") == (rows[0].said, rows[0].name)


async def test_what_is_silent_or_not_written_is_said() -> None:
    async with liar(lie=lambda *_: None) as agent:
        with pytest.raises(ProbeError, match=f"^{agent.device.id} .*: hr_processor: no answer"):
            await snmp().rows_of(agent.device, "hr_processor", lambda _: 0)
        with pytest.raises(ConfigError, match=r"no table 'fans'; choose one of .*hr_processor"):
            await snmp().rows_of(agent.device, "fans", lambda _: 0)
