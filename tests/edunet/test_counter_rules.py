"""The ten rules of counters: each by name, with the lie it answers."""

from __future__ import annotations

import numpy as np
import pytest
from counting import GIGA, MEGA, NAN, ROLL, TURN, Read, derived, frame

from edunet.derive import AUXILIARY, Rates
from edunet.frame import Frame, Reason


def narrow(wall: float, octets: int, speed: float = 100 * MEGA, **more: int) -> Read:
    """A reading of a 32-bit counter of a device that started 1000 s before."""
    return Read(wall, 1000 + wall, octets % TURN, speed, bits=32, **more)


def test_rule_1_a_64_bit_counter_that_fell_was_reset_even_by_what_would_be_a_small_wrap() -> None:
    found = derived(
        Read(0, 1000, 2**64 - 100), Read(10, 1010, 100), Read(20, 1020, 1350), Read(30, 1030, 2600)
    )
    assert [Reason.FIRST, Reason.RESET, 1000.0, 1000.0] == found


def test_rule_1_a_64_bit_counter_that_falls_past_2_to_the_32_has_not_wrapped() -> None:
    assert Reason.RESET is derived(Read(0, 1000, TURN - 100), Read(10, 1010, 100))[-1]


def test_rule_2_a_32_bit_counter_that_fell_has_wrapped_where_the_speed_allows_it() -> None:
    found = derived(narrow(0, TURN - 1000), narrow(10, TURN + 250), narrow(20, TURN + 1500))
    assert [Reason.FIRST, 1000.0, 1000.0] == found


@pytest.mark.parametrize(("more", "expected"), [(0, 105 * MEGA), (1, Reason.RESET)])
def test_rule_2_a_wrap_faster_than_the_port_is_a_reset(more: int, expected: float | Reason) -> None:
    """At 100 Mbit/s and 5 % on top, 131,250,000 octets in 10 s are possible and one more is not."""
    found = derived(narrow(0, TURN - 1), narrow(10, TURN - 1 + 131_250_000 + more))
    assert expected == found[-1]


def test_rule_2_after_a_reset_the_next_reading_is_measured_from_it() -> None:
    found = derived(narrow(0, 3 * 10**9), narrow(10, 5), narrow(20, 1255))
    assert [Reason.FIRST, Reason.RESET, 1000.0] == found


@pytest.mark.parametrize(
    "reads",
    [
        pytest.param(
            [narrow(0, TURN - 1000), narrow(10, TURN + 250)._replace(uptime=3)], id="restart"
        ),
        pytest.param([narrow(0, TURN - 1000, NAN), narrow(10, TURN + 250, NAN)], id="no speed"),
        pytest.param([narrow(0, TURN - 1000, NAN), narrow(10, TURN + 250)], id="speed only now"),
        pytest.param(
            [r._replace(uptime=0) for r in (narrow(0, TURN - 1000), narrow(10, TURN + 250))],
            id="no clock",
        ),
    ],
)
def test_rule_2_a_fall_is_no_wrap_where_something_speaks_against_it(reads: list[Read]) -> None:
    again = reads[1]._replace(wall=20, uptime=reads[1].uptime and reads[1].uptime + 10)
    assert [Reason.RESET, 0.0] == derived(*reads, again)[1:]


@pytest.mark.parametrize("octets", [500, TURN - 1000, TURN + 250])
@pytest.mark.parametrize(
    ("speed", "most"), [(10 * MEGA, 3272.0), (100 * MEGA, 327.2), (GIGA, 32.7), (10 * GIGA, 3.27)]
)
def test_rule_2_after_so_long_that_it_may_have_wrapped_unseen_there_is_no_rate(
    octets: int, speed: float, most: float
) -> None:
    """Whether it fell or not; the counter is measured from there again."""
    first = narrow(0, 500, speed)
    assert isinstance(derived(first, narrow(most, 500, speed))[-1], float)
    later = narrow(most * 1.01, octets, speed)
    again = narrow(later.wall + 1, octets + 125, speed)
    assert [Reason.AMBIGUOUS, 1000.0] == derived(first, later, again)[1:]


