"""Agents that cannot be walked one way are walked another; what a row lacks is not asked of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from itertools import pairwise
from typing import Any

import pytest
from hasty import TABLE, Hasty
from liar import (
    ADMIN,
    ALIAS,
    DESCR,
    DISCONTINUITY,
    ERRORS,
    IF,
    IFX,
    IN_OCTETS,
    NAME,
    OPER,
    OUT_OCTETS,
    SPEED,
    SYSTEM,
    Liar,
    Lie,
    Objects,
    Row,
    binds,
    liar,
    ports,
    switch,
    text,
)

from collector.snmp.listing import Lister
from collector.snmp.wire import NobodyThereError
from collector.transports import Found, Listed, UnlistedError
from edunet.errors import ProbeError
from lab import ber
from lab.ber import GETBULK, GETNEXT

NARROW_IN, NARROW_OUT, NARROW_SPEED = (*IF, 10), (*IF, 16), (*IF, 5)
SILENT: None = None


@pytest.fixture
async def client() -> AsyncIterator[Hasty]:
    made = Hasty()
    yield made
    made.close()


async def found(client: Hasty, agent: Liar) -> Found:
    return await Lister(client, TABLE).found(agent.device)


async def listed(client: Hasty, objects: Objects) -> dict[int, Listed]:
    async with liar(objects) as agent:
        return {row.ifindex: row for row in (await found(client, agent)).interfaces}


def sparse() -> Objects:
    """Rows that have holes: nobody lacks the same."""
    objects = switch([Row(n, f"p{n}", f"port {n}", f"alias {n}") for n in (1, 2, 7, 300, 2**31)])
    columns = (NAME, DESCR, ALIAS, IN_OCTETS, OPER, SPEED, ERRORS["in_errors"])
    for column, row in zip(columns, (1, 2, 7, 300, 2**31, 1, 2), strict=True):
        del objects[*column, row]
    return objects


def refuses(kinds: set[int], most: int, error: int) -> Lie:
    """Says so to such questions of more names than it can; None: says nothing."""

    def lie(agent: Liar, asked: ber.Request) -> bytes | None:
        if asked.kind in kinds and len(asked.names) > most:
            return ber.response(asked, b"", error) if error else None
        return agent.truth(asked)

    return lie


def shortened(most: int) -> Lie:
    """Ends its answers after so many values, whatever was asked."""

    def lie(agent: Liar, asked: ber.Request) -> bytes:
        if asked.kind == ber.GET:
            return agent.truth(asked)
        objects = sorted(agent.objects)
        repeat = asked.max_repetitions if asked.kind == GETBULK else 1
        names = [ber.subids(name) for name in asked.names]
        said = []
        for _ in range(repeat):
            for place, name in enumerate(names):
                after = next((oid for oid in objects if oid > name), None)
                said.append((after, agent.objects[after]) if after else (name, b"\x82\x00"))
                names[place] = after or name
        return ber.response(asked, binds(said[:most]))

    return lie


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param(refuses({GETBULK}, 0, 5), id="no getbulk: genErr"),
        pytest.param(refuses({GETBULK}, 0, 1), id="no getbulk: tooBig"),
        pytest.param(refuses({GETBULK}, 0, 0), id="no getbulk: silent"),
        pytest.param(refuses({GETBULK, GETNEXT}, 1, 1), id="one name at once: tooBig"),
        pytest.param(refuses({GETBULK, GETNEXT}, 3, 5), id="three names at once: genErr"),
        pytest.param(shortened(1), id="one value an answer"),
        pytest.param(shortened(7), id="seven values an answer"),
    ],
)
async def test_an_agent_of_any_weakness_lists_the_same(client: Hasty, lie: Any) -> None:
    async with liar(sparse()) as agent:
        expected = await found(client, agent)
        agent.lie = lie
        weakly = await found(client, agent)

    assert 5 == len(expected.interfaces)
    assert expected == weakly


async def test_an_agent_silent_to_getbulk_and_overcharged_by_many_names_lists_the_same(
    client: Hasty,
) -> None:
    overcharged = refuses({GETNEXT}, 1, 1)

    def lie(agent: Liar, asked: ber.Request) -> bytes | Iterable[bytes] | None:
        return SILENT if asked.kind == GETBULK else overcharged(agent, asked)

    async with liar(sparse()) as agent:
        expected = await found(client, agent)
        agent.lie = lie
        assert expected == await found(client, agent)


async def test_how_modestly_an_agent_must_be_walked_is_remembered(client: Hasty) -> None:
    lister = Lister(client, TABLE)
    async with liar(sparse(), refuses({GETBULK}, 0, 5)) as agent:
        await lister.found(agent.device)
        first = [asked.kind for asked in agent.questions]
        agent.questions.clear()
        await lister.found(agent.device)

        assert 1 == first.count(GETBULK)
        assert GETBULK not in {asked.kind for asked in agent.questions}


async def test_an_agent_whose_getbulk_was_only_lost_is_tried_again_when_it_is_listed_anew(
    client: Hasty,
) -> None:
    lister = Lister(client, TABLE)
    async with liar(sparse(), lambda a, q: SILENT if q.kind == GETBULK else a.truth(q)) as agent:
        await lister.found(agent.device)
        assert lister.modest(agent.device)
        agent.lie = None
        agent.questions.clear()

        await lister.found(agent.device)

        assert {ber.GET, GETBULK} == {asked.kind for asked in agent.questions}
        assert not lister.modest(agent.device)


async def test_version_1_is_never_asked_by_getbulk() -> None:
    def lie(agent: Liar, asked: ber.Request) -> bytes:
        for place, name in enumerate(asked.names, 1):
            oid = ber.subids(name)
            behind = max(agent.objects) <= oid if asked.kind == GETNEXT else False
            if behind or (asked.kind == ber.GET and oid not in agent.objects):
                return ber.response(asked, ber.asked_again(asked), 2, place)
        return agent.truth(asked)

    old, new = Hasty("1"), Hasty()
    async with liar(sparse()) as agent:
        expected = await found(new, agent)
        agent.lie = lie
        agent.questions.clear()
        assert expected == await found(old, agent)
        assert {ber.GET, GETNEXT} == {asked.kind for asked in agent.questions}
    old.close()
    new.close()


async def test_a_device_that_dies_during_the_walk_is_not_walked_modestly_for_ever(
    client: Hasty,
) -> None:
    lister = Lister(client, TABLE)

    def dies(agent: Liar, asked: ber.Request) -> bytes | None:
        if asked.kind == ber.GET:
            return agent.truth(asked)
        agent.close()
        return SILENT

    async with liar(sparse(), dies) as agent:
        with pytest.raises(ProbeError):
            await lister.found(agent.device)
        assert {} == lister._modesty
        device = agent.device
    with pytest.raises(NobodyThereError, match="nobody listens there"):
        await lister.found(device)


async def test_a_table_that_is_silent_is_named_and_the_others_are_kept(client: Hasty) -> None:
    def lie(agent: Liar, asked: ber.Request) -> bytes | None:
        silent = any(ber.subids(name)[:9] == IFX[:9] for name in asked.names[:1])
        return SILENT if silent and asked.kind != ber.GET else agent.truth(asked)

    async with liar(sparse(), lie) as agent:
        said = await found(client, agent)

    descrs = [row.descr for row in said.interfaces]
    assert ["port 1", "port 7", "port 300", "port 2147483648"] == descrs
    assert {""} == {row.name for row in said.interfaces}
    assert all("ifHCInOctets" in row.skip for row in said.interfaces)
    assert ("ifXTable: no answer within 0.0666667 s",) == said.silent
    assert ("dot3StatsTable",) == said.lacks


async def test_an_agent_none_of_whose_tables_answers_is_unlisted(client: Hasty) -> None:
    def lie(agent: Liar, asked: ber.Request) -> bytes | None:
        return agent.truth(asked) if asked.kind == ber.GET else SILENT

    async with liar(sparse(), lie) as agent:
        with pytest.raises(UnlistedError, match=r"walk of ifTable: no answer.*; ifXTable: no"):
            await found(client, agent)
        assert len(agent.questions) <= 1 + 3 * 4


async def test_what_a_row_has_not_or_has_better_is_not_asked_of_it(client: Hasty) -> None:
    objects = switch(ports(4))
    for row in range(1, 5):
        objects[*NARROW_IN, row] = ber.number(ber.COUNTER32, 200_000 * row)
        objects[*NARROW_OUT, row] = ber.number(ber.COUNTER32, 200_000 * row)
        objects[*NARROW_SPEED, row] = ber.number(ber.GAUGE32, 10**9)
        objects[*DISCONTINUITY, row] = ber.number(ber.TIMETICKS, 0)
    del objects[*OUT_OCTETS, 2]
    del objects[*ADMIN, 2]
    objects[*IN_OCTETS, 3] = objects[*OUT_OCTETS, 3] = ber.number(ber.COUNTER64, 0)
    objects[*SPEED, 3] = ber.number(ber.GAUGE32, 0)
    del objects[*NARROW_OUT, 4]
    del objects[*OUT_OCTETS, 4]

    rows = await listed(client, objects)

    narrow, wide = {"ifInOctets", "ifOutOctets"}, {"ifHCInOctets", "ifHCOutOctets"}
    duplex = {"dot3StatsDuplexStatus"}
    assert narrow | duplex | {"ifSpeed"} == rows[1].skip
    assert wide | duplex | {"ifSpeed", "ifAdminStatus"} == rows[2].skip, "one is missing: both"
    assert wide | duplex == rows[3].skip, "never wired up; and no speed in Mbit/s"
    assert {"ifInOctets", "ifOutOctets", "ifHCOutOctets", "ifSpeed"} | duplex == rows[4].skip


async def test_wide_counters_at_zero_beside_quiet_narrow_ones_are_believed(client: Hasty) -> None:
    objects = switch(ports(1))
    objects[*IN_OCTETS, 1] = objects[*OUT_OCTETS, 1] = ber.number(ber.COUNTER64, 0)
    objects[*NARROW_IN, 1] = objects[*NARROW_OUT, 1] = ber.number(ber.COUNTER32, 99_999)

    rows = await listed(client, objects)

    assert {"ifInOctets", "ifOutOctets"} <= rows[1].skip


async def test_rows_come_in_the_order_of_their_numbers_and_no_more_than_there_is_room_for(
    client: Hasty,
) -> None:
    rows = list(await listed(client, switch([Row(n, f"p{n}") for n in (2**31, 9, 200, 1)])))

    assert all(before < after for before, after in pairwise(rows))
    assert [1, 9, 200, 2**31] == rows


async def test_a_system_group_of_lies_is_empty_words(client: Hasty) -> None:
    objects = switch(ports(1))
    objects[*SYSTEM, 1, 0] = ber.number(ber.INTEGER, 7)
    objects[*SYSTEM, 2, 0] = text("1.3.6.1.4.1.2011")
    objects[*SYSTEM, 3, 0] = text("for ever")
    objects[*SYSTEM, 5, 0] = ber.element(ber.OCTETS, b"\xb3\xc7\xb6\xab\x00")
    async with liar(objects) as agent:
        said = await found(client, agent)

    assert ("", "", 0, "城东") == (said.descr, said.object_id, said.uptime, said.name)
    assert not said.engine
    assert said.changed is None
