"""Who suffers from a degraded link, and how much?"""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edunet.errors import LabError
from lab import orders
from lab.city import City
from lab.quality import WHOLE, Quality, quality

SHARES = st.floats(0, 1)
QUALITIES = st.builds(Quality, SHARES, st.floats(0, 60), st.floats(0, 60))


def test_exactly_what_lies_behind_the_link_suffers(city: City) -> None:
    bad = Quality(0.1, 0.05)

    city.degrade("core-c3", bad)

    assert city.ways == {d: bad for d in city.devices if d.startswith("c3-")}
    assert city.dead == frozenset()
    assert city.way("core") == WHOLE


def test_two_bad_links_in_a_row_add_up(city: City) -> None:
    city.degrade("core-c3", Quality(0.1, 0.05, 0.005))
    city.degrade("c3-t1-up", Quality(0.2, 0.01))

    loss, delay_s, jitter_s = city.way("c3-t1-hub")

    assert loss == pytest.approx(0.28)
    assert delay_s == pytest.approx(0.06)
    assert jitter_s == 0.005
    assert city.way("c3-agg") == Quality(0.1, 0.05, 0.005)


def test_in_a_ring_the_way_really_taken_counts(city: City) -> None:
    city.degrade("c1-c2", Quality(0.5))
    assert city.way("c2-agg") == WHOLE

    city.cut("core-c2")
    assert city.way("c2-agg") == Quality(0.5)
    assert city.way("c1-agg") == WHOLE

    city.heal("core-c2")
    assert city.way("c2-agg") == WHOLE


def test_the_dead_have_no_way_and_a_reboot_leads_none_astray(city: City) -> None:
    city.degrade("core-c3", Quality(0.5))
    city.cut("c3-t1-up")

    assert "c3-t1-hub" in city.dead
    assert city.way("c3-t1-hub") == WHOLE
    assert city.way("c3-agg") == Quality(0.5)


@pytest.mark.parametrize("how", ["zero", "heal", "heal all"])
def test_a_link_becomes_whole_again(city: City, how: str) -> None:
    city.degrade("core-c3", Quality(0.5, 1.0))
    if how == "zero":
        city.degrade("core-c3", WHOLE)
    else:
        city.heal("core-c3" if how == "heal" else None)

    assert city.degraded == {}
    assert city.ways == {}


def test_a_flapping_link_stays_bad_and_a_cut_one_too(city: City) -> None:
    city.degrade("core-c3", Quality(0.5))
    city.flap("core-c3")
    assert city.way("c3-agg") == WHOLE  # it is down, and nothing is to be reached behind it

    city.cuts.clear()
    city.flap("c1-c2")
    assert city.way("c3-agg") == Quality(0.5)


def test_counters_and_ports_know_nothing_of_it(city: City) -> None:
    before = [city.octets(port, 5000) for port in city.ports["c3-agg"]]

    city.degrade("core-c3", Quality(0.9))

    assert [city.octets(port, 5000) for port in city.ports["c3-agg"]] == before
    assert all(city.is_up(port) for port in city.ports["c3-agg"] if port.link)


@given(QUALITIES, QUALITIES)
def test_a_longer_way_is_never_better(one: Quality, other: Quality) -> None:
    both = one.then(other)

    assert both.loss >= max(one.loss, other.loss) - 1e-12
    assert both.loss <= 1
    assert both.delay_s >= max(one.delay_s, other.delay_s)
    assert one.then(WHOLE).delay_s == one.delay_s


def test_loss_and_delay_are_drawn_as_told() -> None:
    dice, n, loss = Random(7), 20_000, 0.3  # noqa: S311 (a test's chance)

    drawn = [Quality(loss, 0.05, 0.005).draw(dice) for _ in range(n)]

    late = [seconds for seconds in drawn if seconds is not None]
    assert abs(n - len(late) - n * loss) < 4.5 * math.sqrt(n * loss * (1 - loss))
    assert 0.045 <= min(late) <= max(late) <= 0.055
    assert sum(late) / len(late) == pytest.approx(0.05, abs=1e-4)
    assert {Quality(1.0).draw(dice) for _ in range(99)} == {None}
    assert {WHOLE.draw(dice) for _ in range(99)} == {0.0}
    assert min(Quality(0, 0.001, 5).draw(dice) or 0 for _ in range(99)) == 0


@pytest.mark.parametrize(
    "said",
    [
        {"loss": "10%"},
        {"loss": True},
        {"loss": None},
        {"loss": 1.1},
        {"loss": -0.1},
        {"loss": math.nan},
        {"loss": math.inf},
        {"delay_s": 10**300},
        {"delay_s": [1]},
        {"delay_s": 61},
        {"jitter_s": -1},
    ],
    ids=str,
)
def test_a_quality_that_cannot_be_is_refused(city: City, said: dict[str, object]) -> None:
    with pytest.raises(LabError, match=next(iter(said))):
        orders.perform(city, {"do": "degrade", "what": "core-c3", **said})
    assert city.degraded == {}


def test_an_unknown_link_cannot_be_degraded(city: City) -> None:
    with pytest.raises(LabError, match="no link 'core' in the city; the nearest is core-c"):
        city.degrade("core", quality(0.5))
