"""SNMPv2c for thousands of devices: batches for the many that are well, `Snmp` for all the rest.

Versions 1 and 3, listings, and whatever is not answered plainly go to the scalar client: it alone
halves, splits, diagnoses and names. So both say the same of every device.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.mibs import INTERFACES, Tables, mib
from collector.rows import silence
from collector.snmp.client import Note
from collector.thin import Line
from collector.transports import Answer, Ask, Found, Row
from collector.transports.snmp import Snmp, called
from collector.vector.asking import Asking
from collector.vector.engine import ONCE_S, Drop, Engine
from collector.vector.framing import frame, numbers_at
from collector.vector.layout import Ints
from collector.vector.learnt import Learnt
from collector.vector.pace import Pacer
from collector.vector.plan import Plans
from collector.vector.replies import Came, Lost
from collector.vector.tickets import Done, Tickets
from edunet.clock import Clock
from edunet.frame import Frame
from edunet.inventory.model import Device
from edunet.secrets import Access

Answers = asyncio.Queue["list[Answer] | _Round | Exception"]
"""What became of asks; a round is one that has to be gone through singly."""


class _Round(NamedTuple):
    """An ask under way in batches, by its first question, and who waits for what becomes of it."""

    ask: Ask
    answers: asyncio.Queue[list[Answer] | _Round | Exception]
    first: int


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
            self._answers.put_nowait([await self._scalar.ask(ask)])
        except Exception as error:  # noqa: BLE001 (a bug of ours: raised to who polls)
            self._answers.put_nowait(error)


class Vector:
    """Implements `Transport`. `access` answers how a device may be asked.

    `lines`: the thin lines that devices hang on, by device; nobody else waits for them. `drop`
    hears of datagrams that were not taken: the reason, and how many. `tables`: what may be asked.
    """

    def __init__(
        self,
        access: Callable[[Device], Access],
        clock: Clock,
        note: Note | None = None,
        lines: Mapping[str, Line] = MappingProxyType({}),
        drop: Drop = lambda _reason, _count: None,
        tables: Tables = mib,
    ) -> None:
        self._access, self._clock, self._lines = access, clock, lines
        self._scalar = Snmp(access, clock, note, tables)
        self.client = self._scalar.client
        self._plans = Plans(tables)
        self._engine = Engine(self._plans, self._told, drop)
        self.dropped = self._engine.dropped
        self._tickets = Tickets()
        self._rounds: dict[int, _Round] = {}  # by ticket
        self._thin: dict[int, Line] = {}  # by ticket
        self._pacer = Pacer(self._engine.put)
        self._learnt = Learnt()
        self._asking = Asking(
            access, self._scalar.split, self._scalar.modest, self._plans, self._learnt
        )
        self._frames: list[Frame] = []  # read, and to be handed on with the next whole answer

    async def discover(self, device: Device) -> Found:
        self._forget(device, INTERFACES)
        return await self._scalar.discover(device)

    async def rows_of(
        self, device: Device, table: str, slot: Callable[[str], int]
    ) -> tuple[Row, ...]:
        """See `Snmp.rows_of`."""
        self._forget(device, table)
        return await self._scalar.rows_of(device, table, slot)

    async def poll(self, asks: Sequence[Ask]) -> AsyncGenerator[Answer, None]:
        answers: Answers = asyncio.Queue()
        singles = _Singles(self._scalar, answers)
        together: list[tuple[Ask, range]] = []
        for ask in asks:
            questions = self._asking.questions(ask)
            if questions:
                self._asking.under_way.add(questions.start)
                together.append((ask, questions))
            else:
                singles.put(ask)
        try:
            self._open(together, answers)
            left = len(asks)
            while left:
                found = await answers.get()
                if isinstance(found, Exception):
                    raise found
                if isinstance(found, _Round):
                    singles.put(found.ask)
                    continue
                left -= len(found)
                for answer in found:
                    yield answer
        finally:
            singles.cancel()

    async def close(self) -> None:
        self._pacer.close()
        self._engine.close()
        self._rounds.clear()
        await self._scalar.close()

    def _forget(self, device: Device, table: str) -> None:
        """This table of it is listed anew."""
        self._learnt.forget((device.id, table))
        self._asking.forget(device, table)

    def _open(self, together: list[tuple[Ask, range]], answers: Answers) -> None:
        """Begin these rounds."""
        if not together:
            return
        learnt, lines = self._learnt, [self._lines.get(ask.device.id) for ask, _ in together]
        weak = [
            line is not None or ask.device.id in learnt.weak
            for (ask, _), line in zip(together, lines, strict=True)
        ]
        alive = [ask.device.id in learnt.alive for ask, _ in together]
        tickets = self._tickets.open([questions for _, questions in together], weak, alive)
        for ticket, (ask, questions), line in zip(tickets.tolist(), together, lines, strict=True):
            self._rounds[ticket] = _Round(ask, answers, questions.start)
            if line is not None:
                self._thin[ticket] = line
        doubted = np.array([ask.doubtful for ask, _ in together])
        for some, once in ((tickets[~doubted], False), (tickets[doubted], True)):
            self._put(self._tickets.first(some), once)

    def _told(self, came: list[Came], lost: Lost) -> None:
        """Credit what came; put what is due next; hand on what is complete."""
        now, tickets = self._clock.now(), self._tickets
        touched: list[Ints] = []
        for each in came:
            scalars = _scalars(each)
            made = frame(each, self._plans.local[each.questions], now, scalars)
            if made is not None:
                self._frames.append(made)
            renamed = each.renamed.any(axis=1)
            binds = each.layout.form.binds
            touched.append(tickets.came(each.questions, scalars, renamed, binds))
        mine, again = tickets.late(lost.late)
        touched += [
            mine,
            tickets.lost(lost.odd, tickets.odd),
            tickets.lost(lost.unsent, tickets.unsent),
        ]
        some, done = tickets.more(np.concatenate(touched))
        self._hand_on(done, now)
        self._put(np.concatenate([again, some]))

    def _put(self, questions: Ints, once: bool = False) -> None:
        """Ask now, or as a thin line allows."""
        if self._thin:
            tickets = self._tickets.of(questions)
            thin = np.isin(tickets, list(self._thin))
            octets = self._plans.octets(questions)
            for row in np.flatnonzero(thin).tolist():
                line = self._thin[int(tickets[row])]
                self._pacer.put(int(questions[row]), line, int(octets[row]))
            questions = questions[~thin]
        self._engine.put(questions, once)

    def _hand_on(self, done: Done, now: int) -> None:
        for ticket in done.broken.tolist():
            ask, answers, first = self._rounds.pop(ticket)
            self._asking.under_way.discard(first)
            if ask.doubtful and self._tickets.silent(ticket):
                answers.put_nowait([_silent(ask, now)])
            else:
                answers.put_nowait(_Round(self._again(ask, ticket), answers, first))
        if len(done.whole):
            self._whole(done.whole, now)
        over = np.concatenate(done)
        if self._thin:
            for ticket in over.tolist():
                self._thin.pop(ticket, None)
        self._tickets.close(over)

    def _whole(self, done: Ints, now: int) -> None:
        """Answers of those who were read whole; the first of them brings all frames there are."""
        tickets, waiting = self._tickets, dict[int, tuple[Answers, list[Answer]]]()
        rounds = [self._rounds.pop(ticket) for ticket in done.tolist()]
        self._asking.under_way.difference_update([each.first for each in rounds])
        self._learnt.whole([(each.ask.device.id, each.ask.table) for each in rounds])
        for row in np.flatnonzero(tickets.crowded[done]).tolist():
            self._learnt.weak.add(rounds[row].ask.device.id)
        uptimes, values, changed = tickets.uptime[done], tickets.values[done], tickets.changed[done]
        frames = (_alive([each.ask.slot for each in rounds], uptimes, now), *self._frames)
        self._frames.clear()
        told = zip(
            rounds, uptimes.tolist(), values.tolist(), changed.tolist(), strict=True,
        )  # fmt: skip
        for (ask, answers, _), uptime, count, date in told:
            # Hot path: by place, for names take as long again.
            answer = Answer(ask, frames, False, None, count, date if date >= 0 else None, 1, uptime)
            frames = ()
            if id(answers) not in waiting:
                waiting[id(answers)] = answers, []
            waiting[id(answers)][1].append(answer)
        for answers, some in waiting.values():
            answers.put_nowait(some)

    def _again(self, ask: Ask, ticket: int) -> Ask:
        """What to ask singly of one that batches did not answer whole; and what is learnt of it."""
        tickets, device = self._tickets, ask.device
        if tickets.crowded[ticket]:
            self._learnt.weak.add(device.id)
        odd = bool(tickets.renamed[ticket] or tickets.odd[ticket])
        self._learnt.broken((device.id, ask.table), ask.full, odd)
        self._asking.forget(device, ask.table)
        return ask._replace(doubtful=not tickets.values[ticket])


def _scalars(came: Came) -> dict[str, Any]:
    """uptime, boots, engine_s and changed by reply, where they were asked."""
    found: dict[str, Any] = {}
    for name, word, none, kind in (
        ("uptime", "sysUpTime", 0, np.uint32), ("boots", "snmpEngineBoots", 0, np.uint64),
        ("engine_s", "snmpEngineTime", np.nan, np.float64),
        ("changed", came.layout.table.changed, -1, np.int64),
    ):  # fmt: skip
        at = came.layout.scalar(word)
        if at is not None:
            value, good = numbers_at(came.values, at)
            found[name] = np.where(good, value, none).astype(kind)
    return found


def _silent(ask: Ask, now: int) -> Answer:
    """One who was doubted did not answer now either."""
    trouble = f"{called(ask.device)}: no answer within {ONCE_S:g} s"
    return Answer(ask, (silence(ask.slot, now),), trouble=trouble)


def _alive(slots: Sequence[int], uptime: npt.NDArray[np.uint32], now: int) -> Frame:
    """The `device` rows of those that answered."""
    return Frame(
        "device",
        np.array(slots, np.int32),
        np.full(len(slots), now, np.int64),
        {
            "answered": np.ones(len(slots), np.int16),
            "uptime_s": np.where(uptime > 0, uptime / 100, np.nan),
        },
        uptime=uptime,
    )
