"""Tables that are none of interfaces: agents that have them, and asks for their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from batched import ACCESS
from liar import UPTIME, Liar, Objects, Oid, text

from collector.mibs import Tables, mib
from collector.transports import Answer, Ask, Row
from collector.transports.snmp import Snmp
from collector.transports.vector import Vector
from edunet.catalog import Catalog
from edunet.clock import SystemClock
from edunet.frame import Reason
from edunet.inventory.model import Device
from lab import ber

LOAD: Final[Oid] = (1, 3, 6, 1, 2, 1, 25, 3, 3, 1, 2)
OPTICS: Final[Oid] = (1, 3, 6, 1, 4, 1, 2011, 5, 25, 31, 1, 1, 3, 1)
TEMPERATURE, VOLTAGE, BIAS, RX, TX = ((*OPTICS, n) for n in (5, 6, 7, 8, 9))
PHYSICAL_NAME: Final[Oid] = (1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 7)

PAIRS: Final = """\
# Made up for the tests: a table indexed by two numbers, as the lights of a GPON are.
kind: light
scalars: {sysUpTime: 1.3.6.1.2.1.1.3.0}
columns:
  rx_dbm:
    type: float64
    sources: [{object: light, oid: 1.3.6.1.4.1.2011.6.128.1.1.2.51.1.4, among: [-5000, 1000],
               scale: 0.01, unknown: [2147483647]}]
  frames:
    type: uint64
    sources:
      - {object: wideFrames, oid: 1.3.6.1.4.1.2011.6.128.1.1.2.51.1.91, kind: counter, bits: 64}
      - {object: narrowFrames, oid: 1.3.6.1.4.1.2011.6.128.1.1.2.51.1.92, kind: counter}
"""
LIGHT: Final[Oid] = (1, 3, 6, 1, 4, 1, 2011, 6, 128, 1, 1, 2, 51, 1, 4)
WIDE, NARROW = (*LIGHT[:-1], 91), (*LIGHT[:-1], 92)

Values = dict[str, float | Reason]


def processors(*loads: int, first: int = 196_608) -> Objects:
    """An agent of so many processors, numbered as net-snmp does."""
    made: Objects = {UPTIME: ber.number(ber.TIMETICKS, 4_200)}
    return made | {(*LOAD, n): ber.integer(load) for n, load in enumerate(loads, first)}


def optics(modules: dict[int, tuple[str, int, int]]) -> Objects:
    """Of each module (by entPhysicalIndex) its name, and received and sent light in 1/100 dBm."""
    made: Objects = {UPTIME: ber.number(ber.TIMETICKS, 4_200)}
    for index, (name, received, sent) in modules.items():
        made |= {
            (*PHYSICAL_NAME, index): text(name), (*RX, index): ber.integer(received),
            (*TX, index): ber.integer(sent), (*BIAS, index): ber.integer(30_120),
            (*VOLTAGE, index): ber.integer(3_316), (*TEMPERATURE, index): ber.integer(-7),
        }  # fmt: skip
    return made


def lights(found: dict[tuple[int, int], int]) -> Objects:
    """(port, ONU) -> the light it receives, in 1/100 dBm; and what it counted."""
    made: Objects = {UPTIME: ber.number(ber.TIMETICKS, 4_200)}
    for (port, onu), light in found.items():
        made |= {
            (*LIGHT, port, onu): ber.integer(light),
            (*WIDE, port, onu): ber.number(ber.COUNTER64, 2**40 + onu),
            (*NARROW, port, onu): ber.number(ber.COUNTER32, onu),
        }
    return made


def told(answers: Iterable[Answer], kind: str) -> dict[int, Values]:
    """Slot -> column -> value or why there is none, of all rows of this kind.

    What batches read before they handed a device on is told again by the answer to the single
    question: the same, from an agent whose values stand still.
    """
    found: dict[int, Values] = {}
    for frame in (f for answer in answers for f in answer.frames if f.kind == kind):
        for at, slot in enumerate(frame.slots.tolist()):
            row: Values = {
                name: np.asarray(values)[at].item()
                if frame.good(name)[at]
                else Reason(int(frame.reason[name][at]))
                for name, values in frame.columns.items()
            }
            assert row == found.setdefault(slot, row)
    return found


def called(rows: Sequence[Row]) -> list[str]:
    return [row.name for row in rows]


class Polls:
    """Both transports, and series by table, device and name."""

    def __init__(self, folder: Path) -> None:
        (folder / "lights.yaml").write_text(PAIRS, "utf-8")
        self.mib: Tables = lambda name: mib(name, folder)
        self.batches = Vector(lambda _: ACCESS, SystemClock(), tables=self.mib)
        self.single = Snmp(lambda _: ACCESS, SystemClock(), tables=self.mib)
        self.catalog = Catalog()

    def slot(self, device: Device, table: str) -> Callable[[str], int]:
        return partial(self.catalog.slot, self.mib(table).kind, device.id)

    async def rows(self, agent: Liar, table: str) -> tuple[Row, ...]:
        """As listed by batches, which list as the scalar client does."""
        slot = self.slot(agent.device, table)
        rows = await self.batches.rows_of(agent.device, table, slot)
        assert rows == await self.single.rows_of(agent.device, table, slot)
        return rows

    async def ask(self, agent: Liar, table: str) -> Ask:
        return Ask(agent.device, 0, await self.rows(agent, table), table=table)

    async def both(self, *asks: Ask) -> list[Answer]:
        """What batches answer in their second round, which the scalar client says as well, in its
        first round and in the one after it, when columns are compiled."""
        answers: list[list[Answer]] = []
        for transport in (self.batches, self.single, self.single, self.batches):
            answers.append([each async for each in transport.poll(asks)])
        for kind in {self.mib(ask.table).kind for ask in asks}:
            first, *others = (told(each, kind) for each in answers)
            assert [first] * 3 == others
        return answers[-1]

    async def close(self) -> None:
        await self.batches.close()
        await self.single.close()
