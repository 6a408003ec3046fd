"""Notices accepted and not yet delivered: a table, and one sender a channel."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, Final, NamedTuple

import httpx
import orjson

from alerts.alert import Alert, Notice, record, restore
from alerts.channels import Channel
from edunet.books import Books
from edunet.clock import Clock
from edunet.errors import DeliveryError, EdunetError

_TIMEOUT_S: Final = 10.0
_BACK_OFF_S: Final = (1, 2, 5, 10, 30, 60, 120, 300)
_GIVE_UP_MS: Final = 24 * 3600 * 1000
_IDLE_S: Final = 60.0
_WRITE_S: Final = 30.0

log = logging.getLogger(__name__)


class Letter(NamedTuple):
    """One message for one channel. Rows are ordered by alert and `seq`."""

    key: str
    notice_key: str
    body: Mapping[str, Any]
    attempts: int
    created_ms: int


class Outbox:
    """What was accepted survives `kill -9` and is delivered at least once, in order per alert.

    The same letter always carries the same key, so that a receiver can drop what it has.
    """

    def __init__(
        self,
        books: Books,
        channels: Mapping[str, Channel],
        route: Callable[[Alert], Iterable[str]],
        body: Callable[[Notice], Mapping[str, Any]],
        clock: Clock,
        jitter: Callable[[], float],
    ) -> None:
        """`route` names the channels of an alert, `jitter` answers 0..1."""
        self._books, self._channels, self._route = books, channels, route
        self._body, self._clock, self._jitter = body, clock, jitter
        self._stop = threading.Event()
        self._wake = {name: threading.Event() for name in channels}
        self._threads = [
            threading.Thread(target=self._run, args=(name,), name=f"channel-{name}", daemon=True)
            for name in channels
        ]

    def firing(self) -> list[Alert]:
        """The alerts that were firing when the books were last written."""
        with self._books.read() as books:
            rows = books.execute("SELECT body FROM alerts WHERE state = 'firing'").fetchall()
        return [restore(orjson.loads(body)) for (body,) in rows]

    def accept(self, alerts: Iterable[Alert], notices: Iterable[Notice]) -> Future[None]:
        """Record alerts and what is to be told of them, in one transaction."""
        changed = [
            (a.id, orjson.dumps(record(a)).decode(), a.state, a.fired, a.resolved) for a in alerts
        ]
        now = self._clock.now()
        letters = [
            (f"{notice.key}@{name}", name, notice, orjson.dumps(self._body(notice)).decode())
            for notice in notices
            for name in self._route(notice.alert)
            if name in self._channels
        ]

        def write(books: sqlite3.Connection) -> None:
            books.executemany("INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?)", changed)
            for key, name, notice, body in letters:
                _insert(books, key, name, notice, body, now)

        future = self._books.submit(write)
        future.add_done_callback(lambda _: self._wake_all())
        return future

    def pending(self) -> int:
        """How many letters are accepted and neither delivered nor given up."""
        with self._books.read() as books:
            sql = "SELECT count(*) FROM outbox WHERE state IN ('new', 'sending')"
            return int(books.execute(sql).fetchone()[0])

    def start(self) -> None:
        """Begin to send; what an earlier process was sending when it died is sent again."""
        now = self._clock.now()
        self._books.submit(lambda books: _recover(books, now)).result(_WRITE_S)
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        self._stop.set()
        self._wake_all()
        for thread in self._threads:
            thread.join(seconds)

    def _wake_all(self) -> None:
        for event in self._wake.values():
            event.set()

    def _run(self, name: str) -> None:
        lost = False
        with httpx.Client(timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False) as http:
            while not self._stop.is_set():
                self._wake[name].clear()
                try:
                    letter, wait_s = self._claim(name)
                    if letter is None:
                        self._wake[name].wait(wait_s)
                        continue
                    lost = self._deliver(name, letter, http, lost)
                except (EdunetError, sqlite3.Error, TimeoutError) as error:
                    log.warning("outbox of %s: %s", name, error)
                    self._stop.wait(1.0)

    def _claim(self, name: str) -> tuple[Letter | None, float]:
        """The next letter that is due, or how long there is none (seconds)."""
        now = self._clock.now()
        return self._books.submit(lambda books: _take(books, name, now)).result(_WRITE_S)

    def _deliver(self, name: str, letter: Letter, http: httpx.Client, lost: bool) -> bool:
        """Send one letter and record how it went; returns whether the channel is lost now."""
        now = self._clock.now()
        try:
            self._channels[name].send(
                {"version": 1, "notices": [letter.body]}, letter.notice_key, http
            )
        except DeliveryError as error:
            if not lost:
                log.warning("channel %s: %s; the notice is kept and tried again", name, error)
            dead = error.permanent or now - letter.created_ms > _GIVE_UP_MS
            pause = error.retry_after or self._pause(letter.attempts)
            state, due = ("dead", now) if dead else ("new", now + round(pause * 1000))
            if dead:
                log.warning("channel %s: given up on notice %s: %s", name, letter.notice_key, error)
            self._settle(letter.key, state, due, str(error))
            return True
        if lost:
            log.info("channel %s takes notices again", name)
        self._settle(letter.key, "sent", now, None)
        return False

    def _pause(self, attempts: int) -> float:
        step = _BACK_OFF_S[min(attempts, len(_BACK_OFF_S) - 1)]
        return step * (0.75 + 0.5 * self._jitter())

    def _settle(self, key: str, state: str, due: int, error: str | None) -> None:
        sql = (
            "UPDATE outbox SET state = ?, due_ms = ?, last_error = ?, lease_ms = NULL,"
            " attempts = attempts + 1 WHERE key = ?"
        )
        self._books.submit(lambda b: b.execute(sql, (state, due, error, key)) and None).result(
            _WRITE_S
        )


def _insert(
    books: sqlite3.Connection, key: str, channel: str, notice: Notice, body: str, now: int
) -> None:
    """Put a letter in the box; a resolve whose open was never tried cancels both."""
    unsent = books.execute(
        "UPDATE outbox SET state = 'void' WHERE channel = ? AND alert = ? AND state = 'new'"
        " AND attempts = 0 AND ? = 'resolve'",
        (channel, notice.alert.id, notice.action),
    ).rowcount
    state = "void" if unsent else "new"
    books.execute(
        "INSERT OR IGNORE INTO outbox (key, channel, alert, seq, body, state, due_ms, created_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (key, channel, notice.alert.id, notice.alert.seq, body, state, now, now),
    )


def _take(books: sqlite3.Connection, channel: str, now: int) -> tuple[Letter | None, float]:
    """Claim the oldest due letter with no earlier one of the same alert still waiting."""
    row = books.execute(
        "SELECT key, body, attempts, created_ms, due_ms FROM outbox AS o"
        " WHERE channel = ? AND state = 'new' AND NOT EXISTS (SELECT 1 FROM outbox AS e WHERE"
        " e.channel = o.channel AND e.alert = o.alert AND e.seq < o.seq"
        " AND e.state IN ('new', 'sending')) ORDER BY due_ms, created_ms LIMIT 1",
        (channel,),
    ).fetchone()
    if row is None:
        return None, _IDLE_S
    key, body, attempts, created, due = row
    if due > now:
        return None, min(_IDLE_S, (due - now) / 1000)
    books.execute("UPDATE outbox SET state = 'sending', lease_ms = ? WHERE key = ?", (now, key))
    return Letter(key, key.rpartition("@")[0], orjson.loads(body), attempts, created), 0.0


def _recover(books: sqlite3.Connection, now: int) -> None:
    books.execute(
        "UPDATE outbox SET state = 'new', due_ms = ?, attempts = max(attempts, 1)"
        " WHERE state = 'sending'",
        (now,),
    )
