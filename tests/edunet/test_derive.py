"""Is every rate exact, and is none invented?"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edunet.derive import Rates
from edunet.frame import Frame, Reason
from edunet.restarts import between

START = 1_790_000_000_000
ROLL = 2**32


class Read(NamedTuple):
    """One reading of one port: wall milliseconds after the start, sysUpTime in 1/100 s, octets."""

    wall: int
    uptime: int
    octets: int | None
    speed: float = 1e9


def frame(read: Read, reason: Reason = Reason.MISSING, slot: int = 0) -> Frame:
    count = np.array([read.octets or 0], np.uint64)
    why = np.array([reason if read.octets is None else 0], np.uint8)
    return Frame(
        "interface",
        np.array([slot], np.int32),
        np.array([START + read.wall], np.int64),
        {"in_octets": count, "out_octets": count, "speed": np.array([read.speed])},
        {"in_octets": why, "out_octets": why},
        np.array([read.uptime], np.uint32),
    )


def derived(*reads: Read) -> list[tuple[float | None, Reason]]:
    """The rate and its reason after each reading."""
    rates, found = Rates(), list[tuple[float | None, Reason]]()
    for read in reads:
        after = rates.derive(frame(read))
        assert np.array_equal(after.columns["in_bps"], after.columns["out_bps"], equal_nan=True)
        value = float(after.columns["in_bps"][0])
        found.append((None if np.isnan(value) else value, Reason(after.reason["in_bps"][0])))
    return found


def test_a_first_reading_has_no_rate() -> None:
    assert [(None, Reason.FIRST)] == derived(Read(0, 100_000, 500))


def test_a_counter_that_stands_still_is_a_rate_of_zero_and_not_unknown() -> None:
    assert (0.0, Reason.GOOD) == derived(Read(0, 100_000, 500), Read(10_000, 101_000, 500))[-1]


def test_time_is_the_device_s_own() -> None:
    """1250 octets in the device's 8 s are 1250 bit/s, though 10 s passed here."""
    assert (1250.0, Reason.GOOD) == derived(Read(0, 100_000, 0), Read(10_000, 100_800, 1250))[-1]


def test_without_the_device_s_clock_ours_must_do() -> None:
    assert (1000.0, Reason.GOOD) == derived(Read(0, 0, 0), Read(10_000, 0, 1250))[-1]
    assert (1000.0, Reason.GOOD) == derived(Read(0, 100_000, 0), Read(10_000, 0, 1250))[-1]


def test_a_64_bit_counter_that_fell_was_reset_and_is_measured_from_there() -> None:
    """2**64 - 1 to 249 is no wrap of 250 octets; the seed is the new value."""
    found = derived(
        Read(0, 100_000, 2**64 - 1), Read(10_000, 101_000, 249), Read(20_000, 102_000, 1499)
    )
    assert [(None, Reason.FIRST), (None, Reason.RESET), (1000.0, Reason.GOOD)] == found


def test_a_restart_is_a_reset_even_if_the_counter_has_passed_its_old_value() -> None:
    found = derived(Read(0, 100_000, 1000), Read(60_000, 3000, 5000), Read(70_000, 4000, 6250))
    assert [(None, Reason.FIRST), (None, Reason.RESET), (1000.0, Reason.GOOD)] == found


def test_a_restart_in_a_long_gap_is_seen_though_the_uptime_has_grown() -> None:
    """Up for 10 s, then an hour of silence, then up for 1000 s: it restarted meanwhile."""
    assert Reason.RESET is derived(Read(0, 1000, 5), Read(3_600_000, 100_000, 10**6))[-1][1]


def test_the_roll_of_sysuptime_after_497_days_is_no_restart() -> None:
    """30 s before the roll, then 30 s after it: 60 s in which 7500 octets passed."""
    found = derived(Read(0, ROLL - 3000, 0), Read(60_000, 3000, 7500))
    assert (1000.0, Reason.GOOD) == found[-1]


@pytest.mark.parametrize("off", [-59_000, 59_000])
def test_a_roll_may_disagree_with_our_clock_by_less_than_a_minute(off: int) -> None:
    found = derived(Read(0, ROLL - 30_000, 0), Read(600_000 + off, 30_000, 75_000))
    assert (1000.0, Reason.GOOD) == found[-1]


