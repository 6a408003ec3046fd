"""Echoes really sent and really lost: what is counted is what the kernel counted."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from daemons import binary
from echoes import column, pinger, reply, targets
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from netns import Namespace, namespaces

from collector.probes.icmp import summary

ROOT = Path(__file__).parents[2]
daemon = pytest.mark.daemon


@pytest.fixture
def space() -> Iterator[Namespace]:
    """A machine of our own: only its loopback, and a filter in which nobody else has rules."""
    binary("nft")
    with namespaces("icmp") as (made,), made.entered():
        yield made


def dropping(space: Namespace, *rules: str) -> None:
    """Rules that drop and count what arrives, in the order of `dropped`."""
    lines = "\n".join(f"{rule} counter drop" for rule in rules)
    hook = "type filter hook input priority 0; policy accept;"
    space.run("nft", f"table inet t {{\nchain c {{\n{hook}\n{lines}\n}}\n}}")


def dropped(space: Namespace) -> list[int]:
    """What nft counted, rule by rule."""
    listed = json.loads(space.run("nft", "--json", "list", "table", "inet", "t"))["nftables"]
    rules = [entry["rule"]["expr"] for entry in listed if "rule" in entry]
    return [e["counter"]["packets"] for rule in rules for e in rule if "counter" in e]


@daemon
async def test_who_lives_answers_every_echo(space: Namespace) -> None:
    addresses = [f"127.20.{n // 250}.{n % 250 + 1}" for n in range(500)]
    async with pinger() as sending:
        frame = await sending.sweep(targets(*addresses), count=3, gap_s=0.02, wait_s=2)

    assert "probe" == frame.kind
    assert list(range(500)) == frame.slots.tolist()
    assert [3.0] * 500 == column(frame, "sent") == column(frame, "received")
    assert [0.0] * 500 == column(frame, "loss")
    assert all(0 < rtt < 1 for rtt in column(frame, "rtt_s"))
    assert all(0 <= jitter < 1 for jitter in column(frame, "jitter_s"))


@daemon
async def test_who_is_dead_answers_none_and_has_no_round_trip(space: Namespace) -> None:
    dropping(space, "ip daddr 127.20.0.2 icmp type echo-request")
    async with pinger() as sending:
        frame = await sending.sweep(
            targets("127.20.0.1", "127.20.0.2"), count=3, gap_s=0.01, wait_s=0.1
        )

    assert [3, 0] == column(frame, "received")
    assert [3] == dropped(space)
    assert [0, 1] == column(frame, "loss")
    assert np.isnan(column(frame, "rtt_s")[1])
    assert np.isnan(column(frame, "jitter_s")[1])


@daemon
async def test_loss_is_what_the_filter_dropped_to_the_packet(space: Namespace) -> None:
    dropping(
        space,
        "ip daddr 127.20.0.1 icmp type echo-request numgen inc mod 3 == 0",
        "ip daddr 127.20.0.2 icmp type echo-request numgen inc mod 5 < 2",
        # The way back: the echo arrived, its reply did not.
        "ip saddr 127.20.0.3 icmp type echo-reply numgen random mod 100 < 30",
    )
    async with pinger() as sending:
        frame = await sending.sweep(
            targets("127.20.0.1", "127.20.0.2", "127.20.0.3", "127.20.0.4"),
            count=100, gap_s=0.002, wait_s=0.2,
        )  # fmt: skip

    lost = [
        int(s - r) for s, r in zip(column(frame, "sent"), column(frame, "received"), strict=True)
    ]
    assert [*dropped(space), 0] == lost
    assert [34, 40] == lost[:2]
    assert [n / 100 for n in lost] == pytest.approx(column(frame, "loss"))


@daemon
async def test_ipv6_is_asked_as_well(space: Namespace) -> None:
    space.run("sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/lo/disable_ipv6")
    async with pinger() as sending:
        frame = await sending.sweep(targets("::1", "127.0.0.1"), count=2, gap_s=0.01, wait_s=1)

    assert [2, 2] == column(frame, "received")


@daemon
async def test_sweeps_that_overlap_do_not_take_each_others_replies(space: Namespace) -> None:
    dropping(space, "ip daddr 127.20.0.2 icmp type echo-request")
    asked = targets("127.20.0.1", "127.20.0.2", "127.20.0.3")
    async with pinger() as sending:
        frames = await asyncio.gather(
            *(sending.sweep(asked, count=n, gap_s=0.005, wait_s=0.2) for n in (1, 2, 3, 4))
        )

    assert [[n, 0, n] for n in (1, 2, 3, 4)] == [column(frame, "received") for frame in frames]
    assert [1 + 2 + 3 + 4] == dropped(space)


def forged(secret: int, number: int, echo: int) -> bytes:
    return reply(7, struct.pack("!QIH", secret, number, echo))


@daemon
@pytest.mark.parametrize(
    ("source", "flip", "number", "echo", "counted"),
    [
        pytest.param("127.20.0.2", 0, 0, 0, 1, id="the real thing, to know that forging works"),
        pytest.param("127.20.0.2", 1, 0, 0, 0, id="another secret"),
        pytest.param("127.20.0.3", 0, 0, 0, 0, id="another source"),
        pytest.param("127.20.0.2", 0, 1, 0, 0, id="a target there is not"),
        pytest.param("127.20.0.2", 0, 0, 9, 0, id="an echo there is not"),
    ],
)
async def test_a_forged_reply_is_not_counted(
    space: Namespace, source: str, flip: int, number: int, echo: int, counted: int
) -> None:
    dropping(space, "ip daddr 127.20.0.2 icmp type echo-request")
    forger = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    with forger:
        forger.bind((source, 0))
        async with pinger() as sending:
            sweep = asyncio.create_task(
                sending.sweep(targets("127.20.0.2"), count=1, gap_s=0.01, wait_s=0.3)
            )
            while not sending._sweeps:  # noqa: ASYNC110 (the secret is made when it begins)
                await asyncio.sleep(0)
            (secret,) = sending._sweeps
            await asyncio.sleep(0.02)
            for _ in range(2):  # and twice is once
                forger.sendto(forged(secret ^ flip, number, echo), ("127.0.0.1", 0))
            frame = await sweep

    assert [counted] == column(frame, "received")


@daemon
async def test_an_echo_that_never_left_says_nothing_of_whom_it_was_for(space: Namespace) -> None:
    slow = ("rate", "8kbit", "burst", "1600", "limit", "1000000")
    space.run(binary("tc"), "qdisc", "add", "dev", "lo", "root", "tbf", *slow)
    addresses = [f"127.20.0.{n}" for n in range(1, 101)]
    async with pinger() as sending:
        # A queue as it is on a machine whose line is stuck: room for a few packets only.
        sending._sockets[socket.AF_INET].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        frame = await sending.sweep(targets(*addresses), count=1, gap_s=0, wait_s=0.3)

    unsent = [slot for slot, sent in enumerate(column(frame, "sent")) if not sent]
    assert len(unsent) > 50
    assert all(np.isnan(column(frame, "loss")[slot]) for slot in unsent)
    assert {0.0} == {column(frame, "received")[slot] for slot in unsent}
    assert frame.times.min() > 1_700_000_000_000, "and every row is dated"


_UNPRIVILEGED = """
import asyncio
from ipaddress import ip_address
from collector.probes.icmp import Pinger, Target, able
from edunet.errors import ProbeError

