"""Versions 1 and 2c: whole messages as pysnmp writes them, and what is not believed of others."""

from __future__ import annotations

import contextlib
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from liar import Liar, liar, ports, switch
from polled import spoken
from pyasn1.codec.ber import decoder, encoder  # type: ignore[import-untyped]  # it ships none
from pysnmp.proto import api

from collector.snmp import ber, pdu
from collector.snmp.ber import MalformedError
from collector.snmp.community import V1, V2C, opened, sealed
from collector.transports.snmp import Snmp
from edunet.secrets import Access
from lab import ber as lab_ber

SAID: dict[int, Any] = {
    V1: api.PROTOCOL_MODULES[api.SNMP_VERSION_1],
    V2C: api.PROTOCOL_MODULES[api.SNMP_VERSION_2C],
}
NAME = "1.3.6.1.2.1.2.2.1.10.7"
COMMUNITIES = st.binary(max_size=40)
both = pytest.mark.parametrize("version", [V1, V2C], ids=["v1", "v2c"])


def answer(version: int, community: bytes, number: int, count: int = 1) -> bytes:
    """A whole answer as pysnmp writes it."""
    said = SAID[version]
    made = said.GetResponsePDU()
    said.apiPDU.set_defaults(made)
    said.apiPDU.set_request_id(made, number)
    name = tuple(map(int, NAME.split(".")))
    counter = said.Counter if version == V1 else said.Counter32
    said.apiPDU.set_varbinds(made, [((*name, n), counter(n)) for n in range(count)])
    message = said.Message()
    said.apiMessage.set_defaults(message)
    said.apiMessage.set_community(message, community)
    said.apiMessage.set_pdu(message, made)
    return bytes(encoder.encode(message))


@both
@given(community=COMMUNITIES, number=st.integers(0, 2**31 - 1), count=st.integers(0, 20))
def test_an_answer_is_read_as_the_reference_wrote_it(
    version: int, community: bytes, number: int, count: int
) -> None:
    read = opened(version, community, number, answer(version, community, number, count))

    assert read is not None
    assert (pdu.RESPONSE, number, 0, 0) == read[:4]
    assert [n for n in range(count)] == [value.what for _, value in read.binds]  # noqa: C416


@both
@given(community=COMMUNITIES, number=st.integers(0, 2**31 - 1))
def test_a_question_is_written_as_the_reference_reads_it(
    version: int, community: bytes, number: int
) -> None:
    said = SAID[version]
    asked = pdu.question(pdu.GET, number, [ber.oid(NAME)])

    message, rest = decoder.decode(sealed(version, community, asked), asn1Spec=said.Message())

    assert b"" == rest
    assert community == bytes(said.apiMessage.get_community(message))
    inside = said.apiMessage.get_pdu(message)
    assert number == int(said.apiPDU.get_request_id(inside))
    assert [NAME] == [str(name) for name, _ in said.apiPDU.get_varbinds(inside)]


@both
@given(other=COMMUNITIES, number=st.integers(0, 2**31 - 1))
def test_the_answer_to_something_else_answers_nothing(
    version: int, other: bytes, number: int
) -> None:
    if other != b"sesame":
        assert opened(version, b"sesame", 7, answer(version, other, 7)) is None
    if number != 7:
        assert opened(version, b"sesame", 7, answer(version, b"sesame", number)) is None
    report = ber.element(pdu.REPORT, ber.integer(7) + ber.integer(0) * 2 + b"\x30\x00")
    assert opened(version, b"sesame", 7, sealed(version, b"sesame", report)) is None
    with pytest.raises(MalformedError, match=f"version {1 - version} where {version} was asked"):
        opened(version, b"sesame", 7, answer(1 - version, b"sesame", 7))


@both
def test_no_changed_byte_of_an_answer_raises_anything_else(version: int) -> None:
    """Every byte of it, each to each other value; and none of another id is taken for ours."""
    whole = answer(version, b"sesame", 0x123456, 2)
    assert opened(version, b"sesame", 0x123456, whole)
    for place in range(len(whole)):
        for byte in range(256):
            changed = whole[:place] + bytes((byte,)) + whole[place + 1 :]
            with contextlib.suppress(MalformedError):
                read = opened(version, b"sesame", 0x123456, changed)
                assert read is None or (pdu.RESPONSE, 0x123456) == read[:2]


