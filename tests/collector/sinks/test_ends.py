"""Does a series that ends, end where it ends, once, however often its rows are sent?"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pytest
from daemons import until
from fake_sink import START, FakeServer
from hypothesis import given, settings
from hypothesis import strategies as st
from prompb import Receiver, request
from pushing import TAKEN, Serve
from receiving import Open, pushing, told

from collector.pushing import Ground
from collector.sinks._ends import STALE, Ends
from edunet.errors import DeliveryError
from edunet.frame import Frame

UNKNOWN = float("nan")
END = "end"
Told = list[tuple[int, float | str]]


def echo(second: int, *rtts: float) -> Frame:
    """The round trips of so many devices, read in that second."""
    slots = np.arange(len(rtts), dtype=np.int32)
    times = np.full(len(rtts), START + second * 1000, np.int64)
    return Frame("probe", slots, times, {"rtt_s": np.array(rtts)})


def sent(server: FakeServer, device: str) -> Told:
    """Second and value of a device's round trips, in the order they were sent."""
    return [
        ((time - START) // 1000, END if ended(value) else value)
        for asked in server.asked
        for series in request(asked.raw)
        if dict(series.labels)["device"] == device
        for time, value in series.samples
    ]


def ended(value: float) -> bool:
    """By its bits, as `value.IsStaleNaN` of Prometheus looks."""
    return struct.pack("<d", value) == bytes.fromhex("020000000000f07f")


def named(_: str, slot: int) -> Mapping[str, str]:
    return {"device": f"d{slot}"}


@pytest.mark.parametrize("batch", [1, 2, 9], ids=["singly", "by twos", "together"])
def test_what_is_not_known_any_more_ends_once(serve: Serve, opened: Open, batch: int) -> None:
    server = serve(lambda *_: TAKEN)
    outlet = opened(server.url, named)
    rounds = [0.1, 0.2, UNKNOWN, UNKNOWN, 0.3, UNKNOWN, UNKNOWN]
    frames = [echo(n, rtt, 0.5, UNKNOWN) for n, rtt in enumerate(rounds)]
    for start in range(0, len(frames), batch):
        outlet.write(frames[start : start + batch])

    assert [(0, 0.1), (1, 0.2), (2, END), (4, 0.3), (5, END)] == sent(server, "d0")
    assert [(n, 0.5) for n in range(7)] == sent(server, "d1")
    assert [] == sent(server, "d2")  # was never known: there is nothing to end


@pytest.mark.parametrize("ordered", [True, False])
def test_what_broke_off_has_its_ends_when_it_is_sent_again(
    serve: Serve, opened: Open, ordered: bool
) -> None:
    server = serve(lambda n, _: None if n == 1 else TAKEN)
    outlet = opened(server.url, named, ordered=ordered, timeout="200ms")
    outlet.write([echo(0, 0.1)])
    frames = [echo(1, UNKNOWN), echo(2, 0.2), echo(3, UNKNOWN)]
    with pytest.raises(DeliveryError):
        outlet.write(frames)
    outlet.write(frames)

    again = [(1, END), (2, 0.2), (3, END)]
    assert [(0, 0.1), *again, *again] == sent(server, "d0")


def test_a_server_that_forgot_is_told_of_the_end_again(serve: Serve, opened: Open) -> None:
    """The pusher reads the log again from where it is sure; the last value lies before that."""
    server = serve(lambda *_: TAKEN)
    outlet = opened(server.url, named, ordered=False)
    for frame in (echo(0, 0.1), echo(1, UNKNOWN), echo(2, UNKNOWN)):
        outlet.write([frame])
    for frame in (echo(1, UNKNOWN), echo(2, UNKNOWN)):
        outlet.write([frame])

    assert [(0, 0.1), (1, END), (1, END)] == sent(server, "d0")


def test_who_leaves_the_inventory_ends_and_who_is_renamed_ends_under_the_old_name(
    serve: Serve, opened: Open
) -> None:
    server = serve(lambda *_: TAKEN)
    names: dict[int, dict[str, str]] = {slot: {"device": f"d{slot}"} for slot in range(4)}
    outlet = opened(server.url, lambda _, slot: names.get(slot, {}))
    outlet.write([echo(0, 0.1, 0.2, 0.3, 0.4), echo(1, 0.1, 0.2, 0.3, UNKNOWN)])
    del names[0], names[3]
    names[1] = {"device": "moved"}
    outlet.relabel()
    outlet.write([echo(2, 0.1, 0.2, 0.3, UNKNOWN)])

    assert [(0, 0.1), (1, 0.1), (1, END)] == sent(server, "d0")
    assert [(0, 0.2), (1, 0.2), (1, END)] == sent(server, "d1")
    assert [(2, 0.2)] == sent(server, "moved")
    assert [(0, 0.3), (1, 0.3), (2, 0.3)] == sent(server, "d2")
    assert [(0, 0.4), (1, END)] == sent(server, "d3")
    assert START + 1001 == max(
        time
        for asked in server.asked
        for series in request(asked.raw)
        if dict(series.labels)["device"] == "d0"
        for time, _ in series.samples
    )
    assert 1 == outlet.left_out["unnamed"]  # the value, not the ends


def test_an_end_that_comes_too_late_is_not_set_aside(ground: Ground, serve: Serve) -> None:
    receiver = Receiver()
    server = serve(told(receiver))
    with pushing(ground, server.url) as pusher:
        for second, rtt in ((2, 0.1), (1, UNKNOWN), (3, 0.3)):
            ground.log.append(echo(second, rtt))
            ground.log.sync()
            bodies = len(receiver.bodies)
            until(lambda: len(receiver.bodies) > bodies, "a body")  # noqa: B023
    (held,) = receiver.series.values()

    assert [(START + 2000, 0.1), (START + 3000, 0.3)] == held
    assert any(ended(each.samples[0][1]) for body in receiver.bodies for each in body)
    assert 0 == pusher.aside.kept


SERIES = st.lists(st.lists(st.booleans(), min_size=1, max_size=12), min_size=1, max_size=4)


@settings(deadline=None)
@given(SERIES, st.lists(st.integers(1, 5), max_size=12), st.booleans())
def test_however_rows_are_cut_into_batches_the_ends_are_the_same(
    series: list[list[bool]], cuts: list[int], twice: bool
) -> None:
    """An end is an unknown row right after a known one of its series: nothing else is."""
    keys = [number | (number % 2) << 32 for number in range(len(series))]  # of two metrics
    expected = {
        (key, time)
        for key, told in zip(keys, series, strict=True)
        for time, (before, known) in enumerate(zip([False, *told], told, strict=False), 1)
        if before and not known
    }
    marks = [1, *(1 + sum(cuts[: n + 1]) for n in range(len(cuts))), 99]
    ends, found = Ends(), set[tuple[int, int]]()
    for start, end in pairwise(marks):
        rows = [
            (key, time, known)
            for key, told in sorted(zip(keys, series, strict=True))
            for time, known in enumerate(told, 1)
            if start <= time < end
        ]
        for _ in range(1 + twice if rows else 0):  # the first time it broke off
            of, times, known = (np.array(column) for column in zip(*rows, strict=True))
            marked = ends.found(of, times, known)
            found |= set(zip(of[marked].tolist(), times[marked].tolist(), strict=True))

    assert expected <= found
    unknown = {
        (key, time)
        for key, told in zip(keys, series, strict=True)
        for time, known in enumerate(told, 1)
        if not known
    }
    assert found <= (unknown if twice else expected)


def test_the_marker_is_the_one_of_prometheus() -> None:
    assert bytes.fromhex("020000000000f07f") == STALE.tobytes()
