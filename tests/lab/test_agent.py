"""What does an agent answer, byte for byte, without a network between?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder  # type: ignore[import-untyped]  # it ships none
from pysnmp.proto import rfc1905
from pysnmp.proto.api import v2c

from edunet.clock import ManualClock
from edunet.inventory.model import Inventory
from lab import ber
from lab.agent import Agent
from lab.city import City

Oid = tuple[int, ...]
UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
IF = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IFX = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
POLLED = [(*IFX, 6), (*IFX, 10), (*IF, 14), (*IF, 20), (*IF, 13), (*IF, 19), (*IF, 8), (*IFX, 15)]


def ask(
    kind: int, oids: list[Oid], first: int = 0, second: int = 0, community: bytes = b"public"
) -> bytes:
    binds = b"".join(
        ber.element(ber.SEQUENCE, ber.element(ber.OID, ber.name(oid)) + ber.NULL) for oid in oids
    )
    numbers = b"".join(ber.number(ber.INTEGER, number) for number in (7, first, second))
    pdu = ber.element(kind, numbers + ber.element(ber.SEQUENCE, binds))
    version = ber.number(ber.INTEGER, 1)
    return ber.element(ber.SEQUENCE, version + ber.element(ber.OCTETS, community) + pdu)


def read(packet: bytes | None) -> list[tuple[Oid, object]]:
    """The varbinds of an answer, as pysnmp reads them."""
    assert packet is not None
    message, rest = decoder.decode(packet, asn1Spec=v2c.Message())
    assert rest == b""
    pdu = v2c.apiMessage.get_pdu(message)
    assert int(v2c.apiPDU.get_error_status(pdu)) == 0
    return [(tuple(oid), value) for oid, value in v2c.apiPDU.get_varbinds(pdu)]


@pytest.fixture
def agent(city: City) -> Agent:
    return Agent(city, "c3-agg", "public")


def test_fifty_seven_values_come_in_one_frame(agent: Agent) -> None:
    reply = agent.answer(ask(ber.GETBULK, [UPTIME[:-1], *POLLED], 1, 7))

    assert reply is not None
    assert len(reply) <= 1472
    expected = [UPTIME] + [(*column, index) for index in range(1, 8) for column in POLLED]
    assert [oid for oid, _ in read(reply)] == expected


def test_getnext_walks_every_object_once_and_in_order(agent: Agent) -> None:
    walked: list[Oid] = []
    at: Oid = (1, 3)
    while True:
        ((at, value),) = read(agent.answer(ask(ber.GETNEXT, [at])))
        if isinstance(value, rfc1905.EndOfMibView):
            break
        walked.append(at)

    assert walked == sorted(set(walked))
    assert len([oid for oid in walked if oid[:-2] == IF]) == 22 * 13
    assert len([oid for oid in walked if oid[:-2] == IFX]) == 19 * 13
    assert UPTIME in walked


def test_getbulk_and_getnext_walk_the_same(agent: Agent) -> None:
    bulk = read(agent.answer(ask(ber.GETBULK, [(*IF, 22, 12)], 0, 5)))
    single = []
    at: Oid = (*IF, 22, 12)
    for _ in bulk:
        ((at, _),) = read(agent.answer(ask(ber.GETNEXT, [at])))
        single.append(at)

    assert [oid for oid, _ in bulk] == single


def test_behind_the_last_object_comes_the_end_of_the_view_once(agent: Agent) -> None:
    last = (1, 3, 6, 1, 6, 3, 10, 2, 1, 3, 0)

    values = read(agent.answer(ask(ber.GETBULK, [last], 0, 50)))

    assert [oid for oid, _ in values] == [(*last[:-2], 4, 0), (*last[:-2], 4, 0)]
    assert isinstance(values[1][1], rfc1905.EndOfMibView)


@pytest.mark.parametrize(
    ("oid", "kind"),
    [
        ((*IF, 10, 99), rfc1905.NoSuchInstance),
        ((*UPTIME[:-1], 1), rfc1905.NoSuchInstance),
        ((1, 3, 6, 1, 4, 1, 2011, 5), rfc1905.NoSuchObject),
    ],
    ids=["a row that is not there", "a wrong instance", "a table that is not there"],
)
def test_what_is_missing_is_said_to_be_missing(agent: Agent, oid: Oid, kind: type) -> None:
    (first, missing), (second, uptime) = read(agent.answer(ask(ber.GET, [oid, UPTIME])))

    assert (first, second) == (oid, UPTIME)
    assert isinstance(missing, kind)
    assert int(str(uptime)) > 0


def test_an_answer_that_fits_no_frame_is_too_big(agent: Agent) -> None:
    reply = agent.answer(ask(ber.GET, [(*IFX, 6, 1)] * 200))

    message, _ = decoder.decode(reply, asn1Spec=v2c.Message())
    pdu = v2c.apiMessage.get_pdu(message)
    assert int(v2c.apiPDU.get_error_status(pdu)) == 1
    assert v2c.apiPDU.get_varbinds(pdu) == []


@pytest.mark.parametrize(
    "community", [b"", b"Public", b"public ", b"\xff" * 200], ids=["none", "case", "blank", "long"]
)
def test_a_stranger_gets_no_answer(agent: Agent, community: bytes) -> None:
    assert agent.answer(ask(ber.GET, [UPTIME], community=community)) is None


def test_a_hung_or_unreachable_device_gives_no_answer(city: City, agent: Agent) -> None:
    city.hang("c3-agg")
    assert agent.answer(ask(ber.GET, [UPTIME])) is None

    city.heal()
    city.cut("core-c3")
    assert agent.answer(ask(ber.GET, [UPTIME])) is None

    city.heal()
    assert agent.answer(ask(ber.GET, [UPTIME])) is not None


def test_all_columns_of_one_answer_tell_of_one_moment(
    city: City, agent: Agent, clock: ManualClock
) -> None:
    clock.advance(12.345)
    row = [(*IF, 10, 9), (*IFX, 6, 9), (*IF, 16, 9), (*IFX, 10, 9), UPTIME]

    low_in, high_in, low_out, high_out, uptime = (
        int(str(value)) for _, value in read(agent.answer(ask(ber.GET, row)))
    )

    port = city.ports["c3-agg"][8]
    assert (high_in, high_out) == city.octets(port, 12_345)
    assert low_in == high_in % 2**32
    assert low_out == high_out % 2**32
    assert uptime == city.uptime_ms("c3-agg", 12_345) // 10 % 2**32


def test_status_and_speed_are_told(city: City, agent: Agent) -> None:
    row = [(*IF, 8, 9), (*IF, 7, 9), (*IFX, 15, 9), (*IF, 5, 9), (*IF, 8, 5), (*IFX, 18, 9)]

    values = [str(value) for _, value in read(agent.answer(ask(ber.GET, row)))]

    assert values == ["1", "1", "10000", "4294967295", "2", "core-c3 GD-1003"]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damaged_questions_never_crash_an_agent(sample: Inventory, data: st.DataObject) -> None:
    agent = Agent(City(sample, ManualClock()), "core", "public")
    question = bytearray(
        data.draw(
            st.sampled_from(
                [
                    ask(ber.GETBULK, [UPTIME[:-1], *POLLED], 1, 7),
                    ask(ber.GET, [UPTIME, (*IF, 10, 3)]),
                    ask(ber.GETNEXT, [(1, 3)]),
                ]
            )
        )
    )
    for _ in range(data.draw(st.integers(1, 4))):
        question[data.draw(st.integers(0, len(question) - 1))] = data.draw(st.integers(0, 255))

    reply = agent.answer(bytes(question))

    assert reply is None or len(reply) <= 1472
