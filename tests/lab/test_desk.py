"""What becomes of many questions that come at once, over real UDP: answered, late, lost, silent?"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from random import Random

import pytest

import lab
from edunet.clock import ManualClock
from edunet.inventory.model import Inventory
from lab import agents as agents_module
from lab import ber
from lab.agent import Agent
from lab.agents import Agents, loopback
from lab.city import City
from lab.quality import Quality

UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
SYS_NAME = (1, 3, 6, 1, 2, 1, 1, 5, 0)


def ask(number: int, oid: tuple[int, ...] = UPTIME) -> bytes:
    """A get whose request-id is this number, in four bytes."""
    numbers = b"\x02\x04" + (1 << 30 | number).to_bytes(4) + 2 * ber.number(ber.INTEGER, 0)
    binds = ber.element(ber.SEQUENCE, ber.bind(ber.name(oid), ber.NULL))
    body = ber.V2C + ber.element(ber.OCTETS, b"public") + ber.element(ber.GET, numbers + binds)
    return ber.element(ber.SEQUENCE, body)


class Playing:
    """A city whose agents answer in this process, and an asker."""

    def __init__(self, inventory: Inventory) -> None:
        self.loop = asyncio.new_event_loop()
        self.city = City(inventory, ManualClock())
        communities = dict.fromkeys(inventory.credentials.snmp, "public")
        self.agents = Agents(self.city, inventory, communities, Random(4))  # noqa: S311
        self.agents.open(self.loop)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setblocking(False)
        self.at = {d.id: (str(loopback(d)), d.port) for d in inventory.devices if d.address}

    def put(self, *questions: tuple[str, bytes]) -> None:
        """Ask all of it before anybody looks."""
        for device, packet in questions:
            self.udp.sendto(packet, self.at[device])

    def heard(self, turns: int = 3) -> list[tuple[tuple[str, int], bytes | None]]:
        """Who answered what, after so many turns of the agents' loop."""
        for _ in range(turns):
            self.loop.call_soon(self.loop.stop)
            self.loop.run_forever()
        heard: list[tuple[tuple[str, int], bytes | None]] = []
        while True:
            try:
                reply, source = self.udp.recvfrom(70_000)
            except BlockingIOError:
                return heard
            heard.append((source, reply))

    def say(self, device: str, packet: bytes) -> bytes | None:
        """What the agent answers at this moment when it is asked itself."""
        return Agent(self.city, device, "public").answer(packet)

    def close(self) -> None:
        self.loop.run_until_complete(asyncio.sleep(0))
        self.agents.close(self.loop)
        self.udp.close()
        self.loop.close()


@pytest.fixture(params=["many at once", "one by one"])
def playing(
    sample: Inventory, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Playing]:
    """With recvmmsg and sendmmsg, and on a system without them."""
    if request.param == "one by one":
        monkeypatch.setattr(agents_module, "able", lambda: False)
    playing = Playing(lab.moved(sample, port=lab.free_port(), net=232))
    yield playing
    playing.close()


def test_each_answer_comes_from_the_address_asked_with_its_id(playing: Playing) -> None:
    """Known questions, unknown ones and nonsense come mixed, and each gets what it deserves."""
    devices = ["core", "c1-agg", "c2-agg", "c3-s05-sw"] * 5
    asked = [(d, ask(n, SYS_NAME if n % 4 == 1 else UPTIME)) for n, d in enumerate(devices)]
    playing.put(("core", b"nonsense"), ("core", ask(99).replace(b"public", b"secret")), *asked)

    heard = playing.heard()

    assert set(heard) == {(playing.at[d], playing.say(d, packet)) for d, packet in asked}
    agents = playing.agents
    assert (agents.asked, agents.answered) == (len(asked) + 2, len(asked))


def test_the_hung_and_the_cut_off_are_silent_from_the_next_question_on(playing: Playing) -> None:
    """Nothing that was remembered of them is told."""
    playing.put(("core", ask(1)), ("c3-agg", ask(2)), ("c1-agg", ask(3)))
    assert len(playing.heard()) == 3
    playing.city.hang("core")
    playing.city.cut("core-c3")

    playing.put(("core", ask(4)), ("c3-agg", ask(5)), ("c1-agg", ask(6)))

    assert [at for at, _ in playing.heard()] == [playing.at["c1-agg"]]


def test_a_bad_way_loses_its_share(playing: Playing) -> None:
    """Known questions and others alike; the neighbours lose nothing."""
    playing.city.degrade("core-c3", Quality(loss=0.5))
    for oid in (UPTIME, SYS_NAME):
        playing.put(*((d, ask(n, oid)) for n in range(100) for d in ("c3-agg", "core")))

        sources = [at for at, _ in playing.heard()]

        assert sources.count(playing.at["core"]) == 100
        assert 25 < sources.count(playing.at["c3-agg"]) < 75


def test_a_slow_way_answers_late_unless_it_is_cut_meanwhile(
    playing: Playing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is under way for as long as the way takes, and then goes to who asked."""
    later: list[tuple[float, object, tuple[object, ...]]] = []
    monkeypatch.setattr(
        playing.loop, "call_later", lambda s, call, *args: later.append((s, call, args))
    )
    playing.city.degrade("core-c3", Quality(delay_s=5.0))
    sent = [ask(1), ask(3, SYS_NAME)]
    playing.put(("c3-agg", sent[0]), ("core", ask(2)), ("c3-agg", sent[1]))

    assert [at for at, _ in playing.heard()] == [playing.at["core"]]
    assert [seconds for seconds, _, _ in later] == [5.0, 5.0]
    for _, call, args in later[:1]:
        assert callable(call)
        call(*args)
    assert playing.heard() == [(playing.at["c3-agg"], playing.say("c3-agg", sent[0]))]
    playing.city.cut("core-c3")
    for _, call, args in later[1:]:
        assert callable(call)
        call(*args)
    assert playing.heard() == []


def test_a_datagram_of_any_length_is_read_whole(playing: Playing) -> None:
    """A question longer than a frame is refused as too big, not taken for a shorter one."""
    binds = ber.element(ber.SEQUENCE, ber.bind(ber.name(UPTIME), ber.NULL) * 400)
    numbers = b"\x02\x04\x40\0\0\0" + 2 * ber.number(ber.INTEGER, 0)
    body = ber.V2C + ber.element(ber.OCTETS, b"public") + ber.element(ber.GET, numbers + binds)
    long = ber.element(ber.SEQUENCE, body)
    assert len(long) > 4096
    playing.put(("core", long), ("core", ask(1)))

    expected = {playing.say("core", packet) for packet in (long, ask(1))}
    assert {reply for _, reply in playing.heard()} == expected
