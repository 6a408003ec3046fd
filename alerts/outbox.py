"""Notices accepted and not yet delivered: one sender a channel, over the table of letters."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, Final

import httpx
import orjson

from alerts import letters
from alerts.alert import Alert, Notice, record, restore
from alerts.channels import Channel
from alerts.letters import Draft, Letter
from edunet.books import Books
from edunet.clock import Clock
from edunet.errors import DeliveryError, EdunetError

_TIMEOUT_S: Final = 10.0
_BACK_OFF_S: Final = (1, 2, 5, 10, 30, 60, 120, 300)
_GIVE_UP_MS: Final = 24 * 3600 * 1000
_WRITE_S: Final = 30.0
_AGAIN_S: Final = 2.0  # after the books refused

log = logging.getLogger(__name__)

Write = Callable[[sqlite3.Connection], None]


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
        self._refused: deque[Write] = deque()
        self._order = threading.Lock()
        self._stop = threading.Event()
        self._wake = {name: threading.Event() for name in channels}
        self._threads = [
            threading.Thread(target=self._run, args=(name,), name=f"channel-{name}", daemon=True)
            for name in channels
        ]

    def firing(self) -> list[Alert]:
        """The alerts that were firing when the books were last written."""
        return self._recorded("state = 'firing' ORDER BY fired")

    def closed(self, most: int = 200) -> list[Alert]:
        """The alerts resolved last, newest first."""
        return self._recorded(f"state = 'resolved' ORDER BY resolved DESC LIMIT {most:d}")

    def accept(self, alerts: Iterable[Alert], notices: Iterable[Notice]) -> Future[None]:
        """Record alerts and what is to be told of them, in one transaction; raises nothing.

        What the books refuse (a full disk) is kept in order and offered again until they take it;
        the future of such an attempt holds the reason.
        """
        changed = [
            (a.id, orjson.dumps(record(a)).decode(), a.state, a.fired, a.resolved) for a in alerts
        ]
        now = self._clock.now()
        drafts = [
            Draft(notice.key, name, notice.action, notice.alert.id, notice.alert.seq,
                  orjson.dumps(self._body(notice)).decode())
            for notice in notices
            for name in self._route(notice.alert)
            if name in self._channels
        ]  # fmt: skip

        def write(books: sqlite3.Connection) -> None:
            books.executemany("INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?)", changed)
            for draft in drafts:
                letters.insert(books, draft, now)

        with self._order:
            if self._refused:  # an open must not come after its resolve
                self._refused.append(write)
                return _failed(EdunetError("the books refused what came before"))
            return self._submit(write)

    def pending(self) -> int:
        """How many letters are accepted and neither delivered nor given up."""
        with self._books.read() as books:
            return letters.pending(books)

    def start(self) -> None:
        """Begin to send; what an earlier process was sending when it died is sent again."""
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        """End the senders; one that waits for a receiver that hangs is left behind."""
        self._stop.set()
        self._wake_all()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            if thread.is_alive():  # it may never have been started
                thread.join(max(0.0, deadline - time.monotonic()))

    def _recorded(self, which: str) -> list[Alert]:
        with self._books.read() as books:
            rows = books.execute(f"SELECT id, body FROM alerts WHERE {which}").fetchall()  # noqa: S608 - our own words
        found: list[Alert] = []
        for key, body in rows:
            try:
                found.append(restore(orjson.loads(body)))
            except (KeyError, TypeError, ValueError):
                log.warning("alert %s in the books is of another version; it is left out", key)
        return found

    def _submit(self, write: Write) -> Future[None]:
        try:
            future = self._books.submit(write)
        except EdunetError as error:
            future = _failed(error)
        future.add_done_callback(lambda done: self._written(write, done))
        return future

    def _written(self, write: Write, done: Future[None]) -> None:
        error = done.exception()
        if error is None:
            self._wake_all()
            return
        if not self._refused:
            log.error("the books refuse an alert: %s; it is kept and offered again", error)
        self._refused.append(write)
        again = threading.Timer(_AGAIN_S, self._again)
        again.daemon = True
        again.start()

    def _again(self) -> None:
        """Offer what was refused once more, in order."""
        with self._order:
            waiting = [self._refused.popleft() for _ in range(len(self._refused))]

            def write(books: sqlite3.Connection) -> None:
                for each in waiting:
                    each(books)

            if waiting and not self._stop.is_set():
                self._submit(write)

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
                except Exception as error:  # noqa: BLE001 - whatever it is, the next letter is due
                    if not self._stop.is_set():
                        log.warning("outbox of %s: %s", name, error or type(error).__name__)
                        self._stop.wait(1.0)

    def _claim(self, name: str) -> tuple[Letter | None, float]:
        """The next letter that is due, or how long there is none (seconds)."""
        now = self._clock.now()
        return self._books.submit(lambda books: letters.take(books, name, now)).result(_WRITE_S)

    def _deliver(self, name: str, letter: Letter, http: httpx.Client, lost: bool) -> bool:
        """Send one letter and record how it went; returns whether the channel is lost now."""
        try:
            self._channels[name].send(
                {"version": 1, "notices": [letter.body]}, letter.notice_key, http
            )
        except DeliveryError as error:
            now, why = self._clock.now(), str(error)
            if not lost:
                log.warning("channel %s: %s; the notice is kept and tried again", name, why)
            dead = error.permanent or now - letter.created_ms > _GIVE_UP_MS
            pause = error.retry_after or self._pause(letter.attempts)
            state, due = ("dead", now) if dead else ("new", now + round(pause * 1000))
            if dead:
                log.warning("channel %s: given up on notice %s: %s", name, letter.notice_key, why)
            self._settle(lambda books: letters.settle(books, letter.key, state, due, why))
            return True
        now = self._clock.now()
        self._settle(lambda books: letters.settle(books, letter.key, "sent", now, None))
        if lost:
            log.info("channel %s takes notices again", name)
            self._settle(lambda books: letters.hasten(books, name, now))
        return False

    def _pause(self, attempts: int) -> float:
        step = _BACK_OFF_S[min(attempts, len(_BACK_OFF_S) - 1)]
        return step * (0.75 + 0.5 * self._jitter())

    def _settle(self, write: Write) -> None:
        self._books.submit(write).result(_WRITE_S)


def _failed(error: Exception) -> Future[None]:
    future: Future[None] = Future()
    future.set_exception(error)
    return future