async def main():
    pinger = Pinger()
    try:
        pinger.open()
    except ProbeError as error:
        print(able(), error)
        pinger.close()
        return
    frame = await pinger.sweep([Target(0, ip_address("127.0.0.9"))], count=2, gap_s=0, wait_s=2)
    pinger.close()
    print(able(), int(frame.columns["received"][0]))

asyncio.run(main())
"""


def powerless(space: Namespace) -> str:
    """What the pinger says in a process that has no capability at all."""
    drop = [binary("setpriv"), "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"]
    python = [sys.executable, "-W", "error", "-c", _UNPRIVILEGED]
    return space.run(*drop, "env", f"PYTHONPATH={ROOT}", *python).strip()


@daemon
def test_without_the_right_to_ping_the_remedy_is_named(space: Namespace) -> None:
    assert (
        "False no right to send ICMP echoes; run as root, grant CAP_NET_RAW, widen "
        "net.ipv4.ping_group_range, or write reach: snmp"
    ) == powerless(space)


@daemon
def test_a_group_that_may_ping_needs_no_capability(space: Namespace) -> None:
    space.run("sh", "-c", "echo 0 0 > /proc/sys/net/ipv4/ping_group_range")

    assert powerless(space).endswith(" 2")


def test_the_summary_is_median_mean_difference_and_share() -> None:
    ms = 1_000_000
    sent = np.array([[10, 20, 30, 40], [10, 20, 30, 40], [10, 0, 0, 0], [0, 0, 0, 0]]) * ms
    back = np.array([[12, 25, 33, 0], [0, 0, 0, 0], [11, 0, 0, 0], [0, 0, 0, 0]]) * ms

    frame = summary([7, 8, 9, 10], sent, back, began=5 * ms)

    assert [4, 4, 1, 0] == column(frame, "sent")
    assert [3, 0, 1, 0] == column(frame, "received")
    assert [0.003, 0.001] == pytest.approx([column(frame, "rtt_s")[row] for row in (0, 2)])
    assert 0.0025 == pytest.approx(column(frame, "jitter_s")[0])  # |5-2| and |3-5|
    assert [0.25, 1, 0] == pytest.approx(column(frame, "loss")[:3])
    assert np.isnan(column(frame, "loss")[3])
    assert [10, 10, 10, 5] == frame.times.tolist()
    assert np.isnan([column(frame, "rtt_s")[row] for row in (1, 3)]).all()
    assert np.isnan([column(frame, "jitter_s")[row] for row in (1, 2, 3)]).all()


@given(
    hnp.arrays(
        np.int64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 3)
    ),
)
def test_the_summary_agrees_with_pure_python(fates: npt.NDArray[np.int64]) -> None:
    """Fate 0: not sent; 1: lost; 2 and 3: back after so many milliseconds."""
    ms = 1_000_000
    sent = np.where(fates > 0, (np.arange(fates.shape[1]) + 1) * 100 * ms, 0)
    back = np.where(fates > 1, sent + fates * ms, 0)

    frame = summary(list(range(len(fates))), sent, back, began=ms)

    for row, fate in enumerate(fates.tolist()):
        tried = [f for f in fate if f > 0]
        rtts = sorted(f / 1000 for f in fate if f > 1)
        assert len(tried) == column(frame, "sent")[row]
        assert len(rtts) == column(frame, "received")[row]
        if tried:
            assert 1 - len(rtts) / len(tried) == pytest.approx(column(frame, "loss")[row])
        if rtts:
            median = (rtts[(len(rtts) - 1) // 2] + rtts[len(rtts) // 2]) / 2
            assert median == pytest.approx(column(frame, "rtt_s")[row])