def test_rule_2_without_a_speed_a_32_bit_counter_tells_only_that_nothing_flows() -> None:
    found = derived(narrow(0, 500, NAN), narrow(10, 500, NAN), narrow(20, 501, NAN))
    assert [Reason.FIRST, 0.0, Reason.AMBIGUOUS] == found


def test_rule_2_a_speed_that_was_there_only_between_two_readings_counts() -> None:
    """At 1 Gbit/s it may have wrapped in 40 s; that it is 100 Mbit/s at both ends is no comfort."""
    between_them = narrow(20, 0, GIGA)._replace(octets=None)
    assert Reason.AMBIGUOUS is derived(narrow(0, 500), between_them, narrow(40, 600))[-1]
    unknown = narrow(20, 0, NAN)._replace(octets=None)
    assert Reason.AMBIGUOUS is derived(narrow(0, 500), unknown, narrow(40, 600))[-1]
    assert 20.0 == derived(narrow(0, 500), narrow(40, 600))[-1]


def test_rule_2_a_counter_of_another_width_is_another_counter() -> None:
    """An agent that was upgraded, or asked by an older version of SNMP."""
    wide = Read(10, 1010, TURN + 500)
    found = derived(narrow(0, 100), wide, wide._replace(wall=20, uptime=1020), narrow(30, 600))
    assert [Reason.FIRST, Reason.RESET, 0.0, Reason.RESET] == found


def test_rule_2_what_is_not_known_of_the_width_is_64_bits() -> None:
    odd = frame(Read(0, 1000, 2 * TURN, bits=32))
    odd.reason["bits"] = np.array([Reason.MALFORMED], np.uint8)  # type: ignore[index]
    rates = Rates()
    rates.derive(odd)
    after = rates.derive(frame(Read(10, 1010, 2 * TURN + 1250)))
    assert 1000.0 == after.columns["in_bps"][0]


def test_rule_3_a_changed_discontinuity_drops_the_delta_and_measures_from_there() -> None:
    """Though the counter has passed its old value, or would make a fine wrap."""
    found = derived(
        Read(0, 1000, 500, stamp=0), Read(10, 1010, 1750, stamp=0),
        Read(20, 1020, 9999, stamp=101_500), Read(30, 1030, 9999 + 1250, stamp=101_500),
    )  # fmt: skip
    assert [Reason.FIRST, 1000.0, Reason.DISCONTINUITY, 1000.0] == found
    wrap = narrow(0, TURN - 1000, stamp=0), narrow(10, TURN + 250, stamp=100_500)
    assert Reason.DISCONTINUITY is derived(*wrap)[-1]


def test_rule_3_a_discontinuity_that_is_not_told_each_time_is_noticed_when_it_is() -> None:
    found = derived(
        Read(0, 1000, 0, stamp=0), Read(10, 1010, 1250), Read(20, 1020, 2500, stamp=0),
        Read(30, 1030, 3750), Read(40, 1040, 5000, stamp=77), Read(50, 1050, 6250, stamp=77),
    )  # fmt: skip
    assert [1000.0, 1000.0, 1000.0, Reason.DISCONTINUITY, 1000.0] == found[1:]


def test_rule_3_a_restart_forgets_the_discontinuity_before_it() -> None:
    found = derived(
        Read(0, 1000, 500, stamp=77), Read(60, 10, 500), Read(70, 20, 1750, stamp=0),
        Read(80, 30, 3000, stamp=0),
    )  # fmt: skip
    assert [Reason.RESET, 1000.0, 1000.0] == found[1:]


def test_rule_3_a_stamp_no_clock_can_show_is_none() -> None:
    found = derived(Read(0, 1000, 0, stamp=2**64 - 1), Read(10, 1010, 1250, stamp=0))
    assert 1000.0 == found[-1]


def test_rule_4_time_is_the_device_s_own_read_with_the_counters() -> None:
    """10 s passed here, 8 s between the counters."""
    assert 1250.0 == derived(Read(0, 1000, 0), Read(10, 1008, 1250))[-1]
    assert 1000.0 == derived(Read(0, 0, 0), Read(10, 0, 1250))[-1]


