"""The engine of the batches over real sockets: some agents, whose answers a test forges."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import numpy as np
from batched import ACCESS, rows
from liar import Liar, Oid, Row, binds, liar, switch

from collector.transports import Ask
from collector.vector.engine import Engine
from collector.vector.plan import Plans
from collector.vector.replies import Came, Lost
from lab import ber

Said = list[tuple[int, int]]  # tag and number (the last eight bytes) of each value
Forge = Callable[["Town", ber.Request], Iterable[bytes]]


class Town:
    """The first agent is the liar: asked anything, it sends what `forge` makes, and nobody else
    answers before it has.

    Attributes:
        questions: one for each agent; those a test adds are put as well.
        came: question -> what its answers said. odd, late, unsent: those without a plain answer.
    """

    def __init__(self, agents: Sequence[Liar]) -> None:
        self.agents = agents
        self.plans = Plans()
        self.noted: Counter[str] = Counter()
        self.engine = Engine(self.plans, self._told, self._dropped)
        self.questions = [
            *(
                self.plans.of(Ask(agent.device, slot, rows(1, 2, 3)), ACCESS.community, False)[0]
                for slot, agent in enumerate(agents)
            )
        ]
        self.came: dict[int, list[Said]] = {}
        self.odd: list[int] = []
        self.late: list[int] = []
        self.unsent: list[int] = []
        self.heard = asyncio.Event()
        self.forge: Forge = lambda town, asked: [town.liar.truth(asked)]
        self._waiting: list[tuple[Liar, ber.Request]] = []
        self._lied = False
        self.liar.lie = lambda _, asked: self._lie(asked)
        for agent in agents[1:]:
            agent.lie = self._wait

    @property
    def liar(self) -> Liar:
        return self.agents[0]

    @property
    def dropped(self) -> dict[str, int]:
        """Datagrams by the reason they were dropped for, counted and told alike."""
        assert self.noted == self.engine.dropped
        return dict(self.noted)

    async def ask(self) -> None:
        """Put all questions, and wait for what becomes of them."""
        self.came, self.odd, self.late, self.unsent, self._lied = {}, [], [], [], False
        some = self.questions
        for agent in self.agents:
            agent.questions.clear()
        self.engine.put(np.array(some, np.int64))
        async with asyncio.timeout(10):
            while len({*self.came, *self.odd, *self.late, *self.unsent}) < len(some):
                self.heard.clear()
                await self.heard.wait()

    def truth(self, number: int) -> Said:
        """What an honest answer of that agent says."""
        objects, names = self.agents[number].objects, self.names(number)
        cells = [objects.get(ber.subids(name), ber.NO_SUCH_INSTANCE) for name in names]
        return [(cell[0], int.from_bytes(cell[2:][-8:])) for cell in cells]

    def names(self, number: int) -> list[bytes]:
        at = self.plans.datagram[self.questions[number]]
        return ber.request(self.plans.bodies[at, : self.plans.sizes[at]].tobytes()).names

    def flying(self, number: int) -> bytes:
        """The request-id under which that agent's question is in flight."""
        flight = self.engine.flight
        (place,) = (
            each for each in flight.flying() if flight.asked[each] == self.questions[number]
        )
        return int(flight.ids[place]).to_bytes(4)

    def _told(self, came: list[Came], lost: Lost) -> None:
        for each in came:
            for m, question in enumerate(each.questions.tolist()):
                said = zip(
                    each.values.tags[m].tolist(), each.values.numbers[m].tolist(), strict=True
                )
                self.came.setdefault(question, []).append(list(said))
        self.odd += lost.odd.tolist()
        self.late += lost.late.tolist()
        self.unsent += lost.unsent.tolist()
        self.heard.set()

    def _dropped(self, reason: str, count: int) -> None:
        self.noted[reason] += count

    def _lie(self, asked: ber.Request) -> Iterable[bytes]:
        yield from self.forge(self, asked)
        self._lied = True
        for agent, waiting in self._waiting:
            agent.send(agent.truth(waiting))
        self._waiting.clear()

    def _wait(self, agent: Liar, asked: ber.Request) -> bytes | None:
        if self._lied:
            return agent.truth(asked)
        self._waiting.append((agent, asked))
        return None


@asynccontextmanager
async def town(count: int = 4) -> AsyncIterator[Town]:
    """So many agents, whose numbers are all different."""
    async with AsyncExitStack() as stack:
        agents = [
            await stack.enter_async_context(liar(objects(n), address=f"127.92.0.{n + 1}"))
            for n in range(count)
        ]
        made = Town(agents)
        try:
            yield made
        finally:
            made.engine.close()


def objects(number: int) -> dict[Oid, bytes]:
    """Of the agent of this number: three ports, and counters that no other agent has."""
    made = switch([Row(n, f"p{n}") for n in (1, 2, 3)], uptime=1000 + number)
    return {
        oid: ber.number(value[0], int.from_bytes(value[2:]) + 1000 * number)
        if value[0] in {ber.COUNTER32, ber.COUNTER64}
        else value
        for oid, value in made.items()
    }


def sent_from(address: str, port: int, packet: bytes, to: tuple[str, int]) -> None:
    """One datagram, from where no question went."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind((address, port))
        stranger.sendto(packet, to)


def large(asked: ber.Request, size: int) -> bytes:
    """A whole and valid answer of about so many bytes, of values nobody asked for."""
    one = binds([((*ber.subids(asked.names[0])[:-1], 7), ber.element(ber.OCTETS, bytes(50)))])
    return ber.response(asked, one * (size // len(one)))
