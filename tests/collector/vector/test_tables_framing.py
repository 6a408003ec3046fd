"""Rows of any table: a batch says of each cell what the scalar client says of the same bytes."""

from __future__ import annotations

from functools import cache

import pytest
from alike import Row as Told
from alike import rows_by_scalar, rows_of
from batched import EXCEPTIONS, UNSIGNED, Cell, Desk, Question, device, reply
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import BIAS, RX, TEMPERATURE

from collector.transports import Ask, Row
from lab import ber

TABLES = ("huawei_optics", "hr_processor", "entity_sensor")
TEXT, GONE = (ber.OCTETS, b"-5"), (0x81, b"")
NAMED = "huawei_optics", "entity_sensor"


def asks() -> list[Ask]:
    """Of each table some rows, named where it has names, and not."""
    return [
        Ask(
            device(n),
            n,
            tuple(
                Row((index,), f"m{index}" if named else "", f"m{index}", index)
                for index in (7, 8, 67_436_622)
            ),
            engine=n % 2 > 0,
            table=table,
        )
        for n, (table, named) in enumerate(
            [(t, False) for t in TABLES] + [(t, True) for t in NAMED], 1
        )
    ]


@cache
def desk() -> Desk:
    return Desk(asks())


def by_batch(question: Question, data: bytes) -> dict[int, Told]:
    came, lost = desk().read((question, data))
    assert 0 == len(lost.odd)
    return rows_of(desk().frames(came))


def one(column: str, cell: Cell) -> float | str | None:
    """What both say when this stands in the column of every optical module."""
    question = desk().put()[0]
    prefix = ber.name({"rx_dbm": RX, "bias_a": BIAS, "temperature_c": TEMPERATURE}[column])
    known = question.honest()
    for at, name in enumerate(question.names):
        if name.startswith(prefix):
            known[at] = cell
    data = reply(question, known)
    batch = by_batch(question, data)
    assert rows_by_scalar(question, data) == batch
    assert 3 == len(batch)
    found: float | str | None = batch[7].get(column, "MISSING")
    return found


def number(tag: int, value: int) -> Cell:
    written = ber.integer(value) if tag == ber.INTEGER else ber.number(tag, value)
    return tag, written[2:]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        pytest.param(number(ber.INTEGER, -534), -5.34, id="-5.34 dBm"),
        pytest.param((ber.INTEGER, b"\xfd\xea"), -5.34, id="in two bytes"),
        pytest.param((ber.INTEGER, b"\xff\xff\xfd\xea"), -5.34, id="in four"),
        pytest.param((ber.INTEGER, b"\xff\xff\xff\xfd\xea"), -5.34, id="in five"),
        pytest.param((ber.INTEGER, b"\xff\xff\xff\xff\xfd\xea"), "MALFORMED", id="in six"),
        pytest.param((ber.INTEGER, b"\xff\x00\x00\x00\x00"), "MALFORMED", id="-2^32"),
        pytest.param((ber.INTEGER, b"\x80\x00\x00\x00\x00"), "MALFORMED", id="-2^39"),
        pytest.param(number(ber.INTEGER, -5000), -50.0, id="the least"),
        pytest.param(number(ber.INTEGER, -5001), "MALFORMED", id="less"),
        pytest.param(number(ber.INTEGER, -(2**31)), "MALFORMED", id="the least INTEGER"),
        pytest.param(number(ber.INTEGER, 316), "MALFORMED", id="microwatts"),
        pytest.param(number(ber.INTEGER, 0), "MISSING", id="no light"),
        pytest.param(number(ber.INTEGER, -1), "MISSING", id="no module"),
        pytest.param(number(ber.INTEGER, -255), "MISSING", id="no diagnosis"),
        pytest.param(number(ber.INTEGER, 2**31 - 1), "MISSING", id="no reading"),
        pytest.param(number(ber.GAUGE32, 2**32 - 534), "MALFORMED", id="a gauge of as many bits"),
        pytest.param((ber.GAUGE32, b"\xff\xff\xfd\xea"), "MALFORMED", id="no leading zero"),
        pytest.param(number(ber.GAUGE32, 2**31 - 1), "MISSING", id="no reading, by a gauge"),
        pytest.param(number(ber.COUNTER64, 2**64 - 534), "MALFORMED", id="a counter"),
        pytest.param(TEXT, "MALFORMED", id="a text"),
        pytest.param((ber.INTEGER, b""), "MALFORMED", id="no byte"),
        *(pytest.param((tag, b""), "MISSING", id=f"exception {tag:#x}") for tag in EXCEPTIONS),
    ],
)
def test_light_in_dbm(cell: Cell, expected: float | str) -> None:
    assert expected == one("rx_dbm", cell)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        pytest.param(number(ber.INTEGER, -40), -40.0, id="a cold roof"),
        pytest.param(number(ber.INTEGER, -1), -1.0, id="where -1 is a temperature"),
        pytest.param(number(ber.INTEGER, 0), 0.0, id="zero"),
        pytest.param(number(ber.INTEGER, -61), "MALFORMED", id="colder than any"),
        pytest.param(number(ber.INTEGER, -255), "MISSING", id="no diagnosis"),
    ],
)
def test_a_temperature(cell: Cell, expected: float | str) -> None:
    assert expected == one("temperature_c", cell)


def test_a_mark_below_zero_is_known_where_no_value_is() -> None:
    assert "MISSING" == one("bias_a", number(ber.INTEGER, -1))
    assert "MALFORMED" == one("bias_a", number(ber.INTEGER, -2))
    assert 30_000 * 0.000001 == one("bias_a", number(ber.INTEGER, 30_000))


cells = st.one_of(
    st.tuples(st.just(ber.INTEGER), st.binary(max_size=6)),
    st.tuples(st.just(ber.INTEGER), st.binary(max_size=5).map(lambda b: b"\xff" + b)),
    st.integers(-5005, 5).map(lambda n: number(ber.INTEGER, n)),
    st.sampled_from((-(2**31), -255, -8, 100, 101, 2**31 - 1)).map(
        lambda n: number(ber.INTEGER, n)
    ),
    st.tuples(st.sampled_from(tuple(UNSIGNED)), st.binary(min_size=1, max_size=9)),
    st.sampled_from((TEXT, GONE, (5, b""), (ber.GAUGE32, b"\xff" * 4))),
    st.tuples(st.integers(0, 255), st.binary(max_size=3)),
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_cell_both_say_the_same_of_every_row(data: st.DataObject) -> None:
    question = data.draw(st.sampled_from(desk().put()))
    known = question.honest()
    for at in range(len(known)):
        if not question.is_name(at):
            known[at] = data.draw(cells)
    packet = reply(question, known)

    assert rows_by_scalar(question, packet) == by_batch(question, packet)


@pytest.mark.parametrize("at", range(len(asks())))
def test_a_row_of_which_nothing_is_there_is_none(at: int) -> None:
    """Of a named row the name is gone as well: nothing tells that it is still the same."""
    question = desk().put()[at]
    width = (len(question.names) - (3 if question.ask.engine else 1)) // 3
    known = [*question.honest()[: -2 * width], *[GONE] * width, *question.honest()[-width:]]
    packet = reply(question, known)

    rows = by_batch(question, packet)

    assert {7, 67_436_622} == rows.keys()
    assert rows_by_scalar(question, packet) == rows


def test_a_row_of_another_name_is_left_out() -> None:
    question = desk().put()[3]
    known = [
        (ber.OCTETS, b"m9") if cell == (ber.OCTETS, b"m8") else cell for cell in question.honest()
    ]

    assert {7, 67_436_622} == by_batch(question, reply(question, known)).keys()
