"""What people reported survives a restart, and the newest moment counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from edunet.books import Books
from edunet.errors import EdunetError
from edunet.reports import Report, Reports


def test_the_newest_of_each_site_is_there_after_a_restart(tmp_path: Path) -> None:
    told = [
        Report("a", "up", 10, "local"),
        Report("a", "down", 30, "local", "no power"),
        Report("b", "degraded", 5, "local"),
        Report("a", "up", 20, "local", "told late"),
        Report("b", "up", 5, "local", "the same moment, said later"),
    ]
    with Books.open(tmp_path / "books.db") as books:
        reports = Reports(books)
        assert {} == reports.newest
        before = reports.newest
        for report in told:
            reports.put(report)
        assert {} == before, "who looked keeps what was seen"
        assert {"a": told[1], "b": told[4]} == reports.newest
        with books.read() as connection:
            assert 5 == connection.execute("SELECT count(*) FROM reports").fetchone()[0]

    with Books.open(tmp_path / "books.db") as books:
        assert {"a": told[1], "b": told[4]} == Reports(books).newest


def test_what_the_books_did_not_take_is_not_shown(tmp_path: Path) -> None:
    with Books.open(tmp_path / "books.db") as books:
        reports = Reports(books)
    with pytest.raises(EdunetError):
        reports.put(Report("a", "up", 10, "local"))

    assert {} == reports.newest
