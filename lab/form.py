"""Which devices are built alike, so that what one answers tells what the others will?"""

from __future__ import annotations

from typing import Final, NamedTuple

from lab.city import City
from lab.kinds import HONEST

_PLAIN: Final = frozenset({HONEST, "32bit"})  # kinds that tell no lie, and at once


class Make(NamedTuple):
    """What makes devices alike. `ports`: name, speed in bit/s and whether a link is plugged in."""

    community: str
    kind: str
    role: str
    ports: tuple[tuple[str, int, bool], ...]


class Form:
    """Devices that differ in numbers alone, as long as nothing of their `Own` is asked."""

    def __init__(self, make: Make) -> None:
        """`ranks`: of each port that holds a link, by its row: the how manieth it is."""
        linked = [row for row, (_, _, link) in enumerate(make.ports) if link]
        self.ranks = {row: rank for rank, row in enumerate(linked)}
        self.known: dict[bytes, int] = {}  # questions, by their bytes without the request-id
        self.holes: dict[int, int] = {}  # where the request-id of a question of this size stands


class Forms:
    """Every form there is."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._known: dict[Make, Form] = {}

    def of(self, device: str, community: str) -> Form | None:
        """The form of a device as it is now; None when it answers in a way of its own."""
        city = self._city
        part = city.cast.part(device)
        if part.recording or part.kind not in _PLAIN:
            return None
        ports = tuple((port.name, port.speed, bool(port.link)) for port in city.ports[device])
        make = Make(community, part.kind, city.devices[device].role or "", ports)
        form = self._known.get(make)
        if form is None:
            form = self._known[make] = Form(make)
        return form
