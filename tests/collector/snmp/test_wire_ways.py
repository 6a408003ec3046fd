"""Ways that lead nowhere, are narrow or full: told, or got round, and never said of the device."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from ipaddress import IPv4Address, IPv6Address

import pytest
from daemons import binary
from datagrams import HERE, asked, bound, claims, port_of
from netns import Namespace, namespaces, plug

from collector.snmp.wire import NoAnswerError, NobodyThereError, UnsentError, Wire

FAR = IPv4Address("10.9.0.2")


@pytest.fixture
async def line() -> AsyncIterator[Wire]:
    made = Wire()
    yield made
    made.close()


@pytest.mark.parametrize("address", ["10.1.2.3", "fd00::1"])
async def test_where_no_way_leads_nothing_is_said_of_the_device(line: Wire, address: str) -> None:
    to = IPv4Address(address) if "." in address else IPv6Address(address)
    with namespaces("none") as [alone]:
        with alone.entered(), pytest.raises(UnsentError, match="cannot send: network is unr"):
            await line.ask(to, 161, b"?", claims(b"yes"), 5)
        line.close()
        assert {} == line._waiting


async def test_a_packet_no_socket_can_send_is_not_sent(line: Wire) -> None:
    with pytest.raises(UnsentError, match="cannot send: message too long"):
        await line.ask(HERE, 161, bytes(70_000), claims(b"yes"), 5)


async def test_a_router_that_knows_nobody_there_says_so(line: Wire) -> None:
    """We - router - nothing: the router answers by ICMP, in its own name."""
    with namespaces("us", "gw") as [us, router]:
        plug((us, "p", "10.9.0.1/24"), (router, "p", "10.9.0.2/24"))
        us.ip("route", "add", "default", "via", "10.9.0.2")
        router.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        router.ip("route", "add", "unreachable", "10.8.0.0/16")
        router.ip("route", "add", "prohibit", "10.7.0.0/16")
        with us.entered():
            with pytest.raises(NobodyThereError, match=r"no route to host, says 10\.9\.0\.2"):
                await line.ask(IPv4Address("10.8.0.1"), 161, b"?", claims(b"yes"), 5)
            with pytest.raises(NobodyThereError, match=r", says 10\.9\.0\.2"):
                await line.ask(IPv4Address("10.7.0.1"), 161, b"?", claims(b"yes"), 5)
        line.close()


async def test_a_path_narrower_than_the_question_is_not_nobody_there(line: Wire) -> None:
    """The router says how much passes; the next try goes in pieces, and arrives."""
    with namespaces("us", "gw", "far") as [us, router, far]:
        plug((us, "p", "10.9.0.1/24"), (router, "p", "10.9.0.2/24"))
        plug((router, "q", "10.8.0.2/24"), (far, "q", "10.8.0.1/24"))
        us.ip("route", "add", "default", "via", "10.9.0.2")
        far.ip("route", "add", "default", "via", "10.8.0.2")
        router.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        router.ip("link", "set", "q", "mtu", "600")
        with far.entered():
            udp = bound(IPv4Address("10.8.0.1"))
        with udp, us.entered():
            question, to = b"?" * 1200, (IPv4Address("10.8.0.1"), port_of(udp))
            with pytest.raises(NoAnswerError):
                await line.ask(*to, question, claims(b"yes"), 0.1)
            task = asyncio.create_task(line.ask(*to, question, claims(b"yes"), 1))
            data, source = await asyncio.wait_for(asked(udp), 1)
            udp.sendto(b"yes", source)
            assert (question, b"yes") == (data, await task)
        line.close()


def slow(space: Namespace, *words: str) -> None:
    """Its cable carries no more than so much."""
    space.run(binary("tc"), "qdisc", "add", "dev", "p", "root", "tbf", *words)


@pytest.mark.parametrize("limit", ["30000", "10000000"], ids=["the cable's", "the socket's"])
async def test_when_a_queue_is_full_a_question_waits_for_room(line: Wire, limit: str) -> None:
    """Of a burst larger than the queue to the cable, or than the socket's own, none is lost."""
    with namespaces("us", "far") as [us, far]:
        plug((us, "p", "10.9.0.1/24"), (far, "p", "10.9.0.2/24"))
        slow(us, "rate", "50mbit", "burst", "3000", "limit", limit)
        with far.entered():
            udp = bound(FAR)
        with udp:
            words = [f"{n:04}".encode() + bytes(1300) for n in range(300)]
            with us.entered():
                port = port_of(udp)
                tasks = [
                    asyncio.create_task(line.ask(FAR, port, word, claims(word[:4]), 5))
                    for word in words
                ]
                for _ in words:
                    data, source = await asyncio.wait_for(asked(udp), 5)
                    udp.sendto(data[:4], source)
                assert [word[:4] for word in words] == await asyncio.gather(*tasks)
        line.close()


async def test_when_there_is_no_room_in_time_that_is_not_said_of_the_device(line: Wire) -> None:
    with namespaces("us", "far") as [us, far]:
        plug((us, "p", "10.9.0.1/24"), (far, "p", "10.9.0.2/24"))
        slow(us, "rate", "8kbit", "burst", "1600", "limit", "2000")
        with us.entered():
            began = time.monotonic()
            packet, claim = bytes(1300), claims(b"yes")
            said = await asyncio.gather(
                *(line.ask(FAR, 161, packet, claim, 0.1) for _ in range(8)),
                return_exceptions=True,
            )
            took = time.monotonic() - began
        line.close()
    unsent = [each for each in said if isinstance(each, UnsentError)]
    assert len(unsent) >= 5
    assert {"cannot send: no buffer space available"} == {str(each) for each in unsent}
    assert took < 0.4
