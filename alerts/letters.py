"""Which letters wait, for which channel, and which of them is next: the table `outbox`.

A letter is `new`, `sending`, `sent`, `dead` (given up) or `void` (never sent, no longer true).
Every function runs inside a transaction of the books.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

_IDLE_S = 60.0


class Letter(NamedTuple):
    """One message for one channel. Rows are ordered by alert and `seq`."""

    key: str
    notice_key: str
    body: Mapping[str, Any]
    attempts: int
    created_ms: int


class Draft(NamedTuple):
    """A letter not yet in the box; `body` is JSON."""

    notice_key: str
    channel: str
    action: str
    alert: str
    seq: int
    body: str


def insert(books: sqlite3.Connection, draft: Draft, now: int) -> None:
    """Put a letter in the box, once; a resolve whose open was never tried cancels both."""
    key = f"{draft.notice_key}@{draft.channel}"
    if books.execute("SELECT 1 FROM outbox WHERE key = ?", (key,)).fetchone():
        return
    place = (draft.channel, draft.alert, draft.seq)
    if draft.action == "resolve":
        sql = (
            "UPDATE outbox SET state = 'void' WHERE channel = ? AND alert = ? AND seq < ?"
            " AND state = 'new' AND attempts = 0"
        )
        void = books.execute(sql, place).rowcount > 0
    else:  # it was refused at first, and what came after it was not
        sql = "SELECT 1 FROM outbox WHERE channel = ? AND alert = ? AND seq > ?"
        void = books.execute(sql, place).fetchone() is not None
    books.execute(
        "INSERT INTO outbox (key, channel, alert, seq, body, state, due_ms, created_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (key, draft.channel, draft.alert, draft.seq, draft.body, "void" if void else "new",
         now, now),
    )  # fmt: skip


def take(books: sqlite3.Connection, channel: str, now: int) -> tuple[Letter | None, float]:
    """Claim the oldest due letter of which no earlier one of the same alert still waits.

    A channel has one sender: what is `sending` when it asks is an attempt nobody knows the end
    of (we were killed, or the disk refused the answer), and is made again.

    Returns:
        The letter, or None and how many seconds there is none.
    """
    books.execute(
        "UPDATE outbox SET state = 'new', due_ms = ?, attempts = max(attempts, 1)"
        " WHERE state = 'sending' AND channel = ?",
        (now, channel),
    )
    row = books.execute(
        "SELECT key, body, attempts, created_ms, due_ms FROM outbox AS o"
        " WHERE channel = ? AND state = 'new' AND NOT EXISTS (SELECT 1 FROM outbox AS e WHERE"
        " e.channel = o.channel AND e.alert = o.alert AND e.seq < o.seq AND e.state = 'new')"
        " ORDER BY due_ms, created_ms, rowid LIMIT 1",
        (channel,),
    ).fetchone()
    if row is None:
        return None, _IDLE_S
    key, body, attempts, created, due = row
    if due > now:
        return None, min(_IDLE_S, (due - now) / 1000)
    books.execute("UPDATE outbox SET state = 'sending', lease_ms = ? WHERE key = ?", (now, key))
    return Letter(key, key.rpartition("@")[0], orjson.loads(body), attempts, created), 0.0


def settle(books: sqlite3.Connection, key: str, state: str, due: int, error: str | None) -> None:
    """Record how an attempt went; `due` is when the next one is."""
    books.execute(
        "UPDATE outbox SET state = ?, due_ms = ?, last_error = ?, lease_ms = NULL,"
        " attempts = attempts + 1 WHERE key = ?",
        (state, due, error, key),
    )


def hasten(books: sqlite3.Connection, channel: str, now: int) -> None:
    """The channel is back: what waits for its next attempt need not wait any longer."""
    books.execute(
        "UPDATE outbox SET due_ms = ? WHERE channel = ? AND state = 'new' AND due_ms > ?",
        (now, channel, now),
    )


def pending(books: sqlite3.Connection) -> int:
    """How many letters are accepted and neither delivered nor given up."""
    sql = "SELECT count(*) FROM outbox WHERE state IN ('new', 'sending')"
    return int(books.execute(sql).fetchone()[0])
