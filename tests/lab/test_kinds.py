"""Is each kind of agent what it says it is?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pyasn1.error import PyAsn1Error  # type: ignore[import-untyped]  # it ships none
from pysnmp.proto import rfc1902
from questions import (
    IF,
    IFX,
    SYS_DESCR,
    SYS_LOCATION,
    SYS_NAME,
    UPTIME,
    Answer,
    Oid,
    ask,
    read,
)

from edunet.clock import ManualClock
from edunet.errors import LabError
from edunet.inventory.model import Inventory
from lab import ber
from lab.agent import Agent
from lab.city import City
from lab.kinds import KINDS

WRAP = 2**32
HIGH = [(*IFX, column, 9) for column in range(6, 14)]


@pytest.fixture
def agent(city: City) -> Agent:
    return Agent(city, "c3-agg", "public")


def of(city: City, kind: str) -> Agent:
    city.act("c3-agg", kind)
    return Agent(city, "c3-agg", "public")


def walk(agent: Agent, start: Oid, steps: int, version: bytes = ber.V2C) -> list[Oid]:
    """Where getnext leads, step by step, until it errs."""
    walked: list[Oid] = []
    for _ in range(steps):
        answer = read(agent.answer(ask(ber.GETNEXT, [start], version=version)))
        if answer.error or answer.binds[0][0] == start:
            break
        start = answer.binds[0][0]
        walked.append(start)
    return walked


def test_an_honest_agent_answers_version_1_in_version_1(agent: Agent) -> None:
    answer = read(agent.answer(ask(ber.GET, [SYS_NAME, UPTIME], version=ber.V1)))

    assert answer[:4] == (b"public", 7, 0, 0)
    assert str(answer.values[SYS_NAME]) == "c3-agg"


def test_version_1_says_no_such_name_and_which(agent: Agent) -> None:
    absent = (1, 3, 6, 1, 4, 1, 2011, 5)

    answer = read(agent.answer(ask(ber.GET, [UPTIME, absent, SYS_NAME], version=ber.V1)))

    assert (answer.error, answer.culprit) == (2, 2)
    assert [oid for oid, _ in answer.binds] == [UPTIME, absent, SYS_NAME]


def test_version_1_knows_no_64_bit_counter(agent: Agent) -> None:
    assert read(agent.answer(ask(ber.GET, [HIGH[0]], version=ber.V1))).error == 2

    walked = walk(agent, (*IFX, 5, 13), 1, ber.V1)

    assert walked == [(*IFX, 14, 1)]


def test_a_walk_in_version_1_ends_with_no_such_name(agent: Agent) -> None:
    whole = walk(agent, (1, 3), 9999, ber.V1)

    assert len(whole) == 13 + (22 + 11) * 13
    assert read(agent.answer(ask(ber.GETNEXT, [whole[-1]], version=ber.V1))).error == 2


def test_version_1_has_no_getbulk(agent: Agent) -> None:
    assert agent.answer(ask(ber.GETBULK, [(1, 3)], 0, 5, version=ber.V1)) is None


def test_too_much_at_once_is_too_big_in_version_1_and_comes_back(agent: Agent) -> None:
    names = [(*IFX, 1, 1)] * 200

    answer = read(agent.answer(ask(ber.GET, names, version=ber.V1)))

    assert (answer.error, len(answer.binds)) == (1, 200)


def test_an_old_switch_lacks_64_bit_counters_and_wraps(city: City, clock: ManualClock) -> None:
    clock.advance(86_400)
    agent = of(city, "32bit")
    port = city.ports["c3-agg"][8]
    true = city.octets(port, city.time())[0]
    names = [(*IF, 10, 9), (*IFX, 1, 9), (*IFX, 15, 9)]

    values = read(agent.answer(ask(ber.GET, names))).values

    assert true > WRAP
    assert int(values[names[0]]) == true % WRAP
    assert str(values[names[1]]) == port.name
    assert int(values[names[2]]) == 10_000
    missing = read(agent.answer(ask(ber.GET, HIGH))).values
    assert {type(value).__name__ for value in missing.values()} == {"NoSuchObject"}
    assert not set(HIGH) & set(walk(agent, IFX, 999))


def test_an_agent_of_version_1_is_deaf_to_version_2c(city: City) -> None:
    agent = of(city, "v1")

    assert agent.answer(ask(ber.GET, [UPTIME])) is None
    assert agent.answer(ask(ber.GETBULK, [UPTIME], 0, 3)) is None
    assert read(agent.answer(ask(ber.GET, [UPTIME], version=ber.V1))).error == 0


def test_without_bulk_getnext_works(city: City) -> None:
    agent = of(city, "no-bulk")

    assert read(agent.answer(ask(ber.GETBULK, [(1, 3)], 0, 5))).error == 5
    assert walk(agent, (1, 3), 1) == [SYS_DESCR]


def test_a_small_agent_takes_ten_names_and_sends_ten_rows(city: City) -> None:
    agent = of(city, "small")

    assert read(agent.answer(ask(ber.GET, HIGH[:1] * 10))).error == 0
    assert read(agent.answer(ask(ber.GET, HIGH[:1] * 11)))[2:] == (1, 0, [])
    assert len(read(agent.answer(ask(ber.GETBULK, [UPTIME, IFX], 1, 50))).binds) == 10
    assert len(read(agent.answer(ask(ber.GETBULK, [IF, IFX, SYS_NAME], 0, 50))).binds) == 9


def test_half_an_agent_is_silent_when_ifxtable_is_asked_together(city: City) -> None:
    agent = of(city, "half")

    assert read(agent.answer(ask(ber.GET, [(*IF, 10, 9), UPTIME]))).error == 0
    assert agent.answer(ask(ber.GET, [(*IF, 10, 9), HIGH[0]])) is None
    assert agent.answer(ask(ber.GETBULK, [IFX[:-1]], 0, 9)) is None


def told(agent: Agent, kind: int = ber.GET) -> Answer:
    return read(agent.answer(ask(kind, [SYS_NAME])))


def test_a_wrong_id_and_another_community_are_all_that_is_wrong(city: City) -> None:
    honest = told(of(city, "honest"))

    wrong = told(of(city, "wrong-id"))
    assert wrong == honest._replace(id=wrong.id)
    assert wrong.id != 7

    other = told(of(city, "other-community"))
    assert other == honest._replace(community=other.community)
    assert other.community != b"public"


def test_a_truncated_answer_is_the_first_half(city: City, agent: Agent) -> None:
    whole = agent.answer(ask(ber.GET, [SYS_NAME]))

    half = of(city, "truncated").answer(ask(ber.GET, [SYS_NAME]))

    assert whole
    assert half == whole[: len(whole) // 2]
    with pytest.raises(PyAsn1Error):
        read(half)


def test_an_oversized_answer_is_of_60_kb_and_well_formed(city: City) -> None:
    reply = of(city, "oversized").answer(ask(ber.GETBULK, [SYS_NAME], 0, 9))

    assert reply
    assert 60_000 <= len(reply) <= 65_507
    assert len(bytes(read(reply).values[SYS_NAME])) == 60_000


@pytest.mark.parametrize("start", [(*IFX, 1), (*IF, 10)], ids=["ifName", "ifInOctets"])
def test_a_walk_goes_in_circles(city: City, start: Oid) -> None:
    agent = of(city, "loop")
    rows = [(*start, row) for row in range(1, 14)]

    assert walk(agent, start, 30) == (rows * 3)[:30]
    bulk = read(agent.answer(ask(ber.GETBULK, [start], 0, 20)))
    assert [oid for oid, _ in bulk.binds] == (rows * 2)[:20]
    assert read(agent.answer(ask(ber.GET, [rows[0]]))).error == 0


def test_numbers_come_as_text_and_text_as_numbers(city: City) -> None:
    agent = of(city, "wrong-types")
    names = [(*IFX, 6, 9), (*IF, 14, 9), (*IFX, 15, 9), (*IFX, 1, 9), UPTIME]

    types = [type(value) for _, value in read(agent.answer(ask(ber.GET, names))).binds]

    text, number = rfc1902.OctetString, rfc1902.Integer32
    assert types[:3] == [text] * 3
    assert issubclass(number, types[3]) or issubclass(types[3], number)
    assert types[4] is rfc1902.TimeTicks


def test_gbk_is_no_utf_8(city: City) -> None:
    agent = of(city, "gbk")
    names = [SYS_NAME, SYS_LOCATION, (*IFX, 18, 9), (*IFX, 18, 5), SYS_DESCR]

    said = [bytes(value) for _, value in read(agent.answer(ask(ber.GET, names))).binds]

    assert [text.decode("gbk") for text in said[:3]] == [
        "c3-agg交换机",
        f"{city.sites['c3'].name}机房",
        "至core-c3 GD-1003",
    ]
    for text in said[:3]:
        with pytest.raises(UnicodeDecodeError):
            text.decode()
    assert said[3] == b""
    assert said[4].isascii()


def test_garbage_is_no_message(city: City) -> None:
    reply = of(city, "garbage").answer(ask(ber.GET, [SYS_NAME]))

    with pytest.raises(PyAsn1Error):
        read(reply)


def test_a_slow_agent_says_how_slow_it_is(city: City) -> None:
    assert of(city, "slow").kind.delay_s == 0.8
    assert of(city, "honest").kind.delay_s == 0


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_answers_a_stranger_or_falls_over_a_broken_question(city: City, kind: str) -> None:
    agent = of(city, kind)

    assert agent.answer(ask(ber.GET, [UPTIME], community=b"guess")) is None
    assert agent.answer(b"") is None
    for asked in (ask(ber.GET, []), ask(ber.GETBULK, [], 5, 5), ask(ber.GETNEXT, [(2, 39)])):
        agent.answer(asked)
        agent.answer(asked[:-1])
    agent.answer(ask(ber.GETBULK, [(1, 3)], 2**31 - 1, 2**31 - 1))


def test_an_unknown_kind_is_refused_with_the_choices(city: City) -> None:
    said = f"c3-agg: no agent 'liar'; choose one of {', '.join(KINDS)}"
    with pytest.raises(LabError, match=f"^{re.escape(said)}$"):
        city.act("c3-agg", "liar")
    with pytest.raises(LabError, match="no device 'c3-ag' in the city; the nearest is c3-agg"):
        city.act("c3-ag", "slow")


def test_healing_makes_an_agent_what_it_was_at_the_start(sample: Inventory) -> None:
    devices = tuple(
        d.model_copy(update={"labels": {"lab": "slow", "room": "3"} if d.id == "core" else {}})
        for d in sample.devices
    )
    city = City(sample.model_copy(update={"devices": devices}), ManualClock())
    assert {d: part.kind for d, part in city.cast.parts.items()} == {"core": "slow"}

    city.act("core", "loop")
    city.act("c3-agg", "loop")
    city.heal("c3-agg")
    assert city.cast.part("c3-agg").kind == "honest"
    city.heal()

    assert {d: part.kind for d, part in city.cast.parts.items()} == {"core": "slow"}


def test_a_label_that_names_no_kind_is_refused(sample: Inventory) -> None:
    core = sample.devices[0].model_copy(update={"labels": {"lab": "64bit"}})

    with pytest.raises(LabError, match="core: no agent '64bit'; choose one of honest, 32bit"):
        City(sample.model_copy(update={"devices": (core, *sample.devices[1:])}), ManualClock())


def test_the_documentation_names_every_kind() -> None:
    page = (Path(__file__).parents[2] / "docs/lab.md").read_text("utf-8")

    assert re.findall(r"^\| `([\w-]+)` \|", page, flags=re.MULTILINE) == list(KINDS)
