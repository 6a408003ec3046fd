"""Are a restart, a roll and a reading that came late told apart, with one clock, two or three?"""

from __future__ import annotations

import numpy as np
import pytest

from edunet.restarts import Engine, Gap, between

ROLL = 2**32 / 100


def gap(
    uptimes: tuple[float, float],
    wall: float,
    boots: tuple[int, int] = (-1, -1),
    engine: tuple[float, float] = (np.nan, np.nan),
) -> Gap:
    """Of one row, all in seconds; uptime 0 = not read."""
    ticks = [np.array([round(uptime * 100)], np.uint32) for uptime in uptimes]
    told = [Engine(np.array([b]), np.array([s])) for b, s in zip(boots, engine, strict=True)]
    return between(ticks[0], ticks[1], np.array([wall]), *told)


@pytest.mark.parametrize(
    ("uptimes", "wall", "boots"),
    [
        pytest.param((1000, 990), -10, (-1, -1), id="both clocks say so"),
        pytest.param((9000, 5000), -4000, (-1, -1), id="both clocks, after an hour"),
        pytest.param((0, 0), -299, (-1, -1), id="no clock but ours"),
        pytest.param((20, 5000), -40, (-1, -1), id="from before the restart"),
        pytest.param((200, 100), -210, (-1, -1), id="from before the restart, and younger then"),
        pytest.param((5, ROLL - 5), -10, (-1, -1), id="from before the roll"),
        pytest.param((1000, 5000), -60, (4, 3), id="boots were fewer"),
    ],
)
def test_a_reading_that_came_late_is_no_restart_and_its_seconds_are_negative(
    uptimes: tuple[float, float], wall: float, boots: tuple[int, int]
) -> None:
    found = gap(uptimes, wall, boots)
    assert [wall] == found.seconds.tolist()
    assert not found.restarted[0]


@pytest.mark.parametrize(
    ("uptimes", "wall", "boots"),
    [
        pytest.param((0, 0), -301, (-1, -1), id="nothing comes that late: our clock was set back"),
        pytest.param((0, 500), -301, (-1, -1), id="nor where the device tells its time at last"),
        pytest.param((20, 5), -10, (3, 4), id="boots are more"),
        pytest.param((20, 10), -10, (3, 4), id="boots are more, though both clocks say late"),
        pytest.param((500, 5), -700, (4, 3), id="it forgot its boots and we the time"),
    ],
)
def test_a_clock_set_back_hides_no_restart(
    uptimes: tuple[float, float], wall: float, boots: tuple[int, int]
) -> None:
    assert gap(uptimes, wall, boots).restarted[0]


def test_a_clock_set_back_within_one_start_changes_nothing() -> None:
    found = gap((1000, 1010), -200, (3, 3), (1000, 1010))
    assert [10.0] == found.seconds.tolist()
    assert not found.restarted[0]


@pytest.mark.parametrize(
    ("uptimes", "boots", "engine", "booted"),
    [
        pytest.param((500, 3), (3, 4), (500, 3), True, id="it knows"),
        pytest.param((500, 3), (3, 3), (500, 510), False, id="it was asked before"),
        pytest.param((500, 3), (-1, -1), (np.nan, np.nan), False, id="it was not asked"),
    ],
)
def test_whether_the_engine_knows_of_a_restart(
    uptimes: tuple[float, float], boots: tuple[int, int], engine: tuple[float, float], booted: bool
) -> None:
    found = gap(uptimes, 10, boots, engine)
    assert found.restarted[0]
    assert booted == found.booted[0]


def test_in_one_frame_each_row_has_a_gap_of_its_own() -> None:
    """A roll, two restarts (uptime that fell, or is too short), a quiet step, one by our clock."""
    before = np.array([2**32 - 500, 2**31, 100, 1000, 0], np.uint32)
    after = np.array([500, 500, 300, 2000, 700], np.uint32)
    found = between(before, after, np.full(5, 10.0))
    assert [10.0, 10.0, 10.0] == found.seconds[[0, 3, 4]].tolist()
    assert [False, True, True, False, False] == found.restarted.tolist()
    assert [True, True, True, True, False] == found.proved.tolist()
