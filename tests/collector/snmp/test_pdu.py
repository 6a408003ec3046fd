"""Questions and answers as pysnmp reads and writes them; and of any bytes, a PDU or a refusal."""

from __future__ import annotations

import contextlib
import tracemalloc
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder  # type: ignore[import-untyped]  # it ships none
from pysnmp.proto import api, rfc1902, rfc1905

from collector.snmp import ber, pdu
from collector.snmp.ber import MalformedError
from collector.snmp.pdu import Bind, Pdu, Value

SAID: Any = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
TAGS = [*pdu.NAMES, 1, 9, 0x1F, 0x83, 0xFF]
NAMES = st.lists(st.integers(0, 2**32 - 1), max_size=9).map(lambda tail: (1, 3, 6, *tail))
VALUES = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(rfc1902.Integer32),
    st.binary(max_size=200).map(rfc1902.OctetString),
    st.binary(max_size=9).map(rfc1902.Opaque),
    NAMES.map(rfc1902.ObjectIdentifier),
    st.integers(0, 2**32 - 1).map(rfc1902.Counter32),
    st.integers(0, 2**32 - 1).map(rfc1902.Gauge32),
    st.integers(0, 2**32 - 1).map(rfc1902.TimeTicks),
    st.integers(0, 2**64 - 1).map(rfc1902.Counter64),
    st.binary(min_size=4, max_size=4).map(rfc1902.IpAddress),
    st.sampled_from([rfc1905.noSuchObject, rfc1905.noSuchInstance, rfc1905.endOfMibView]),
)
ROWS = st.lists(st.tuples(NAMES, VALUES), max_size=12)


def said(kind: Any, number: int, status: int, place: int, rows: Any) -> bytes:
    """A PDU as pysnmp writes it."""
    made = kind()
    SAID.apiPDU.set_defaults(made)
    SAID.apiPDU.set_request_id(made, number)
    SAID.apiPDU.set_error_status(made, status)
    SAID.apiPDU.set_error_index(made, place)
    SAID.apiPDU.set_varbinds(made, rows)
    return bytes(encoder.encode(made))


def plain(value: Any) -> Value:
    """What ours must make of one of its values."""
    written = encoder.encode(value)
    tag, start, stop = ber.read(written, 0, len(written))
    if tag in {0x80, 0x81, 0x82}:
        return Value(tag, None)
    if isinstance(value, (rfc1902.OctetString, rfc1902.ObjectIdentifier, rfc1902.Opaque)):
        return Value(tag, written[start:stop])
    return Value(tag, bytes(value) if isinstance(value, rfc1902.IpAddress) else int(value))


def decoded(data: bytes) -> Pdu:
    return pdu.decode(data, 0, len(data))


@given(
    number=st.integers(-(2**31), 2**31 - 1), status=st.integers(0, 18),
    place=st.integers(0, 2**31 - 1), rows=ROWS,
)  # fmt: skip
def test_an_answer_is_read_as_the_reference_wrote_it(
    number: int, status: int, place: int, rows: Any
) -> None:
    for kind in (SAID.GetResponsePDU, SAID.ReportPDU):
        read = decoded(said(kind, number, status, place, rows))
        assert (number, status, place) == read[1:4]
        expected = [Bind(ber.oid(".".join(map(str, name))), plain(value)) for name, value in rows]
        assert expected == read.binds
        assert read.kind in {pdu.RESPONSE, pdu.REPORT}


@given(
    kind=st.sampled_from([pdu.GET, pdu.GETNEXT, pdu.GETBULK]), number=st.integers(0, 2**31 - 1),
    names=st.lists(NAMES, max_size=60), skip=st.integers(0, 99), repeat=st.integers(0, 99),
)  # fmt: skip
def test_a_question_is_written_as_the_reference_reads_it(
    kind: int, number: int, names: Any, skip: int, repeat: int
) -> None:
    spelt = [ber.oid(".".join(map(str, name))) for name in names]
    spec = {pdu.GET: SAID.GetRequestPDU, pdu.GETNEXT: SAID.GetNextRequestPDU}
    spec[pdu.GETBULK] = SAID.GetBulkRequestPDU

    written = pdu.question(kind, number, spelt, skip, repeat)

    read, rest = decoder.decode(written, asn1Spec=spec[kind]())
    assert b"" == rest
    assert number == int(read[0])
    assert (skip, repeat) == (int(read[1]), int(read[2]))
    assert names == [tuple(bind[0]) for bind in read[3]]
    with pytest.raises(MalformedError, match="is no answer"):
        decoded(written)


