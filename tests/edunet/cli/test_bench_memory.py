"""Does the bench tell whose memory is whose?"""

from __future__ import annotations

import asyncio
import os
from types import SimpleNamespace

import numpy as np
import pytest

from edunet.cli._bench_machine import peak_mb, resident_mb
from edunet.cli._bench_memory import Held, Memory, shares

MB = 1 << 20


def test_what_two_hold_belongs_to_the_first() -> None:
    common, own = bytes(3 * MB), bytes(2 * MB)
    found = shares({"first": [common], "second": {"a": common, "b": [own, own]}})

    assert pytest.approx(3, abs=0.01) == found["first"].objects_mb
    assert pytest.approx(2, abs=0.01) == found["second"].objects_mb
    assert (0, 0) == (found["first"].arrays_mb, found["second"].arrays_mb)


def test_a_view_counts_as_the_array_it_looks_into() -> None:
    whole = np.zeros(MB, np.uint8)
    found = shares({"view": SimpleNamespace(rows=whole[:10]), "whole": whole})

    assert pytest.approx(1, abs=0.01) == found["view"].arrays_mb
    assert 0 == found["whole"].mb


def test_who_waits_for_a_part_is_no_part_of_it() -> None:
    """Through the loop, a future or a function one would come to everything there is."""

    async def run() -> dict[str, Held]:
        large = bytes(2 * MB)
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        waiting.add_done_callback(lambda _: len(large))
        handle = loop.call_later(60, len, large)
        found = shares({"part": [loop, waiting, lambda: large, bytes]})
        waiting.cancel()
        handle.cancel()
        return found

    assert asyncio.run(run())["part"].mb < 0.01


def test_the_rest_is_what_no_part_holds() -> None:
    memory = Memory(100.0, {"one": Held(10, 20), "two": Held(1, 2)})

    assert 67 == memory.others_mb


def test_what_is_given_back_is_held_no_more() -> None:
    before = resident_mb()
    large = np.ones(64 * MB, np.uint8)
    during = resident_mb(os.getpid())
    del large

    assert during > before + 60
    assert resident_mb() < during - 60
    assert peak_mb() >= during - 1
