"""What the tests of the collector ask with: an inventory, a transport, an ear for what comes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from liar import COMMUNITY, Liar

from collector.discovery import facts_of
from collector.polling import Polling
from collector.transports import Answer, Ask, Transport
from collector.transports.snmp import Snmp
from edunet.catalog import Catalog
from edunet.clock import Clock, SystemClock
from edunet.facts import Cli, Facts
from edunet.frame import Frame, Reason
from edunet.inventory.model import Device, Inventory
from edunet.secrets import Access
from edunet.settings import Intervals
from edunet.topology import compile_topology

MADE: list[Snmp] = []
QUICK = Intervals.model_validate(
    {"reachability": "200ms", "links": "500ms", "interfaces": "5s", "ssh": "60s"}
)


def inventory(devices: Iterable[Device], wanted: Mapping[str, str] | None = None) -> Inventory:
    """One city of these devices; `wanted`: device id -> the interface a school hangs on."""
    devices = list(devices)
    schools = [f"s-{device}" for device in wanted or {}]
    return Inventory.model_validate(
        {
            "network": {"name": "test", "locale": "en"},
            "vantage": [{"id": "noc", "device": devices[0].id}],
            "credentials": {"snmp": {"ro": {"version": "2c", "community": COMMUNITY}}},
            "sites": [
                {"id": "city", "kind": "city", "name": "City"},
                *({"id": s, "kind": "school", "parent": "city", "name": s} for s in schools),
            ],
            "devices": [device.model_dump(mode="json") for device in devices],
            "links": [
                {
                    "id": f"l-{device}",
                    "role": "school_access",
                    "a": {"device": device, "interface": interface},
                    "b": {"site": f"s-{device}"},
                }
                for device, interface in (wanted or {}).items()
            ],
        }
    )


def snmp(community: str = COMMUNITY, clock: Clock | None = None, version: str = "2c") -> Snmp:
    """A transport; `tests/collector/conftest.py` closes it after the test."""
    return spoken(Access(version, community.encode()), clock)


def spoken(access: Access, clock: Clock | None = None) -> Snmp:
    """A transport that asks by this access."""
    made = Snmp(lambda device: access, clock or SystemClock())
    MADE.append(made)
    return made


def polling(
    what: Inventory, transport: Transport, clock: Clock | None = None, how: Intervals = QUICK
) -> Polling:
    return Polling(compile_topology(what), Catalog(), how, transport, clock or SystemClock())


class Ear:
    """Implements `Consumer`: keeps what came, in order."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.said: dict[str, list[Facts]] = {}
        self.clis: list[tuple[str, Cli]] = []

    def frame(self, frame: Frame) -> None:
        self.frames.append(frame)

    def facts(self, device: str, facts: Facts) -> None:
        self.said.setdefault(device, []).append(facts)

    def cli(self, device: str, cli: Cli) -> None:
        self.clis.append((device, cli))

    def of(self, kind: str) -> list[Frame]:
        return [frame for frame in self.frames if frame.kind == kind]


class Line:
    """One device and the transport that asks it: discovered once, polled at will."""

    def __init__(self, device: Device, transport: Transport) -> None:
        self.device, self.transport = device, transport
        self.catalog = Catalog()

    async def discover(self, wanted: Sequence[str] = ()) -> Facts:
        found = await self.transport.discover(self.device)
        self.facts = facts_of(
            found, wanted, lambda n: self.catalog.slot("interface", self.device.id, n), None
        )
        return self.facts

    async def poll(self) -> Answer:
        """Every port, once."""
        ask = Ask(self.device, 0, self.facts.ports, engine=self.facts.engine)
        answers = [answer async for answer in self.transport.poll([ask])]
        assert len(answers) == 1
        return answers[0]


def table(answer: Answer, catalog: Catalog) -> dict[str, dict[str, Any]]:
    """Interface -> column -> value of an answer; a value not believed is its `Reason`."""
    found: dict[str, dict[str, Any]] = {}
    for frame in answer.frames:
        if frame.kind != "interface":
            continue
        for row, slot in enumerate(frame.slots.tolist()):
            name = catalog.key("interface", slot)[1]
            assert name not in found, f"{name} is in the answer twice"
            found[name] = {
                column: (
                    values[row].item()
                    if frame.good(column)[row]
                    else Reason(int(frame.reason[column][row]))
                )
                for column, values in frame.columns.items()
            }
    return found


def answered(answer: Answer) -> int:
    device = answer.frames[0]
    assert device.kind == "device"
    return int(np.asarray(device.columns["answered"])[0])


async def asked(
    agent: Liar, transport: Transport | None = None
) -> tuple[Line, Any, dict[str, dict[str, Any]]]:
    """Discovered while honest, then polled while lying: line, answer, rows."""
    lie, agent.lie = agent.lie, None
    line = Line(agent.device, transport or snmp())
    await line.discover()
    agent.lie = lie
    agent.questions.clear()
    answer = await line.poll()
    return line, answer, table(answer, line.catalog)
