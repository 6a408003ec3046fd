"""Real sockets: whose datagram is whose, and is a dead port told at once and to nobody else?"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

import pytest
from datagrams import HERE, THERE, V6, Udp, asked, bound, claims, dead_port, port_of

from collector.snmp import wire
from collector.snmp.wire import NoAnswerError, NobodyThereError, Wire
from edunet.errors import ProbeError


@pytest.fixture
async def line() -> AsyncIterator[Wire]:
    made = Wire()
    yield made
    made.close()


async def served(line: Wire, udp: Udp, answer: Callable[[tuple[str, int]], Awaitable[None]]) -> str:
    """One question of one second, answered by whatever `answer` sends; what came of it."""
    address = (IPv6Address if udp.family == socket.AF_INET6 else IPv4Address)(udp.getsockname()[0])
    task = asyncio.create_task(line.ask(address, port_of(udp), b"?", claims(b"yes"), 0.1))
    _, source = await asked(udp)
    await answer(source)
    try:
        return (await task).decode()
    except ProbeError as error:
        return str(error)


@pytest.mark.parametrize("address", [HERE, V6], ids=["IPv4", "IPv6"])
async def test_an_answer_from_where_it_was_asked_is_taken(
    line: Wire, address: IPv4Address | IPv6Address
) -> None:
    with bound(address) as udp:

        async def answer(source: tuple[str, int]) -> None:
            udp.sendto(b"yes, it is", source)

        assert "yes, it is" == await served(line, udp, answer)
    assert {} == line.dropped


@pytest.mark.parametrize(
    ("address", "elsewhere", "kind"),
    [
        pytest.param(HERE, HERE, "unclaimed", id="another port"),
        pytest.param(HERE, THERE, "foreign", id="another address"),
        pytest.param(V6, V6, "unclaimed", id="another port of IPv6"),
    ],
)
async def test_an_answer_from_elsewhere_is_dropped_and_counted(
    line: Wire,
    address: IPv4Address | IPv6Address,
    elsewhere: IPv4Address | IPv6Address,
    kind: str,
) -> None:
    with bound(address) as udp, bound(elsewhere) as other:

        async def answer(source: tuple[str, int]) -> None:
            other.sendto(b"yes", source)

        assert "no answer within 0.1 s" == await served(line, udp, answer)
    assert {kind: 1} == line.dropped


async def test_the_same_port_of_another_address_is_elsewhere_too(line: Wire) -> None:
    with bound(HERE) as udp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((str(THERE), port_of(udp)))

        async def answer(source: tuple[str, int]) -> None:
            other.sendto(b"yes", source)

        assert "no answer within 0.1 s" == await served(line, udp, answer)
    assert {"foreign": 1} == line.dropped


async def test_late_doubled_and_foreign_answers_are_counted_and_hurt_nobody(line: Wire) -> None:
    with bound() as udp:

        async def answer(source: tuple[str, int]) -> None:
            for said in (b"no", b"yes", b"yes", b"yes again"):
                udp.sendto(said, source)

        for _ in range(3):
            assert "yes" == await served(line, udp, answer)
        await asyncio.sleep(0.01)
        source = line._sockets[socket.AF_INET].getsockname()
        udp.sendto(b"yes", ("127.0.0.1", source[1]))
        await asyncio.sleep(0.01)
    assert {"unclaimed": 3 * 3, "foreign": 1} == line.dropped


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ([b"broken"], "unreadable answer (it is broken) within 0.1 s"),
        ([b"broken", b"yes"], "yes"),
        ([b"refused", b"yes"], "go away"),
        ([b""], "no answer within 0.1 s"),
        ([b"yes" * 21_000], "yes" * 21_000),
    ],
    ids=["unreadable", "unreadable at first", "a refusal", "empty", "63 kB"],
)
async def test_what_is_unreadable_is_not_the_end_of_it(
    line: Wire, said: list[bytes], what: str
) -> None:
    with bound() as udp:

        async def answer(source: tuple[str, int]) -> None:
            for packet in said:
                udp.sendto(packet, source)

        assert what == await served(line, udp, answer)


async def test_two_questions_to_one_device_get_each_its_own_answer(line: Wire) -> None:
    with bound() as udp:
        words = [f"{n:03}".encode() for n in range(50)]
        tasks = [
            asyncio.create_task(line.ask(HERE, port_of(udp), word, claims(word), 1))
            for word in words
        ]
        for _ in words:
            data, source = await asked(udp)
        for word in reversed(words):
            udp.sendto(word + b"!", source)
        assert [word + b"!" for word in words] == await asyncio.gather(*tasks)
    assert data in words
    assert {} == line.dropped
    assert {} == line._waiting


@pytest.mark.parametrize("address", [HERE, V6], ids=["IPv4", "IPv6"])
async def test_that_nobody_listens_is_told_at_once(
    line: Wire, address: IPv4Address | IPv6Address
) -> None:
    began = time.monotonic()
    for _ in range(20):
        with pytest.raises(NobodyThereError, match="nobody listens there"):
            await line.ask(address, dead_port(address), b"?", claims(b"yes"), 5)
    assert time.monotonic() - began < 1


async def test_dead_ports_disturb_no_question_to_a_living_one(line: Wire) -> None:
    """On one socket, all at once: each living one is answered, and sent to exactly once."""
    with bound() as udp:
        seen: list[bytes] = []

        def answer() -> None:
            with suppress(BlockingIOError):
                while True:
                    data, source = udp.recvfrom(99)
                    seen.append(data)
                    udp.sendto(data, source)

        loop = asyncio.get_running_loop()
        loop.add_reader(udp, answer)
        words = [f"{n:04}".encode() for n in range(400)]
        dead = [dead_port() for _ in range(40)]
        for _ in range(3):
            tasks = []
            for n, word in enumerate(words):
                port = dead[n // 2 % 40] if n % 2 else port_of(udp)
                tasks.append(line.ask(HERE, port, word, claims(word), 2))
            said = await asyncio.gather(*tasks, return_exceptions=True)
            for n, (word, what) in enumerate(zip(words, said, strict=True)):
                if n % 2:
                    assert isinstance(what, NobodyThereError), what
                else:
                    assert word == what
        loop.remove_reader(udp)
    assert sorted(words[::2] * 3) == sorted(seen), "nothing was lost, nothing sent twice"
    assert {} == line.dropped
    assert {} == line._waiting


async def test_a_deadline_is_kept_though_strangers_drip_in(line: Wire) -> None:
    with bound() as udp, bound(THERE) as stranger:
        task = asyncio.create_task(line.ask(HERE, port_of(udp), b"?", claims(b"yes"), 0.2))
        began = time.monotonic()
        _, source = await asked(udp)
        while not task.done():
            for sender in (udp, stranger):
                sender.sendto(b"no", source)
            await asyncio.sleep(0.005)
        took = time.monotonic() - began
        with pytest.raises(NoAnswerError, match=r"no answer within 0\.2 s"):
            await task
    assert 0.19 <= took <= 0.3
    assert line.dropped["foreign"] > 5
    assert line.dropped["unclaimed"] > 5


async def test_a_flood_of_strangers_leaves_the_rest_its_turn(line: Wire) -> None:
    with bound() as udp, bound(THERE) as stranger:
        task = asyncio.create_task(line.ask(HERE, port_of(udp), b"?", claims(b"yes"), 2))
        _, source = await asked(udp)
        for _ in range(2000):
            stranger.sendto(bytes(1000), source)
        udp.sendto(b"yes", source)
        turns = 0
        while not task.done():
            turns += 1
            await asyncio.sleep(0)
        assert b"yes" == await task
        assert turns > 2000 / wire._PER_WAKE
    assert 2000 == line.dropped["foreign"]


async def test_after_closing_new_sockets_are_opened(line: Wire) -> None:
    with bound() as udp:

        async def answer(source: tuple[str, int]) -> None:
            udp.sendto(b"yes", source)

        ports = set()
        for _ in range(3):
            assert "yes" == await served(line, udp, answer)
            ports.add(port_of(line._sockets[socket.AF_INET]))
            line.close()
            assert {} == line._sockets
    assert len(ports) > 1


async def test_a_question_that_is_given_up_leaves_nothing_behind(line: Wire) -> None:
    with bound() as udp:
        task = asyncio.create_task(line.ask(HERE, port_of(udp), b"?", claims(b"yes"), 60))
        _, source = await asked(udp)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert {} == line._waiting
        udp.sendto(b"yes", source)
        await asyncio.sleep(0.01)
    assert {"foreign": 1} == line.dropped
