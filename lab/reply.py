"""What does the protocol answer to a question about these objects (RFC 3416; RFC 1157, 3584)?"""

from __future__ import annotations

from typing import Final

from lab import ber
from lab.view import View, Without

MAX_BYTES: Final = 1472  # what an Ethernet frame carries without fragments
_MAX_ALONE: Final = 65_000  # one value that is longer goes out in fragments, as datagrams may
_HEADER: Final = 48  # of a response, besides the community


def reply(asked: ber.Request, view: View) -> bytes:
    """The whole datagram.

    Raises:
        MalformedError: an OID asked for is none.
    """
    room = MAX_BYTES - _HEADER - len(asked.community)
    if asked.kind == ber.GETBULK:
        return ber.response(asked, _bulk(asked, view, room))
    old = asked.version == ber.V1
    if old:
        view = Without(view, _is_counter64)  # RFC 3584 4.2.2.1: it was not yet invented
    binds = []
    for index, name in enumerate(asked.names, 1):
        place = view.exact(name) if asked.kind == ber.GET else view.after(name)
        found = None if place is None else view.at(place)
        if found:
            binds.append(ber.element(ber.SEQUENCE, found[0] + found[1]))
        elif old:
            again = ber.asked_again(asked)
            return ber.response(asked, again, ber.NO_SUCH_NAME, index)
        elif asked.kind == ber.GET:
            binds.append(ber.bind(name, view.missing(name)))
        else:
            binds.append(ber.bind(name, ber.END_OF_MIB_VIEW))
    body = b"".join(binds)
    if len(body) > (room if len(binds) > 1 else _MAX_ALONE):
        return too_big(asked)
    return ber.response(asked, body)


def too_big(asked: ber.Request) -> bytes:
    """The refusal to answer so much at once; the second version sends no varbinds with it."""
    again = ber.asked_again(asked) if asked.version == ber.V1 else b""
    return ber.response(asked, again, ber.TOO_BIG)


def _is_counter64(_name: bytes, value: bytes) -> bool:
    return value[0] == ber.COUNTER64


def _bulk(asked: ber.Request, view: View, room: int) -> bytes:
    """RFC 3416 4.2.3: some names once, the others again and again, while there is room."""
    walk = _Walk(asked.names, view, room)
    singles = min(asked.non_repeaters, len(asked.names))
    walk.step(range(singles))
    repeated = range(singles, len(asked.names))
    for _ in range(asked.max_repetitions if repeated else 0):
        if not walk.step(repeated):
            break
    return bytes(walk.body)


class _Walk:
    """Columns walked side by side, until the answer is full."""

    def __init__(self, names: list[bytes], view: View, room: int) -> None:
        self._view, self._room = view, room
        self._places = [view.after(name) for name in names]
        self._lasts = [ber.element(ber.OID, name) for name in names]
        self._full = False
        self.body = bytearray()

    def step(self, columns: range) -> bool:
        """Add the next object of each column; whether any had one, and all found room."""
        more = False
        for column in columns:
            found = self._view.at(self._places[column])
            if found:
                more = True
                self._lasts[column] = found[0]
                self._places[column] = self._view.follow(self._places[column])
            # The last name of the view is repeated with "end", as the RFC wants it.
            name, value = found or (self._lasts[column], ber.END_OF_MIB_VIEW)
            bind = ber.element(ber.SEQUENCE, name + value)
            room = self._room if self.body else _MAX_ALONE
            if self._full or len(self.body) + len(bind) > room:
                self._full = True
                return False
            self.body += bind
        return more
