"""Honest tables are walked whole, however an agent cuts its answers; hostile ones cost little."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.snmp import ber, walk
from collector.snmp.pdu import Bind, Value
from collector.snmp.walk import MOST_ROWS, Walk

Oid = tuple[int, ...]
ENTRY: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1)
ABSENT = Value(ber.END_OF_MIB_VIEW, None)
ROWS = st.one_of(st.integers(1, 40), st.sampled_from([127, 128, 16_384, 2**31, 2**32 - 1]))
TABLES = st.dictionaries(st.integers(1, 200), st.sets(ROWS, max_size=25), min_size=1, max_size=12)
TRIES = 25 * 12 + 12  # one value an answer, and the end of each column


def column(number: int) -> bytes:
    return ber.oid(".".join(map(str, ENTRY))) + ber.oid_of(number)


def rows_of(seen: Walk) -> dict[bytes, dict[int, Value | None]]:
    return {
        name: {row: found.value(row) for row in found.what} for name, found in seen.columns.items()
    }


def number(value: int) -> Value:
    return Value(ber.COUNTER32, value)


class Agent:
    """Answers as RFC 3416 says, of the rows of a table, of one table behind it, and of no more."""

    def __init__(self, table: dict[int, set[int]]) -> None:
        self.objects: dict[Oid, Value] = {
            (*ENTRY, col, row): number(place)
            for place, (col, row) in enumerate((c, r) for c in table for r in table[c])
        }
        self.objects[1, 3, 6, 1, 2, 1, 31, 1] = number(0)
        self.oids = sorted(self.objects)

    def bulk(self, names: Sequence[bytes], repeat: int) -> list[Bind]:
        at = [bisect_right(self.oids, (1, 3, *ber.numbers_of(name)[1:])) for name in names]
        return [
            Bind(name, ABSENT) if place + step >= len(self.oids) else self._bind(place + step)
            for step in range(repeat)
            for name, place in zip(names, at, strict=True)
        ]

    def _bind(self, place: int) -> Bind:
        oid = self.oids[place]
        return Bind(ber.oid(".".join(map(str, oid))), self.objects[oid])

    def rows(self, table: dict[int, set[int]]) -> dict[bytes, dict[int, Value]]:
        return {
            column(col): {row: self.objects[*ENTRY, col, row] for row in sorted(table[col])}
            for col in table
        }


@given(table=TABLES, repeat=st.integers(1, 60), dice=st.randoms(use_true_random=False))
def test_a_sparse_table_is_walked_whole_however_short_its_answers_are(
    table: dict[int, set[int]], repeat: int, dice: random.Random
) -> None:
    """An agent may cut an answer anywhere, even before each name was answered once."""
    agent, seen = Agent(table), Walk([column(col) for col in table])

    for _ in range(TRIES):
        if not seen.asks:
            break
        binds = agent.bulk(seen.asks, repeat)
        seen.take(binds[: dice.randint(1, len(binds))])

    assert [] == seen.asks
    assert agent.rows(table) == rows_of(seen)
    assert not seen.circling


@given(table=TABLES)
def test_it_is_walked_whole_by_getnext_too_and_name_by_name(table: dict[int, set[int]]) -> None:
    agent = Agent(table)
    for at_once in (len(table), 1):
        seen = Walk([column(col) for col in table])
        for _ in range(TRIES):
            asks = seen.asks[:at_once]
            seen.take(agent.bulk(asks, 1), len(asks))
        assert [] == seen.asks
        assert agent.rows(table) == rows_of(seen)


@given(table=TABLES)
def test_in_version_1_an_error_ends_the_column_it_is_about(table: dict[int, set[int]]) -> None:
    agent, seen = Agent(table), Walk([column(col) for col in table])

    for _ in range(TRIES):
        binds = agent.bulk(seen.asks, 1)
        gone = next((place for place, bind in enumerate(binds) if bind.value.absent), None)
        if gone is None:
            seen.take(binds)
        else:
            seen.end(gone)

    assert [] == seen.asks
    assert agent.rows(table) == rows_of(seen)


@given(table=TABLES, repeat=st.integers(1, 60))
def test_a_whole_answer_asks_for_nothing_twice(table: dict[int, set[int]], repeat: int) -> None:
    """As many answers as the longest column needs, and one for its end."""
    agent, seen = Agent(table), Walk([column(col) for col in table])
    count = 0
    while seen.asks:
        seen.take(agent.bulk(seen.asks, repeat))
        count += 1

    longest = max(len(rows) for rows in table.values())
    assert count <= longest // repeat + 1


class Hostile:
    """Answers with whatever comes to its mind, near what was asked; it knows what it said."""

    def __init__(self, dice: random.Random, columns: Sequence[bytes]) -> None:
        self.dice, self.columns = dice, columns
        self.said: list[Bind] = []

    def answer(self, names: Sequence[bytes]) -> list[Bind]:
        count = self.dice.choice([0, 1, len(names), 3 * len(names), 40])
        binds = [Bind(self._name(names[n % len(names)]), self._value()) for n in range(count)]
        self.said += binds
        return binds

    def _name(self, asked: bytes) -> bytes:
        dice = self.dice
        parent = next(col for col in self.columns if asked.startswith(col))
        last = ber.numbers_of(asked[len(parent) :]) or (0,)
        row = (last[0] + dice.choice([1, 1, 1, 1, 2, 7, 0, -1])) % 2**32
        wild = dice.random()
        if wild < 0.85:
            return parent + ber.oid_of(row)
        return dice.choice(
            [
                dice.choice(self.columns) + ber.oid_of(row),
                parent + ber.oid_of(row, 3),
                parent + b"\x80" + ber.oid_of(row),  # a leading zero
                parent + b"\xff" * 9,
                parent + b"\x81",
                parent,
                dice.randbytes(5),
                b"",
            ]
        )

    def _value(self) -> Value:
        absent = self.dice.random() < 0.05
        return ABSENT if absent else number(len(self.said) + self.dice.randrange(2**31))


@given(dice=st.randoms(use_true_random=False), width=st.integers(1, 12))
def test_a_hostile_agent_is_left_soon_and_no_value_is_taken_for_anothers(
    dice: random.Random, width: int
) -> None:
    columns = [column(n) for n in range(1, width + 1)]
    seen, agent = Walk(columns), Hostile(dice, columns)
    count = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk, "MOST_ROWS", 30)
        while seen.asks:
            seen.take(agent.answer(seen.asks))
            count += 1
            assert count <= (30 + 1) * width

    assert columns == list(seen.columns)
    said = {(bind.name, bind.value) for bind in agent.said}
    for prefix, rows in rows_of(seen).items():
        assert len(rows) <= 30
        assert list(rows) == sorted(rows)
        for row, value in rows.items():
            spelt = {prefix + ber.oid_of(row), prefix + b"\x80" + ber.oid_of(row)}
            assert any((name, value) in said for name in spelt)


@pytest.mark.parametrize("repeat", [1, 50])
def test_a_table_without_end_is_cut_off(repeat: int) -> None:
    """By rows that go on for ever, and by a text of each that is as long as a datagram."""
    seen, row, count = Walk([column(1), column(2)]), 0, 0
    long = Value(ber.OCTETS, bytes(60_000))
    while asks := seen.asks:
        binds = [
            Bind(column(n) + ber.oid_of(row + step), long)
            for step in range(1, repeat + 1)
            for n in range(1, len(asks) + 1)
        ]
        seen.take(binds)
        row += repeat
        count += 1

    assert count <= MOST_ROWS // repeat + 1
    for rows in rows_of(seen).values():
        assert MOST_ROWS == len(rows)
        assert {Value(ber.OCTETS, bytes(1024))} == set(rows.values())


@pytest.mark.parametrize(
    ("rows", "taken"),
    [
        pytest.param([1, 1], [1], id="the same again"),
        pytest.param([5, 4, 6], [5], id="back"),
        pytest.param([0, 1], [0, 1], id="from zero"),
        pytest.param([2**32 - 1, 0], [2**32 - 1], id="round"),
    ],
)
def test_a_walk_in_circles_ends_where_it_turns(rows: list[int], taken: list[int]) -> None:
    seen = Walk([column(1)])

    seen.take([Bind(column(1) + ber.oid_of(row), number(row)) for row in rows])

    assert taken == list(seen.columns[column(1)].what)
    assert seen.circling == (rows != taken)
    assert bool(seen.asks) == (rows == taken)


def test_an_answer_of_nothing_ends_the_walk() -> None:
    seen = Walk([column(1), column(2)])

    seen.take([])

    assert [] == seen.asks
