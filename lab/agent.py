"""What does one device answer to one SNMP question?"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import Final

from lab import ber
from lab.city import City
from lab.mib import COLUMNS, SCALARS, Now, Read

MAX_BYTES: Final = 1472  # what an Ethernet frame carries without fragments
_HEADER: Final = 48  # of a response, besides the community


class Layout:
    """The objects of any device of so many ports, in the order of their OIDs.

    Kept apart from the devices: a city has a thousand switches, and few numbers of ports.
    """

    def __init__(self, ports: int) -> None:
        objects = [(oid, 0, read) for oid, read in SCALARS.items()]
        objects += [
            ((*column, index), index - 1, read)
            for column, read in COLUMNS.items()
            for index in range(1, ports + 1)
        ]
        objects.sort(key=lambda entry: entry[0])
        self.oids: list[tuple[int, ...]] = [oid for oid, _, _ in objects]
        self.rows: list[int] = [row for _, row, _ in objects]
        self.reads: list[Read] = [read for _, _, read in objects]
        self.names = [ber.element(ber.OID, ber.name(oid)) for oid in self.oids]
        self.places = {ber.name(oid): place for place, oid in enumerate(self.oids)}

    def after(self, name: bytes) -> int:
        """The place of the first object behind this OID; may lie behind the last.

        Raises:
            MalformedError: the OID is none.
        """
        place = self.places.get(name)
        return place + 1 if place is not None else bisect_right(self.oids, ber.subids(name))

    def missing(self, name: bytes) -> bytes:
        """What to say of an OID that is not here: no such instance, or no such object at all."""
        oid = ber.subids(name)
        for known in (*SCALARS, *COLUMNS):
            column = known[:-1] if known in SCALARS else known
            if oid[: len(column)] == column:
                return ber.NO_SUCH_INSTANCE
        return ber.NO_SUCH_OBJECT


@lru_cache(maxsize=64)
def layout(ports: int) -> Layout:
    return Layout(ports)


class Agent:
    """The SNMP agent of one device."""

    def __init__(self, city: City, device: str, community: str) -> None:
        self._city = city
        self.device = device
        self._community = community.encode()

    def answer(self, packet: bytes) -> bytes | None:
        """The datagram to send back, or None: a stranger and a broken question get no answer."""
        try:
            asked = ber.request(packet)
            if asked.community != self._community or not self._city.answers(self.device):
                return None
            return self._reply(asked)
        except ber.MalformedError:
            return None

    def _reply(self, asked: ber.Request) -> bytes:
        ports = self._city.ports[self.device]
        book = layout(len(ports))
        now = Now(self._city, self.device, self._city.time(), {})
        room = MAX_BYTES - _HEADER - len(asked.community)
        if asked.kind == ber.GETBULK:
            return ber.response(asked, self._bulk(asked, book, now, room))
        binds = []
        for name in asked.names:
            place = book.places.get(name) if asked.kind == ber.GET else book.after(name)
            if place is None:
                binds.append(_bind(ber.element(ber.OID, name), book.missing(name)))
            else:
                binds.append(self._at(book, place, now) or _end(name))
        body = b"".join(binds)
        if len(body) > room:
            return ber.response(asked, b"", error=ber.TOO_BIG)
        return ber.response(asked, body)

    def _bulk(self, asked: ber.Request, book: Layout, now: Now, room: int) -> bytes:
        """RFC 3416 4.2.3: some names once, the others again and again, while there is room."""
        places = [book.after(name) for name in asked.names]
        singles = asked.non_repeaters
        body = bytearray()
        for name, place in zip(asked.names[:singles], places[:singles], strict=True):
            bind = self._at(book, place, now) or _end(name)
            if len(body) + len(bind) > room:
                return bytes(body)
            body += bind
        repeated = list(zip(asked.names[singles:], places[singles:], strict=True))
        for step in range(asked.max_repetitions if repeated else 0):
            if all(place + step > len(book.oids) for _, place in repeated):
                break
            for name, place in repeated:
                # The last name of the view is repeated with "end", as the RFC wants it.
                bind = self._at(book, place + step, now) or _end(_last(name, book, place, step))
                if len(body) + len(bind) > room:
                    return bytes(body)
                body += bind
        return bytes(body)

    def _at(self, book: Layout, place: int, now: Now) -> bytes | None:
        if place >= len(book.reads):
            return None
        port = self._city.ports[self.device][book.rows[place]]
        return _bind(book.names[place], book.reads[place](now, port))


def _bind(name: bytes, value: bytes) -> bytes:
    return ber.element(ber.SEQUENCE, name + value)


def _end(name: bytes) -> bytes:
    return _bind(ber.element(ber.OID, name), ber.END_OF_MIB_VIEW)


def _last(name: bytes, book: Layout, place: int, step: int) -> bytes:
    return ber.name(book.oids[-1]) if step and place < len(book.oids) else name
