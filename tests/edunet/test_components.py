"""Which nodes reach each other: whatever the graph, as if one had walked it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from physics import plant

from edunet.topology import Topology

INVENTORY = plant("core-a")


def topology(size: int, ends: list[tuple[int, int]]) -> Topology:
    return Topology(
        INVENTORY,
        tuple(f"device:{row}" for row in range(size)),
        np.zeros(size, np.int32),
        np.array(ends, np.int32).reshape(-1, 2),
        (),
    )


def walked(size: int, joined: list[tuple[int, int]]) -> list[int]:
    """A number for each node: parts are numbered as one comes to them."""
    near: list[list[int]] = [[] for _ in range(size)]
    for a, b in joined:
        near[a].append(b)
        near[b].append(a)
    part, parts = [-1] * size, 0
    for start in range(size):
        if part[start] < 0:
            waiting = [start]
            while waiting:
                here = waiting.pop()
                if part[here] < 0:
                    part[here] = parts
                    waiting += near[here]
            parts += 1
    return part


@given(st.data())
def test_components_are_those_one_finds_by_walking(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 24))
    node = st.integers(-1, size - 1)  # -1: a carrier, which joins nothing
    ends = data.draw(st.lists(st.tuples(node, node), max_size=40))
    alive = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
    whole = data.draw(st.lists(st.booleans(), min_size=len(ends), max_size=len(ends)))

    joined = [
        (a, b)
        for (a, b), intact in zip(ends, whole, strict=True)
        if intact and min(a, b) >= 0 and alive[a] and alive[b]
    ]
    found = topology(size, ends).components(np.array(alive, bool), np.array(whole, bool))
    assert np.int32 == found.dtype
    assert walked(size, joined) == found.tolist()


def test_a_long_chain_in_any_order_is_one_part() -> None:
    size = 10_001
    order = np.random.default_rng(7).permutation(size)
    ends = list(zip(order[:-1].tolist(), order[1:].tolist(), strict=True))
    graph, alive = topology(size, ends), np.ones(size, bool)

    assert 0 == graph.components(alive, np.ones(size - 1, bool)).max()
    cut = np.ones(size - 1, bool)
    cut[5_000] = False
    assert [5_001, 5_000] == sorted(np.bincount(graph.components(alive, cut)), reverse=True)


def test_a_graph_costs_no_large_library() -> None:
    """scipy is 20 MB of every process that has a topology."""
    told = subprocess.run(
        [sys.executable, "-c", "import sys, edunet.topology; print('scipy' in sys.modules)"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip

    assert "False" == told.stdout.strip()
