"""Any table of any device, by both transports: listed, asked, listed again when rows are gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from hasty import transport
from liar import GEN_ERR, Liar, Objects, liar, ports, switch
from polled import Line, snmp
from tables import (
    TX,
    WIDE,
    Polls,
    called,
    lights,
    optics,
    processors,
    told,
)

from collector.transports import Ask, Row
from edunet.frame import Reason
from lab import ber

MODULES = {
    67_436_622: ("GigabitEthernet0/0/1", -534, -178), 67_436_686: ("GigabitEthernet0/0/2", -1, -1),
    67_436_750: ("GigabitEthernet0/0/3", 487, 592),
}  # fmt: skip
ONUS = {(4_194_304_256, n): -2000 - n for n in (0, 1, 5)} | {(4_194_304_512, 0): -2700}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Polls]:
    made = Polls(tmp_path)
    yield made
    await made.close()


@asynccontextmanager
async def agents(*objects: Objects) -> AsyncIterator[list[Liar]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(liar(each)) for each in objects]


async def test_rows_without_names_are_their_indexes(desk: Polls) -> None:
    async with liar(processors(7, 0, 100)) as agent:
        rows = await desk.rows(agent, "hr_processor")
        (answer,) = await desk.both(await desk.ask(agent, "hr_processor"))

    assert ["196608", "196609", "196610"] == called(rows)
    assert [{"load_ratio": each} for each in (0.07, 0.0, 1.0)] == [
        told([answer], "processor")[row.slot] for row in rows
    ]
    assert (False, None, 1) == (answer.stale, answer.trouble, answer.answered)
    assert 4_200 == answer.uptime


async def test_light_is_below_zero_and_modules_are_called_by_their_names(desk: Polls) -> None:
    async with liar(optics(MODULES)) as agent:
        ask = await desk.ask(agent, "huawei_optics")
        answers = await desk.both(ask)

    rows = told(answers, "optics")
    assert [name for name, _, _ in MODULES.values()] == called(
        [row for row in ask.ports if isinstance(row, Row)]
    )
    light = [(rows[row.slot]["rx_dbm"], rows[row.slot]["tx_dbm"]) for row in ask.ports]
    none, microwatts = (Reason.MISSING,) * 2, (Reason.MALFORMED,) * 2
    assert [(-5.34, -1.78), none, microwatts] == light
    assert -7.0 == rows[ask.ports[0].slot]["temperature_c"]
    assert "bits" not in rows[ask.ports[0].slot]


async def test_an_index_of_two_numbers_is_an_index(desk: Polls) -> None:
    async with liar(lights(ONUS)) as agent:
        ask = await desk.ask(agent, "lights")
        agent.questions.clear()
        answers = await desk.both(ask)
        batches = len(agent.questions)

    rows = told(answers, "light")
    assert [f"{port}.{onu}" for port, onu in sorted(ONUS)] == [row.name for row in ask.ports]
    for row, (index, light) in zip(ask.ports, sorted(ONUS.items()), strict=True):
        assert light * 0.01 == rows[row.slot]["rx_dbm"]
        assert 2**40 + index[1] == rows[row.slot]["frames"]
        assert 64 == rows[row.slot]["bits"]
    assert 5 >= batches  # a first by GETBULK, which meets a gap, and the same singly


async def test_a_wide_counter_that_is_not_there_is_read_as_a_narrow_one(desk: Polls) -> None:
    objects = {oid: said for oid, said in lights(ONUS).items() if oid[: len(WIDE)] != WIDE}
    async with liar(objects) as agent:
        ask = await desk.ask(agent, "lights")
        rows = told(await desk.both(ask), "light")

    assert [(32, 0), (32, 1), (32, 5), (32, 0)] == [
        (rows[row.slot]["bits"], rows[row.slot]["frames"]) for row in ask.ports
    ]


async def test_tables_and_devices_are_mixed_in_one_poll(desk: Polls) -> None:
    everything = switch(ports(5)) | optics(MODULES) | processors(3, 4)
    async with agents(everything, processors(50), lights(ONUS), switch(ports(28))) as many:
        asks = [
            await desk.ask(many[0], "huawei_optics"), await desk.ask(many[0], "hr_processor"),
            await desk.ask(many[1], "hr_processor"), await desk.ask(many[2], "lights"),
        ]  # fmt: skip
        lines = [Line(agent.device, snmp()) for agent in (many[0], many[3])]
        asks += [Ask(line.device, 0, (await line.discover()).ports) for line in lines]
        answers = await desk.both(*asks)

    assert len(asks) == len(answers)
    assert [None] * len(asks) == [answer.trouble for answer in answers]
    assert sorted((ask.device.id, ask.table) for ask in asks) == sorted(
        (answer.ask.device.id, answer.ask.table) for answer in answers
    )
    counts = {kind: len(told(answers, kind)) for kind in ("optics", "processor", "light")}
    assert {"optics": 3, "processor": 3, "light": 4} == counts
    assert 0 == sum(desk.batches.dropped.values())


async def test_a_device_asked_singly_is_asked_one_table_after_the_other(desk: Polls) -> None:
    flying, most = 0, 0

    def slow(agent: Liar, asked: ber.Request) -> None:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        asyncio.get_running_loop().call_later(0.01, land, agent, asked)

    def land(agent: Liar, asked: ber.Request) -> None:
        nonlocal flying
        flying -= 1
        agent.send(agent.truth(asked))

    async with liar(optics(MODULES) | processors(*range(90))) as agent:
        asks = [await desk.ask(agent, "huawei_optics"), await desk.ask(agent, "hr_processor")]
        agent.lie = slow
        answers = [answer async for answer in desk.single.poll(asks)]

    assert [3, 90] == [len(told(answers, kind)) for kind in ("optics", "processor")]
    assert 1 == most


async def test_batches_ask_a_table_without_gaps_once_and_need_nobody(desk: Polls) -> None:
    async with liar(processors(*range(90))) as agent:
        ask = await desk.ask(agent, "hr_processor")
        agent.questions.clear()
        answers = [answer async for answer in desk.batches.poll([ask])]

    assert 90 == len(told(answers, "processor"))
    assert {ber.GETBULK} == {asked.kind for asked in agent.questions}
    assert 2 == len(agent.questions)


@pytest.mark.parametrize("table", ["hr_processor", "huawei_optics"])
async def test_a_row_that_is_gone_makes_the_plan_stale_and_a_new_list_heals_it(
    table: str, desk: Polls
) -> None:
    before = processors(1, 2, 3) if table == "hr_processor" else optics(MODULES)
    async with liar(before) as agent:
        ask = await desk.ask(agent, table)
        await desk.both(ask)
        lost = ask.ports[1]
        assert isinstance(lost, Row)
        agent.objects = {oid: v for oid, v in before.items() if oid[-1:] != lost.numbers}
        answers = await desk.both(ask)
        assert [True] == [answer.stale for answer in answers]
        left = told(answers, desk.mib(table).kind)
        again = await desk.ask(agent, table)
        agent.questions.clear()
        healed = [answer async for answer in desk.batches.poll([again])]

    assert {row.slot for row in ask.ports} - {lost.slot} == left.keys()
    assert [False] == [answer.stale for answer in healed]
    assert left == told(healed, desk.mib(table).kind)
    assert {ber.GETBULK} == {asked.kind for asked in agent.questions}, "batches ask it again"


async def test_after_a_renumbering_no_light_is_another_module_s(desk: Polls) -> None:
    async with liar(optics(MODULES)) as agent:
        ask = await desk.ask(agent, "huawei_optics")
        one, two, three = MODULES
        agent.objects = optics(
            {one: ("GigabitEthernet0/0/7", -100, -100), two: MODULES[two], three: MODULES[three]}
        )
        (answer,) = await desk.both(ask)

    assert answer.stale
    assert {row.slot for row in ask.ports[1:]} == told([answer], "optics").keys()


async def test_what_is_learnt_of_one_table_is_not_held_against_another(desk: Polls) -> None:
    """A table with gaps is asked by GET; the ports of the same device still by GETBULK."""
    async with liar(switch(ports(9)) | lights(ONUS)) as agent:
        line = Line(agent.device, desk.batches)
        await line.discover()
        ask = await desk.ask(agent, "lights")
        for _ in range(3):
            async for _ in desk.batches.poll([ask]):
                pass
        agent.questions.clear()
        await line.poll()

    assert {ber.GETBULK} == {asked.kind for asked in agent.questions}


async def test_a_row_the_agent_refuses_is_lost_alone(desk: Polls) -> None:
    """Only that row; the agent is healthy otherwise, and its plan is not stale."""
    broken = ber.name((*TX, 67_436_686))

    def lie(agent: Liar, asked: ber.Request) -> bytes:
        said = agent.truth(asked)
        return ber.response(asked, b"", error=GEN_ERR) if broken in said else said

    async with liar(optics(MODULES)) as agent:
        ask = await desk.ask(agent, "huawei_optics")
        agent.lie = lie
        (answer,) = await desk.both(ask)

    rows = told([answer], "optics")
    assert rows[ask.ports[0].slot]["rx_dbm"] == -5.34
    assert not answer.stale


async def test_a_table_whose_large_answers_are_lost_comes_in_small_ones(desk: Polls) -> None:
    def lie(agent: Liar, asked: ber.Request) -> bytes | None:
        return agent.truth(asked) if len(asked.names) <= 25 else None

    single = transport()
    async with liar(processors(*range(90))) as agent:
        ask = await desk.ask(agent, "hr_processor")
        agent.lie = lie
        answers = [answer async for answer in single.poll([ask])]

    assert [(1, None, False)] == [(a.answered, a.trouble, a.stale) for a in answers]
    assert {row.slot: n / 100 for n, row in enumerate(ask.ports)} == {
        slot: pytest.approx(row["load_ratio"]) for slot, row in told(answers, "processor").items()
    }
