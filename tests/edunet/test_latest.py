"""Is the newest row of a series what is served, and does what was never read stay unknown?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edunet.frame import Column, Frame, Reason
from edunet.latest import EMPTY, Latest

START = 1_790_000_000_000


def frame(slot: int, time: int, *, kind: str = "interface", **columns: Column) -> Frame:
    return Frame(kind, np.array([slot], np.int32), np.array([START + time], np.int64), columns)


def octets(value: int) -> Column:
    return np.array([value], np.uint64)


def test_a_newer_row_replaces_an_older_one() -> None:
    latest = Latest()
    latest.update(frame(3, 0, in_octets=octets(1)))
    latest.update(frame(3, 10, in_octets=octets(2)))

    table = latest.tables()["interface"]
    assert (2, START + 10) == (table.value("in_octets", 3), table.time(3))


def test_an_older_row_never_overwrites_a_newer_one() -> None:
    latest = Latest()
    latest.update(frame(3, 10, in_octets=octets(2)))
    latest.update(frame(3, 0, in_octets=octets(1)))

    table = latest.tables()["interface"]
    assert (2, START + 10) == (table.value("in_octets", 3), table.time(3))


def test_of_one_frame_only_the_newer_rows_are_taken() -> None:
    latest = Latest()
    latest.update(frame(1, 10, in_octets=octets(7)))
    latest.update(
        Frame(
            "interface",
            np.array([0, 1, 2], np.int32),
            np.full(3, START + 5, np.int64),
            {"in_octets": np.array([10, 11, 12], np.uint64)},
        )
    )
    table = latest.tables()["interface"]
    assert [10, 7, 12] == [table.value("in_octets", slot) for slot in (0, 1, 2)]


def test_columns_a_frame_does_not_have_stay_as_they_were() -> None:
    latest = Latest()
    latest.update(frame(0, 0, in_octets=octets(5), speed=np.array([1e9])))
    latest.update(frame(0, 10, speed=np.array([1e8])))

    table = latest.tables()["interface"]
    assert (5, 1e8) == (table.value("in_octets", 0), table.value("speed", 0))


def test_a_counter_never_read_is_unknown_and_not_zero() -> None:
    """Neither of a slot nobody saw, nor of one whose agent lacks it, nor of a column come late."""
    latest = Latest()
    latest.update(frame(4, 0, in_octets=octets(5)))
    latest.update(frame(0, 0, out_octets=octets(0)))

    table = latest.tables()["interface"]
    assert table.value("in_octets", 2) is None
    assert table.value("in_octets", 0) is None
    assert table.value("out_octets", 4) is None
    assert 0 == table.value("out_octets", 0)
    assert Reason.MISSING == table.reason["in_octets"][0]


@pytest.mark.parametrize("reason", [Reason.MISSING, Reason.RESET, Reason.MALFORMED])
def test_a_value_with_a_reason_is_unknown_until_a_good_one_comes(reason: Reason) -> None:
    latest = Latest()
    bad = Frame(
        "interface",
        np.array([0], np.int32),
        np.array([START], np.int64),
        {"in_octets": np.array([9], np.uint64)},
        {"in_octets": np.array([reason], np.uint8)},
    )
    latest.update(bad)
    assert latest.tables()["interface"].value("in_octets", 0) is None

    latest.update(frame(0, 1, in_octets=octets(9)))
    assert 9 == latest.tables()["interface"].value("in_octets", 0)


def test_nan_and_minus_one_are_unknown() -> None:
    latest = Latest()
    nothing = np.array([np.nan])
    latest.update(frame(0, 0, speed=nothing, oper=np.array([-1], np.int16)))

    table = latest.tables()["interface"]
    assert (None, None) == (table.value("speed", 0), table.value("oper", 0))


@pytest.mark.parametrize("slot", [-1, 0, 5, 10**9])
def test_what_was_never_seen_has_neither_value_nor_time(slot: int) -> None:
    latest = Latest()
    latest.update(frame(3, 0, in_octets=octets(1)))
    for table in (latest.tables()["interface"], EMPTY):
        assert (None, None) == (table.value("in_octets", slot), table.time(slot))
        assert table.value("no_such_column", slot) is None


def test_published_tables_are_frozen_and_later_updates_do_not_reach_them() -> None:
    latest = Latest()
    latest.update(frame(0, 0, in_octets=octets(1)))
    before = latest.tables()["interface"]
    latest.update(frame(0, 10, in_octets=octets(2)))
    after = latest.tables()["interface"]

    assert (1, 2) == (before.value("in_octets", 0), after.value("in_octets", 0))
    for table in (before, after):
        for array in (table.times, *table.columns.values(), *table.reason.values()):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0


def test_a_table_that_did_not_change_is_given_again() -> None:
    latest = Latest()
    latest.update(frame(0, 0, in_octets=octets(1)))
    latest.update(frame(0, 0, kind="probe", rtt_s=np.array([0.1])))
    before = latest.tables()
    latest.update(frame(0, 10, in_octets=octets(2)))
    after = latest.tables()

    assert before["probe"] is after["probe"]
    assert before["interface"] is not after["interface"]


def test_an_empty_frame_changes_nothing() -> None:
    latest = Latest()
    latest.update(Frame("probe", np.zeros(0, np.int32), np.zeros(0, np.int64), {}))
    assert {} == latest.tables()


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20), st.integers(0, 2**64 - 1))))
def test_the_newest_of_each_series_stands_whatever_the_order(
    rows: list[tuple[int, int, int]],
) -> None:
    latest, newest = Latest(), dict[int, tuple[int, int]]()
    for slot, time, value in rows:
        latest.update(frame(slot, time, in_octets=octets(value)))
        if time >= newest.get(slot, (0, 0))[0]:
            newest[slot] = (time, value)

    table = latest.tables().get("interface", EMPTY)
    for slot in range(41):
        expected = newest[slot][1] if slot in newest else None
        assert expected == table.value("in_octets", slot)
