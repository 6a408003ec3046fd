"""What does one device answer to one SNMP question?"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache

from lab import ber
from lab.city import City
from lab.kinds import KINDS, Kind
from lab.mib import COLUMNS, SCALARS, Now, Read
from lab.reply import reply
from lab.view import View


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


class Live:
    """A device of the city as it is at this moment."""

    def __init__(self, city: City, device: str) -> None:
        self._ports = city.ports[device]
        self._book = layout(len(self._ports))
        self._now = Now(city, device, city.time(), {})
        self.after, self.missing = self._book.after, self._book.missing

    def exact(self, name: bytes) -> int | None:
        return self._book.places.get(name)

    def follow(self, place: int) -> int:
        return place + 1

    def at(self, place: int) -> tuple[bytes, bytes] | None:
        book = self._book
        if place >= len(book.reads):
            return None
        return book.names[place], book.reads[place](self._now, self._ports[book.rows[place]])


class Agent:
    """The SNMP agent of one device."""

    __slots__ = ("_city", "_community", "community", "device")

    def __init__(self, city: City, device: str, community: str) -> None:
        self._city = city
        self.device = device
        self.community = community
        self._community = community.encode()

    @property
    def kind(self) -> Kind:
        """How it behaves at this moment."""
        return KINDS[self._city.cast.part(self.device).kind]

    def answer(self, packet: bytes) -> bytes | None:
        """The datagram to send back, or None: a stranger and a broken question get no answer."""
        try:
            asked = ber.request(packet)
            if not self.knows(asked) or not self._city.answers(self.device):
                return None
            kind, shown = self.kind, self.view()
            return kind.lie(asked, lambda asked: reply(asked, shown))
        except ber.MalformedError:
            return None

    def knows(self, asked: ber.Request) -> bool:
        """Whether the asker is no stranger."""
        return asked.community == self._community

    def view(self) -> View:
        """What it shows at this moment."""
        recording = self._city.cast.part(self.device).recording
        if recording is None:
            return self.kind.view(Live(self._city, self.device))
        return self.kind.view(recording.played(self._city.time() / 1000))

    def object(self, name: bytes) -> tuple[Read, int] | None:
        """How an object of the city's own is read, and its row among the ports."""
        book = layout(len(self._city.ports[self.device]))
        place = book.places.get(name)
        return None if place is None else (book.reads[place], book.rows[place])