@both
@given(data=st.data())
def test_no_cut_grown_or_garbled_answer_raises_anything_else(
    version: int, data: st.DataObject
) -> None:
    whole = answer(version, b"sesame", 7, data.draw(st.integers(0, 9)))
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    for garbled in (
        whole[:start],
        whole[start:],
        whole[:start] + data.draw(st.binary(max_size=40)) + whole[stop:],
        whole + data.draw(st.binary(min_size=1, max_size=9)),
    ):
        with contextlib.suppress(MalformedError):
            read = opened(version, b"sesame", 7, garbled)
            assert read is None or garbled != whole[:start] or start == len(whole)


@both
@given(data=st.binary(max_size=300))
def test_noise_is_malformed(version: int, data: bytes) -> None:
    with pytest.raises(MalformedError):
        opened(version, b"sesame", 7, data)


@both
def test_the_largest_datagram_costs_no_more_than_a_few_of_its_size(version: int) -> None:
    heads = ber.integer(7) + ber.integer(0) * 2
    many = b"\x30\x04\x06\x00\x05\x00" * 10_900
    said = ber.element(pdu.RESPONSE, heads + ber.element(ber.SEQUENCE, many))
    hostile = [
        sealed(version, b"sesame", said),
        sealed(version, bytes(65_000), b""),
        b"\x30\x84\x7f\xff\xff\xff" + bytes(65_000),
        b"\x30\x82\xff\xff" * 16_000,
    ]
    for data in hostile:
        tracemalloc.start()
        try:
            with contextlib.suppress(MalformedError):
                assert opened(version, b"sesame", 7, data) is None
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 3_000_000


def spoken_v1() -> Snmp:
    return spoken(Access("1", b"sesame"))


def old(agent: Liar, asked: lab_ber.Request) -> bytes:
    """Version 1: an error for the first object that is not there, and no values at all."""
    for place, name in enumerate(asked.names, 1):
        if ber.numbers_of(name) and lab_ber.subids(name) not in agent.objects:
            return lab_ber.response(asked, lab_ber.asked_again(asked), lab_ber.NO_SUCH_NAME, place)
    return agent.truth(asked)


async def test_in_version_1_what_is_not_there_is_left_out_and_the_rest_is_asked_again() -> None:
    there = [ber.oid(f"1.3.6.1.2.1.2.2.1.{column}.1") for column in (7, 8, 13, 14, 19, 20)]
    absent = [ber.oid(f"1.3.6.1.2.1.2.2.1.{column}.1") for column in (3, 10, 99)]
    names = [absent[0], *there[:3], absent[1], *there[3:], absent[2]]
    async with liar(switch(ports(1)), old) as agent:
        values = await spoken_v1().client.get(agent.device, names)

        assert there == list(values)
        assert {1_000_005, 1_000_003, 1_000_006, 1_000_004, 1} == {v.what for v in values.values()}
        assert 1 + len(absent) == len(agent.questions)


async def test_in_version_1_of_objects_none_of_which_is_there_nothing_comes() -> None:
    async with liar(switch(ports(1)), old) as agent:
        names = [ber.oid(f"1.3.6.1.2.1.2.2.1.99.{row}") for row in range(1, 6)]
        assert {} == await spoken_v1().client.get(agent.device, names)
        assert 5 == len(agent.questions)


@pytest.mark.parametrize("place", [0, 9, 2**31 - 1, -1])
async def test_an_error_about_no_object_that_was_asked_is_a_refusal(place: int) -> None:
    def lie(agent: Liar, asked: lab_ber.Request) -> bytes:
        heads = lab_ber.element(2, asked.id) + ber.integer(2) + ber.integer(place)
        said = ber.element(pdu.RESPONSE, heads + b"\x30\x00")
        return sealed(V1, b"sesame", said)

    async with liar(lie=lie) as agent:
        with pytest.raises(Exception, match=r"answered with an error \(noSuchName\)"):
            await spoken_v1().client.get(agent.device, [ber.oid(NAME)] * 3)
        assert 1 == len(agent.questions)
