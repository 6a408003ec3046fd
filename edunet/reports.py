"""What did people say of the sites that nobody watches?"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from edunet.books import Books

Reported = Literal["up", "degraded", "down"]

_WAIT_S: Final = 10.0


class Report(NamedTuple):
    """How a site was at a moment (milliseconds UTC), by whom it was said, and in which words."""

    site: str
    state: Reported
    time: int
    by: str
    note: str | None = None


class Reports:
    """The newest report of each site. Any thread may read and put."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._lock = threading.Lock()
        with books.read() as connection:
            rows = connection.execute(
                "SELECT site, state, time_ms, by, note FROM reports ORDER BY time_ms, number"
            )
            self._newest = {row[0]: Report(*row) for row in rows}

    @property
    def newest(self) -> Mapping[str, Report]:
        """By site; never changed, only replaced."""
        return self._newest

    def put(self, report: Report) -> None:
        """Keep a report; returns once it is on the disk. An older one changes nothing now.

        Raises:
            EdunetError, sqlite3.Error: the books could not take it.
        """

        def change(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO reports (site, state, time_ms, by, note) VALUES (?, ?, ?, ?, ?)",
                report,
            )

        with self._lock:
            self._books.submit(change).result(_WAIT_S)
            known = self._newest.get(report.site)
            if known is None or known.time <= report.time:
                self._newest = {**self._newest, report.site: report}
