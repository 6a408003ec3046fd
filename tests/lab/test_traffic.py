"""Do the counters of a link count like counters?"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.traffic import Meter, curves

LINKS = [f"c{number % 3}-s{number}-up" for number in range(200)]
MONTH_S = 31 * 86400
TIMES = st.lists(st.integers(0, MONTH_S * 1000), min_size=2, max_size=20).map(sorted)


@given(st.sampled_from(LINKS), st.sampled_from([64e3, 30e6, 1e9, 100e9]), TIMES)
def test_counters_never_fall(link: str, rate: float, times: list[int]) -> None:
    meter = Meter(*curves(link, rate, 0.0), earlier_s=1000.0)
    meter.run(0.0)

    readings = [meter.read(ms / 1000) for ms in times]

    for earlier, later in pairwise(readings):
        assert later[0] >= earlier[0]
        assert later[1] >= earlier[1]


@given(st.sampled_from(LINKS), st.integers(0, MONTH_S), st.integers(0, 86399))
def test_counters_never_fall_from_one_millisecond_to_the_next(
    link: str, second: int, began: int
) -> None:
    meter = Meter(*curves(link, 10e9, began), earlier_s=1000.0)
    meter.run(0.0)

    assert meter.read(second + 0.001)[0] > meter.read(second)[0]


@given(st.sampled_from(LINKS), st.floats(0, 7 * 86400), st.integers(0, 86399))
def test_schools_download_more_than_they_upload_and_less_than_they_pay_for(
    link: str, second: float, began: int
) -> None:
    down, up = curves(link, 100e6, began)

    assert 0 < up.rate(second) < down.rate(second) < 0.95 * 100e6 / 8


@pytest.mark.parametrize("link", LINKS[:5])
def test_octets_are_the_area_under_the_rate(link: str) -> None:
    down, _ = curves(link, 100e6, 30_000.0)
    step = 0.5

    area = sum(down.rate((k + 0.5) * step) * step for k in range(7200))

    assert down.octets(3600.0) == pytest.approx(area, rel=1e-6)


def test_lessons_are_busier_than_the_night() -> None:
    down, _ = curves("c1-s01-up", 100e6, 0.0)

    at_three, at_ten = (down.octets(h * 3600 + 3600) - down.octets(h * 3600) for h in (3, 10))

    assert at_ten > 1.5 * at_three


def test_a_stopped_meter_stands_still_and_goes_on_where_it_stood() -> None:
    meter = Meter(*curves("c1-s01-up", 100e6, 0.0), earlier_s=0.0)
    meter.run(10.0)
    meter.stop(20.0)

    stood = meter.read(20.0)
    assert meter.read(500.0) == stood

    meter.run(1000.0)
    assert meter.read(1000.0) == stood
    assert meter.read(1001.0)[0] > stood[0]
