"""From what is to be asked of a device to questions by number; remembered until it changes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.mibs import Mib
from collector.snmp import ber
from collector.snmp.community import V2C, sealed
from collector.transports import Ask
from collector.vector.layout import HOLE, Form, Layout
from collector.vector.mmsg import NAME, STRIDE, sockaddr
from edunet.facts import Port

_MOST_BYTES: Final = 1400  # of the values of a reply
_MOST_BINDS: Final = 57
_PER_BIND: Final = 15  # tags, lengths and a counter, beside the name itself


class Plan(NamedTuple):
    """The questions that an ask is, and what it was made of."""

    ports: tuple[Port, ...]
    questions: tuple[int, ...]


class Plans:
    """Every question there is. Rows of a plan that was replaced are not used again.

    Attributes:
        layouts: by number. layout, local, template, datagram: int32 by question: which layout,
            which of its questions and templates, which datagram.
        addresses: uint8 by question, struct sockaddr of whom it is for.
        bodies: uint8[datagrams, STRIDE]; sizes, holes: how long each is, where its id stands.
        communities: uint64[datagrams, 4], lengths int64, as `decode.same_text` takes them.
    """

    def __init__(self, mib: Mib) -> None:
        self._mib = mib
        self._plans: dict[tuple[str, bool, bool], Plan] = {}
        self._layouts: dict[Form, int] = {}
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

    def of(self, ask: Ask, community: bytes) -> tuple[int, ...]:
        """The questions of an ask, by number; none when it cannot be asked like this."""
        key = ask.device.id, ask.full, ask.engine
        known = self._plans.get(key)
        if known is not None and known.ports is ask.ports:
            return known.questions
        if known is None or known.ports != ask.ports:
            try:
                known = Plan(ask.ports, tuple(self._compiled(ask, community)))
            except ValueError:
                known = Plan(ask.ports, ())
        self._plans[key] = Plan(ask.ports, known.questions)
        return known.questions

    def _compiled(self, ask: Ask, community: bytes) -> Iterator[int]:
        address = ask.device.address
        if address is None or "%" in str(address) or len(community) > 32:
            raise ValueError("not to be asked in batches")
        if any(port.by != "name" or not port.said for port in ask.ports):
            raise ValueError("a port that is not known by its ifName")
        to = np.frombuffer(sockaddr(str(address), ask.device.port), np.uint8)
        for form, ports in self._chunks(ask):
            number = self._layouts.setdefault(form, len(self.layouts))
            if number == len(self.layouts):
                self.layouts.append(Layout(form, self._mib))
            layout = self.layouts[number]
            template = layout.template(tuple(port.ifindex for port in ports))
            local = layout.question(
                [port.slot for port in ports], [port.said.encode() for port in ports]
            )
            datagram = self._datagram(community, number, template)
            yield self._question(number, local, template, datagram, to)

    def _chunks(self, ask: Ask) -> Iterator[tuple[Form, list[Port]]]:
        """Ports of the same objects together, so many that the reply fits in a datagram."""
        scalars = ["sysUpTime"]
        if ask.engine:
            scalars += ["snmpEngineBoots", "snmpEngineTime"]
        if ask.full:
            scalars.append("ifTableLastChange")
        names = tuple(ber.oid(self._mib.scalars[name]) for name in scalars)
        name = ber.oid(self._mib.identity["name"])
        for skip, ports in groupby(ask.ports, lambda port: port.skip):
            objects = tuple(
                source.prefix
                for column in self._mib.columns.values()
                if ask.full or not column.seldom
                for source in column.sources
                if source.object not in skip
            )
            waiting = list(ports)
            size = sum(len(each) + 5 + _PER_BIND for each in (name, *objects))
            longest = max(len(port.said.encode()) for port in waiting)
            rows = min(
                (_MOST_BYTES - 25 * len(names)) // (size + longest),
                (_MOST_BINDS - len(names)) // (1 + len(objects)),
            )
            if rows < 1:
                raise ValueError("a row too large for a datagram")
            for first in range(0, len(waiting), rows):
                some = waiting[first : first + rows]
                yield Form(names, name, objects, len(some)), some

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

    def _question(
        self,
        layout: int,
        local: int,
        template: int,
        datagram: int,
        to: npt.NDArray[np.uint8],
    ) -> int:
        number = self._count
        if number == len(self.layout):
            more = max(64, number)
            for name in ("layout", "local", "template", "datagram"):
                held = getattr(self, name)
                setattr(self, name, np.concatenate([held, np.zeros(more, np.int32)]))
            self.addresses = np.concatenate([self.addresses, np.zeros((more, NAME), np.uint8)])
        self.layout[number], self.local[number] = layout, local
        self.template[number], self.datagram[number] = template, datagram
        self.addresses[number] = to
        self._count += 1
        return number
