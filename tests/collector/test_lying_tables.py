"""Tables that are broken, in circles or renumbered: no value lands where it does not belong."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import pytest
from hasty import transport
from liar import (
    DESCR,
    IN_OCTETS,
    NAME,
    OPER,
    OUT_OCTETS,
    SPEED,
    UPTIME,
    Liar,
    Objects,
    Row,
    binds,
    liar,
    ports,
    switch,
    text,
)
from polled import Line, asked, snmp, table

from collector.transports import UnlistedError
from edunet.frame import Reason
from lab import ber


async def test_what_the_agent_lacks_is_missing_and_the_rest_is_kept() -> None:
    objects = switch(ports(3))
    for oid in ((*IN_OCTETS, 2), (*SPEED, 2), (*OPER, 2)):
        del objects[oid]
    async with liar(objects) as agent:
        _, answer, rows = await asked(agent)

    missing = {name for name, value in rows["GE0/0/2"].items() if value is Reason.MISSING}
    assert {"in_octets", "speed", "oper"} == missing
    assert 2_000_002 == rows["GE0/0/2"]["out_octets"]
    assert 1_000_001 == rows["GE0/0/1"]["in_octets"]
    assert answer.trouble is None


@pytest.mark.parametrize(
    ("oid", "column", "value"),
    [
        pytest.param(IN_OCTETS, "in_octets", text("12345"), id="text for a counter"),
        pytest.param(IN_OCTETS, "in_octets", b"\x01\x01\xff", id="a boolean for a counter"),
        pytest.param(IN_OCTETS, "in_octets", b"\x02\x01\xff", id="a counter below zero"),
        pytest.param(OUT_OCTETS, "out_octets", b"\x06\x02\x2a\x03", id="an OID for a counter"),
        pytest.param(OUT_OCTETS, "out_octets", b"\x40\x04\x7f\0\0\1", id="an address"),
        pytest.param(OPER, "oper", ber.number(ber.INTEGER, 0), id="a state there is not"),
        pytest.param(OPER, "oper", ber.number(ber.INTEGER, 99), id="a state beyond all"),
        pytest.param(SPEED, "speed", text("fast"), id="text for a speed"),
    ],
)
async def test_a_value_of_the_wrong_kind_is_malformed_and_never_a_number(
    oid: tuple[int, ...], column: str, value: bytes
) -> None:
    objects = switch(ports(2))
    objects[*oid, 1] = value
    async with liar(objects) as agent:
        _, _, rows = await asked(agent)

    assert Reason.MALFORMED is rows["GE0/0/1"][column]
    assert [column] == [c for c, v in rows["GE0/0/1"].items() if isinstance(v, Reason)]
    assert not any(isinstance(v, Reason) for v in rows["GE0/0/2"].values())


async def test_names_in_gbk_and_control_characters_become_readable_text() -> None:
    rows = [
        Row(1, "GE0/0/1", alias="城东实验小学".encode("gbk")),
        Row(2, "GE0/0/2", alias="城东实验小学"),
        Row(3, "GE0/0/3", alias=b"a\x1b[31mb\x00\r\nc\xe2\x80\xae"),
        Row(4, "GE0/0/4", alias=b"\xff\xfe\x80"),
        Row(5, "GE0/0/5", alias="长" * 300),
    ]
    async with liar(switch(rows)) as agent:
        line = Line(agent.device, snmp())
        facts = await line.discover()

    aliases = {port.ifindex: port.alias for port in facts.ports}
    assert "城东实验小学" == aliases[1] == aliases[2]
    assert "a [31mb   c" == aliases[3]
    assert all(alias.isprintable() and len(alias) <= 255 for alias in aliases.values())


def circles(objects: Objects) -> Any:
    """GETNEXT and GETBULK that never get past the first row."""

    def lie(agent: Liar, question: ber.Request) -> bytes:
        if question.kind == ber.GET:
            return agent.truth(question)
        column = ber.subids(question.names[0])[: len(NAME)]
        return ber.response(question, binds([((*column, 1), objects.get((*column, 1), text("")))]))

    return lie


def backwards(agent: Liar, question: ber.Request) -> bytes:
    """Every answer begins again before the question."""
    if question.kind == ber.GET:
        return agent.truth(question)
    column = ber.subids(question.names[0])[:11]
    return ber.response(question, binds([((*column, n), text("x")) for n in (5, 4, 3, 5)]))


def endless(agent: Liar, question: ber.Request) -> bytes:
    """A table without end: each question finds twenty more rows."""
    if question.kind == ber.GET:
        return agent.truth(question)
    asked = ber.subids(question.names[0])
    column = asked[:10] if asked[:9] == DESCR[:9] else asked[:11]
    first = asked[-1] + 1 if len(asked) > len(column) else 1
    return ber.response(
        question, binds([((*column, n), text(f"p{n}")) for n in range(first, first + 20)])
    )


async def test_a_walk_in_circles_ends() -> None:
    objects = switch(ports(3))
    for lie in (circles(objects), backwards):
        async with liar(objects, lie) as agent:
            started = time.monotonic()
            try:
                found = await snmp().discover(agent.device)
            except UnlistedError:
                pass
            else:
                assert len(found.interfaces) <= 3
            assert time.monotonic() - started < 15
            assert len(agent.questions) < 30


async def test_a_table_without_end_is_cut_off() -> None:
    async with liar(lie=endless) as agent:
        try:
            found = await snmp().discover(agent.device)
        except UnlistedError as error:
            assert "not done within" in str(error)  # noqa: PT017 (a slow machine)
        else:
            assert 4096 == len(found.interfaces)


async def test_an_agent_that_answers_but_lists_nothing_is_told_from_a_silent_one() -> None:
    def lie(agent: Liar, question: ber.Request) -> bytes | None:
        return agent.truth(question) if question.kind == ber.GET else None

    async with liar(lie=lie) as agent:
        with pytest.raises(UnlistedError, match=r"walk of ifTable: no answer within .* s"):
            await transport().discover(agent.device)


async def test_a_lost_datagram_costs_a_walk_nothing_but_a_second() -> None:
    lost = iter([True])

    def lie(agent: Liar, question: ber.Request) -> bytes | None:
        return None if question.kind != ber.GET and next(lost, False) else agent.truth(question)

    async with liar(lie=lie) as agent:
        found = await snmp().discover(agent.device)

    assert 7 == len(found.interfaces)


async def test_after_a_renumbering_no_value_lands_in_a_foreign_row() -> None:
    async with liar(switch(ports(6))) as agent:
        line = Line(agent.device, snmp())
        await line.discover()
        # 1 and 2 have changed places, 3 is gone, 4 stayed.
        agent.objects = switch(
            [Row(1, "GE0/0/2"), Row(2, "GE0/0/1"), *(Row(n, f"GE0/0/{n}") for n in (4, 5, 6))]
        )
        answer = await line.poll()
        rows = table(answer, line.catalog)
        await line.discover()
        again = table(await line.poll(), line.catalog)

    assert answer.stale
    assert {"GE0/0/4", "GE0/0/5", "GE0/0/6"} == rows.keys()
    assert 4_000_001 == rows["GE0/0/4"]["in_octets"]
    assert 2_000_001 == again["GE0/0/1"]["in_octets"]
    assert 1_000_001 == again["GE0/0/2"]["in_octets"]
    assert "GE0/0/3" not in again


async def test_ports_known_by_their_description_are_checked_by_it() -> None:
    rows = [Row(1, "", "Port 1"), Row(2, "", "Port 2")]
    async with liar(switch(rows)) as agent:
        line = Line(agent.device, snmp())
        await line.discover()
        before = table(await line.poll(), line.catalog)
        agent.objects = switch([Row(1, "", "Port 2"), Row(2, "", "Port 1")])
        answer = await line.poll()

    assert {"Port 1", "Port 2"} == before.keys()
    assert answer.stale
    assert {} == table(answer, line.catalog)


async def test_ports_of_the_same_name_are_kept_apart() -> None:
    rows = [Row(1, "eth", "left"), Row(2, "eth", "right"), Row(3, "x", "y"), Row(4, "", "x")]
    async with liar(switch(rows)) as agent:
        line = Line(agent.device, snmp())
        await line.discover()
        said = table(await line.poll(), line.catalog)

    assert {"left", "right", "x", "ifIndex 4"} == said.keys()
    assert [1_000_001, 2_000_001, 3_000_001, 4_000_001] == [
        said[name]["in_octets"] for name in ("left", "right", "x", "ifIndex 4")
    ]


async def test_an_uptime_that_is_none_is_unknown() -> None:
    objects = switch(ports(1))
    objects[UPTIME] = text("long")
    async with liar(objects) as agent:
        _, answer, rows = await asked(agent)

    assert 0 == int(answer.frames[0].uptime[0])
    assert answer.frames[0].columns["uptime_s"][0] != answer.frames[0].columns["uptime_s"][0]
    assert 1_000_001 == rows["GE0/0/1"]["in_octets"]


async def test_values_for_objects_nobody_asked_for_are_left_lying() -> None:
    def lie(agent: Liar, question: ber.Request) -> bytes:
        names = [ber.subids(name) for name in question.names]
        extra: Iterable[Any] = [((*IN_OCTETS, 2), ber.number(ber.COUNTER64, 666))]
        rows = [
            (name, agent.objects.get(name, ber.NO_SUCH_INSTANCE))
            for name in names
            if name[:-1] != IN_OCTETS
        ]
        return ber.response(question, binds([*rows, *extra]))

    async with liar(switch([Row(1, "a")]), lie) as agent:
        _, _, rows = await asked(agent)

    assert Reason.MISSING is rows["a"]["in_octets"]
    assert ["a"] == list(rows)
