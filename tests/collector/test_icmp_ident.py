"""Whose reply is it? Idents that rotate, sweeps long over, other processes; IPv6 over a cable."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from typing import NamedTuple

import pytest
from daemons import binary
from echoes import (
    REPLY,
    REQUEST,
    column,
    ear,
    heard,
    pinger,
    reply,
    targets,
    without_raw_sockets,
)
from netns import Namespace, namespaces

pytestmark = pytest.mark.daemon


class Place(NamedTuple):
    """A machine of our own, and an ear and a mouth there, opened with every right."""

    space: Namespace
    ear: socket.socket
    mouth: socket.socket  # speaks as 127.20.0.1


@pytest.fixture(params=["raw", "datagram"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Pinging needs no capability in it; by datagram there is none."""
    datagram = request.param == "datagram"
    with namespaces("ident") as (made,), made.entered(), ear() as listening, ear() as mouth:
        mouth.bind(("127.20.0.1", 0))
        made.run("sh", "-c", "echo 0 0 > /proc/sys/net/ipv4/ping_group_range")
        with without_raw_sockets() if datagram else nullcontext():
            yield Place(made, listening, mouth)


async def test_each_sweep_has_an_ident_of_its_own(place: Place) -> None:
    async with pinger() as sending:
        for _ in range(40):
            await sending.sweep(targets("127.20.0.1"), count=2, gap_s=0, wait_s=1)
        three = [sending.sweep(targets("127.20.0.2"), count=2, gap_s=0, wait_s=1) for _ in "abc"]
        frames = await asyncio.gather(*three)

    idents: dict[bytes, set[int]] = {}
    for message in heard(place.ear):
        if message.type == REQUEST:
            idents.setdefault(message.payload[:8], set()).add(message.ident)
    assert [[2.0]] * 3 == [column(frame, "received") for frame in frames]
    assert 43 == len(idents), "each has a secret"
    assert {1} == {len(each) for each in idents.values()}, "one ident for one sweep"
    assert 43 == len(set.union(*idents.values())), "and none that of another"


async def test_a_reply_to_a_sweep_that_is_over_is_not_counted(place: Place) -> None:
    """It was late: the next sweep asks the same device the same numbers."""
    place.space.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all")
    async with pinger() as sending:
        asked = targets("127.20.0.1")
        await sending.sweep(asked, count=3, gap_s=0, wait_s=0.05)
        old = [message for message in heard(place.ear) if message.type == REQUEST]
        sweep = asyncio.create_task(sending.sweep(asked, count=3, gap_s=0, wait_s=0.4))
        await asyncio.sleep(0.1)
        (new, *_) = [message for message in heard(place.ear) if message.type == REQUEST]
        for late in old:
            # With the ident of its own time, and with that of the sweep that runs now.
            for ident in (late.ident, new.ident):
                place.mouth.sendto(reply(ident, late.payload), ("127.0.0.1", 0))
        await asyncio.sleep(0.05)
        place.mouth.sendto(
            reply(new.ident, new.payload), ("127.0.0.1", 0)
        )  # to know that forging works
        frame = await sweep

    assert 3 == len(old)
    assert [3.0] == column(frame, "sent")
    assert [1.0] == column(frame, "received")


async def test_replies_to_another_process_are_not_counted(place: Place) -> None:
    """Ours never arrive, those of `ping` are answered: a raw socket hears every one of them."""
    binary("ping")
    rule = "icmp type echo-request meta length < 60 counter drop"  # ours are short
    hook = "type filter hook input priority 0; policy accept;"
    place.space.run("nft", f"table inet t {{\nchain c {{\n{hook}\n{rule}\n}}\n}}")
    other = await asyncio.create_subprocess_exec(
        *place.space.argv("ping", "-q", "-i", "0.01", "-c", "20", "127.20.0.1"),
        stdout=subprocess.PIPE,
    )
    async with pinger() as sending:
        frame = await sending.sweep(targets("127.20.0.1"), count=5, gap_s=0.05, wait_s=0.3)
    told = (await other.communicate())[0]

    assert b"20 received" in told
    assert 20 <= sum(message.type == REPLY for message in heard(place.ear))
    assert [5.0] == column(frame, "sent")
    assert [0.0] == column(frame, "received")


@pytest.fixture(params=["raw", "datagram"])
def cable(request: pytest.FixtureRequest) -> Iterator[Namespace]:
    """A cable that speaks IPv6 only; this thread is at its near end, the far one is answered."""
    with namespaces("six", "far") as (here, there):
        words = ("type", "veth", "peer", "name", "far0", "netns", there.name)
        here.ip("link", "add", "near0", *words)
        for space, port, address in ((here, "near0", "fd07::1/64"), (there, "far0", "fd07::2/64")):
            space.ip("addr", "add", address, "dev", port, "nodad")
            space.ip("link", "set", port, "up")
        there.ip("addr", "add", "fd07::3/64", "dev", "far0", "nodad")
        here.run("sh", "-c", "echo 0 0 > /proc/sys/net/ipv4/ping_group_range")
        with (
            here.entered(),
            without_raw_sockets() if request.param == "datagram" else nullcontext(),
        ):
            yield there


async def test_ipv6_is_counted_to_the_packet(cable: Namespace) -> None:
    hook = "type filter hook input priority 0; policy accept;"
    rule = "ip6 daddr fd07::3 icmpv6 type echo-request numgen inc mod 4 == 0 counter drop"
    cable.run("nft", f"table inet t {{\nchain c {{\n{hook}\n{rule}\n}}\n}}")
    async with pinger() as sending:
        frame = await sending.sweep(
            targets("fd07::2", "fd07::3", "fd07::4"), count=40, gap_s=0.005, wait_s=0.5
        )

    assert [40, 40, 40] == column(frame, "sent")
    assert [40, 30, 0] == column(frame, "received")
    assert [0, 0.25, 1] == column(frame, "loss")
    assert 0 < column(frame, "rtt_s")[0] < 0.5
