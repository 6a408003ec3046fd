"""From what an agent said to what is believed: text, numbers, and ports by their names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.discovery import facts_of
from collector.mibs import Column, mib
from collector.rows import Reading, frames_of, silence, text, value_of
from collector.transports import Ask, Found
from edunet.catalog import Catalog
from edunet.facts import Facts, Port
from edunet.frame import Reason
from edunet.inventory.model import Device

TABLE = mib("if_mib")
DEVICE = Device.model_validate({"id": "a", "site": "city", "address": "127.0.0.1"})
anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.binary(),
    st.text(),
    st.lists(st.none()),
)


def column(kind: str, **more: Any) -> Column:
    return Column.model_validate({"oid": "1.3", "type": kind, **more})


@pytest.mark.parametrize(
    ("value", "of", "expected"),
    [
        pytest.param(0, column("uint64"), (0, Reason.GOOD), id="nothing counted yet"),
        pytest.param(2**64 - 1, column("uint64"), (2**64 - 1, Reason.GOOD), id="the largest"),
        pytest.param(2**64, column("uint64"), (0, Reason.MALFORMED), id="larger than the largest"),
        pytest.param(-1, column("uint64"), (0, Reason.MALFORMED), id="below zero"),
        pytest.param(None, column("uint64"), (0, Reason.MISSING), id="not there"),
        pytest.param(None, column("int16"), (-1, Reason.MISSING), id="a state not there"),
        pytest.param(True, column("uint64"), (0, Reason.MALFORMED), id="a truth is no number"),
        pytest.param("12", column("uint64"), (0, Reason.MALFORMED), id="nor is text"),
        pytest.param(1.0, column("uint64"), (0, Reason.MALFORMED), id="nor a fraction"),
        pytest.param(7, column("int16", among=(1, 7)), (7, Reason.GOOD), id="the last state"),
        pytest.param(8, column("int16", among=(1, 7)), (-1, Reason.MALFORMED), id="no such state"),
        pytest.param(
            40_000, column("int16"), (-1, Reason.MALFORMED), id="too large for the column"
        ),
        pytest.param(10_000, column("float64", scale=1e6), (1e10, Reason.GOOD), id="10 Gbit/s"),
        pytest.param(0, column("float64"), (0, Reason.GOOD), id="a zero that is one"),
    ],
)
def test_a_value_is_believed_or_not(value: Any, of: Column, expected: tuple[float, Reason]) -> None:
    assert expected == value_of(value, of)


def test_a_speed_of_zero_is_no_speed() -> None:
    value, reason = value_of(0, TABLE.columns["speed"])

    assert math.isnan(value)
    assert Reason.MISSING is reason


@given(value=anything, called=st.sampled_from(sorted(TABLE.columns)))
def test_whatever_an_agent_says_the_column_can_hold_it(value: Any, called: str) -> None:
    of = TABLE.columns[called]
    held, reason = value_of(value, of)

    kinds = {"uint64": np.uint64, "int16": np.int16, "float64": np.float64}
    assert np.array([held], kinds[of.type])[0] == held or math.isnan(held)
    assert reason is Reason.GOOD or held in {0, -1} or math.isnan(held)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param("城东实验小学".encode(), "城东实验小学", id="UTF-8"),
        pytest.param("城东实验小学".encode("gbk"), "城东实验小学", id="GBK"),
        pytest.param("𠮷野家".encode("gb18030"), "𠮷野家", id="GB 18030, four bytes"),
        pytest.param(b"GE0/0/1\x00", "GE0/0/1", id="a C programmer's end"),
        pytest.param(b"  up\tlink \r\n", "up link", id="white space"),
        pytest.param(b"\x1b]0;owned\x07", "]0;owned", id="an escape to a terminal"),
        pytest.param("a\u202eb".encode(), "a b", id="text that would run backwards"),
        pytest.param(b"\x80", "", id="no text in any of them"),
        pytest.param(None, "", id="nothing"),
        pytest.param(7, "7", id="a number"),
    ],
)
def test_text_becomes_readable(said: Any, expected: str) -> None:
    assert expected == text(said)


@given(anything)
def test_text_is_always_printable_and_short(said: Any) -> None:
    result = text(said)

    assert len(result) <= 255
    assert all(character.isprintable() for character in result)
    assert result == result.strip()


def facts(rows: list[tuple[int, str, str, str]], wanted: tuple[str, ...] = ()) -> Facts:
    catalog = Catalog()
    found = Found("", "", "", 0, tuple(rows))
    return facts_of(found, wanted, lambda name: catalog.slot("interface", "a", name), None)


def called(rows: list[tuple[int, str, str, str]], wanted: tuple[str, ...] = ()) -> list[str]:
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
def test_ports_are_called(
    rows: list[tuple[int, str, str, str]], wanted: tuple[str, ...], expected: list[str]
) -> None:
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
        values = {
            TABLE.scalars["uptime"]: ticks,
            f"{TABLE.identity['name']}.{port.ifindex}": port.said.encode(),
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