def test_rule_5_boots_that_changed_are_a_restart_though_the_uptime_has_grown() -> None:
    found = derived(
        Read(0, 10, 0, boots=3, engine=10), Read(14, 20, 9000, boots=4, engine=20),
        Read(24, 30, 10_250, boots=4, engine=30),
    )  # fmt: skip
    assert [Reason.RESET, 1000.0] == found[1:]


def test_rule_5_an_engine_that_does_not_count_its_boots_is_known_by_its_time() -> None:
    found = derived(
        Read(0, 30, 0, boots=1, engine=30), Read(14, 31, 9000, boots=1, engine=11),
        Read(24, 41, 10_250, boots=1, engine=21),
    )  # fmt: skip
    assert [Reason.RESET, 1000.0] == found[1:]
    assert Reason.RESET is derived(Read(0, 30, 0, engine=30), Read(14, 31, 9, engine=11))[-1]


@pytest.mark.parametrize("off", [-59, 0, 59])
def test_rule_5_the_roll_after_497_days_agrees_with_the_engine_and_our_clock_may_not(
    off: int,
) -> None:
    """60 s by the device's clock; here it was set on by an hour meanwhile."""
    before = Read(0, ROLL / 100 - 30, 0, boots=3, engine=500)
    after = Read(3660, 30, 7500, boots=3, engine=560 + off)
    assert 1000.0 == derived(before, after)[-1]
    assert Reason.RESET is derived(before, after._replace(boots=None, engine=None))[-1]


@pytest.mark.parametrize("off", [-61, 61])
def test_rule_5_uptime_that_fell_and_disagrees_with_the_engine_is_a_restart(off: int) -> None:
    """Though our clock would have it a roll."""
    before = Read(0, ROLL / 100 - 300, 0, boots=3, engine=500)
    after = Read(600, 300, 75_000, boots=3, engine=1100 + off)
    assert Reason.RESET is derived(before, after)[-1]
    assert 1000.0 == derived(before, after._replace(boots=None, engine=None))[-1]


def test_rule_5_a_restart_between_the_engine_s_answer_and_the_row_is_no_roll() -> None:
    """The engine is asked first: it still tells of the time before; the next poll is whole again,
    and its new count of boots is no second restart."""
    found = derived(
        Read(0, 50_000, 0, boots=3, engine=50_000), Read(10, 0.2, 100, boots=3, engine=50_010),
        Read(20, 10.2, 1350, boots=4, engine=10), Read(30, 20.2, 2600, boots=4, engine=20),
    )  # fmt: skip
    assert [Reason.FIRST, Reason.RESET, 1000.0, 1000.0] == found


def test_rule_5_what_the_engine_did_not_say_is_no_restart() -> None:
    found = derived(
        Read(0, 1000, 0, boots=3, engine=1000), Read(10, 1010, 1250),
        Read(20, 1020, 2500, boots=4, engine=1020), Read(30, 1030, 3750, boots=4),
    )  # fmt: skip
    assert [1000.0, 1000.0, 1000.0] == found[1:]


@pytest.mark.parametrize(("now", "then"), [(GIGA, 100 * MEGA), (100 * MEGA, GIGA)])
def test_rule_6_after_a_change_of_speed_the_faster_bounds_and_the_slower_is_the_base(
    now: float, then: float
) -> None:
    rates = Rates()
    rates.derive(frame(Read(0, 1000, 0, then)))
    after = rates.derive(frame(Read(10, 1010, 10**9, now)))
    assert 8e8 == after.columns["in_bps"][0]
    assert 100 * MEGA == rates.slower(np.array([0], np.int32))[0]
    rates.derive(frame(Read(20, 1020, 10**9, now)))
    assert [now] == rates.slower(np.array([0])).tolist()


