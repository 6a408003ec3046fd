"""What the pass over an expected answer reads, the general decoder reads as well and the same."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collector.snmp import ber, pdu
from collector.snmp.ber import MalformedError
from collector.snmp.pdu import Bind, Pdu, Value
from collector.snmp.sheet import Plain, Sheet, request_id, sheet

NAMES = [
    ber.oid(f"1.3.6.1.2.1.{rest}")
    for rest in ("1.3.0", "31.1.1.1.1.7", "31.1.1.1.6.7", "2.2.1.8.7", "2.2.1.14.4200000000")
]
SHEET = sheet(NAMES)
Said = tuple[int, bytes]

NUMBERS = (ber.INTEGER, ber.COUNTER32, ber.GAUGE32, ber.TIMETICKS, ber.COUNTER64, ber.UINTEGER32)
plain_values = st.one_of(
    st.tuples(st.sampled_from(NUMBERS), st.binary(max_size=11)),
    st.tuples(st.sampled_from(NUMBERS), st.binary(max_size=8).map(lambda each: b"\0" + each)),
    st.tuples(st.just(ber.OCTETS), st.binary(max_size=140)),
)
values = st.one_of(
    plain_values,
    st.tuples(st.sampled_from((0x80, 0x81, 0x82, 5, 6, 0x40, 0x44, 1)), st.binary(max_size=6)),
)


def lengthy(tag: int, contents: bytes, width: int) -> bytes:
    """An element whose length takes so many bytes; 0 = as few as it needs."""
    if not width:
        return ber.element(tag, contents)
    return bytes((tag, 0x80 | width)) + len(contents).to_bytes(width) + contents


def answer(
    said: Sequence[Said],
    *,
    widths: Sequence[int] = (0, 0, 0, 0),
    number: bytes = b"\x02\x04\x12\x34\x56\x78",
    status: bytes = b"\x02\x01\x00\x02\x01\x00",
    kind: int = pdu.RESPONSE,
) -> bytes:
    """A PDU; `widths` of the lengths of the PDU, the list, each bind, each value."""
    binds = b"".join(
        lengthy(ber.SEQUENCE, ber.element(ber.OID, name) + lengthy(tag, what, widths[3]), widths[2])
        for name, (tag, what) in zip(NAMES, said, strict=True)
    )
    return lengthy(kind, number + status + lengthy(ber.SEQUENCE, binds, widths[1]), widths[0])


def told(by: object, data: bytes, at: int, end: int) -> tuple[object, ...]:
    """What a decoder makes of it; that it refuses is an answer too."""
    try:
        said: Pdu = by(data, at, end)  # type: ignore[operator]
    except MalformedError as error:
        return ("refused", str(error))
    return (*said[:4], list(said.binds))


def agree(data: bytes, before: int = 0, after: int = 0) -> None:
    """Both decoders say the same, with other bytes around the PDU too."""
    around = b"\x30" * before + data + b"\x02" * after
    end = before + len(data)
    assert told(pdu.decode, around, before, end) == told(SHEET.decode, around, before, end)


GOOD: list[Said] = [
    (ber.TIMETICKS, b"\x01\x02\x03"), (ber.OCTETS, b"GE0/0/1"), (ber.COUNTER64, b"\x7f" * 8),
    (ber.INTEGER, b"\x01"), (ber.COUNTER32, b"\0\xff\xff\xff\xff"),
]  # fmt: skip


def replaced(at: int, tag: int, what: bytes) -> list[Said]:
    return [*GOOD[:at], (tag, what), *GOOD[at + 1 :]]


def test_an_expected_answer_is_read_in_one_pass() -> None:
    data = answer(GOOD)

    said = SHEET.decode(data, 0, len(data))

    assert isinstance(said.binds, Plain)
    assert [0x010203, b"GE0/0/1", 0x7F7F7F7F7F7F7F7F, 1, 0xFFFFFFFF] == said.binds.what
    assert said.binds[1] == Bind(NAMES[1], Value(ber.OCTETS, b"GE0/0/1"))
    assert said.binds[-1:] == [Bind(NAMES[-1], Value(ber.COUNTER32, 0xFFFFFFFF))]
    assert said.binds.by_name() == {bind.name: bind.value for bind in said.binds}


@pytest.mark.parametrize(
    ("what", "number"), [(b"\xff", -1), (b"\xfd\xea", -534), (b"\x80\0\0\0", -(2**31))]
)
def test_a_number_below_zero_is_one(what: bytes, number: int) -> None:
    data = answer(replaced(3, ber.INTEGER, what))

    said = SHEET.decode(data, 0, len(data))

    assert isinstance(said.binds, Plain)
    assert said.binds.what[3] == number
    agree(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(answer(replaced(0, 0x81, b"")), id="an object that is not there"),
        pytest.param(answer(replaced(0, ber.INTEGER, b"\xff" * 5)), id="-1 in five bytes"),
        pytest.param(answer(replaced(0, ber.COUNTER32, b"")), id="a number of no byte"),
        pytest.param(answer(replaced(2, ber.COUNTER64, b"\1" * 9)), id="a number of 65 bits"),
        pytest.param(answer(replaced(2, ber.COUNTER32, b"\0\0\1\1\1\1")), id="zeros in front"),
        pytest.param(answer(replaced(0, ber.OPAQUE, b"\0")), id="a type that is no number"),
        pytest.param(answer(replaced(0, ber.NULL, b"")), id="a null"),
        pytest.param(answer(replaced(1, ber.OCTETS, b"x" * 200)), id="a long text"),
        pytest.param(answer(GOOD, widths=(0, 0, 1, 0)), id="a bind of a long length"),
        pytest.param(answer(GOOD, widths=(0, 0, 0, 2)), id="values of long lengths"),
        pytest.param(answer(GOOD, widths=(3, 4, 0, 0)), id="lengths of four bytes"),
        pytest.param(answer(GOOD, status=b"\2\1\2\2\1\1"), id="an error"),
        pytest.param(answer(GOOD, number=b"\2\1\7"), id="a small id"),
        pytest.param(answer(GOOD, kind=pdu.REPORT), id="a report"),
        pytest.param(answer(GOOD, kind=pdu.GET), id="a question"),
        pytest.param(answer(GOOD)[:-1], id="cut short"),
        pytest.param(answer(GOOD) + b"\0", id="a byte more"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_surprise_is_left_to_the_general_decoder(data: bytes) -> None:
    said = told(SHEET.decode, data, 0, len(data))

    assert told(pdu.decode, data, 0, len(data)) == said
    if said[0] != "refused":
        assert not isinstance(SHEET.decode(data, 0, len(data)).binds, Plain)


@given(
    said=st.lists(values, min_size=len(NAMES), max_size=len(NAMES)),
    widths=st.lists(st.integers(0, 5), min_size=4, max_size=4),
    before=st.integers(0, 3),
    after=st.integers(0, 30),
)
def test_both_agree_whatever_the_values_and_lengths(
    said: list[Said], widths: list[int], before: int, after: int
) -> None:
    try:
        data = answer(said, widths=widths)
    except OverflowError:  # a length that does not fit
        return
    agree(data, before, after)


@settings(max_examples=400)
@given(
    said=st.lists(plain_values, min_size=len(NAMES), max_size=len(NAMES)),
    flips=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=3),
    cut=st.integers(0, 3),
    after=st.integers(0, 30),
)
@example(said=GOOD, flips=[], cut=0, after=0)
def test_both_agree_on_a_broken_answer(
    said: list[Said], flips: list[tuple[int, int]], cut: int, after: int
) -> None:
    data = bytearray(answer(said))
    for at, byte in flips:
        data[at % len(data)] = byte
    agree(bytes(data[: len(data) - cut]), 0, after)


def test_both_agree_on_every_single_byte() -> None:
    """Each byte of a good answer replaced by each other one, and the answer cut after each."""
    data = answer(GOOD)

    for at in range(len(data)):
        agree(data[:at])
        for byte in range(256):
            agree(data[:at] + bytes((byte,)) + data[at + 1 :])


def test_names_in_another_order_are_a_surprise() -> None:
    data = answer(GOOD)
    other = sheet(NAMES[::-1])

    said = other.decode(data, 0, len(data))

    assert not isinstance(said.binds, Plain)
    assert NAMES == [bind.name for bind in said.binds]


def test_a_sheet_asks_what_a_question_asks() -> None:
    number = request_id()

    assert pdu.question(pdu.GET, number, NAMES) == SHEET.pdu(number)
    assert NAMES == list(SHEET) == SHEET[:]
    assert NAMES[-1] == SHEET[-1]


def test_those_who_ask_the_same_share_a_sheet() -> None:
    assert sheet(list(NAMES)) is SHEET
    assert sheet(NAMES[:2]) is not SHEET


def test_a_name_too_long_for_the_pass_is_read_all_the_same() -> None:
    name = ber.oid("1.3.6.1." + "4200000000." * 30 + "1")
    asked = Sheet([name], sheet([name]).pdu(0x40000000))
    bind = ber.element(ber.SEQUENCE, ber.element(ber.OID, name) + ber.integer(7))
    data = ber.element(
        pdu.RESPONSE, ber.integer(1 << 24) + b"\2\1\0\2\1\0" + ber.element(ber.SEQUENCE, bind)
    )

    assert [Bind(name, Value(ber.INTEGER, 7))] == asked.decode(data, 0, len(data)).binds
    assert [name] == list(asked)
