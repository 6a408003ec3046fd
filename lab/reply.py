"""What does the protocol answer to a question about these objects (RFC 3416; RFC 1157, 3584)?"""

from __future__ import annotations

from typing import Final

from lab import ber
from lab.view import View, Without

MAX_BYTES: Final = 1472  # what an Ethernet frame carries without fragments
_MAX_ALONE: Final = 65_000  # one value that is longer goes out in fragments, as datagrams may
_HEADER: Final = 48  # of a response, besides the community
_LACKING: Final = {ber.NO_SUCH_OBJECT, ber.NO_SUCH_INSTANCE, ber.END_OF_MIB_VIEW}


def reply(asked: ber.Request, view: View) -> bytes:
    """The whole datagram.

    Raises:
        MalformedError: an OID asked for is none.
    """
    space = room(asked)
    if asked.version == ber.V1:
        view = Without(view, _is_counter64)  # RFC 3584 4.2.2.1: it was not yet invented
    found = pairs(asked, view, space)
    if asked.version == ber.V1:
        for index, (_, value) in enumerate(found, 1):
            if value in _LACKING:
                return ber.response(asked, ber.asked_again(asked), ber.NO_SUCH_NAME, index)
    body = b"".join(ber.element(ber.SEQUENCE, name + value) for name, value in found)
    if asked.kind != ber.GETBULK and len(body) > (space if len(found) > 1 else _MAX_ALONE):
        return too_big(asked)
    return ber.response(asked, body)


def room(asked: ber.Request) -> int:
    """Bytes that all varbinds of an answer may take together, unless it has but one."""
    return MAX_BYTES - _HEADER - len(asked.community)


def pairs(asked: ber.Request, view: View, room: int) -> list[tuple[bytes, bytes]]:
    """Names and values of the answer, as whole elements; of a getbulk as many as find room.

    Raises:
        MalformedError: an OID asked for is none.
    """
    if asked.kind == ber.GETBULK:
        return _bulk(asked, view, room)
    return [_pair(asked.kind, name, view) for name in asked.names]


def _pair(kind: int, name: bytes, view: View) -> tuple[bytes, bytes]:
    place = view.exact(name) if kind == ber.GET else view.after(name)
    found = None if place is None else view.at(place)
    if found:
        return found
    lacking = view.missing(name) if kind == ber.GET else ber.END_OF_MIB_VIEW
    return ber.element(ber.OID, name), lacking


def too_big(asked: ber.Request) -> bytes:
    """The refusal to answer so much at once; the second version sends no varbinds with it."""
    again = ber.asked_again(asked) if asked.version == ber.V1 else b""
    return ber.response(asked, again, ber.TOO_BIG)


def _is_counter64(_name: bytes, value: bytes) -> bool:
    return value[0] == ber.COUNTER64


def _bulk(asked: ber.Request, view: View, room: int) -> list[tuple[bytes, bytes]]:
    """RFC 3416 4.2.3: some names once, the others again and again, while there is room."""
    walk = _Walk(asked.names, view, room)
    singles = min(asked.non_repeaters, len(asked.names))
    walk.step(range(singles))
    repeated = range(singles, len(asked.names))
    for _ in range(asked.max_repetitions if repeated else 0):
        if not walk.step(repeated):
            break
    return walk.pairs


class _Walk:
    """Columns walked side by side, until the answer is full."""

    def __init__(self, names: list[bytes], view: View, room: int) -> None:
        self._view, self._room = view, room
        self._places = [view.after(name) for name in names]
        self._lasts = [ber.element(ber.OID, name) for name in names]
        self._full = False
        self._size = 0
        self.pairs: list[tuple[bytes, bytes]] = []

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
            size = len(ber.element(ber.SEQUENCE, name + value))
            room = self._room if self.pairs else _MAX_ALONE
            if self._full or self._size + size > room:
                self._full = True
                return False
            self._size += size
            self.pairs.append((name, value))
        return more
