"""From what is to be asked of a device to questions by number; remembered until it changes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np

from collector.mibs import Mib, Source, Tables, mib
from collector.snmp import ber
from collector.snmp.community import V2C, sealed
from collector.transports import Ask, Row, index_of
from collector.vector.batch import NAME, STRIDE, sockaddr
from collector.vector.layout import HOLE, LONGEST_NAME, Form, Ints, Layout
from edunet.facts import Port

_MOST_BYTES: Final = 1472  # of a datagram without fragments
_BEFORE: Final = 31  # bytes of an answer before its values, beside the community
_MOST_BINDS: Final = 57  # of a GET: its question is nearly as long as the answer
_PER_BIND: Final = 6  # tags and lengths beside name and value
_HEADS: Final = 2 * (28 + 40)  # IP and UDP, version and community, of question and answer
_SCALAR: Final = 25  # bytes of one with its name, at most


class Plan(NamedTuple):
    """The questions that an ask is: so many from the first on; and what it was made of."""

    ports: tuple[Port | Row, ...]
    bulk: bool
    first: int
    many: int


class Plans:
    """Every question there is. What a plan that was replaced leaves free is used again.

    Attributes:
        layouts: by number. layout, local, template, datagram: int32 by question: which layout,
            which of its questions and templates, which datagram.
        addresses: uint8 by question, struct sockaddr of whom it is for.
        bodies: uint8[datagrams, STRIDE]; sizes, holes: how long each is, where its id stands.
        communities: uint64[datagrams, 4], lengths int64, as `decode.same_text` takes them.
    """

    def __init__(self, tables: Tables = mib) -> None:
        self._tables = tables
        self._plans: dict[_Key, Plan] = {}
        self._layouts: dict[Form, int] = {}
        self._free: dict[int, list[int]] = {}  # how many questions -> the first of so many unused
        self._datagrams: dict[tuple[bytes, int, int], int] = {}
        self.layouts: list[Layout] = []
        self.layout = np.zeros(0, np.int32)
        self.local = np.zeros(0, np.int32)
        self.template = np.zeros(0, np.int32)
        self.datagram = np.zeros(0, np.int32)
        self.addresses = np.zeros((0, NAME), np.uint8)
        self._count = 0
        self.bodies = np.zeros((0, STRIDE), np.uint8)
        self.sizes = np.zeros(0, np.int64)
        self.holes = np.zeros(0, np.int64)
        self.communities = np.zeros((0, 4), np.uint64)
        self.community_sizes = np.zeros(0, np.int64)

    def of(self, ask: Ask, community: bytes, bulk: bool) -> range:
        """The questions of an ask, by number; none when it cannot be asked like this.

        `bulk`: it may be asked by GETBULK. No question of an earlier plan may be in flight.
        """
        key = _key(ask)
        known = self._plans.get(key)
        if known is None or known.bulk != bulk or known.ports != ask.ports:
            if known is not None:
                self._forget(known)
            known = self._planned(ask, community, bulk)
        if known.ports is not ask.ports:
            known = known._replace(ports=ask.ports)
        self._plans[key] = known
        return range(known.first, known.first + known.many)

    def begins(self, ask: Ask) -> int | None:
        """The first question of the plan that is kept for such an ask."""
        known = self._plans.get(_key(ask))
        return known.first if known is not None and known.many else None

    def octets(self, questions: Ints) -> Ints:
        """About how many a question and its answer have, with their heads."""
        values = np.array([layout.form.binds for layout in self.layouts])
        answers: Ints = 24 * values[self.layout[questions]]
        return _HEADS + self.sizes[self.datagram[questions]] + answers

    def _planned(self, ask: Ask, community: bytes, bulk: bool) -> Plan:
        try:
            asked = list(self._compiled(ask, community, bulk))
        except ValueError:
            return Plan(ask.ports, bulk, 0, 0)
        to = np.frombuffer(sockaddr(str(ask.device.address), ask.device.port), np.uint8)
        free = self._free.get(len(asked))
        first = free.pop() if free else self._room(len(asked))
        for number, (layout, template, datagram, ports) in enumerate(asked, first):
            slots, names = [port.slot for port in ports], [port.said.encode() for port in ports]
            self.layout[number] = layout
            self.local[number] = self.layouts[layout].question(slots, names)
            self.template[number], self.datagram[number] = template, datagram
            self.addresses[number] = to
        return Plan(ask.ports, bulk, first, len(asked))

    def _forget(self, plan: Plan) -> None:
        for number in range(plan.first, plan.first + plan.many):
            self.layouts[self.layout[number]].forget(int(self.local[number]))
        if plan.many:
            self._free.setdefault(plan.many, []).append(plan.first)

    def _compiled(
        self, ask: Ask, community: bytes, bulk: bool
    ) -> Iterator[tuple[int, int, int, list[Port | Row]]]:
        """Layout, template and datagram of each question, and the rows it is about."""
        address = ask.device.address
        if address is None or "%" in str(address) or len(community) > 32:
            raise ValueError("not to be asked in batches")
        if any(
            isinstance(port, Port) and (port.by != "name" or not port.said) for port in ask.ports
        ):
            raise ValueError("a port that is not known by its ifName")
        if any(len(port.said.encode()) > LONGEST_NAME for port in ask.ports):
            raise ValueError("a row's name that is too long to be compared")
        for form, ports in self._chunks(ask, bulk, _MOST_BYTES - _BEFORE - len(community)):
            number = self._layouts.setdefault(form, len(self.layouts))
            if number == len(self.layouts):
                self.layouts.append(Layout(form))
            template = self.layouts[number].template(tuple(map(index_of, ports)))
            yield number, template, self._datagram(community, number, template), ports

    def _chunks(self, ask: Ask, bulk: bool, most: int) -> Iterator[tuple[Form, list[Port | Row]]]:
        """Rows of the same objects together, so many that the reply fits in a datagram."""
        table = self._tables(ask.table)
        names = tuple(ber.oid(table.scalars[name]) for name in _scalars(ask, table))
        if not ask.ports:
            yield Form(table, names, (), (), 0), []
        for (skip, named), ports in groupby(ask.ports, lambda row: (row.skip, bool(row.said))):
            sources = [
                source
                for column in table.columns.values()
                if ask.full or not column.seldom
                for source in column.sources
                if source.object not in skip
            ]
            name = (ber.oid(table.identity["name"]),) if named else ()
            form = Form(table, names, name, tuple(source.prefix for source in sources), 0, bulk)
            waiting = list(ports)
            size = sum(len(each) + _PER_BIND for each in form.row)
            size += sum(map(_widest, sources)) + max(len(port.said.encode()) for port in waiting)
            size += max(len(index_of(port)) for port in waiting) * len(form.row)
            rows = (most - _SCALAR * len(names)) // size
            if not bulk:
                rows = min(rows, (_MOST_BINDS - len(names)) // len(form.row))
            if rows < 1:
                raise ValueError("a row too large for a datagram")
            for part in _even(waiting, rows):
                yield form._replace(rows=len(part)), part

    def _datagram(self, community: bytes, layout: int, template: int) -> int:
        key = community, layout, template
        known = self._datagrams.get(key)
        if known is not None:
            return known
        packet = sealed(V2C, community, self.layouts[layout].pdus[template])
        if len(packet) > STRIDE:
            raise ValueError("a question too large for a datagram")
        number = len(self._datagrams)
        if number == len(self.sizes):
            more = max(16, number)
            self.bodies = np.concatenate([self.bodies, np.zeros((more, STRIDE), np.uint8)])
            self.sizes = np.concatenate([self.sizes, np.zeros(more, np.int64)])
            self.holes = np.concatenate([self.holes, np.zeros(more, np.int64)])
            self.communities = np.concatenate([self.communities, np.zeros((more, 4), np.uint64)])
            self.community_sizes = np.concatenate([self.community_sizes, np.zeros(more, np.int64)])
        self.bodies[number, : len(packet)] = np.frombuffer(packet, np.uint8)
        self.sizes[number] = len(packet)
        self.holes[number] = packet.index(ber.integer(HOLE)) + 2
        self.communities[number] = np.frombuffer(community.ljust(32, b"\0"), np.uint64)
        self.community_sizes[number] = len(community)
        self._datagrams[key] = number
        return number

    def _room(self, count: int) -> int:
        """The first of so many new questions."""
        first = self._count
        if first + count > len(self.layout):
            more = max(64, first, count)
            for name in ("layout", "local", "template", "datagram"):
                held = getattr(self, name)
                setattr(self, name, np.concatenate([held, np.zeros(more, np.int32)]))
            self.addresses = np.concatenate([self.addresses, np.zeros((more, NAME), np.uint8)])
        self._count += count
        return first


_Key = tuple[str, str, bool, bool, bool]


def _key(ask: Ask) -> _Key:
    return ask.device.id, ask.table, ask.full, ask.engine, ask.dated


def _scalars(ask: Ask, table: Mib) -> Iterator[str]:
    """What is asked beside the rows of every question."""
    yield "sysUpTime"
    if ask.engine:
        yield from (name for name in ("snmpEngineBoots", "snmpEngineTime") if name in table.scalars)
    if ask.full and ask.dated and table.changed:
        yield table.changed


def _widest(source: Source) -> int:
    """Bytes of as large a number as is ever met: 2^55 octets, 2^31 errors or ticks, 2^31 Mbit/s.

    One that is larger makes the answer longer than it should be, no worse.
    """
    return source.widest or (7 if source.bits == 64 else 4)


def _even(ports: list[Port | Row], most: int) -> Iterator[list[Port | Row]]:
    """Parts of at most so many, as few and as equal as can be: few sizes are few layouts."""
    parts = -(-len(ports) // most)
    size = -(-len(ports) // parts)
    for first in range(0, len(ports), size):
        yield ports[first : first + size]