@pytest.mark.parametrize("off", [-61_000, 61_000])
def test_an_uptime_that_fell_and_disagrees_with_our_clock_is_a_restart(off: int) -> None:
    found = derived(Read(0, ROLL - 30_000, 0), Read(600_000 + off, 30_000, 75_000))
    assert (None, Reason.RESET) == found[-1]


def test_an_impossible_rate_is_dropped_counted_and_measured_from() -> None:
    """1 Gbit/s is 1.25e9 octets in 10 s; hardware may count 5 % ahead, never more."""
    full = 1_250_000_000
    assert (1.05e9, Reason.GOOD) == derived(
        Read(0, 100_000, 0), Read(10_000, 101_000, round(full * 1.05))
    )[-1]
    found = derived(
        Read(0, 100_000, 0), Read(10_000, 101_000, round(full * 1.06)),
        Read(20_000, 102_000, round(full * 1.06) + 1250),
    )  # fmt: skip
    assert [(None, Reason.IMPOSSIBLE), (1000.0, Reason.GOOD)] == found[1:]

    rates = Rates()
    rates.derive(frame(Read(0, 100_000, 0)))
    after = rates.derive(frame(Read(10_000, 101_000, 10**12)))
    assert {"impossible": 2} == after.rejected()


@pytest.mark.parametrize("speed", [float("nan"), 0.0])
def test_while_the_speed_is_unknown_no_rate_is_impossible(speed: float) -> None:
    """ifHighSpeed 0 is a speed nobody knows, not a port of no speed."""
    found = derived(Read(0, 100_000, 0, speed), Read(10_000, 101_000, 10**12, speed))
    assert (8e11, Reason.GOOD) == found[-1]


def test_after_a_change_of_speed_the_faster_bounds_what_was_before() -> None:
    found = derived(Read(0, 100_000, 0, 1e9), Read(10_000, 101_000, 10**9, 1e8))
    assert (8e8, Reason.GOOD) == found[-1]


def test_a_device_clock_that_stands_still_keeps_the_old_reading_to_measure_from() -> None:
    """The octets of both intervals are in the rate over both."""
    found = derived(Read(0, 100_000, 0), Read(10_000, 100_000, 1250), Read(20_000, 102_000, 2500))
    assert [(None, Reason.STALE_CLOCK), (1000.0, Reason.GOOD)] == found[1:]


def test_a_missing_value_keeps_the_old_reading_to_measure_from() -> None:
    found = derived(Read(0, 100_000, 0), Read(10_000, 101_000, None), Read(20_000, 102_000, 2500))
    assert [(None, Reason.MISSING), (1000.0, Reason.GOOD)] == found[1:]


def test_a_refused_counter_is_counted_once_and_not_again_as_a_rate() -> None:
    rates = Rates()
    rates.derive(frame(Read(0, 100_000, 0)))
    after = rates.derive(frame(Read(10_000, 101_000, None), Reason.MALFORMED))
    assert {"malformed": 2} == after.rejected()  # in_octets and out_octets
    assert np.isnan(after.columns["in_bps"][0])


def test_a_reading_that_comes_late_is_no_restart_and_is_not_measured_from() -> None:
    """Both clocks call it older; the next rate is again over the newest two."""
    found = derived(Read(10_000, 101_000, 1250), Read(0, 100_000, 0), Read(20_000, 102_000, 2500))
    assert [(None, Reason.STALE_CLOCK), (1000.0, Reason.GOOD)] == found[1:]


def test_a_wall_clock_set_back_stops_no_rate() -> None:
    found = derived(
        Read(3_600_000, 101_000, 0), Read(10_000, 102_000, 1250), Read(20_000, 103_000, 2500)
    )
    assert [(1000.0, Reason.GOOD), (1000.0, Reason.GOOD)] == found[1:]


def test_a_wall_clock_set_back_stops_rates_for_one_round_where_there_is_no_other_clock() -> None:
    found = derived(Read(3_600_000, 0, 0), Read(10_000, 0, 1250), Read(20_000, 0, 2500))
    assert [(None, Reason.RESET), (1000.0, Reason.GOOD)] == found[1:]


