"""Is the wire format read and written as RFC 3416 says, and nonsense refused?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder  # type: ignore[import-untyped]  # it ships none
from pysnmp.proto.api import v2c

from lab import ber

# snmpget -v2c -c public ADDRESS sysUpTime.0, as Net-SNMP 5.9 sends it.
UPTIME = bytes.fromhex(
    "302602010104067075626c6963a01902012a020100020100300e300c06082b060102010103000500"
)
NUMBERS = st.lists(st.integers(0, 2**32 - 1), min_size=0, max_size=100)
OIDS = st.builds(lambda a, b, rest: (a, b, *rest), st.integers(0, 2), st.integers(0, 39), NUMBERS)


def test_a_question_of_net_snmp_is_understood() -> None:
    asked = ber.request(UPTIME)

    assert asked.community == b"public"
    assert asked.kind == ber.GET
    assert asked.id == b"\x2a"
    assert [ber.subids(name) for name in asked.names] == [(1, 3, 6, 1, 2, 1, 1, 3, 0)]


@pytest.mark.parametrize("size", range(len(UPTIME)))
def test_a_truncated_question_is_malformed(size: int) -> None:
    with pytest.raises(ber.MalformedError):
        ber.request(UPTIME[:size])


@pytest.mark.parametrize(
    ("broken", "by"),
    [
        pytest.param(UPTIME + b"\0", None, id="a byte too many"),
        pytest.param(UPTIME, (4, 2), id="a version there is not"),
        pytest.param(UPTIME, (4, 3), id="version 3"),
        pytest.param(UPTIME, (13, 0xA3), id="a set"),
        pytest.param(UPTIME, (13, 0xA2), id="an answer"),
        pytest.param(UPTIME, (1, 0x80), id="an indefinite length"),
        pytest.param(UPTIME, (1, 0x88), id="a length of eight bytes"),
        pytest.param(UPTIME, (37, 0x85), id="an OID that does not end"),
    ],
)
def test_what_is_no_question_is_malformed(broken: bytes, by: tuple[int, int] | None) -> None:
    message = bytearray(broken)
    if by:
        message[by[0]] = by[1]

    with pytest.raises(ber.MalformedError):
        [ber.subids(name) for name in ber.request(bytes(message)).names]


@given(st.binary(max_size=200))
def test_random_bytes_are_malformed(packet: bytes) -> None:
    with pytest.raises(ber.MalformedError):
        ber.request(packet)


@given(st.lists(st.tuples(st.integers(0, len(UPTIME) - 1), st.integers(0, 255)), max_size=4))
def test_a_damaged_question_is_read_or_refused(damage: list[tuple[int, int]]) -> None:
    message = bytearray(UPTIME)
    for at, byte in damage:
        message[at] = byte
    try:
        [ber.subids(name) for name in ber.request(bytes(message)).names]
    except ber.MalformedError:
        return


@given(OIDS)
def test_an_oid_comes_back_from_the_wire(oid: tuple[int, ...]) -> None:
    assert ber.subids(ber.name(oid)) == oid


@given(
    st.integers(0, 2**64 - 1),
    OIDS,
    st.binary(max_size=300),
)
def test_pysnmp_reads_what_we_write(value: int, oid: tuple[int, ...], text: bytes) -> None:
    asked = ber.request(UPTIME)
    binds = ber.element(
        ber.SEQUENCE, ber.element(ber.OID, ber.name(oid)) + ber.number(ber.COUNTER64, value)
    )
    binds += ber.element(
        ber.SEQUENCE, ber.element(ber.OID, ber.name(oid)) + ber.element(ber.OCTETS, text)
    )

    message, rest = decoder.decode(ber.response(asked, binds), asn1Spec=v2c.Message())
    pdu = v2c.apiMessage.get_pdu(message)
    (first, number), (_, octets) = v2c.apiPDU.get_varbinds(pdu)

    assert rest == b""
    assert v2c.apiPDU.get_request_id(pdu) == 42
    assert tuple(first) == oid
    assert int(number) == value
    assert bytes(octets) == text
