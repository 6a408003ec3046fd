"""Which series has which number: permanent slots, dense per kind, never used twice."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from sys import intern
from typing import NamedTuple

from edunet.books import Books
from edunet.clock import Clock, SystemClock
from edunet.errors import ConfigError

Key = tuple[str, str]  # element id, interface name ("" where there is none)
Change = Callable[[sqlite3.Connection], None]

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


class Catalog:
    """Slots by key and keys by slot, both in memory; without books nothing is remembered.

    A new slot is on its way to the books when `slot` returns. Whoever makes a frame durable calls
    `settle` first: a durable frame whose slot is forgotten would later speak for another series.
    """

    def __init__(self, books: Books | None = None, clock: Clock | None = None) -> None:
        self._books = books
        self._clock = clock or SystemClock()
        self._slots: dict[tuple[str, str, str], int] = {}
        self._keys: dict[str, list[tuple[str, str, str] | None]] = {}  # those of `_slots`
        self._spans: dict[tuple[str, int], Span] = {}
        self._fresh: list[tuple[Change, Future[None]]] = []
        self._lock = threading.Lock()
        if books is not None:
            self._load(books)

    def slot(self, kind: str, element: str, interface: str = "", identity: str = "") -> int:
        """The number of a series now; a series never seen gets the next one of its kind.

        `identity` says where the element is: the ends of a link, the site of a device. When it is
        another than before, the series ends and a new one with a number of its own begins.
        """
        key = (kind, element, interface)
        number = self._slots.get(key)
        if number is not None and identity in ("", self._spans[kind, number].identity):
            return number
        with self._lock:
            number = self._slots.get(key)
            if number is not None:
                span = self._spans[kind, number]
                if identity in ("", span.identity):
                    return number
                if not span.identity:  # nobody had said yet where it is
                    self._spans[kind, number] = span._replace(identity=identity)
                    self._change(_NAME, (identity, kind, number))
                    return number
                self._close(kind, number)
            return self._open(key, identity)

    def retire(self, kind: str, element: str) -> None:
        """End every series of an element that is no longer there; their numbers stay theirs."""
        with self._lock:
            for key in [k for k in self._slots if k[0] == kind and k[1] == element]:
                self._close(kind, self._slots.pop(key))

    def spans(self, kind: str, element: str, interface: str = "") -> list[Span]:
        """Every slot the series ever had, oldest first."""
        keys = self._keys.get(kind, [])
        mine = (slot for slot, key in enumerate(keys) if key == (kind, element, interface))
        return [self._spans[kind, slot] for slot in mine]

    def _open(self, key: tuple[str, str, str], identity: str) -> int:
        kind, element, interface = key
        number, now = self.size(kind), self._clock.now()
        self._change(_INSERT, (kind, number, element, interface, now, identity))
        self._spans[kind, number] = Span(number, identity, now, None)
        self._keys.setdefault(kind, []).append(key)
        self._slots[key] = number
        return number

    def _close(self, kind: str, number: int) -> None:
        now = self._clock.now()
        self._spans[kind, number] = self._spans[kind, number]._replace(end=now)
        self._change(_CLOSE, (now, kind, number))

    def _change(self, sql: str, values: tuple[object, ...]) -> None:
        if self._books is not None:
            change = partial(_execute, sql=sql, values=values)
            self._fresh.append((change, self._books.submit(change)))

    def key(self, kind: str, slot: int) -> Key:
        """The element id and interface name of a slot.

        Raises:
            KeyError: no such slot was ever given.
        """
        keys = self._keys.get(kind, [])
        key = keys[slot] if 0 <= slot < len(keys) else None
        if key is None:
            raise KeyError(f"no {kind} series has slot {slot}")
        return key[1:]

    def size(self, kind: str) -> int:
        """How many slots of a kind were given: one more than the highest."""
        return len(self._keys.get(kind, ()))

    def settle(self, seconds: float = 30.0) -> None:
        """Wait until every slot given so far is on the disk.

        Raises:
            TimeoutError: the disk did not keep up.
            sqlite3.Error: the books refused a slot.
        """
        with self._lock:
            waiting, self._fresh = self._fresh, []
        while waiting:
            change, future = waiting[0]
            try:
                future.result(seconds)
            except Exception:
                # Tried again by the next settle: a disk that was full may have room by then.
                with self._lock:
                    if self._books is not None and future.done():
                        waiting[0] = (change, self._books.submit(change))
                    self._fresh[:0] = waiting
                raise
            waiting.pop(0)

    def _load(self, books: Books) -> None:
        with books.read() as connection:
            rows = connection.execute(
                "SELECT kind, slot, element, interface, identity, first_seen, valid_to"
                " FROM series ORDER BY kind, slot"
            ).fetchall()
        for kind, slot, element, interface, identity, start, end in rows:
            # Each row came with a copy of its own of the same few words.
            key = kind, element, interface = intern(kind), intern(element), intern(interface)
            keys = self._keys.setdefault(kind, [])
            if not len(keys) <= slot < len(rows) + 1_000_000:
                raise ConfigError(f"{books.path} gives {kind} series the slot {slot}: restore it")
            # A number that was given and never reached the disk stays empty for ever.
            keys.extend([None] * (slot - len(keys)))
            keys.append(key)
            self._spans[kind, slot] = Span(slot, identity, start, end)
            if end is None:
                self._slots[key] = slot


def _execute(connection: sqlite3.Connection, sql: str, values: tuple[object, ...]) -> None:
    connection.execute(sql, values)