def test_differences_are_exact_above_what_a_float_can_hold() -> None:
    """2**53 + 1 and 2**53 are the same float: one octet in 8 s is 1 bit/s all the same."""
    assert (1.0, Reason.GOOD) == derived(Read(0, 100, 2**53), Read(8000, 900, 2**53 + 1))[-1]
    top = 2**64 - 2
    assert (1.0, Reason.GOOD) == derived(Read(0, 100, top), Read(8000, 900, top + 1))[-1]


def test_ports_of_one_frame_do_not_mix() -> None:
    rates = Rates()
    slots = np.array([5, 2], np.int32)
    for n in (0, 1):
        count = np.array([1250 * n, 2500 * n], np.uint64)
        after = rates.derive(
            Frame(
                "interface",
                slots,
                np.full(2, START + 10_000 * n, np.int64),
                {"in_octets": count, "out_octets": count[::-1].copy(), "speed": np.full(2, 1e9)},
                {},
                np.full(2, 1000 + 1000 * n, np.uint32),
            )
        )
        slots = slots.copy()
    assert [1000.0, 2000.0] == after.columns["in_bps"].tolist()
    assert [2000.0, 1000.0] == after.columns["out_bps"].tolist()
    assert after.uptime.tolist() == [2000, 2000]


def test_an_empty_frame_stays_empty() -> None:
    none = np.zeros(0)
    empty = Frame(
        "interface",
        none.astype(np.int32),
        none.astype(np.int64),
        {"in_octets": none.astype(np.uint64), "out_octets": none.astype(np.uint64), "speed": none},
    )
    assert 0 == len(Rates().derive(empty))


def test_the_gap_is_the_wall_s_when_a_clock_was_not_read() -> None:
    gap = between(
        np.array([0, 5, 500], np.uint32),
        np.array([7, 0, 700], np.uint32),
        np.array([3.0, 3.0, 3.0]),
    )
    assert [3.0, 3.0, 2.0] == gap.seconds.tolist()
    assert [False, False, True] == gap.proved.tolist()
    assert not gap.restarted.any()


@st.composite
def histories(draw: st.DrawFn) -> list[Read]:
    """A port that counts, misses, rolls, restarts; polled by a clock that keeps good time."""
    wall, uptime = 0, draw(st.sampled_from([1, 500_000, ROLL - 5000, ROLL - 100]))
    octets = draw(st.integers(0, 2**64 - 2**40))
    reads = []
    for _ in range(draw(st.integers(2, 12))):
        value = None if draw(st.integers(0, 4)) == 0 else octets
        reads.append(Read(wall, uptime, value))
        step = draw(st.sampled_from([0, 100, 1000, 6000, 12_345]))  # hundredths of a second
        wall += 10 * step
        if draw(st.integers(0, 5)) == 0:
            uptime, octets = draw(st.integers(1, max(1, step))), draw(st.integers(0, 2**20))
            wall += 200_000
        else:
            uptime = (uptime + step) % ROLL or 1
            octets += draw(st.integers(0, 125_000_000)) * step // 100
    return reads


def oracle(reads: list[Read]) -> list[Fraction | None]:
    """The same rules, one at a time, in exact arithmetic."""
    seed: Read | None = None
    found: list[Fraction | None] = []
    for read in reads:
        rate = None
        if read.octets is not None:
            if seed is None or seed.octets is None:
                seed = read
            else:
                device = Fraction(read.uptime - seed.uptime, 100)
                wall = Fraction(read.wall - seed.wall, 1000)
                rolled = device < 0 and abs(device + Fraction(ROLL, 100) - wall) < 60
                device += Fraction(ROLL, 100) if rolled else 0
                booted = not rolled and (device < 0 or Fraction(read.uptime, 100) < wall - 5)
                counted = read.octets - seed.octets
                if not booted and counted >= 0 and device > 0:
                    rate = Fraction(counted * 8) / device
                    rate = rate if rate <= Fraction("1.05") * 10**9 else None
                if booted or counted < 0 or device > 0:
                    seed = read
        found.append(rate)
    return found


@settings(max_examples=200, deadline=None)
@given(histories())
def test_every_rate_is_the_one_exact_arithmetic_gives(reads: list[Read]) -> None:
    for (rate, reason), exact in zip(derived(*reads), oracle(reads), strict=True):
        assert (rate is None) == (exact is None), reason
        assert (rate is None) == (reason is not Reason.GOOD)
        if rate is not None and exact is not None:
            assert abs(Fraction(rate) - exact) <= exact * Fraction(1, 2**50)
