"""Does a column of numbers read back as the numbers it was written from?"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edunet.decimals import decimals


@given(st.lists(st.integers(0, 2**64 - 1)))
def test_counters_are_written_to_the_last_digit(values: list[int]) -> None:
    assert [str(value).encode() for value in values] == decimals(np.array(values, np.uint64))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_a_float_reads_back_the_same_and_has_no_digit_more_than_python_s(
    values: list[float],
) -> None:
    found = decimals(np.array(values, np.float64))

    assert [np.float64(value).tobytes() for value in values] == [
        np.float64(text).tobytes() for text in found
    ]
    assert [Decimal(repr(value)) for value in values] == [Decimal(t.decode()) for t in found]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64])
def test_other_integers_are_integers(dtype: type[np.integer[np.typing.NBitBase]]) -> None:
    assert [b"<1>", b"<0>", b"<7>"] == decimals(np.array([1, 0, 7], dtype), b"<", b">")


def test_of_every_second_number_every_second_is_written() -> None:
    assert [b"0", b"2", b"4"] == decimals(np.arange(6)[::2])
