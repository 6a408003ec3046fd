"""The frame of a batch holds what the scalar client makes of the same bytes, cell by cell."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from alike import PREFIX, Row, rows_by_scalar, rows_of
from batched import EXCEPTIONS, UINTEGER32, UNSIGNED, Cell, Desk, Question, reply
from hypothesis import given, settings
from hypothesis import strategies as st

from lab import ber

IN, OUT, LOW_IN, LOW_OUT = "ifHCInOctets", "ifHCOutOctets", "ifInOctets", "ifOutOctets"
FAST, SPEED, OPER = "ifHighSpeed", "ifSpeed", "ifOperStatus"
GONE, TEXT = (0x81, b""), (ber.OCTETS, b"many")


def number(tag: int, value: int) -> Cell:
    return tag, ber.number(tag, value)[2:]


@cache
def desk() -> Desk:
    return Desk()


def by_batch(question: Question, data: bytes) -> dict[int, Row]:
    came, lost = desk().read((question, data))
    assert 0 == len(lost.odd)
    return rows_of(desk().frames(came))


def said(at: int, cells: dict[str, Cell]) -> tuple[Question, bytes]:
    """An honest answer to a question, but for the cells of these objects in every row."""
    question = desk().put()[at]
    known = question.honest()
    for place, name in enumerate(question.names):
        for word, cell in cells.items():
            if name.startswith(PREFIX[word]):
                known[place] = cell
    return question, reply(question, known)


def both(at: int, **cells: Cell) -> Row:
    """What both say of the first row."""
    question, data = said(at, cells)
    batch = by_batch(question, data)
    assert rows_by_scalar(question, data) == batch
    return batch[question.ask.ports[0].slot]


def one(value: Cell, word: str = IN) -> Any:
    """What both say of in_octets (or of what that object is) when nothing else is there."""
    none = dict.fromkeys((IN, LOW_IN, FAST, SPEED), GONE)
    column = {IN: "in_octets", FAST: "speed", SPEED: "speed", OPER: "oper"}[word]
    return both(0, **{**none, word: value}).get(column, "MISSING")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(number(ber.COUNTER64, 2**64 - 1), 2**64 - 1, id="all 64 bits"),
        pytest.param((ber.COUNTER64, b"\xff" * 8), 2**64 - 1, id="no leading zero"),
        pytest.param((ber.COUNTER64, b"\1" + bytes(8)), "MALFORMED", id="65 bits"),
        pytest.param((ber.COUNTER64, bytes(10)), "MALFORMED", id="two leading zeros"),
        pytest.param((ber.COUNTER64, b""), "MALFORMED", id="no byte"),
        pytest.param(number(ber.COUNTER32, 2**32 - 1), 2**32 - 1, id="32 bits where 64 are due"),
        pytest.param((ber.COUNTER32, b"\1\0\0\0\0"), "MALFORMED", id="33 bits"),
        pytest.param(number(ber.GAUGE32, 7), "MALFORMED", id="a gauge"),
        pytest.param(number(ber.INTEGER, 7), "MALFORMED", id="an integer"),
        pytest.param(TEXT, "MALFORMED", id="a text"),
        pytest.param((5, b""), "MALFORMED", id="null"),
        pytest.param((0x44, b"\x9f\x78\4\0\0\0\1"), "MALFORMED", id="opaque"),
        *(pytest.param((tag, b""), "MISSING", id=f"exception {tag:#x}") for tag in EXCEPTIONS),
    ],
)
def test_a_counter(value: Cell, expected: int | str) -> None:
    assert expected == one(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(number(ber.INTEGER, 7), 7, id="the last state"),
        pytest.param(number(ber.INTEGER, 8), "MALFORMED", id="beyond"),
        pytest.param(number(ber.INTEGER, 0), "MALFORMED", id="below"),
        pytest.param((ber.INTEGER, b"\xff"), "MALFORMED", id="negative"),
        pytest.param((ber.INTEGER, b"\0\0\0\0\1"), 1, id="five bytes"),
        pytest.param((ber.INTEGER, b"\xff\xff\xff\xff\1"), "MALFORMED", id="five, negative"),
        pytest.param((ber.INTEGER, b"\1\0\0\0\1"), "MALFORMED", id="40 bits"),
        pytest.param((ber.INTEGER, bytes(5) + b"\1"), "MALFORMED", id="six bytes"),
        pytest.param(number(UINTEGER32, 2), 2, id="uinteger32"),
        pytest.param(number(ber.TIMETICKS, 2), 2, id="ticks"),
        pytest.param(number(ber.COUNTER32, 2), 2, id="counter32"),
        pytest.param(number(ber.COUNTER64, 2), "MALFORMED", id="counter64"),
    ],
)
def test_a_state(value: Cell, expected: int | str) -> None:
    assert expected == one(value, OPER)


@pytest.mark.parametrize(
    ("fast", "slow", "expected"),
    [
        pytest.param(number(ber.GAUGE32, 100), GONE, 1e8, id="the first"),
        pytest.param(number(ber.GAUGE32, 0), number(ber.GAUGE32, 64_000), 64e3, id="the second"),
        pytest.param(GONE, number(ber.GAUGE32, 64_000), 64e3, id="the second alone"),
        pytest.param(TEXT, number(ber.INTEGER, 64_000), 64e3, id="of a broken one the second"),
        pytest.param(number(ber.GAUGE32, 0), number(ber.GAUGE32, 0), "MISSING", id="both unknown"),
        pytest.param(number(ber.GAUGE32, 2**32 - 1), GONE, (2**32 - 1) * 1e6, id="the fastest"),
        pytest.param(GONE, number(ber.GAUGE32, 2**32 - 1), "MISSING", id="the second at its end"),
        pytest.param(TEXT, GONE, "MALFORMED", id="a broken one alone"),
        pytest.param(GONE, TEXT, "MALFORMED", id="a broken second alone"),
        pytest.param(TEXT, number(ber.GAUGE32, 0), "MALFORMED", id="broken, then unknown"),
        pytest.param(number(ber.GAUGE32, 0), TEXT, "MISSING", id="unknown, then broken"),
    ],
)
def test_a_column_of_two_sources(fast: Cell, slow: Cell, expected: float | str) -> None:
    assert expected == both(0, **{FAST: fast, SPEED: slow}).get("speed", "MISSING")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param({}, (64, 5 * 2**33, 7 * 2**33), id="wide"),
        pytest.param({OUT: GONE}, (32, 0, 3), id="one is wide, the other is not there"),
        pytest.param({IN: GONE, OUT: GONE}, (32, 2, 3), id="narrow"),
        pytest.param({IN: number(ber.COUNTER32, 9)}, (32, 9, 0), id="32 bits in a wide object"),
        pytest.param({LOW_IN: TEXT}, (64, 5 * 2**33, 7 * 2**33), id="what is not needed is broken"),
        pytest.param({IN: TEXT, LOW_IN: TEXT}, (64, "MALFORMED", 7 * 2**33), id="both broken"),
        pytest.param({IN: GONE, LOW_IN: TEXT}, (32, "MALFORMED", 0), id="a broken narrow one"),
        pytest.param(
            {IN: GONE, LOW_IN: GONE}, (64, "MISSING", 7 * 2**33), id="one direction alone"
        ),
    ],
)
def test_octets_are_as_wide_as_the_narrower(cells: dict[str, Cell], expected: tuple[Any]) -> None:
    wide = {IN: number(ber.COUNTER64, 5 * 2**33), OUT: number(ber.COUNTER64, 7 * 2**33)}
    low = {LOW_IN: number(ber.COUNTER32, 2), LOW_OUT: number(ber.COUNTER32, 3)}

    row = both(0, **{**wide, **low, **cells})

    names = ("bits", "in_octets", "out_octets")
    assert expected == tuple(row.get(name, "MISSING") for name in names)


@pytest.mark.parametrize(
    ("boots", "seconds"),
    [
        pytest.param(number(ber.INTEGER, 3), number(ber.INTEGER, 400), id="both"),
        pytest.param(number(ber.INTEGER, 0), number(ber.INTEGER, 400), id="no boots"),
        pytest.param(GONE, number(ber.INTEGER, 400), id="boots not there"),
        pytest.param(number(ber.INTEGER, 3), GONE, id="time not there"),
        pytest.param(number(ber.INTEGER, 3), TEXT, id="time broken"),
        pytest.param(number(ber.INTEGER, 3), number(ber.INTEGER, 0), id="just started"),
    ],
)
def test_boots_and_time_of_the_engine(boots: Cell, seconds: Cell) -> None:
    both(2, snmpEngineBoots=boots, snmpEngineTime=seconds)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(number(ber.TIMETICKS, 2**32 - 1), 2**32 - 1, id="the last tick"),
        pytest.param(number(ber.INTEGER, 5), 5, id="an integer"),
        pytest.param((ber.INTEGER, b"\xff"), 0, id="negative"),
        pytest.param(TEXT, 0, id="a text"),
        pytest.param(GONE, 0, id="not there"),
        pytest.param(number(ber.COUNTER64, 2**40), 0, id="40 bits"),
    ],
)
def test_the_uptime_of_a_row(value: Cell, expected: int) -> None:
    assert expected == both(0, sysUpTime=value)["uptime"]


cells = st.one_of(
    st.tuples(st.sampled_from(tuple(UNSIGNED)), st.binary(min_size=1, max_size=9)),
    st.tuples(st.sampled_from(tuple(UNSIGNED)), st.binary(max_size=8).map(lambda b: b"\0" + b)),
    st.tuples(st.just(ber.COUNTER64), st.binary(min_size=7, max_size=8)),
    st.tuples(st.just(ber.COUNTER32), st.binary(min_size=3, max_size=4)),
    st.tuples(st.just(ber.INTEGER), st.binary(max_size=6)),
    st.integers(0, 8).map(lambda n: number(ber.INTEGER, n)),
    st.sampled_from((TEXT, GONE, (5, b""), (ber.GAUGE32, b"\0"), (ber.GAUGE32, b"\xff" * 4))),
    st.tuples(st.integers(0, 255), st.binary(max_size=3)),
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_cell_both_say_the_same_of_every_row(data: st.DataObject) -> None:
    questions = desk().put()
    at = data.draw(st.sampled_from([n for n, each in enumerate(questions) if each.ask.ports]))
    question = questions[at]
    known = question.honest()
    for place in range(len(known)):
        if not question.is_name(place):
            known[place] = data.draw(cells)
    packet = reply(question, known)

    assert rows_by_scalar(question, packet) == by_batch(question, packet)


NAMES = ("p7", "", "p", "p77", "P7", "p7 ", "p7\0", "\0p7", "p" * 32, "p" * 33, "p" * 110)


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_a_row_of_another_name_is_left_out(name: str) -> None:
    """`p7 ` is what the scalar client reads as `p7`: the batch asks it to read such a row."""
    question = desk().put()[2]
    known = [
        (ber.OCTETS, name.encode()) if question.is_name(at) else cell
        for at, cell in enumerate(question.honest())
    ]

    rows = by_batch(question, reply(question, known))

    assert ({7} if name == "p7" else set()) == rows.keys()


def test_a_name_of_another_type_is_none() -> None:
    question = desk().put()[2]
    known = [
        (ber.OPAQUE, b"p7") if question.is_name(at) else cell
        for at, cell in enumerate(question.honest())
    ]

    assert {} == by_batch(question, reply(question, known))
