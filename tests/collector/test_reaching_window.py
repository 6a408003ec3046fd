"""The figures of the last minute: each echo counts once, a gap counts as nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.probes.icmp import Burst, summary
from collector.window import Window
from edunet.frame import Frame

S = 1_000_000_000
START = 1_790_000_000 * S
FIGURES = {"rtt_p50_s", "rtt_p95_s", "rtt_p99_s", "loss_60s", "sent_60s"}
UNSENT, LOST = None, -1


def burst(second: float, *targets: Sequence[int | None]) -> Burst:
    """One burst; for each target its echoes: a round trip in milliseconds, LOST or UNSENT."""
    began = START + round(second * S)
    sent = [[0 if e is UNSENT else began + n * S // 10 for n, e in enumerate(t)] for t in targets]
    back = [
        [at + e * 1_000_000 if at and e and e > 0 else 0 for at, e in zip(*pair, strict=True)]
        for pair in zip(sent, targets, strict=True)
    ]
    return Burst(list(range(len(targets))), np.array(sent), np.array(back), began)


def figures(frame: Frame, row: int = 0) -> dict[str, Any]:
    """The figures of one target; unknown is None, seconds are milliseconds."""
    found = {name: float(frame.columns[name][row]) for name in FIGURES}
    return {
        name: None if math.isnan(value) else round(value * 1e3, 6) if name[:3] == "rtt" else value
        for name, value in found.items()
    }


def test_one_of_180_lost_is_a_figure() -> None:
    window = Window(2, 3, 1.0)
    for second in range(61):
        good = [1, 2, LOST if second == 30 else 3]
        frame = window.frame(burst(second, good, [LOST] * 3))

    one, dead = figures(frame), figures(frame, 1)
    assert {"loss_60s": 1 / 180, "sent_60s": 180, "rtt_p50_s": 2, "rtt_p95_s": 3,
            "rtt_p99_s": 3} == one  # fmt: skip
    assert {"loss_60s": 1, "sent_60s": 180, "rtt_p50_s": None, "rtt_p95_s": None,
            "rtt_p99_s": None} == dead  # fmt: skip


def test_the_burst_s_own_figures_are_what_they_were() -> None:
    window, one = Window(1, 3, 1.0), burst(0, [1, LOST, 5])
    frame, alone = window.frame(one), summary(*one)

    assert FIGURES == frame.columns.keys() - alone.columns.keys()
    for name, column in alone.columns.items():
        np.testing.assert_array_equal(column, frame.columns[name])
    np.testing.assert_array_equal(alone.times, frame.times)


def test_they_are_worked_out_every_ten_seconds_from_the_first_burst_on() -> None:
    window = Window(1, 1, 1.0)
    told = [s for s in range(25) if "loss_60s" in window.frame(burst(s, [1])).columns]

    assert [0, 10, 20] == told


@pytest.mark.parametrize(
    ("echoes", "loss", "sent"),
    [
        pytest.param([UNSENT, UNSENT, UNSENT], None, 0, id="never sent"),
        pytest.param([UNSENT, 4, UNSENT], 0, 1, id="one sent and back"),
        pytest.param([UNSENT, LOST, UNSENT], 1, 1, id="one sent and lost"),
    ],
)
def test_what_was_not_sent_is_neither_lost_nor_back(
    echoes: list[int | None], loss: float | None, sent: int
) -> None:
    found = figures(Window(1, 3, 1.0).frame(burst(0, echoes)))

    assert (loss, sent) == (found["loss_60s"], found["sent_60s"])
    assert (found["rtt_p99_s"] is None) is (loss != 0)


def test_what_is_older_than_a_minute_is_forgotten_even_when_nothing_came_since() -> None:
    window = Window(1, 1, 1.0)
    for second in range(30):
        window.frame(burst(second, [LOST]))
    found = figures(window.frame(burst(85, [7])))

    # Of the first thirty, those of the seconds 26 to 29 are in the minute before second 85.
    assert (5, 4 / 5, 7) == (found["sent_60s"], found["loss_60s"], found["rtt_p50_s"])


@pytest.mark.parametrize("period_s", [0.1, 0.5, 7.0, 60.0, 3600.0])
def test_whatever_the_period_it_holds_one_minute(period_s: float) -> None:
    window, count = Window(1, 1, period_s), 0
    for n in range(round(200 / period_s) + 3):
        frame = window.frame(burst(n * period_s, [1]))
        if "sent_60s" in frame.columns:
            count = int(frame.columns["sent_60s"][0])

    assert math.ceil(60 / period_s) == count


FATES = st.lists(
    st.lists(st.sampled_from([UNSENT, LOST, 1, 2, 3, 50]), min_size=2, max_size=2),
    min_size=1,
    max_size=40,
)


@given(FATES, st.sampled_from([1.0, 5.0]))
def test_they_agree_with_pure_python(fates: list[list[int | None]], period_s: float) -> None:
    window = Window(1, 2, period_s)
    last = len(fates) - 1
    for n, echoes in enumerate(fates):
        window._due = 0 if n == last else START * 2
        frame = window.frame(burst(n * period_s, echoes))

    recent = [e for n, each in enumerate(fates) if (last - n) * period_s < 60 for e in each]
    sent = [e for e in recent if e is not UNSENT]
    came = sorted(e for e in sent if e is not None and e > 0)
    found = figures(frame)
    assert len(sent) == found["sent_60s"]
    assert found["loss_60s"] == (pytest.approx(1 - len(came) / len(sent)) if sent else None)
    for name, share in (("rtt_p50_s", 50), ("rtt_p95_s", 95), ("rtt_p99_s", 99)):
        rank = -(-share * len(came) // 100) - 1  # the nearest rank, without floats
        assert found[name] == (pytest.approx(came[rank]) if came else None)


def test_further_echoes_count_as_answers_and_not_as_loss() -> None:
    """Only who was silent is sent them: counted, they would make loss look rarer than it is."""
    window = Window(3, 1, 1.0)
    for second in range(60):
        lost = LOST if second % 4 == 0 else 2
        again = [3, 5] if second % 4 == 0 else [UNSENT, UNSENT]
        frame = window.frame(burst(second, [lost, *again], [LOST] * 3, [UNSENT] * 3))
        assert [1.0 * (second % 4 == 0), 1.0] == frame.columns["loss"][:2].tolist()
        assert math.isnan(frame.columns["loss"][2])
        assert [0, 0] == frame.columns["received"][1:].tolist()
        assert frame.columns["received"][0] == (2 if second % 4 == 0 else 1)
    told = window.frame(burst(60, [2, UNSENT, UNSENT], [LOST] * 3, [UNSENT] * 3))

    assert {"loss_60s": 14 / 60, "sent_60s": 60, "rtt_p50_s": 2, "rtt_p95_s": 2,
            "rtt_p99_s": 2} == figures(told)  # fmt: skip
    assert (1, 60) == (figures(told, 1)["loss_60s"], figures(told, 1)["sent_60s"])
    assert (None, 0) == (figures(told, 2)["loss_60s"], figures(told, 2)["sent_60s"])


def test_of_one_echo_a_burst_jitter_is_that_of_the_last_ten() -> None:
    window = Window(2, 1, 1.0)
    trips = [90, *[1, 3, 2, LOST, 5, 9], *[4, 4, 4, 4]]  # the first is eleven echoes ago
    told = [window.frame(burst(second, [trip], [LOST])) for second, trip in enumerate(trips)]

    # |3-1|, |2-3|, and over what was lost nothing; |9-5|, |4-9|, then thrice nothing
    assert (2 + 1 + 4 + 5 + 0 + 0 + 0) / 7 / 1e3 == pytest.approx(told[-1].columns["jitter_s"][0])
    assert math.isnan(told[0].columns["jitter_s"][0])
    assert math.isnan(told[-1].columns["jitter_s"][1])
