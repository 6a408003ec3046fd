"""Which replies count: the first from whom was asked; all others are ignored, and why is told."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import asdict
from ipaddress import ip_address

import numpy as np
import pytest
from echoes import REQUEST, ear, heard, pinger, reply, targets
from hypothesis import given
from hypothesis import strategies as st
from netns import Namespace, namespaces

from collector.probes import _echoes
from collector.probes._icmp import Replies, requests
from collector.probes._sweep import Ignored, Roster, Rosters, Sweep, Target
from edunet import mmsg

daemon = pytest.mark.daemon
TARGETS = (*targets("10.0.0.1", "10.0.0.2", "fd07::1"), Target(9, ip_address("10.0.0.1")))
ECHOES = 2


def came(*replies: tuple[int, int, str, int]) -> Replies:
    """Replies as (number, echo, source, when), all with the right secret."""
    number, echo, _, at = (np.array(column) for column in zip(*replies, strict=True))
    packed = [ip_address(source).packed for _, _, source, _ in replies]
    names = np.array([list(_echoes.sockaddr(each)) for each in packed], np.uint8)
    return Replies(np.zeros(len(at), np.uint64), number, echo, at, names, 0)


def out(when: int = 100) -> Sweep:
    """A sweep all of whose echoes left at that moment."""
    sweep = Sweep(Roster(TARGETS), ECHOES, 7)
    sweep.sent[:] = when
    return sweep


def test_the_first_reply_counts_whatever_the_order_they_are_read_in() -> None:
    sweep, ignored = out(), Ignored()
    sweep.take(
        socket.AF_INET,
        came((1, 0, "10.0.0.2", 130), (0, 1, "10.0.0.1", 140), (1, 0, "10.0.0.2", 150)),
        ignored,
    )
    sweep.take(socket.AF_INET, came((0, 1, "10.0.0.1", 190)), ignored)

    assert [[0, 140], [130, 0], [0, 0], [0, 0]] == sweep.back.tolist()
    assert Ignored(duplicate=2) == ignored


@pytest.mark.parametrize(
    ("family", "number", "echo", "source"),
    [
        pytest.param(socket.AF_INET, 0, 0, "10.0.0.2", id="another target's address"),
        pytest.param(socket.AF_INET, 4, 0, "10.0.0.1", id="a target there is not"),
        pytest.param(socket.AF_INET, 2**32 - 1, 0, "10.0.0.1", id="the last number there can be"),
        pytest.param(socket.AF_INET, 0, 2, "10.0.0.1", id="an echo there is not"),
        pytest.param(socket.AF_INET, 2, 0, "10.0.0.1", id="of the other family"),
        pytest.param(socket.AF_INET6, 0, 0, "fd07::1", id="by the other family"),
        pytest.param(socket.AF_INET6, 2, 0, "fd07::2", id="another address of IPv6"),
        pytest.param(socket.AF_INET, 1, 1, "10.0.0.2", id="what was never sent"),
    ],
)
def test_a_reply_to_what_was_not_asked_does_not_count(
    family: int, number: int, echo: int, source: str
) -> None:
    sweep, ignored = out(), Ignored()
    sweep.sent[1, 1] = 0
    sweep.take(family, came((number, echo, source, 130)), ignored)

    assert not sweep.back.any()
    assert Ignored(misplaced=1) == ignored


def test_a_round_trip_is_never_less_than_a_nanosecond() -> None:
    """When an echo left is interpolated, and the clock may be set while it is under way."""
    sweep = out()
    sweep.take(socket.AF_INET, came((0, 0, "10.0.0.1", 90)), Ignored())

    assert 101 == sweep.back[0, 0]


async def test_a_sweep_is_complete_with_its_last_reply_or_refusal() -> None:
    sweep = out()
    sweep.take(socket.AF_INET, came((0, 0, "10.0.0.1", 110), (0, 0, "10.0.0.1", 120)), Ignored())
    sweep.unsent(np.array([1, 2, 3]), 0)
    sweep.unsent(np.array([1, 2, 3]), 1)
    assert not sweep.complete.is_set(), "a duplicate stands for no other"
    sweep.take(socket.AF_INET, came((0, 1, "10.0.0.1", 130)), Ignored())

    assert sweep.complete.is_set()
    assert Sweep(Roster(()), ECHOES, 7).complete.is_set()


def test_a_roster_is_made_once_and_never_used_for_others() -> None:
    rosters, asked = Rosters(), list(TARGETS)
    first = rosters.of(asked)
    assert first is rosters.of(list(TARGETS))
    asked[0] = Target(0, ip_address("10.0.0.77"))

    assert first is not rosters.of(asked)
    assert _echoes.sockaddr(ip_address("10.0.0.77").packed) == rosters.of(asked).names[0].tobytes()
    assert first is rosters.of(TARGETS)


@given(
    st.integers(0, 0xFFFF),
    st.integers(0, 2**64 - 1),
    st.integers(0, 0xFFFF),
    st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=9),
)
def test_every_request_is_the_one_struct_would_pack(
    ident: int, secret: int, echo: int, numbers: list[int]
) -> None:
    made = requests(socket.AF_INET, ident, secret, echo, np.array(numbers))

    for letter, number in zip(made, numbers, strict=True):
        data = letter.tobytes()
        words = struct.unpack("!11H", data)
        total = sum(words)
        while total > 0xFFFF:
            total = (total >> 16) + (total & 0xFFFF)
        assert 0xFFFF == total, "the checksum of RFC 1071"
        assert (8, 0) == (data[0], data[1])
        assert (ident, number & 0xFFFF) == (words[2], words[3])
        assert struct.pack("!QIH", secret, number, echo) == data[8:]


@pytest.fixture(params=["mmsg", "plain"])
def silent(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Namespace]:
    """A machine that answers no echo by itself, with and without the system calls for many."""
    if request.param == "plain":
        monkeypatch.setattr(mmsg, "_ABLE", False)
    with namespaces("silent") as (made,), made.entered():
        made.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all")
        yield made


def flipped(payload: bytes) -> bytes:
    return bytes([payload[0] ^ 1]) + payload[1:]


@daemon
@pytest.mark.parametrize(
    ("source", "change", "ignored"),
    [
        pytest.param("127.20.0.1", lambda payload: payload, {}, id="the real thing"),
        pytest.param("127.20.0.9", lambda payload: payload, {"misplaced": 1}, id="another source"),
        pytest.param("127.20.0.1", flipped, {"stranger": 1}, id="another secret"),
        pytest.param("127.20.0.1", lambda p: p[:-1], {"misshapen": 1}, id="too short"),
        pytest.param("127.20.0.1", lambda p: p + b"\0\0", {"misshapen": 1}, id="too long"),
        pytest.param("127.20.0.1", lambda p: p * 64, {"misshapen": 1}, id="longer than its place"),
        pytest.param("127.20.0.1", lambda _: b"", {"misshapen": 1}, id="nothing but a header"),
    ],
)
async def test_what_is_wrong_with_a_reply_is_told(
    silent: Namespace, source: str, change: Callable[[bytes], bytes], ignored: dict[str, int]
) -> None:
    with ear() as listening, ear() as mouth:
        mouth.bind((source, 0))
        async with pinger() as sending:
            asked = targets("127.20.0.1")
            sweep = asyncio.create_task(sending.burst(asked, count=1, gap_s=0, wait_s=0.15))
            await asyncio.sleep(0.03)
            (asked_for,) = (message for message in heard(listening) if message.type == REQUEST)
            answer = change(asked_for.payload)
            if len(answer) % 2:
                answer = answer[:-1]  # the helper's checksum is of whole words
            mouth.sendto(reply(asked_for.ident, answer), ("127.0.0.1", 0))
            burst = await sweep

    assert (not ignored) == bool(burst.back.any())
    assert asdict(Ignored(**ignored)) == asdict(sending.ignored)


@daemon
async def test_late_replies_and_duplicates_are_told_apart(silent: Namespace) -> None:
    with ear() as listening, ear() as mouth:
        mouth.bind(("127.20.0.1", 0))
        async with pinger() as sending:
            asked = targets("127.20.0.1", "127.20.0.2")
            await sending.burst(asked, count=2, gap_s=0, wait_s=0.02)
            old = [message for message in heard(listening) if message.type == REQUEST]
            sweep = asyncio.create_task(sending.burst(asked, count=2, gap_s=0, wait_s=0.2))
            await asyncio.sleep(0.03)
            new = [message for message in heard(listening) if message.type == REQUEST]
            for message in (*old, new[0], new[0], new[0]):
                mouth.sendto(reply(message.ident, message.payload), ("127.0.0.1", 0))
            burst = await sweep

    assert 4 == len(old) == len(new)
    assert 1 == np.count_nonzero(burst.back)
    assert Ignored(late=4, duplicate=2) == sending.ignored


@daemon
async def test_a_header_with_options_is_read_over(silent: Namespace) -> None:
    """RFC 791: a router on the way may have put some in."""
    with ear() as listening, ear() as mouth:
        mouth.bind(("127.20.0.1", 0))
        mouth.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, b"\x01" * 8)
        async with pinger() as sending:
            asked = targets("127.20.0.1")
            sweep = asyncio.create_task(sending.burst(asked, count=1, gap_s=0, wait_s=0.5))
            await asyncio.sleep(0.03)
            (message,) = (each for each in heard(listening) if each.type == REQUEST)
            mouth.sendto(reply(message.ident, message.payload), ("127.0.0.1", 0))
            burst = await sweep

    assert burst.back.all()


def test_an_address_is_to_the_kernel_what_it_is_to_python() -> None:
    def told(address: str, scope: str = "") -> tuple[str, int] | tuple[str, int, int, int]:
        return _echoes.place(_echoes.sockaddr(ip_address(address).packed, scope))

    assert ("10.0.0.1", 0) == told("10.0.0.1")
    assert ("fe80::1", 0, 0, 1) == told("fe80::1", "1") == told("fe80::1", "lo")
    assert ("fe80::1", 0, 0, 0) == told("fe80::1", "no-such-port")
