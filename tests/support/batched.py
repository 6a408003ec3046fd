"""The batches without a socket: questions in flight, and datagrams laid where replies land."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from liar import COMMUNITY

from collector.mibs import mib
from collector.snmp.ber import oid
from collector.transports import Answer, Ask
from collector.transports.snmp import Snmp
from collector.transports.vector import Vector, _scalars
from collector.vector.batch import STRIDE, Batch, sockaddr
from collector.vector.framing import frame
from collector.vector.replies import Came, Lost
from edunet.clock import ManualClock, SystemClock
from edunet.facts import Port
from edunet.frame import Frame
from edunet.inventory.model import Device
from edunet.secrets import Access
from lab import ber

ACCESS: Final = Access("2c", COMMUNITY.encode())
TABLE: Final = mib("if_mib")
NOW: Final = 1_700_000_000_000
_GENERATION: Final = 0x40000000 | 0x2A5A5 << 12  # of ids that are the same in every run
_ROOM: Final = 16

UINTEGER32: Final = 0x47
EXCEPTIONS: Final = (0x80, 0x81, 0x82)
UNSIGNED: Final = {
    ber.COUNTER32: 4, ber.GAUGE32: 4, ber.TIMETICKS: 4, UINTEGER32: 4, ber.COUNTER64: 8,
}  # fmt: skip
"""Tag -> bytes of the largest number of that type."""

Cell = tuple[int, bytes]  # tag and contents


def device(number: int) -> Device:
    return Device.model_validate(
        {"id": f"d{number}", "site": "city", "address": f"127.91.0.{number}", "snmp": "ro"}
    )


def rows(*indexes: int, skip: Sequence[str] = ()) -> tuple[Port, ...]:
    """Ports of these ifIndexes, called `p` and the index, in slots of that number."""
    without = frozenset(skip)
    return tuple(Port(n, f"p{n}", f"p{n}", "", n, skip=without) for n in indexes)


def asks() -> list[Ask]:
    """One ask for each form a reply may have; every one of them is one question."""
    old = ("ifHCInOctets", "ifHCOutOctets", "dot3StatsDuplexStatus")
    ports = (
        rows(1), rows(2, 3), rows(7, skip=old), rows(130, 20_000, skip=old), rows(3_000_000), (),
    )  # fmt: skip
    return [
        Ask(device(n), n, some, full=bool(n % 2), engine=n > 2) for n, some in enumerate(ports, 1)
    ]


class Question(NamedTuple):
    """One in flight: its number, the request-id, what it names, and who was asked."""

    number: int
    id: int
    names: tuple[bytes, ...]
    ask: Ask

    def is_name(self, at: int) -> bool:
        """Whether a row's name stands there."""
        named = mib(self.ask.table).identity.get("name")
        return bool(named) and self.names[at].startswith(oid(named or ""))

    def honest(self, base: int = 1000) -> list[Cell]:
        """What an agent says: each row's name, and numbers that tell one cell from another."""
        said = iter(self.ask.ports)
        return [
            (ber.OCTETS, next(said).said.encode())
            if self.is_name(at)
            else (ber.GAUGE32, (base + at).to_bytes(4))
            for at in range(len(self.names))
        ]


