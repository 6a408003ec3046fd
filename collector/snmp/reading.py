"""One device asked for many rows: what came is kept, what did not is named."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from collector.rows import Reading
from collector.snmp import ber
from collector.snmp.client import TIMEOUTS, Client, RefusedError
from collector.snmp.compiled import Came, Plan, Plans
from collector.snmp.pdu import Value
from collector.snmp.plan import Chunk
from collector.snmp.sheet import Plain, Sheet
from collector.snmp.wire import NoAnswerError
from collector.transports import Ask, Row
from edunet.clock import Clock
from edunet.errors import ProbeError
from edunet.facts import Port

_PATIENCE_S: Final = 15.0  # for all the rows of one device; what is not there by then is trouble
_LOST_IN_A_ROW: Final = 2
_REFUSALS_IN_A_ROW: Final = 16  # an agent that refuses everything is not asked row by row


class _Answer(NamedTuple):
    """One reply: the rows it was about, its values, and when it came (ms UTC)."""

    ports: Sequence[Port | Row]
    values: Plain | Mapping[bytes, Value]
    time: int

    @property
    def reading(self) -> Reading:
        said = self.values
        return Reading(self.ports, said.by_name() if isinstance(said, Plain) else said, self.time)


class Reader:
    """Puts one ask to one device, from the first datagram to the last.

    A chunk the agent refuses is halved: of a broken row that row alone is lost, and a weak agent
    is asked less at once. A device that misses the first question is asked one small thing;
    if it answers that, its tables are asked apart, a little at a time: then a table that is
    silent is named, and replies too large for the path become small ones. A device
    that misses two questions in a row is not asked more: it has gone.

    Attributes:
        came: what came. trouble: why the rest is missing, None when all came.
        plan: the questions put, unless some were refused and halved.
        split: the device answered when its tables were asked apart, and not together.
    """

    def __init__(
        self, client: Client, plans: Plans, clock: Clock, ask: Ask, *, split: bool
    ) -> None:
        self._client, self._plans, self._clock, self._ask = client, plans, clock, ask
        self._mib = plans.tables(ask.table)
        self.plan: Plan
        self.came: list[_Answer] = []
        self.trouble: str | None = None
        self.split = split
        self._lost: Counter[str] = Counter()
        self._refusals = 0
        self._waiting: list[tuple[Chunk, Sheet | None]] = []  # the next one last
        self._why: ProbeError | None = None
        self._sign: _Answer | None = None  # of life, though no row may come

    async def run(self) -> None:
        """Ask.

        Raises:
            ProbeError: nothing came at all.
        """
        if self._ask.doubtful:
            await self._alive()
        until = asyncio.get_running_loop().time() + _PATIENCE_S
        self._plan()
        while self._waiting and self._refusals <= _REFUSALS_IN_A_ROW:
            chunk, sheet = self._waiting.pop()
            if asyncio.get_running_loop().time() > until:
                self.trouble = f"not all rows within {_PATIENCE_S:g} s"
                return
            if self._lost[chunk.table] < _LOST_IN_A_ROW:
                await self._try(chunk, sheet)
        if self._waiting:
            self.trouble = self.trouble or "it refuses whatever is asked"
        if not self.came and self._sign:
            self.came.append(self._sign)
        elif not self.came and self._why:
            raise self._why

    @property
    def whole(self) -> Came | None:
        """What came, when it is a plain answer to each question of the plan."""
        plains = [each.values for each in self.came if isinstance(each.values, Plain)]
        asked = [sheet for _, sheet in self.plan.parts]
        if [plain.sheet for plain in plains] != asked or len(self.came) != len(asked):
            return None
        return Came(plains, [each.time for each in self.came])

    @property
    def readings(self) -> list[Reading]:
        """What came, value by value."""
        return [each.reading for each in self.came]

    def _plan(self) -> None:
        self.plan = self._plans.of(self._ask, split=self.split)
        self._waiting = list(self.plan.parts[::-1])

    async def _try(self, chunk: Chunk, sheet: Sheet | None) -> None:
        try:
            await self._read(chunk, sheet)
        except RefusedError as error:
            self._refusals += 1
            halves = chunk.halves() if error.too_big or len(chunk.ports) > 1 else ()
            self._waiting += [(half, None) for half in halves[::-1]]
            if not halves:
                self._name(chunk, error)
        except ProbeError as error:
            if self.came or self.split:
                self._lost[chunk.table] += 1
                self._name(chunk, error)
            else:
                await self._apart(error)

    async def _read(self, chunk: Chunk, sheet: Sheet | None) -> None:
        names = sheet or chunk.names(self._mib)
        values = await self._client.read(self._ask.device, names)
        self._lost[chunk.table] = 0
        self._refusals = 0 if values else self._refusals + 1
        self.came.append(_Answer(chunk.ports, values, self._clock.now()))

    def _name(self, chunk: Chunk, error: ProbeError) -> None:
        """Say which rows are missing and why; the first trouble tells the most."""
        self._why = self._why or error
        self.trouble = self.trouble or f"{chunk.about()}{error}"

    async def _apart(self, error: ProbeError) -> None:
        """Begin anew, table by table, when the device is alive all the same.

        Raises:
            ProbeError: the error, when it is not.
        """
        if not isinstance(error, NoAnswerError) or not self._ask.ports:
            raise error
        try:
            await self._alive()
        except ProbeError:
            raise error from None
        self.split = True
        self._plan()

    async def _alive(self) -> None:
        """One small question, once.

        Raises:
            ProbeError: no answer.
        """
        uptime = ber.oid(self._mib.scalars["sysUpTime"])
        values = await self._client.get(self._ask.device, [uptime], TIMEOUTS[:1])
        self._sign = _Answer((), values, self._clock.now())
