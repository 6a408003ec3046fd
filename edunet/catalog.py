"""Which series has which number: permanent slots, dense per kind, never used twice."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import Future

from edunet.books import Books
from edunet.clock import Clock, SystemClock
from edunet.errors import ConfigError

Key = tuple[str, str]  # element id, interface name ("" where there is none)
Row = tuple[str, int, str, str, int]  # kind, slot, element, interface, first seen in ms


class Catalog:
    """Slots by key and keys by slot, both in memory; without books nothing is remembered.

    A new slot is on its way to the books when `slot` returns. Whoever makes a frame durable calls
    `settle` first: a durable frame whose slot is forgotten would later speak for another series.
    """

    def __init__(self, books: Books | None = None, clock: Clock | None = None) -> None:
        self._books = books
        self._clock = clock or SystemClock()
        self._slots: dict[tuple[str, str, str], int] = {}
        self._keys: dict[str, list[Key | None]] = {}
        self._fresh: list[tuple[Row, Future[None]]] = []
        self._lock = threading.Lock()
        if books is not None:
            self._load(books)

    def slot(self, kind: str, element: str, interface: str = "") -> int:
        """The number of a series; a series never seen gets the next one of its kind."""
        number = self._slots.get((kind, element, interface))
        if number is not None:
            return number
        with self._lock:
            if (kind, element, interface) in self._slots:
                return self._slots[kind, element, interface]
            number = self.size(kind)
            if self._books is not None:
                row = (kind, number, element, interface, self._clock.now())
                self._fresh.append((row, self._submit(self._books, row)))
            self._keys.setdefault(kind, []).append((element, interface))
            self._slots[kind, element, interface] = number
            return number

    def key(self, kind: str, slot: int) -> Key:
        """The element id and interface name of a slot.

        Raises:
            KeyError: no such slot was ever given.
        """
        keys = self._keys.get(kind, [])
        key = keys[slot] if 0 <= slot < len(keys) else None
        if key is None:
            raise KeyError(f"no {kind} series has slot {slot}")
        return key

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
            row, future = waiting[0]
            try:
                future.result(seconds)
            except Exception:
                # Tried again by the next settle: a disk that was full may have room by then.
                with self._lock:
                    if self._books is not None and future.done():
                        waiting[0] = (row, self._submit(self._books, row))
                    self._fresh[:0] = waiting
                raise
            waiting.pop(0)

    def _load(self, books: Books) -> None:
        with books.read() as connection:
            rows = connection.execute(
                "SELECT kind, slot, element, interface FROM series ORDER BY kind, slot"
            ).fetchall()
        for kind, slot, element, interface in rows:
            keys = self._keys.setdefault(kind, [])
            if not len(keys) <= slot < len(rows) + 1_000_000:
                raise ConfigError(f"{books.path} gives {kind} series the slot {slot}: restore it")
            # A number that was given and never reached the disk stays empty for ever.
            keys.extend([None] * (slot - len(keys)))
            keys.append((element, interface))
            self._slots[kind, element, interface] = slot

    @staticmethod
    def _submit(books: Books, row: Row) -> Future[None]:
        return books.submit(lambda connection: _insert(connection, row))


def _insert(connection: sqlite3.Connection, row: Row) -> None:
    connection.execute(
        "INSERT INTO series (kind, slot, element, interface, first_seen) VALUES (?, ?, ?, ?, ?)",
        row,
    )
