"""Agents that lie or do not, listed once, and polled by whatever transport a test has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from liar import Liar, Objects, liar
from polled import snmp

from collector.discovery import facts_of
from collector.transports import Answer, Ask
from collector.transports.snmp import Snmp
from collector.transports.vector import Vector
from edunet.catalog import Catalog
from edunet.facts import Facts
from edunet.frame import Reason


class Fleet:
    """Agents listed once, and polled by any transport."""

    def __init__(self, agents: Sequence[Liar]) -> None:
        self.agents, self.catalog = agents, Catalog()
        self.facts: dict[str, Facts] = {}

    async def look(self) -> None:
        for agent in self.agents:
            found = await snmp().discover(agent.device)
            device = agent.device.id
            slot = partial(self.catalog.slot, "interface", device)
            self.facts[device] = facts_of(found, (), slot, None)

    async def poll(self, transport: Snmp | Vector) -> list[Answer]:
        asks = [
            Ask(agent.device, slot, self.facts[agent.device.id].ports)
            for slot, agent in enumerate(self.agents)
        ]
        return [answer async for answer in transport.poll(asks)]

    def rows(self, answers: Sequence[Answer]) -> dict[tuple[str, str], dict[str, Any]]:
        """(device, interface) -> column -> value, or its reason."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for frame in (f for answer in answers for f in answer.frames if f.kind == "interface"):
            for row, slot in enumerate(frame.slots.tolist()):
                found[self.catalog.key("interface", slot)] = {
                    column: values[row].item()
                    if frame.good(column)[row]
                    else Reason(int(frame.reason[column][row]))
                    for column, values in frame.columns.items()
                } | {"uptime": int(frame.uptime[row])}
        return found


@asynccontextmanager
async def fleet(*objects: Objects, lie: Any = None) -> AsyncIterator[Fleet]:
    async with AsyncExitStack() as stack:
        agents = [await stack.enter_async_context(liar(each)) for each in objects]
        made = Fleet(agents)
        await made.look()
        for agent in agents:
            agent.lie = lie
            agent.questions.clear()
        yield made
