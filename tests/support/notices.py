"""Alerts and notices made by hand, and an outbox over real books to put them into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from alerts.alert import Alert, Notice, Subject, message
from alerts.channels import Channel
from alerts.outbox import Outbox
from edunet.books import Books
from edunet.clock import Clock, ManualClock

T0: Final = 1_790_000_000_000


def alert(name: str = "core-c3", **fields: Any) -> Alert:
    """A firing alert against the link of that name."""
    made = Alert(
        id=f"al-{name}",
        rule="link_down",
        subject=Subject("link", name, "机房 — 云溪县"),
        county="c3",
        severity="major",
        state="firing",
        since=T0,
        fired=T0 + 2000,
        resolved=None,
        cause="unknown",
        summary={"zh-CN": "中断", "en": "down"},
        sites=("c3-s01", "c3-s02"),
        schools=2,
        classes=30,
        students=1200,
        seq=1,
    )
    return made._replace(**fields)


def notice(of: Alert, action: Literal["open", "resolve"] = "open") -> Notice:
    """The message that opens it, or the one that ends it."""
    if action == "resolve":
        of = of._replace(state="resolved", resolved=T0 + 60_000, seq=2)
    return Notice(f"{of.id}/{action}/{of.seq}", T0 + 2000, action, of)


def body(told: Notice) -> Mapping[str, Any]:
    return message(told, ZoneInfo("Asia/Shanghai"), "zh-CN", "http://127.0.0.1/")


def outbox(
    books: Books,
    channels: Mapping[str, Channel],
    clock: Clock | None = None,
    jitter: float = 0.5,
) -> Outbox:
    """An outbox that tells every channel everything."""
    return Outbox(
        books, channels, lambda _: list(channels), body, clock or ManualClock(T0), lambda: jitter
    )


def rows(books: Books) -> list[tuple[str, str, int, int]]:
    """Every letter: key, state, attempts, due in milliseconds."""
    with books.read() as reading:
        return reading.execute(
            "SELECT key, state, attempts, due_ms FROM outbox ORDER BY rowid"
        ).fetchall()
