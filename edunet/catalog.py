"""Which series has which number: permanent slots, dense per kind, never used twice."""

from __future__ import annotations

import sqlite3
import threading
from array import array
from collections import deque
from concurrent.futures import Future
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from sys import intern
from typing import NamedTuple

from edunet.books import Books
from edunet.clock import Clock, SystemClock
from edunet.errors import ConfigError

Key = tuple[str, str]  # element id, interface name ("" where there is none)

_INSERT = (
    "INSERT INTO series (kind, slot, element, interface, first_seen, identity)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_CLOSE = "UPDATE series SET valid_to = ? WHERE kind = ? AND slot = ?"
_NAME = "UPDATE series SET identity = ? WHERE kind = ? AND slot = ?"


class Span(NamedTuple):
    """How long a slot stood for an element, and where that was; times in milliseconds UTC."""

    slot: int
    identity: str
    start: int
    end: int | None


class _Batch:
    """Changes that reach the disk together: more join them until the books' writer begins.

    A call of its own for each of a million slots would cost more than to list their devices.
    """

    def __init__(self) -> None:
        self._changes: list[tuple[str, tuple[object, ...]]] = []
        self._lock = threading.Lock()
        self._begun = False

    def join(self, sql: str, values: tuple[object, ...]) -> bool:
        """Whether there was still time."""
        with self._lock:
            if not self._begun:
                self._changes.append((sql, values))
            return not self._begun

    def __call__(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            self._begun = True
        for sql, changes in groupby(self._changes, itemgetter(0)):
            connection.executemany(sql, (values for _, values in changes))


class _Series:
    """All series of one kind.

    A province has a million, so what is known of each lies in long rows of numbers and texts: an
    object a series would be memory, and work for the garbage collector. Its interfaces have few
    names: slots are found by interface first, so no key is kept for each.
    """

    def __init__(self) -> None:
        # By interface, then by element: those that have not ended.
        self.slots: dict[str, dict[str, int]] = {}
        self.elements: list[str | None] = []  # None: that number was lost
        self.interfaces: list[str] = []
        self.identities: list[str] = []
        self.starts = array("q")
        self.ends: dict[int, int] = {}

    def slot(self, element: str, interface: str) -> int | None:
        slots = self.slots.get(interface)
        return None if slots is None else slots.get(element)

    def open(self, element: str, interface: str, identity: str, start: int) -> int:
        slot = self.append(element, interface, identity, start)
        self.slots.setdefault(interface, {})[element] = slot
        return slot

    def append(self, element: str | None, interface: str, identity: str, start: int) -> int:
        self.interfaces.append(interface)
        self.identities.append(identity)
        self.starts.append(start)
        self.elements.append(element)  # last: others may look meanwhile
        return len(self.elements) - 1

    def span(self, slot: int) -> Span:
        return Span(slot, self.identities[slot], self.starts[slot], self.ends.get(slot))


class Catalog:
    """Slots by key and keys by slot, both in memory; without books nothing is remembered.

    A new slot is on its way to the books when `slot` returns. Whoever makes a frame durable calls
    `settle` first: a durable frame whose slot is forgotten would later speak for another series.
    """

    def __init__(self, books: Books | None = None, clock: Clock | None = None) -> None:
        self._books = books
        self._clock = clock or SystemClock()
        self._kinds: dict[str, _Series] = {}
        self._fresh: list[tuple[_Batch, Future[None]]] = []
        self._batch: _Batch | None = None  # the last of them
        self._lock = threading.Lock()
        if books is not None:
            self._load(books)

    def slot(self, kind: str, element: str, interface: str = "", identity: str = "") -> int:
        """The number of a series now; a series never seen gets the next one of its kind.

        `identity` says where the element is: the ends of a link, the site of a device. When it is
        another than before, the series ends and a new one with a number of its own begins.
        """
        # Two threads may be the first to name a kind; only one shall make it.
        series = self._kinds.get(kind) or self._kinds.setdefault(kind, _Series())
        number = series.slot(element, interface)
        if number is not None and identity in ("", series.identities[number]):
            return number
        with self._lock:
            number = series.slot(element, interface)
            if number is not None:
                known = series.identities[number]
                if identity in ("", known):
                    return number
                if not known:  # nobody had said yet where it is
                    series.identities[number] = identity
                    self._change(_NAME, (identity, kind, number))
                    return number
                self._close(kind, number)
            number, now = len(series.elements), self._clock.now()
            self._change(_INSERT, (kind, number, element, interface, now, identity))
            # A province has the same few names of interfaces a hundred thousand times.
            return series.open(element, intern(interface), identity, now)

    def retire(self, kind: str, element: str) -> None:
        """End every series of an element that is no longer there; their numbers stay theirs."""
        with self._lock:
            for slots in self._of(kind).slots.values():
                if (number := slots.pop(element, None)) is not None:
                    self._close(kind, number)

    def spans(self, kind: str, element: str, interface: str = "") -> list[Span]:
        """Every slot the series ever had, oldest first."""
        series = self._of(kind)
        keys = zip(series.elements, series.interfaces, strict=False)
        mine = (slot for slot, key in enumerate(keys) if key == (element, interface))
        return [series.span(slot) for slot in mine]

    def _of(self, kind: str) -> _Series:
        return self._kinds.get(kind) or _Series()

    def _close(self, kind: str, number: int) -> None:
        now = self._kinds[kind].ends[number] = self._clock.now()
        self._change(_CLOSE, (now, kind, number))

    def _change(self, sql: str, values: tuple[object, ...]) -> None:
        if self._books is None or (self._batch and self._batch.join(sql, values)):
            return
        batch = _Batch()
        batch.join(sql, values)
        self._fresh.append((batch, self._books.submit(batch)))
        self._batch = batch

    def key(self, kind: str, slot: int) -> Key:
        """The element id and interface name of a slot.

        Raises:
            KeyError: no such slot was ever given.
        """
        series = self._of(kind)
        element = series.elements[slot] if 0 <= slot < len(series.elements) else None
        if element is None:
            raise KeyError(f"no {kind} series has slot {slot}")
        return element, series.interfaces[slot]

    def size(self, kind: str) -> int:
        """How many slots of a kind were given: one more than the highest."""
        return len(self._of(kind).elements)

    def settle(self, seconds: float = 30.0) -> None:
        """Wait until every slot given so far is on the disk.

        Raises:
            TimeoutError: the disk did not keep up.
            sqlite3.Error: the books refused a slot.
        """
        with self._lock:
            waiting, self._fresh = deque(self._fresh), []
        while waiting:
            batch, future = waiting[0]
            try:
                future.result(seconds)
            except Exception:  # whatever it was is raised below, the slots are kept first
                # Tried again by the next settle: a disk that was full may have room by then.
                with self._lock:
                    if self._books is not None and future.done():
                        waiting[0] = (batch, self._books.submit(batch))
                    self._fresh[:0] = waiting
                raise
            waiting.popleft()

    def _load(self, books: Books) -> None:
        with books.read() as connection:
            self._fill(connection, books.path)

    def _fill(self, connection: sqlite3.Connection, path: Path) -> None:
        ((many,),) = connection.execute("SELECT count(*) FROM series")
        # One by one: a list of all rows is several times as large as what is kept of them.
        rows = connection.execute(
            "SELECT kind, slot, element, interface, identity, first_seen, valid_to"
            " FROM series ORDER BY kind, slot"
        )
        for kind, slot, element, interface, identity, start, end in rows:
            series = self._kinds.setdefault(kind, _Series())
            if not len(series.elements) <= slot < many + 1_000_000:
                raise ConfigError(f"{path} gives {kind} series the slot {slot}: restore it")
            # A number that was given and never reached the disk stays empty for ever.
            while len(series.elements) < slot:
                series.append(None, "", "", 0)
            # Each row came with a copy of its own of the same few words.
            words = intern(element), intern(interface), intern(identity)
            if end is None:
                series.open(*words, start)
            else:
                series.append(*words, start)
                series.ends[slot] = end
