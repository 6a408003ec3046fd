"""What the pass over a GETBULK's answer reads, a walk makes the same of as of the general one's."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collector.snmp import ber, pdu, walk
from collector.snmp.ber import MalformedError
from collector.snmp.sweep import Sweep, Swept
from collector.snmp.walk import Walk

Said = tuple[bytes, int, bytes]  # name, tag, contents

ENTRY = ber.oid("1.3.6.1.2.1.2.2.1")
DESCR, SPEED, IN = COLUMNS = [ENTRY + ber.oid_of(number) for number in (2, 5, 10)]
BEHIND = ber.oid("1.3.6.1.2.1.4.1.0")
TAGS = (
    ber.INTEGER, ber.COUNTER32, ber.GAUGE32, ber.TIMETICKS, ber.COUNTER64, ber.UINTEGER32,
    ber.OCTETS, ber.OCTETS, ber.OID, ber.NULL, ber.OPAQUE, ber.END_OF_MIB_VIEW, ber.NO_SUCH_OBJECT,
)  # fmt: skip


def answer(said: Sequence[Said], status: int = 0) -> bytes:
    binds = b"".join(
        ber.element(ber.SEQUENCE, ber.element(ber.OID, name) + ber.element(tag, what))
        for name, tag, what in said
    )
    head = ber.integer(0x12345678) + ber.integer(status) + ber.integer(0)
    return ber.element(pdu.RESPONSE, head + ber.element(ber.SEQUENCE, binds))


def rows(*numbers: int, texts: bytes = b"GE") -> list[Said]:
    """Good rows of all columns."""
    return [
        (column + ber.oid_of(row), tag, what)
        for row in numbers
        for column, tag, what in (
            (DESCR, ber.OCTETS, texts), (SPEED, ber.GAUGE32, b"\0\xff\xff\xff\xff"),
            (IN, ber.COUNTER32, b"\x01\x02"),
        )
    ]  # fmt: skip


def state(seen: Walk) -> tuple[object, ...]:
    return seen.columns, seen.asks, seen.circling


def agree(data: bytes, lasts: Sequence[int] = ()) -> bool:
    """Both ways tell a walk the same; whether the pass read it."""
    plain, quick = Walk(COLUMNS), Walk(COLUMNS)
    for seen in (plain, quick) if lasts else ():
        seen.take([pdu.Bind(c + ber.oid_of(n), pdu.Value(2, 7)) for n in lasts for c in COLUMNS])
    asked = quick.sweep()
    try:
        expected = pdu.decode(b"0" + data + b"0", 1, len(data) + 1)
    except MalformedError as error:
        with pytest.raises(MalformedError, match=str(error)):
            asked.decode(b"0" + data + b"0", 1, len(data) + 1)
        return False
    said = asked.decode(b"0" + data + b"0", 1, len(data) + 1)
    assert expected[:4] == said[:4]
    assert list(expected.binds) == list(said.binds)
    plain.take(expected.binds)
    quick.take(said.binds)
    assert state(plain) == state(quick)
    return isinstance(said.binds, Swept)


names = st.one_of(
    st.tuples(
        st.sampled_from(COLUMNS), st.sampled_from([1, 2, 3, 127, 128, 70_000, 2**32 - 1])
    ).map(lambda pair: pair[0] + ber.oid_of(pair[1])),
    st.sampled_from([BEHIND, DESCR, b"", DESCR + b"\x80\x05", DESCR + b"\x81", DESCR + b"\1\2"]),
)
values = st.tuples(st.sampled_from(TAGS), st.binary(max_size=140))


@given(said=st.lists(st.tuples(names, values).map(lambda each: (each[0], *each[1])), max_size=12))
def test_whatever_an_agent_says_is_the_same_to_the_walk(said: list[Said]) -> None:
    agree(answer(said))
    agree(answer(said), lasts=(2,))


@given(
    numbers=st.lists(st.integers(0, 2**32 - 1), unique=True, max_size=30).map(sorted),
    cut=st.integers(0, 90),
    at=st.integers(0, 2000),
    byte=st.integers(0, 255),
)
@example(numbers=[0, 5], cut=6, at=0, byte=ord("0"))
def test_good_answers_that_are_cut_or_spoilt_are_the_same_to_the_walk(
    numbers: list[int], cut: int, at: int, byte: int
) -> None:
    data = bytearray(answer(rows(*numbers)[:cut]))
    agree(bytes(data))
    data[at % len(data)] = byte
    agree(bytes(data))


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(rows(1, 2, 300), id="rows"),
        pytest.param(rows(1, 2)[:5], id="cut off"),
        pytest.param(rows(1)[:2], id="cut off before each was answered"),
        pytest.param(
            rows(1) + [(BEHIND, ber.INTEGER, b"\1")] * 6, id="the end, and objects behind it"
        ),
        pytest.param([(BEHIND, ber.END_OF_MIB_VIEW, b"")] * 3, id="none at all"),
        pytest.param(rows(7, texts=b"x" * 70), id="a text as long as lengths of a byte allow"),
    ],
)
def test_what_honest_agents_say_is_read_in_one_pass(said: list[Said]) -> None:
    assert agree(answer(said))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(answer([]), id="nothing"),
        pytest.param(answer(rows(1), status=5), id="an error"),
        pytest.param(answer(rows(2, 1)), id="rows that go back"),
        pytest.param(answer(rows(1, 1)), id="the same row again"),
        pytest.param(answer(rows(1, texts=b"x" * 128)), id="a long text"),
        pytest.param(answer([(DESCR, ber.OCTETS, b"x")]), id="a column instead of a row"),
        pytest.param(answer([(DESCR + b"\1\2", ber.OCTETS, b"x")]), id="a row of two numbers"),
        pytest.param(answer([(DESCR + b"\1", ber.INTEGER, b"\xff")]), id="a number below zero"),
        pytest.param(answer([(DESCR + b"\1", ber.INTEGER, b"")]), id="a number of no byte"),
        pytest.param(answer([(DESCR + b"\1", ber.COUNTER32, b"\1" * 5)]), id="a number too large"),
        pytest.param(answer(rows(1)) + b"\0", id="a byte more"),
        pytest.param(answer(rows(1))[:-1], id="cut short"),
        pytest.param(answer([(BEHIND, ber.NULL, b"")] * 4097), id="more values than anybody asks"),
    ],
)
def test_a_surprise_is_left_to_the_general_decoder(data: bytes) -> None:
    assert not agree(data)


def test_it_asks_as_the_general_way_would() -> None:
    lasts = (-1, 4, 300)

    asked = Sweep(tuple(COLUMNS), lasts, 9)

    expected = [DESCR, SPEED + b"\4", IN + ber.oid_of(300)]
    assert expected == list(asked)
    assert pdu.question(pdu.GETBULK, 0x01234567, expected, 0, 9) == asked.pdu(0x01234567)


def repeat(seen: Walk) -> int:
    """How many rows the walk asks for next: error-index of a question is max-repetitions."""
    asked = seen.sweep().pdu(0x01234567)
    at, stop = ber.expect(asked, 0, len(asked), pdu.GETBULK)
    for _ in range(2):
        _, at = ber.number(asked, at, stop)
    return ber.number(asked, at, stop)[0]


def test_rows_of_long_texts_are_asked_for_in_smaller_answers() -> None:
    """By the octets of the answer before: the next one shall go in one packet too."""
    found = {}
    for length in (4, 100):
        seen = Walk(COLUMNS)
        first = repeat(seen)
        data = answer(rows(*range(1, first + 1), texts=b"x" * length))
        seen.take(seen.sweep().decode(data, 0, len(data)).binds)
        found[length] = repeat(seen)
        later = answer(rows(*range(20, 20 + found[length]), texts=b"x" * length))
        assert 1000 < len(later) <= 1330

    assert found[100] < first < found[4]


@pytest.mark.parametrize(
    ("expected", "asked"),
    [
        pytest.param(0, 16, id="nobody knows"),
        pytest.param(5, 6, id="five, and the one that ends them"),
        pytest.param(100, 16, id="more than fit"),
    ],
)
def test_no_more_rows_are_asked_for_than_are_expected(expected: int, asked: int) -> None:
    assert asked == repeat(Walk(COLUMNS, expected))


def test_a_table_longer_than_expected_is_walked_on() -> None:
    seen = Walk(COLUMNS, 2)
    data = answer(rows(1, 2, 3))
    seen.take(seen.sweep().decode(data, 0, len(data)).binds)

    assert repeat(seen) > 3


def test_no_more_rows_are_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MOST_ROWS", 2)

    assert agree(answer(rows(1, 2, 3)))
    seen = Walk(COLUMNS)
    data = answer(rows(1, 2, 3))
    seen.take(seen.sweep().decode(data, 0, len(data)).binds)
    assert {1, 2} == seen.columns[DESCR].what.keys()
    assert not seen.goes_on
