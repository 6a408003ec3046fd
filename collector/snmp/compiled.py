"""What is asked of a device round after round, worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from collector.mibs import Mib, Tables, mib
from collector.rows import Engine, answered
from collector.snmp.columns import Columns, Rows
from collector.snmp.pdu import Value
from collector.snmp.plan import Chunk, chunks
from collector.snmp.sheet import Plain, Sheet, sheet
from collector.transports import Ask, Row, index_of
from collector.values import number_of
from edunet.facts import Port
from edunet.frame import Frame

_COLUMNS: Final = WeakValueDictionary[Rows, Columns]()


class Came(NamedTuple):
    """All answers to a plan, in its order, and the ms UTC when each came."""

    plains: Sequence[Plain]
    times: Sequence[int]

    @property
    def tags(self) -> bytes:
        return b"".join([plain.tags for plain in self.plains])

    @property
    def what(self) -> list[Any]:
        return [each for plain in self.plains for each in plain.what]


class Told(NamedTuple):
    """What a device told, its types and names those that are known."""

    columns: Columns
    what: list[Any]
    times: Sequence[int]

    def scalar(self, name: str) -> int | None:
        """A number of zero or more by its name; None where it was not asked, or is none."""
        at = self.columns.scalars.get(name)
        return None if at is None else self._number(at)

    def frames(self, ask: Ask, slots: Any, engine: Engine | None) -> tuple[Frame, Frame]:
        """The `device` frame and that of the table, as `collector.rows` makes them."""
        made = self.columns
        uptimes = [self._number(at) or 0 for at in made.uptimes]
        uptimes = [each if each < 2**32 else 0 for each in uptimes]
        columns, reasons = made.made(self.what)
        if engine:
            columns["boots"] = np.full(made.count, engine.boots, np.uint64)
            columns["engine_s"] = np.full(made.count, engine.seconds, np.float64)
        return answered(ask.slot, self.times[-1], uptimes[-1]), Frame(
            made.kind,
            slots,
            np.array([self.times[number] for number in made.sheet], np.int64),
            columns,
            reasons,
            np.array([uptimes[number] for number in made.sheet], np.uint32),
        )

    def _number(self, at: int) -> int | None:
        return number_of(Value(self.columns.tags[at], self.what[at]))


class Plan:
    """The questions that an ask is.

    Rows are known by the very bytes of their names, once `collector.rows` took them for those
    asked; until then, and whenever a type or a name is another, `told` knows nothing.
    """

    def __init__(self, ports: tuple[Port | Row, ...], parts: Sequence[tuple[Chunk, Sheet]]) -> None:
        self.ports, self.parts = ports, tuple(parts)
        rows = [port for chunk, _ in parts for port in chunk.ports]
        self.slots = np.array([port.slot for port in rows], np.int32)
        # A row in several answers, or one without a name, is more than columns can tell.
        once = len({index_of(port) for port in rows}) == len(rows) > 0
        nameless = any(isinstance(port, Port) and port.by == "index" for port in rows)
        self._plain = once and not nameless
        self._tags = b""
        self._columns: Columns | None = None
        self._names: tuple[Any, ...] = ()

    def told(self, came: Came) -> Told | None:
        """What came, when its types and names are those that were taken the last time."""
        columns = self._columns
        if columns is None or columns.tags != came.tags:
            return None
        what = came.what
        return Told(columns, what, came.times) if columns.names(what) == self._names else None

    def take(self, came: Came, table: Mib) -> None:
        """Remember types and names: `collector.rows` took every row of this."""
        if self._plain and self._tags != came.tags:
            self._tags = came.tags
            self._columns = self._compiled(table)
        if self._columns:
            self._names = self._columns.names(came.what)

    def _compiled(self, table: Mib) -> Columns | None:
        sheets = tuple(each for _, each in self.parts)
        indexes = tuple(tuple(map(index_of, chunk.ports)) for chunk, _ in self.parts)
        rows = Rows(table, sheets, indexes, self._tags)
        found = _COLUMNS.get(rows)
        if found is None:
            try:
                found = _COLUMNS[rows] = Columns(rows)
            except ValueError:
                return None
        return found


class Plans:
    """Of every device that is asked singly, the plans for all it is asked."""

    def __init__(self, tables: Tables = mib) -> None:
        self.tables = tables
        self._plans: dict[tuple[str, str, bool, bool, bool], Plan] = {}

    def of(self, ask: Ask, *, split: bool) -> Plan:
        key = ask.device.id, ask.table, ask.full, ask.engine, split
        known = self._plans.get(key)
        if known is None or known.ports != ask.ports:
            table = self.tables(ask.table)
            made = chunks(ask, table, split=split)
            parts = [(chunk, sheet(chunk.names(table))) for chunk in made]
            known = self._plans[key] = Plan(ask.ports, parts)
        return known