@settings(max_examples=60)
@given(data=st.data())
def test_of_a_garbled_answer_a_pdu_is_read_or_it_is_malformed(data: st.DataObject) -> None:
    """By the short way and the long one alike."""
    whole = said(SAID.GetResponsePDU, 7, 0, 0, data.draw(ROWS))
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, min(start + 5, len(whole))))
    garbled = whole[:start] + data.draw(st.binary(max_size=9)) + whole[stop:]
    compared(garbled)
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << data.draw(st.integers(0, 7))
        compared(bytes(flipped))


@given(data=st.binary(max_size=300))
@example(data=b"\xa2\x0b\x02\x01\x07\x02\x01\x00\x02\x01\x00\x30\x00")
@example(data=b"\xa2\x11\x02\x01\x07\x02\x01\x00\x02\x01\x00\x30\x06\x30\x04\x06\x00\x05\x00")
@example(data=b"\xa2\x10\x02\x01\x07\x02\x01\x00\x02\x01\x00\x30\x05\x30\x03\x06\x00\x05")
def test_of_any_bytes_a_pdu_is_read_or_they_are_malformed(data: bytes) -> None:
    compared(data)
    heads = ber.integer(7) + ber.integer(0) * 2
    compared(ber.element(pdu.RESPONSE, heads + ber.element(ber.SEQUENCE, data)))


def compared(data: bytes) -> None:
    for at in range(0, len(data), 7):
        short = pdu._short(data, at, len(data))
        if short:
            assert short == pdu._long(data, at, len(data))
    with contextlib.suppress(MalformedError):
        read = decoded(data)
        assert len(read.binds) <= len(data) / 6
        assert all(str(value) for _, value in read.binds)
        assert read.error


@given(tag=st.sampled_from(TAGS), contents=st.binary(max_size=12))
def test_a_value_is_a_number_of_its_type_or_the_bytes_it_is(tag: int, contents: bytes) -> None:
    bind = ber.element(ber.SEQUENCE, b"\x06\x01\x2b" + ber.element(tag, contents))
    heads = ber.integer(7) + ber.integer(0) * 2

    ((_, value),) = decoded(
        ber.element(pdu.RESPONSE, heads + ber.element(ber.SEQUENCE, bind))
    ).binds

    assert tag == value.tag
    if tag in {0x80, 0x81, 0x82}:
        assert value.absent
    elif isinstance(value.what, int):
        signed = tag == ber.INTEGER
        assert value.what == int.from_bytes(contents, signed=signed)
        assert -(2**32) <= value.what < 2 ** (64 if tag == ber.COUNTER64 else 32)
    else:
        assert contents == value.what


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(b"\xa2\x00", "cut short", id="empty"),
        pytest.param(b"\xa2\x00\x00", "bytes after the PDU", id="tail"),
        pytest.param(b"\xa0\x00", "PDU 0xa0 is no answer", id="a question"),
        pytest.param(b"\xa4\x00", "PDU 0xa4 is no answer", id="a trap"),
    ],
)
def test_what_is_no_answer_says_why(data: bytes, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        decoded(data)


def test_an_error_has_its_name_of_the_standard() -> None:
    names = {status: Pdu(pdu.RESPONSE, 0, status, 0, []).error for status in (0, 1, 2, 5, 18, 19)}
    assert {
        0: "noError", 1: "tooBig", 2: "noSuchName", 5: "genErr", 18: "inconsistentName",
        19: "error 19",
    } == names  # fmt: skip
    assert "error -1" == Pdu(pdu.RESPONSE, 0, -1, 0, []).error


def test_the_largest_datagram_costs_no_more_than_a_few_of_its_size() -> None:
    """Of many small values, of one great one, of lengths that promise more than there is."""
    null, short = ber.element(ber.SEQUENCE, b"\x06\x01\x2b\x05\x00"), b"\x30\x04\x06\x00\x05\x00"
    great = ber.element(ber.SEQUENCE, b"\x06\x01\x2b" + ber.octets(bytes(65_000)))
    name = ber.element(ber.SEQUENCE, ber.element(ber.OID, b"\x80" * 65_000) + b"\x05\x00")
    heads = ber.integer(7) + ber.integer(0) * 2
    bodies = (null * 9000, short * 10_900, short * 4096, great, name, b"\x30\x84\x7f\xff\xff\xff")
    for body in bodies:
        data = ber.element(pdu.RESPONSE, heads + ber.element(ber.SEQUENCE, body))
        assert len(data) < 65_536
        tracemalloc.start()
        try:
            with contextlib.suppress(MalformedError):
                read = decoded(data)
                assert len(read.binds) <= 4096
                assert all(len(str(value)) < 300_000 for _, value in read.binds)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 3_000_000
