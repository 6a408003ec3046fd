"""An SNMP agent that says what a test wants: a whole switch, and what lie is laid over it."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple, cast

from edunet.inventory.model import Device
from lab import ber

Oid = tuple[int, ...]
Objects = dict[Oid, bytes]  # OID -> the whole TLV of its value
COMMUNITY = "sesame"
GEN_ERR = 5

SYSTEM: Oid = (1, 3, 6, 1, 2, 1, 1)
IF: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IFX: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
NAME, ALIAS, DESCR = (*IFX, 1), (*IFX, 18), (*IF, 2)
IN_OCTETS, OUT_OCTETS, SPEED = (*IFX, 6), (*IFX, 10), (*IFX, 15)
DISCONTINUITY: Oid = (*IFX, 19)
OPER, ADMIN = (*IF, 8), (*IF, 7)
ERRORS = {"in_errors": (*IF, 14), "out_errors": (*IF, 20)}
DISCARDS = {"in_discards": (*IF, 13), "out_discards": (*IF, 19)}
UPTIME: Oid = (*SYSTEM, 3, 0)


class Row(NamedTuple):
    """One interface of a switch."""

    number: int
    name: str | bytes
    descr: str | bytes = ""
    alias: str | bytes = ""


def text(value: str | bytes) -> bytes:
    return ber.element(ber.OCTETS, value.encode() if isinstance(value, str) else value)


def switch(rows: Iterable[Row], uptime: int = 100_000) -> Objects:
    """The objects of a switch; what port N counted is N million and so many, told by column."""
    objects: Objects = {
        (*SYSTEM, 1, 0): text("a switch of the tests"),
        (*SYSTEM, 2, 0): ber.element(ber.OID, ber.name((1, 3, 6, 1, 4, 1, 8072, 3, 2, 10))),
        UPTIME: ber.number(ber.TIMETICKS, uptime),
        (*SYSTEM, 5, 0): text("switch-1"),
    }
    for row in rows:
        base, i = row.number % 1000 * 1_000_000, row.number
        objects |= {
            (*NAME, i): text(row.name),
            (*DESCR, i): text(row.descr or row.name),
            (*ALIAS, i): text(row.alias),
            (*IN_OCTETS, i): ber.number(ber.COUNTER64, base + 1),
            (*OUT_OCTETS, i): ber.number(ber.COUNTER64, base + 2),
            (*ERRORS["in_errors"], i): ber.number(ber.COUNTER32, base + 3),
            (*ERRORS["out_errors"], i): ber.number(ber.COUNTER32, base + 4),
            (*DISCARDS["in_discards"], i): ber.number(ber.COUNTER32, base + 5),
            (*DISCARDS["out_discards"], i): ber.number(ber.COUNTER32, base + 6),
            (*OPER, i): ber.number(ber.INTEGER, 1),
            (*ADMIN, i): ber.number(ber.INTEGER, 1),
            (*SPEED, i): ber.number(ber.GAUGE32, 1000),
            (*DISCONTINUITY, i): ber.number(ber.TIMETICKS, 0),
        }
    return objects


def ports(count: int) -> list[Row]:
    return [Row(index, f"GE0/0/{index}") for index in range(1, count + 1)]


def honest(asked: ber.Request, objects: Mapping[Oid, bytes]) -> bytes:
    """What RFC 3416 answers to a get, getnext or getbulk."""
    oids = sorted(objects)
    if asked.kind == ber.GET:
        names = [ber.subids(name) for name in asked.names]
        return ber.response(asked, binds((n, objects.get(n, ber.NO_SUCH_INSTANCE)) for n in names))
    at = [bisect_right(oids, ber.subids(name)) for name in asked.names]
    once = asked.non_repeaters if asked.kind == ber.GETBULK else len(at)
    places = at[:once]
    places += [
        place + step
        for step in range(asked.max_repetitions if asked.kind == ber.GETBULK else 0)
        for place in at[once:]
    ]
    rows = [
        (oids[place], objects[oids[place]])
        if place < len(oids)
        else (oids[-1], ber.END_OF_MIB_VIEW)
        for place in places
    ]
    return ber.response(asked, binds(rows))


def binds(rows: Iterable[tuple[Oid, bytes]]) -> bytes:
    """Varbinds, one after the other."""
    return b"".join(
        ber.element(ber.SEQUENCE, ber.element(ber.OID, ber.name(oid)) + value)
        for oid, value in rows
    )


def asks_for(asked: ber.Request, column: Oid, index: int | None = None) -> bool:
    """Whether one of the names lies in the column (at the row of this ifIndex)."""
    wanted = column if index is None else (*column, index)
    return any(ber.subids(name)[: len(wanted)] == wanted for name in asked.names)


Lie = Callable[["Liar", ber.Request], bytes | Iterable[bytes] | None]


class Liar(asyncio.DatagramProtocol):
    """A running agent. `lie` answers instead of `honest`; None stays silent, a list is all sent."""

    def __init__(self, objects: Objects, lie: Lie | None) -> None:
        self.objects, self.lie = objects, lie
        self.questions: list[ber.Request] = []
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = ber.request(data)
        self.asker = addr
        if asked.community != COMMUNITY.encode():
            return
        self.questions.append(asked)
        said = self.lie(self, asked) if self.lie else honest(asked, self.objects)
        for packet in [said] if isinstance(said, bytes) else said or ():
            self.send(packet)

    def truth(self, asked: ber.Request) -> bytes:
        return honest(asked, self.objects)

    def send(self, packet: bytes) -> None:
        """To whoever asked last."""
        if not self._transport.is_closing():
            self._transport.sendto(packet, self.asker)

    @property
    def device(self) -> Device:
        """The device of an inventory that is this agent."""
        address, port = self._transport.get_extra_info("sockname")[:2]
        return Device.model_validate(
            {"id": f"sw{port}", "site": "city", "address": address, "port": port, "snmp": "ro"}
        )

    def close(self) -> None:
        self._transport.close()


@asynccontextmanager
async def liar(
    objects: Objects | None = None, lie: Lie | None = None, address: str = "127.88.0.1"
) -> AsyncIterator[Liar]:
    """Start it in the running loop, on a free port of a loopback address."""
    loop = asyncio.get_running_loop()
    objects = switch(ports(7)) if objects is None else objects
    _, agent = await loop.create_datagram_endpoint(
        lambda: Liar(objects, lie), local_addr=(address, 0)
    )
    try:
        yield agent
    finally:
        agent.close()
        await asyncio.sleep(0)  # the loop closes the socket in its next turn
