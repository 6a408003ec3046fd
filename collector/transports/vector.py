"""SNMPv2c for thousands of devices: batches for the many that are well, `Snmp` for all the rest.

Versions 1 and 3, listings, and whatever is not answered plainly go to the scalar client: it alone
halves, splits, diagnoses and names. So both say the same of every device.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, Final

import numpy as np

from collector.mibs import mib
from collector.snmp import ber
from collector.snmp.client import Note
from collector.transports import Answer, Ask, Found
from collector.transports.snmp import Snmp
from collector.vector.engine import Came, Engine, Lost
from collector.vector.framing import NUMBERS, frame, numbers_at
from collector.vector.plan import Plans
from edunet.clock import Clock
from edunet.frame import Frame
from edunet.inventory.model import Device
from edunet.secrets import Access

_MIB: Final = mib("if_mib")
_SCALARS: Final = {name: ber.oid(oid) for name, oid in _MIB.scalars.items()}


_AT_ONCE: Final = 4  # questions in flight to one device, once it has answered the first


Answers = asyncio.Queue["Answer | _Ticket | Exception"]
"""What became of asks; a ticket is one that has to be asked singly."""


class _Ticket:
    """One ask under way in batches: `todo` are questions not put yet, the next one last."""

    __slots__ = (
        "answers", "ask", "changed", "flying", "lost", "renamed", "todo", "uptime", "values",
    )  # fmt: skip

    def __init__(
        self,
        ask: Ask,
        questions: Sequence[int],
        answers: asyncio.Queue[Answer | _Ticket | Exception],
    ) -> None:
        self.ask, self.todo, self.answers = ask, list(questions[::-1]), answers
        self.flying = 0
        self.lost = self.renamed = False
        self.uptime = self.values = 0
        self.changed: int | None = None

    def more(self) -> list[int]:
        """What to put now: one question to a device that has not answered yet, then a few.

        Once one is lost nothing more is put: somebody has to look closer.
        """
        room = 0 if self.lost else (_AT_ONCE if self.values else 1) - self.flying
        some = [self.todo.pop() for _ in range(min(max(room, 0), len(self.todo)))]
        self.flying += len(some)
        return some

    @property
    def over(self) -> bool:
        return not self.flying and (self.lost or not self.todo)


class _Singles:
    """Those who are asked one at a time, side by side."""

    def __init__(self, scalar: Snmp, answers: Answers) -> None:
        self._scalar, self._answers = scalar, answers
        self._tasks = set[asyncio.Task[None]]()

    def put(self, ask: Ask) -> None:
        task = asyncio.create_task(self._ask(ask))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()

    async def _ask(self, ask: Ask) -> None:
        try:
            self._answers.put_nowait(await self._scalar.ask(ask))
        except Exception as error:  # noqa: BLE001 (a bug of ours: raised to who polls)
            self._answers.put_nowait(error)


class Vector:
    """Implements `Transport`. `access` answers how a device may be asked."""

    def __init__(
        self, access: Callable[[Device], Access], clock: Clock, note: Note | None = None
    ) -> None:
        self._access, self._clock = access, clock
        self._scalar = Snmp(access, clock, note)
        self.client = self._scalar.client
        self._plans = Plans(_MIB)
        self._engine = Engine(self._plans, self._told)
        self._tickets: dict[int, _Ticket] = {}  # by question in flight
        self._single: set[str] = set()  # devices that batches cannot read, until listed again
        self._frames: list[Frame] = []  # read, and to be handed on with the next whole answer

    async def discover(self, device: Device) -> Found:
        self._single.discard(device.id)
        return await self._scalar.discover(device)

    async def poll(self, asks: Sequence[Ask]) -> AsyncGenerator[Answer, None]:
        answers: Answers = asyncio.Queue()
        singles = _Singles(self._scalar, answers)
        together: list[int] = []
        for ask in asks:
            questions = self._questions(ask)
            if questions and questions[0] not in self._tickets:
                together += self._put(_Ticket(ask, questions, answers))
            else:
                singles.put(ask)
        try:
            if together:
                self._engine.put(together)
            left = len(asks)
            while left:
                answer = await answers.get()
                if isinstance(answer, Exception):
                    raise answer
                if isinstance(answer, _Ticket):
                    singles.put(self._again(answer))
                else:
                    left -= 1
                    yield answer
        finally:
            singles.cancel()

    async def close(self) -> None:
        self._engine.close()
        self._tickets.clear()
        await self._scalar.close()

    def _questions(self, ask: Ask) -> tuple[int, ...]:
        """The questions an ask is in batches; none where it must be asked singly."""
        device = ask.device
        single = ask.doubtful or not ask.ports or device.id in self._single
        if single or self._scalar.split(device):
            return ()
        access = self._access(device)
        return self._plans.of(ask, access.community) if access.version == "2c" else ()

    def _put(self, ticket: _Ticket) -> list[int]:
        some = ticket.more()
        self._tickets.update(dict.fromkeys(some, ticket))
        return some

    def _again(self, ticket: _Ticket) -> Ask:
        """What to ask singly of a ticket that batches did not answer whole."""
        if ticket.renamed:
            self._single.add(ticket.ask.device.id)
        return ticket.ask._replace(doubtful=not ticket.values)

    def _told(self, came: list[Came], lost: Lost) -> None:
        """Credit what came; hand on the frames with the first ask that is complete."""
        now = self._clock.now()
        frames: list[Frame] = []
        done: list[_Ticket] = []
        more: list[int] = []
        for each in came:
            scalars = self._scalars(each)
            made = frame(each, self._plans.local[each.questions], now, scalars)
            if made is not None:
                frames.append(made)
            renamed = np.asarray(each.renamed.any(axis=0))
            changed = scalars.get("changed")
            uptimes, binds = scalars["uptime"].tolist(), each.layout.form.binds
            for row, question in enumerate(each.questions.tolist()):
                ticket = self._tickets.pop(question, None)
                if ticket is None:
                    continue
                ticket.uptime = uptimes[row]
                ticket.values += binds
                ticket.renamed |= bool(renamed[row])
                if changed is not None and changed[row] >= 0:
                    ticket.changed = int(changed[row])
                more += self._count(ticket, done)
        for question in lost.questions:
            ticket = self._tickets.pop(question, None)
            if ticket is not None:
                ticket.lost = True
                more += self._count(ticket, done)
        self._hand_on(done, frames, now)
        if more:
            self._engine.put(more)

    def _count(self, ticket: _Ticket, done: list[_Ticket]) -> list[int]:
        """One question less in flight; what to put in its place."""
        ticket.flying -= 1
        if ticket.over:
            done.append(ticket)
        return self._put(ticket)

    def _hand_on(self, done: list[_Ticket], frames: list[Frame], now: int) -> None:
        whole = [ticket for ticket in done if not ticket.lost and not ticket.renamed]
        for ticket in done:
            if ticket.lost or ticket.renamed:
                ticket.answers.put_nowait(ticket)
        if whole:
            frames.insert(0, _alive(whole, now))
        self._frames += frames
        for ticket in whole:
            told = tuple(sorted(self._frames, key=lambda each: each.kind))  # device first
            self._frames.clear()
            ticket.answers.put_nowait(
                Answer(
                    ticket.ask,
                    told,
                    varbinds=ticket.values,
                    changed=ticket.changed,
                    answered=1,
                    uptime=ticket.uptime,
                )
            )

    def _scalars(self, came: Came) -> dict[str, Any]:
        """uptime, boots, engine_s and changed by reply, where they were asked."""
        found: dict[str, Any] = {}
        for name, word, kind in (
            ("uptime", "sysUpTime", np.uint32), ("boots", "snmpEngineBoots", np.uint64),
            ("engine_s", "snmpEngineTime", np.float64), ("changed", "ifTableLastChange", np.int64),
        ):  # fmt: skip
            at = came.layout.scalar(_SCALARS[word])
            if at is None:
                continue
            value, good = numbers_at(came.values, at, NUMBERS)
            none = {"uptime": 0, "boots": 0, "engine_s": np.nan, "changed": -1}[name]
            found[name] = np.where(good, value, none).astype(kind)
        return found


def _alive(tickets: Sequence[_Ticket], now: int) -> Frame:
    """The `device` rows of those that answered."""
    uptime = np.array([ticket.uptime for ticket in tickets], np.uint32)
    return Frame(
        "device",
        np.array([ticket.ask.slot for ticket in tickets], np.int32),
        np.full(len(tickets), now, np.int64),
        {
            "answered": np.ones(len(tickets), np.int16),
            "uptime_s": np.where(uptime > 0, uptime / 100, np.nan),
        },
        uptime=uptime,
    )
