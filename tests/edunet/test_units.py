"""Are quantities read and shown as network staff write them?"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from edunet.units import bits_per_second, seconds, show_bps


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        pytest.param("30M", 30_000_000, id="megabits"),
        pytest.param("1G", 1_000_000_000, id="a gigabit"),
        pytest.param("2.5G", 2_500_000_000, id="a fraction"),
        pytest.param("64k", 64_000, id="kilobits"),
        pytest.param("1T", 10**12, id="a terabit"),
        pytest.param("9600", 9600, id="bits, as text"),
        pytest.param(1_000_000, 1_000_000, id="bits, as a number"),
    ],
)
def test_a_bandwidth_is_read_as_bits_per_second(written: object, rate: float) -> None:
    assert rate == bits_per_second(written)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "M",
        "30 M",
        "30m",
        "30Mbps",
        "1e9",
        "-1M",
        "0",
        "0M",
        "nan",
        "1G\n",
        "9" * 99,
        True,
        None,
    ],
)
def test_what_is_no_bandwidth_is_refused_with_an_example(written: object) -> None:
    with pytest.raises(PydanticCustomError, match="is not a bandwidth; write 30M or 1G"):
        bits_per_second(written)


@pytest.mark.parametrize(
    ("written", "time"),
    [("500ms", 0.5), ("60s", 60), ("1.5s", 1.5), ("5m", 300), ("4h", 14_400), ("30d", 2_592_000)],
)
def test_a_time_is_read_as_seconds(written: str, time: float) -> None:
    assert time == seconds(written)


@pytest.mark.parametrize(
    "written", ["", "60", "s", "60 s", "1w", "-5s", "0s", 60, None, "5M", "1s\n"]
)
def test_what_is_no_time_is_refused_with_an_example(written: object) -> None:
    with pytest.raises(PydanticCustomError, match="is not a time; write 60s or 4h"):
        seconds(written)


@given(st.text(max_size=2000))
def test_a_refusal_is_short_whatever_was_written(text: str) -> None:
    for read in (bits_per_second, seconds):
        with pytest.raises(PydanticCustomError) as raised:
            read(f"{text}x")  # no unit ends so, hence it is refused
        assert len(str(raised.value)) < 100


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        pytest.param(1e9, "1G", id="a gigabit"),
        pytest.param(37_160_000.0, "37.2M", id="three digits"),
        pytest.param(640_000.0, "640k", id="kilobits"),
        pytest.param(12.0, "12", id="bits"),
        pytest.param(0.0, "0", id="nothing at all"),
        pytest.param(None, "–", id="unknown"),
        pytest.param(math.nan, "–", id="not a number"),
    ],
)
def test_a_rate_is_shown_as_a_person_writes_it(rate: float | None, shown: str) -> None:
    assert shown == show_bps(rate)


@given(st.integers(1, 999), st.sampled_from(["k", "M", "G", "T"]))
def test_what_is_shown_can_be_read_again(number: int, unit: str) -> None:
    assert f"{number}{unit}" == show_bps(bits_per_second(f"{number}{unit}"))
