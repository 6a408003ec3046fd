"""Further echoes: for whom it may still matter, never a flood, and no line is filled by them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from collector.suspicion import ECHOES, Suspicion
from collector.thin import Line

BACK, LOST, UNSENT = 2, 1, 0


def fates(*each: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """What was sent and what is back after the first echo of each target."""
    sent = np.zeros((len(each), ECHOES), np.int64)
    back = np.zeros_like(sent)
    sent[:, 0] = [fate != UNSENT for fate in each]
    back[:, 0] = [2 * (fate == BACK) for fate in each]
    return sent, back


def named(suspicion: Suspicion, *each: int) -> list[int]:
    return np.flatnonzero(suspicion.further(*fates(*each))).tolist()


def test_only_who_was_asked_and_is_silent_gets_another() -> None:
    assert [1, 3] == named(Suspicion([None] * 4, 1.0), BACK, LOST, UNSENT, LOST)


def test_who_is_known_to_be_dark_is_asked_once_until_he_answers() -> None:
    suspicion, silent = Suspicion([None], 1.0), fates(LOST)
    for _ in range(2):
        assert [0] == named(suspicion, LOST)
        suspicion.over(*silent)
    assert [] == named(suspicion, LOST)
    suspicion.over(*fates(BACK))

    assert [0] == named(suspicion, LOST)


def test_a_further_echo_that_came_back_clears_the_suspicion() -> None:
    suspicion, (sent, back) = Suspicion([None], 1.0), fates(LOST)
    sent[:, 1], back[:, 1] = 3, 4
    assert not suspicion.further(sent, back).any()
    for _ in range(5):
        suspicion.over(sent, back)

    assert [0] == named(suspicion, LOST)


def test_a_sweep_that_could_not_be_sent_makes_nobody_dark() -> None:
    suspicion = Suspicion([None], 1.0)
    for _ in range(5):
        suspicion.over(*fates(UNSENT))

    assert [0] == named(suspicion, LOST)


def test_when_thousands_fall_silent_a_quarter_is_asked_again_each_in_turn() -> None:
    suspicion = Suspicion([None] * 4000, 1.0)
    rounds = [named(suspicion, *[LOST] * 4000) for _ in range(4)]

    assert [1000] * 4 == [len(each) for each in rounds]
    assert list(range(4000)) == sorted(row for each in rounds for row in each)


def test_few_are_asked_again_together() -> None:
    assert 32 == len(named(Suspicion([None] * 40, 1.0), *[LOST] * 40))
    assert 20 == len(named(Suspicion([None] * 20, 1.0), *[LOST] * 20))


@pytest.mark.parametrize(
    ("devices", "period_s", "further"),
    [
        # 2,000 octets/s carry 14 echoes with their replies; two further ones each may be needed.
        pytest.param(4, 1.0, 4, id="room for all"),
        pytest.param(10, 1.0, 2, id="room for two, twice"),
        pytest.param(14, 1.0, 0, id="the regular echoes fill it"),
        pytest.param(14, 3.0, 14, id="a longer period leaves room"),
        pytest.param(30, 1.0, 0, id="more than it may carry already"),
    ],
)
def test_a_thin_line_carries_no_more_than_its_share(
    devices: int, period_s: float, further: int
) -> None:
    thin, wide = Line("l1", 2000.0), None
    suspicion = Suspicion([thin] * devices + [wide] * 2 + [Line("l2", 2000.0)], period_s)
    rows = named(suspicion, *[LOST] * (devices + 3))

    assert further == sum(row < devices for row in rows)
    assert [devices, devices + 1, devices + 2] == [row for row in rows if row >= devices]
