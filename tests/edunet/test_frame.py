"""Is a frame what it says it is, and can nobody change it?"""

from __future__ import annotations

import numpy as np
import pytest

from edunet.frame import Frame, Reason


def frame(**reason: list[int]) -> Frame:
    return Frame(
        "interface",
        np.array([4, 2], np.int32),
        np.array([1, 2], np.int64),
        {"in_octets": np.array([1, 2], np.uint64), "speed": np.array([1.0, np.nan])},
        {name: np.array(codes, np.uint8) for name, codes in reason.items()},
    )


def test_every_array_is_frozen() -> None:
    found = frame(in_octets=[0, 1])

    arrays = [found.slots, found.times, found.uptime, *found.columns.values()]
    for array in [*arrays, *found.reason.values()]:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9


def test_a_column_of_another_length_is_refused_by_name_of_the_kind() -> None:
    with pytest.raises(ValueError, match="a frame of 1 probe rows has a column of another length"):
        Frame("probe", np.zeros(1, np.int32), np.zeros(1, np.int64), {"rtt_s": np.zeros(2)})
    with pytest.raises(ValueError, match="another length"):
        Frame("probe", np.zeros(1, np.int32), np.zeros(2, np.int64), {})


def test_an_uptime_nobody_read_is_zero_for_every_row() -> None:
    assert [0, 0] == frame().uptime.tolist()
    assert np.dtype(np.uint32) == frame().uptime.dtype


def test_a_value_without_a_reason_is_good() -> None:
    found = frame(in_octets=[Reason.GOOD, Reason.MISSING])

    assert [True, False] == found.good("in_octets").tolist()
    assert [True, True] == found.good("speed").tolist()
    assert 2 == len(found)


def test_only_what_was_refused_is_counted_as_refused() -> None:
    """Never there, or no rate yet: nobody refused anything."""
    assert {} == frame().rejected()
    assert {} == frame(in_octets=[Reason.MISSING, Reason.FIRST]).rejected()
    found = frame(in_octets=[Reason.RESET, Reason.MALFORMED], speed=[Reason.RESET, Reason.GOOD])
    assert {"reset": 2, "malformed": 1} == found.rejected()


def test_reasons_are_the_labels_of_the_metric() -> None:
    assert [
        "good", "missing", "first", "reset", "discontinuity", "impossible", "stale_clock",
        "malformed", "ambiguous",
    ] == [reason.label for reason in Reason]  # fmt: skip
