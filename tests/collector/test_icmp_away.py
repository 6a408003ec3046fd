"""What cannot leave this machine is not lost: real routes, real filters, taken away and given."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest
from echoes import column, pinger, targets
from netns import Namespace, namespaces, plug

from collector.probes.icmp import Pinger

pytestmark = pytest.mark.daemon


@pytest.fixture
def near() -> Iterator[Namespace]:
    """This thread's machine: a cable to 10.8.0.2, and the way to 10.8.9.0/24 over it."""
    with namespaces("near", "far") as (here, there):
        plug((here, "eth0", "10.8.0.1/24"), (there, "eth0", "10.8.0.2/24"))
        there.ip("addr", "add", "10.8.9.2/32", "dev", "lo")
        here.ip("route", "add", "10.8.9.0/24", "via", "10.8.0.2")
        with here.entered():
            yield here


BOTH = targets("10.8.0.2", "10.8.9.2")


async def test_cut_off_nothing_is_sent_and_nothing_lost(near: Namespace) -> None:
    async with pinger() as sending:
        before = await sending.sweep(BOTH, count=3, gap_s=0.01, wait_s=1)
        near.ip("link", "set", "eth0", "down")
        await asyncio.sleep(0.06)  # what left a moment ago would count for this sweep
        cut = await sending.sweep(BOTH, count=3, gap_s=0.06, wait_s=0.2)
        near.ip("link", "set", "eth0", "up")
        near.ip("route", "add", "10.8.9.0/24", "via", "10.8.0.2")
        after = await sending.sweep(BOTH, count=3, gap_s=0.01, wait_s=1)

    assert [3, 3] == column(before, "received") == column(after, "received")
    assert [0, 0] == column(cut, "sent")
    assert np.isnan(column(cut, "loss")).all()
    assert not cut.asked().any()


async def test_who_alone_has_no_route_is_not_reached(near: Namespace) -> None:
    """The network no longer knows a way there: that is about the device, not about us."""
    near.ip("route", "del", "10.8.9.0/24")
    async with pinger() as sending:
        frame = await sending.sweep(BOTH, count=3, gap_s=0.06, wait_s=0.2)
        # Also when those who can be reached are asked in a sweep of their own.
        one, other = await asyncio.gather(
            sending.sweep(BOTH[:1], count=3, gap_s=0.06, wait_s=0.2),
            sending.sweep(BOTH[1:], count=3, gap_s=0.06, wait_s=0.2),
        )

    assert [3, 3] == column(frame, "sent")
    assert [0, 1] == column(frame, "loss")
    assert [0] == column(one, "loss")
    assert [1] == column(other, "loss")


async def test_what_our_own_filter_eats_says_nothing_of_whom_it_was_for(near: Namespace) -> None:
    hook = "type filter hook output priority 0; policy accept;"
    near.run("nft", f"table inet t {{\nchain c {{\n{hook}\nip daddr 10.8.9.2 drop\n}}\n}}")
    async with pinger() as sending:
        frame = await sending.sweep(BOTH, count=3, gap_s=0.01, wait_s=0.3)

    assert [3, 0] == column(frame, "sent")
    assert 0 == column(frame, "loss")[0]
    assert np.isnan(column(frame, "loss")[1])


async def test_a_sweep_cut_short_counts_what_had_left(near: Namespace) -> None:
    async with pinger() as sending:
        sweep = asyncio.create_task(sending.sweep(BOTH, count=4, gap_s=0.2, wait_s=0.3))
        await asyncio.sleep(0.3)  # two echoes are out and back
        near.ip("link", "set", "eth0", "down")
        frame = await sweep

    assert [2, 2] == column(frame, "sent") == column(frame, "received")
    assert [0, 0] == column(frame, "loss")


async def test_without_a_way_out_for_ipv6_only_ipv6_is_not_asked(near: Namespace) -> None:
    asked = targets("10.8.0.2", "2001:db8::1")
    async with pinger() as sending:
        frame = await sending.sweep(asked, count=2, gap_s=0.01, wait_s=0.5)

    assert [2, 0] == column(frame, "sent")
    assert 0 == column(frame, "loss")[0]


async def test_never_opened_it_asks_nobody() -> None:
    frame = await Pinger().sweep(targets("127.0.0.1", "::1"), count=2, gap_s=0, wait_s=1)

    assert [0, 0] == column(frame, "sent") == column(frame, "received")
