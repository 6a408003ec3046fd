"""From what an agent said to what is believed: text, numbers, and ports by their names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.discovery import facts_of
from collector.mibs import Column, Source, mib
from collector.rows import Reading, frames_of, silence
from collector.snmp import ber
from collector.snmp.pdu import Value
from collector.transports import Ask, Found, Listed
from collector.values import text, value_of
from edunet.catalog import Catalog
from edunet.facts import Facts, Port
from edunet.frame import Reason
from edunet.inventory.model import Device

Rows = list[tuple[int, str, str, str]]
TABLE = mib("if_mib")
DEVICE = Device.model_validate({"id": "a", "site": "city", "address": "127.0.0.1"})
anything = st.builds(
    Value,
    st.sampled_from(
        [1, 2, 4, 5, 6, 0x40, 0x41, 0x42, 0x43, 0x44, 0x46, 0x47, 0x80, 0x81, 0x82, 0xFF]
    ),
    st.one_of(st.none(), st.integers(-(2**32), 2**64), st.binary(max_size=600)),
)


def counter(value: int, tag: int = ber.COUNTER64) -> Value:
    return Value(tag, value)


def number(value: int, tag: int = ber.INTEGER) -> Value:
    return Value(tag, value)


def column(held: str, **more: Any) -> tuple[Source, Column]:
    source = Source.model_validate({"object": "x", "oid": "1.3.6.1.2.1.2.2.1.10", **more})
    return source, Column.model_validate({"type": held, "sources": [source]})


COUNTER = column("uint64", kind="counter")
STATE = column("int16", among=(1, 7))
GONE = Value(ber.NO_SUCH_INSTANCE, None)


@pytest.mark.parametrize(
    ("value", "of", "expected"),
    [
        pytest.param(counter(0), COUNTER, (0, Reason.GOOD), id="nothing counted yet"),
        pytest.param(counter(2**64 - 1), COUNTER, (2**64 - 1, Reason.GOOD), id="the largest"),
        pytest.param(counter(7, ber.COUNTER32), COUNTER, (7, Reason.GOOD), id="a narrow one"),
        pytest.param(number(7), COUNTER, (0, Reason.MALFORMED), id="a number counts nothing"),
        pytest.param(number(7, ber.GAUGE32), COUNTER, (0, Reason.MALFORMED), id="nor a gauge"),
        pytest.param(None, COUNTER, (0, Reason.MISSING), id="not there"),
        pytest.param(GONE, COUNTER, (0, Reason.MISSING), id="said not to be there"),
        pytest.param(None, STATE, (-1, Reason.MISSING), id="a state not there"),
        pytest.param(Value(1, b"\xff"), COUNTER, (0, Reason.MALFORMED), id="a truth is no number"),
        pytest.param(Value(4, b"12"), COUNTER, (0, Reason.MALFORMED), id="nor is text"),
        pytest.param(Value(2, b""), STATE, (-1, Reason.MALFORMED), id="nor a number of no byte"),
        pytest.param(number(7), STATE, (7, Reason.GOOD), id="the last state"),
        pytest.param(number(8), STATE, (-1, Reason.MALFORMED), id="no such state"),
        pytest.param(number(-1), STATE, (-1, Reason.MALFORMED), id="below zero"),
        pytest.param(
            number(40_000), column("int16"), (-1, Reason.MALFORMED), id="too large for the column"
        ),
        pytest.param(
            number(10_000, ber.GAUGE32),
            column("float64", scale=1e6),
            (1e10, Reason.GOOD),
            id="10 Gbit/s",
        ),
        pytest.param(number(0), column("float64"), (0, Reason.GOOD), id="a zero that is one"),
    ],
)
def test_a_value_is_believed_or_not(
    value: Value | None, of: tuple[Source, Column], expected: tuple[float, Reason]
) -> None:
    assert expected == value_of(value, *of)


SPEED = TABLE.columns["speed"]
HIGH_SPEED, IF_SPEED = SPEED.sources


@pytest.mark.parametrize(
    ("value", "source"),
    [
        pytest.param(0, HIGH_SPEED, id="an ifHighSpeed of zero"),
        pytest.param(0, IF_SPEED, id="an ifSpeed of zero"),
        pytest.param(4294967295, IF_SPEED, id="the end of ifSpeed"),
    ],
)
def test_a_speed_that_is_none(value: int, source: Source) -> None:
    held, reason = value_of(number(value, ber.GAUGE32), source, SPEED)

    assert math.isnan(held)
    assert Reason.MISSING is reason


@given(value=anything, called=st.sampled_from(sorted(TABLE.columns)))
def test_whatever_an_agent_says_the_column_can_hold_it(value: Value, called: str) -> None:
    of = TABLE.columns[called]
    for source in of.sources:
        held, reason = value_of(value, source, of)

        kinds = {"uint64": np.uint64, "int16": np.int16, "float64": np.float64}
        assert np.array([held], kinds[of.type])[0] == held or math.isnan(held)
        assert reason is Reason.GOOD or held in {0, -1} or math.isnan(held)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param("城东实验小学".encode(), "城东实验小学", id="UTF-8"),
        pytest.param("城东实验小学".encode("gbk"), "城东实验小学", id="GBK"),
        pytest.param("城东实验小学".encode()[:-1], "城东实验小", id="UTF-8, cut by the switch"),
        pytest.param("至城东".encode()[:7], "至城", id="UTF-8, cut after one byte of three"),
        pytest.param("𠮷野家".encode("gb18030"), "𠮷野家", id="GB 18030, four bytes"),
        pytest.param(b"GE0/0/1\x00", "GE0/0/1", id="a C programmer's end"),
        pytest.param(b"  up\tlink \r\n", "up link", id="white space"),
        pytest.param(b"\x1b]0;owned\x07", "]0;owned", id="an escape to a terminal"),
        pytest.param("a\u202eb".encode(), "a b", id="text that would run backwards"),
        pytest.param(b"\x80", "", id="no text in any of them"),
        pytest.param(None, "", id="nothing"),
    ],
)
def test_text_becomes_readable(said: Any, expected: str) -> None:
    assert expected == text(None if said is None else Value(ber.OCTETS, said))


def test_a_number_is_no_text() -> None:
    assert "" == text(number(7))


@given(st.binary(max_size=600))
def test_text_is_always_printable_and_short(said: bytes) -> None:
    result = text(Value(ber.OCTETS, said))

    assert len(result) <= 255
    assert all(character.isprintable() for character in result)
    assert result == result.strip()


def facts(rows: Rows, wanted: tuple[str, ...] = ()) -> Facts:
    catalog = Catalog()
    found = Found("", "", "", 0, tuple(Listed(*row) for row in rows))
    return facts_of(found, wanted, lambda name: catalog.slot("interface", "a", name), None)


def called(rows: Rows, wanted: tuple[str, ...] = ()) -> list[str]:
    return [port.name for port in facts(rows, wanted).ports]


@pytest.mark.parametrize(
    ("rows", "wanted", "expected"),
    [
        pytest.param([(1, "GE1", "", "Gigabit1")], (), ["GE1"], id="by ifName"),
        pytest.param([(1, "", "", "Port 1")], (), ["Port 1"], id="by ifDescr without an ifName"),
        pytest.param([(1, "GE1", "", "Gigabit1")], ("Gigabit1",), ["Gigabit1"], id="as wanted"),
        pytest.param(
            [(1, "x", "", "one"), (2, "x", "", "two")], (), ["one", "two"], id="two of a name"
        ),
        pytest.param(
            [(1, "x", "", "y"), (2, "x", "", "y")], (), ["ifIndex 1", "ifIndex 2"], id="twins"
        ),
        pytest.param(
            [(1, "", "", "b"), (2, "b", "", "c")], (), ["ifIndex 1", "b"], id="one's ifDescr is "
            "another's ifName",
        ),
        pytest.param(
            [(1, "", "", ""), (2, "ifIndex 1", "", "")], (), ["ifIndex 1", "ifIndex 2 (ifIndex 1)"],
            id="a name that mocks us",
        ),
    ],
)  # fmt: skip
def test_ports_are_called(rows: Rows, wanted: tuple[str, ...], expected: list[str]) -> None:
    assert expected == called(rows, wanted)


_words = st.sampled_from(["", "a", "b", "c", "ifIndex 1", "ifIndex 2", "ifIndex 2 (ifIndex 1)"])


@given(
    rows=st.lists(st.tuples(_words, _words, _words), max_size=8),
    wanted=st.sets(_words.filter(bool)),
)
def test_no_two_ports_share_a_series(rows: list[tuple[str, str, str]], wanted: set[str]) -> None:
    made = facts([(n, *row) for n, row in enumerate(rows, 1)], tuple(wanted))

    assert len(rows) == len({port.slot for port in made.ports}) == len(made.ports)
    assert set(made.lost) == wanted - {port.name for port in made.ports}


def test_of_a_silent_device_is_said_that_it_is_silent_and_nothing_else() -> None:
    frames, stale = frames_of(Ask(DEVICE, 5, ()), [], TABLE, 1234)

    (frame,) = frames
    assert ("device", [5], [1234], [0]) == (
        frame.kind, frame.slots.tolist(), frame.times.tolist(), frame.columns["answered"].tolist(),
    )  # fmt: skip
    assert math.isnan(frame.columns["uptime_s"][0])
    assert not stale
    assert frame.slots.tolist() == silence(5, 1234).slots.tolist()


def test_each_row_is_dated_and_timed_by_its_own_reply() -> None:
    def reading(port: Port, time: int, ticks: int) -> Reading:
        name = ber.oid(f"{TABLE.identity['name']}.{port.ifindex}")
        values = {
            ber.oid(TABLE.scalars["sysUpTime"]): Value(ber.TIMETICKS, ticks),
            name: Value(ber.OCTETS, port.said.encode()),
        }
        return Reading([port], values, time)

    one, two = Port(1, "a", "a", "", 10), Port(2, "b", "b", "", 11)
    (device, rows), stale = frames_of(
        Ask(DEVICE, 0, (one, two)), [reading(one, 1000, 77), reading(two, 3000, 277)], TABLE, 9
    )

    assert ([10, 11], [1000, 3000], [77, 277]) == (
        rows.slots.tolist(), rows.times.tolist(), rows.uptime.tolist(),
    )  # fmt: skip
    assert ([3000], [277], [2.77]) == (
        device.times.tolist(), device.uptime.tolist(), device.columns["uptime_s"].tolist(),
    )  # fmt: skip
    assert not stale
