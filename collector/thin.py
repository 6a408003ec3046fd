"""Which devices hang on a thin line, and how much of it may asking them take?"""

from __future__ import annotations

from typing import Final, NamedTuple

from edunet.inventory.model import Link
from edunet.topology import Topology

_THIN_BPS: Final = 20e6  # what carries more does not feel a table of ports
_SHARE: Final = 0.05
_LEAST: Final = 2000.0  # octets per second, that a table is read within seconds all the same


class Line(NamedTuple):
    """A thin link by its id, and how many octets per second questions and answers may take."""

    link: str
    octets_s: float


def thin_lines(topology: Topology) -> dict[str, Line]:
    """The line of each device whose site has no way in of more than 20 Mbit/s.

    Of several thin ways in the widest counts. What is not told to be thin is not.
    """
    links, found = topology.inventory.links, dict[str, Line]()
    for device in topology.watched:
        rows = topology.uplinks_of[topology.site[device.site]]
        ways = [(_bps(links[row]), links[row].id) for row in rows]
        if ways and max(ways)[0] <= _THIN_BPS:
            bps, link = max(ways)
            found[device.id] = Line(link, max(_LEAST, bps / 8 * _SHARE))
    return found


def _bps(link: Link) -> float:
    return min((rate for rate in (link.capacity, link.committed) if rate), default=float("inf"))
