"""Which objects does an agent show, in what order, and what may be laid over the truth?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lab import ber


class View(Protocol):
    """The objects of one device at one moment. A place is a number; OIDs rise with it."""

    def exact(self, name: bytes) -> int | None:
        """The place of this OID, or None where it is not there."""

    def after(self, name: bytes) -> int:
        """The place of the first object behind this OID; may lie behind the last.

        Raises:
            MalformedError: the OID is none.
        """

    def follow(self, place: int) -> int:
        """The place that a walk comes to next."""

    def at(self, place: int) -> tuple[bytes, bytes] | None:
        """OID and value as whole elements; None behind the last object."""

    def missing(self, name: bytes) -> bytes:
        """What to say of an OID that is not here: no such instance, or no such object at all."""


class Without:
    """A view that lacks some of its objects."""

    def __init__(self, view: View, hides: Callable[[bytes, bytes], bool]) -> None:
        """`hides` is asked with OID and value, as `at` gives them."""
        self._view, self._hides = view, hides

    def exact(self, name: bytes) -> int | None:
        place = self._view.exact(name)
        return None if place is None or self._hidden(place) else place

    def after(self, name: bytes) -> int:
        return self._seen(self._view.after(name))

    def follow(self, place: int) -> int:
        return self._seen(self._view.follow(place))

    def at(self, place: int) -> tuple[bytes, bytes] | None:
        return self._view.at(place)

    def missing(self, name: bytes) -> bytes:
        hidden = self._view.exact(name) is not None
        return ber.NO_SUCH_OBJECT if hidden else self._view.missing(name)

    def _seen(self, place: int) -> int:
        while self._hidden(place):
            place = self._view.follow(place)
        return place

    def _hidden(self, place: int) -> bool:
        found = self._view.at(place)
        return found is not None and self._hides(*found)


class Changed:
    """A view whose values are not what they were."""

    def __init__(self, view: View, change: Callable[[bytes, bytes], bytes]) -> None:
        """`change` makes the new value of OID and old one, all of them whole elements."""
        self._view, self._change = view, change
        self.exact, self.after, self.follow = view.exact, view.after, view.follow
        self.missing = view.missing

    def at(self, place: int) -> tuple[bytes, bytes] | None:
        found = self._view.at(place)
        return None if found is None else (found[0], self._change(*found))


class Circling:
    """A view in which behind the last row of a column comes its first one again."""

    def __init__(self, view: View) -> None:
        self._view = view
        self.exact, self.at, self.missing = view.exact, view.at, view.missing

    def after(self, name: bytes) -> int:
        place = self._view.exact(name)
        return self._view.after(name) if place is None else self.follow(place)

    def follow(self, place: int) -> int:
        following = self._view.follow(place)
        column = self._column(place)
        if column is None or column == self._column(following):
            return following
        return self._view.after(ber.name(column))

    def _column(self, place: int) -> tuple[int, ...] | None:
        found = self._view.at(place)
        return None if found is None else ber.subids(contents(found[0]))[:-1]


def contents(element: bytes) -> bytes:
    """What an element holds, without tag and length."""
    return element[2 + (element[1] & 0x7F if element[1] & 0x80 else 0) :]