class Desk:
    """Every ask's question is put; `read` is told what came and says what it answers."""

    def __init__(self, some: Sequence[Ask] | None = None) -> None:
        self._vector = Vector(lambda _: ACCESS, ManualClock())
        self.plans, self.flight = self._vector._plans, self._vector._engine.flight
        self.replies = self._vector._engine._replies
        self.batch = Batch(_ROOM, 16)
        self.questions = [self._question(ask) for ask in some or asks()]

    def _question(self, ask: Ask) -> Question:
        (number,) = self.plans.of(ask, ACCESS.community, False)
        at = self.plans.datagram[number]
        asked = ber.request(self.plans.bodies[at, : self.plans.sizes[at]].tobytes())
        return Question(number, 0, tuple(asked.names), ask)

    def put(self) -> list[Question]:
        """All of them, anew; what was in flight is not any more."""
        self.flight.land(self.flight.flying())
        count = len(self.questions)
        places = np.sort(self.flight.places(count)[0])
        ids = (_GENERATION | places).astype(np.uint32)
        numbers = np.array([question.number for question in self.questions])
        self.flight.depart(places, ids, numbers, np.full(count, 1.0), np.ones(count, np.int8))
        self.questions = [
            question._replace(id=number)
            for question, number in zip(self.questions, ids.tolist(), strict=True)
        ]
        return self.questions

    def read(self, *came: tuple[Question, bytes]) -> tuple[list[Came], Lost]:
        """What these datagrams, each from the one who was asked that question, answer.

        What lay in their places before lies behind them still, as in a buffer used again.
        """
        for row, (question, said) in enumerate(came):
            size = min(len(said), STRIDE)
            self.batch.rows[row, :size] = np.frombuffer(said[:size], np.uint8)
            self.batch.lengths[row] = min(len(said), STRIDE + 1)
            who = question.ask.device
            self.batch.names[row] = np.frombuffer(sockaddr(str(who.address), who.port), np.uint8)
        return self.replies.read(self.batch, len(came))

    def cells(self, came: Sequence[Came]) -> dict[int, list[Cell]]:
        """Question -> the cells of its answer, from the buffer where they were found."""
        found: dict[int, list[Cell]] = {}
        for each in came:
            said = each.values
            for m, number in enumerate(each.questions.tolist()):
                assert number not in found, "two answers to one question"
                at = zip(said.starts[m].tolist(), said.lengths[m].tolist(), strict=True)
                texts = [self.batch.buffer[start : start + size].tobytes() for start, size in at]
                for text, read in zip(texts, said.numbers[m].tolist(), strict=True):
                    if len(text) <= 9:  # no number is longer
                        assert read == int.from_bytes(text[-8:]), "a number that is not its bytes"
                found[number] = list(zip(said.tags[m].tolist(), texts, strict=True))
        return found

    def frames(self, came: Sequence[Came]) -> list[Frame]:
        """As the transport makes them."""
        made = [frame(each, self.plans.local[each.questions], NOW, _scalars(each)) for each in came]
        return [each for each in made if each is not None]


def lengthy(tag: int, contents: bytes, width: int = 0) -> bytes:
    """An element whose length takes so many bytes more; 0 = as few as it needs.

    -1: one byte, as no standard knows it, also where the length is 128 or more.
    """
    if width < 0 and len(contents) < 256:
        return bytes((tag, len(contents))) + contents
    width = max(width, 0)
    if not width or len(contents) >= 1 << 8 * width:
        return ber.element(tag, contents)
    return bytes((tag, 0x80 | width)) + len(contents).to_bytes(width) + contents


def reply(
    question: Question,
    cells: Sequence[Cell],
    widths: Sequence[int] = (0, 0, 0, 0, 0),
    *,
    status: int = 0,
    community: str = COMMUNITY,
    id_bytes: bytes = b"",
) -> bytes:
    """A whole answer; `widths` of the lengths of message, PDU, list, binds and values."""
    binds = b"".join(
        lengthy(ber.SEQUENCE, ber.element(ber.OID, name) + lengthy(*cell, widths[4]), widths[3])
        for name, cell in zip(question.names, cells, strict=True)
    )
    number = ber.element(ber.INTEGER, id_bytes or question.id.to_bytes(4))
    body = number + ber.integer(status) + ber.integer(0)
    pdu = lengthy(ber.RESPONSE, body + lengthy(ber.SEQUENCE, binds, widths[2]), widths[1])
    words = ber.V2C + ber.element(ber.OCTETS, community.encode())
    return lengthy(ber.SEQUENCE, words + pdu, widths[0])


class Spied(Vector):
    """`singly`: how often somebody had to be asked without the batches."""

    def __init__(self) -> None:
        super().__init__(lambda _: ACCESS, SystemClock())
        self.singly = 0
        self._scalar.ask = self._spied  # type: ignore[method-assign]

    async def _spied(self, ask: Ask) -> Answer:
        self.singly += 1
        return await Snmp.ask(self._scalar, ask)