def test_rule_6_a_change_of_speed_is_told_once_and_a_silence_is_none() -> None:
    rates, told = Rates(), []
    for n, speed in enumerate([GIGA, GIGA, NAN, 0.0, 100 * MEGA, 100 * MEGA, NAN, GIGA, GIGA]):
        rates.derive(frame(Read(10 * n, 1000 + 10 * n, 0, speed), slot=3))
        told.append([(c.slot, c.before, c.after) for c in rates.speed_changes])
    assert [[], [], [], [], [(3, GIGA, 100 * MEGA)], [], [], [(3, 100 * MEGA, GIGA)], []] == told


def test_rule_6_a_reading_that_came_late_changes_no_speed() -> None:
    rates = Rates()
    rates.derive(frame(Read(10, 1010, 1250, 100 * MEGA)))
    for late in (Read(0, 1000, 0, GIGA), Read(0, 1000, None, GIGA)):
        rates.derive(frame(late))
        assert () == rates.speed_changes
    assert [100 * MEGA] == rates._speeds._last[:1].tolist()


def test_rule_6_where_no_speed_is_known_the_contract_bounds_the_rate() -> None:
    for speed, expected in ((NAN, Reason.IMPOSSIBLE), (0.0, Reason.IMPOSSIBLE), (GIGA, 8e8)):
        rates = Rates()
        rates.contract(np.array([5, 0, -1]), np.array([NAN, 100 * MEGA, 1.0]))
        for read in (Read(0, 1000, 0, speed), Read(10, 1010, 10**9, speed)):
            after = rates.derive(frame(read))
        reason = Reason(after.reason["in_bps"][0])
        assert expected == (reason or after.columns["in_bps"][0])
    rates.derive(frame(Read(0, 1000, 0, NAN), slot=9))  # on no line: nothing bounds it
    after = rates.derive(frame(Read(10, 1010, 10**12, NAN), slot=9))
    assert 8e11 == after.columns["in_bps"][0]


def test_rule_8_an_impossible_rate_is_refused_counted_and_measured_from() -> None:
    rates = Rates()
    rates.derive(frame(Read(0, 1000, 0)))
    assert {"impossible": 2} == rates.derive(frame(Read(10, 1010, 10**12))).rejected()
    assert 1000.0 == rates.derive(frame(Read(20, 1020, 10**12 + 1250))).columns["in_bps"][0]


def test_rule_9_after_missed_polls_the_rate_is_the_mean_since_the_port_s_own_last_reading() -> None:
    """Port 0 was read at 0 and 30 s, port 1 every 10 s: each is divided by its own time."""
    rates = Rates()
    for port, wall, octets in [(0, 0, 0), (1, 0, 0), (1, 10, 1250), (1, 20, 2500)]:
        rates.derive(frame(Read(wall, 1000 + wall, octets), slot=port))
    one = rates.derive(frame(Read(30, 1030, 3750), slot=1))
    other = rates.derive(frame(Read(30, 1030, 7500), slot=0))
    assert [1000.0, 2000.0] == [one.columns["in_bps"][0], other.columns["in_bps"][0]]


def test_what_only_tells_how_to_read_counters_ends_here_and_duplex_does_not() -> None:
    raw = frame(Read(0, 1000, 0, bits=64, stamp=0, boots=1, engine=1.0))
    columns = {**raw.columns, "duplex": np.array([2], np.int16)}
    why = {**raw.reason, "discontinuity": np.array([Reason.MISSING], np.uint8)}
    after = Rates().derive(Frame("interface", raw.slots, raw.times, columns, why, raw.uptime))
    assert not AUXILIARY & (after.columns.keys() | after.reason.keys())
    assert [2] == after.columns["duplex"].tolist()


def test_a_reading_in_haste_tells_no_rate_of_its_own_and_spoils_none() -> None:
    """Two ticks of the clock are no time to measure by: the rate before is given once more."""
    found = derived(
        Read(0, 1000, 0), Read(0.02, 1000.02, 9000), Read(10, 1010, 12_500),
        Read(10.03, 1010.03, 90_000), Read(20, 1020, 112_500),
    )  # fmt: skip

    assert [Reason.FIRST, Reason.FIRST, 10_000.0, 10_000.0, 80_000.0] == found
