"""Does a series keep its number for ever?"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from edunet.books import Books
from edunet.books.writer import QUEUE
from edunet.catalog import Catalog
from edunet.clock import ManualClock
from edunet.errors import ConfigError


def test_slots_are_dense_per_kind_from_zero() -> None:
    catalog = Catalog()

    assert 0 == catalog.slot("interface", "core", "GE0/0/1")
    assert 1 == catalog.slot("interface", "core", "GE0/0/2")
    assert 0 == catalog.slot("probe", "core")
    assert 0 == catalog.slot("interface", "core", "GE0/0/1")
    assert (2, 1, 0) == tuple(catalog.size(kind) for kind in ("interface", "probe", "link"))
    assert ("core", "GE0/0/2") == catalog.key("interface", 1)
    assert ("core", "") == catalog.key("probe", 0)


@pytest.mark.parametrize("slot", [-1, 1, 10**9])
def test_a_slot_never_given_is_a_key_error(slot: int) -> None:
    catalog = Catalog()
    catalog.slot("link", "egress")

    with pytest.raises(KeyError, match=f"no link series has slot {slot}"):
        catalog.key("link", slot)


def test_numbers_survive_a_restart_and_new_ones_follow(tmp_path: Path) -> None:
    clock = ManualClock(1_790_000_000_000)
    with Books.open(tmp_path / "b.sqlite") as books:
        first = Catalog(books, clock)
        first.slot("link", "b")
        first.slot("link", "a")
        first.settle()
        with books.read() as connection:
            rows = connection.execute(
                "SELECT kind, slot, element, interface, first_seen FROM series ORDER BY slot"
            ).fetchall()
        assert [
            ("link", 0, "b", "", 1_790_000_000_000),
            ("link", 1, "a", "", 1_790_000_000_000),
        ] == rows

    with Books.open(tmp_path / "b.sqlite") as books:
        again = Catalog(books, clock)
        assert (1, 0, 2) == (
            again.slot("link", "a"),
            again.slot("link", "b"),
            again.slot("link", "c"),
        )
        again.settle()


def test_a_number_that_never_reached_the_disk_is_not_given_to_another(tmp_path: Path) -> None:
    with Books.open(tmp_path / "b.sqlite") as books:
        books.submit(lambda c: _row(c, 2)).result(10)
        catalog = Catalog(books)

        assert 3 == catalog.slot("link", "new")
        with pytest.raises(KeyError):
            catalog.key("link", 0)


def test_a_nonsensical_number_in_the_books_is_refused(tmp_path: Path) -> None:
    with Books.open(tmp_path / "b.sqlite") as books:
        books.submit(lambda c: _row(c, 10**12)).result(10)
        with pytest.raises(ConfigError, match="slot 1000000000000"):
            Catalog(books)


def _row(connection: sqlite3.Connection, slot: int) -> None:
    connection.execute(
        "INSERT INTO series (kind, slot, element, first_seen) VALUES ('link', ?, 'x', 0)", (slot,)
    )


def test_a_slot_the_books_refused_is_tried_again(tmp_path: Path) -> None:
    with Books.open(tmp_path / "b.sqlite") as books:
        catalog = Catalog(books)
        # Stands in for a full disk: the same row, written by nobody we know.
        books.submit(lambda c: _row(c, 0)).result(10)
        assert 0 == catalog.slot("link", "mine")
        with pytest.raises(sqlite3.IntegrityError):
            catalog.settle()
        books.submit(lambda c: c.execute("DELETE FROM series")).result(10)
        with pytest.raises(sqlite3.IntegrityError):  # sent again before the way was free
            catalog.settle()
        catalog.settle()

        assert ("mine", "") == Catalog(books).key("link", 0)


def test_more_new_slots_than_the_books_can_queue_reach_the_disk_in_order(tmp_path: Path) -> None:
    """A province is listed while the disk is slow."""
    clock, held = ManualClock(1_000), threading.Event()
    count = QUEUE + 10
    with Books.open(tmp_path / "b.sqlite") as books:
        books.submit(lambda _: held.wait(10))
        catalog = Catalog(books, clock)
        for number in range(count):
            assert number == catalog.slot("interface", "sw", f"GE{number}")
        catalog.retire("interface", "sw")
        assert count == catalog.slot("interface", "sw", "GE0")
        held.set()
        catalog.settle()
        again = Catalog(books, clock)

    assert count + 1 == again.size("interface")
    assert [(0, 1_000), (count, None)] == [
        (span.slot, span.end) for span in again.spans("interface", "sw", "GE0")
    ]


def test_threads_that_ask_at_once_get_the_same_number() -> None:
    catalog = Catalog()
    answers: list[list[int]] = []
    start = threading.Barrier(4)

    def ask() -> None:
        start.wait()
        answers.append([catalog.slot("interface", "d", f"GE{n}") for n in range(2000)])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answers[0]] * 4 == answers
    assert sorted(answers[0]) == list(range(2000))


def test_a_recabled_link_gets_a_new_number_and_the_old_one_keeps_its_time(tmp_path: Path) -> None:
    """Traffic of another fibre is not drawn on as if it were the same."""
    clock = ManualClock(1_000)
    with Books.open(tmp_path / "b.sqlite") as books:
        catalog = Catalog(books, clock)
        assert 0 == catalog.slot("link", "l1", identity="core:1 c1:1")
        assert 0 == catalog.slot("link", "l1", identity="core:1 c1:1")
        clock.advance(1)
        assert 1 == catalog.slot("link", "l1", identity="core:2 c1:1")
        assert 1 == catalog.slot("link", "l1")
        catalog.settle()

    with Books.open(tmp_path / "b.sqlite") as books:
        again = Catalog(books, clock)
        assert 1 == again.slot("link", "l1", identity="core:2 c1:1")
        assert [(0, "core:1 c1:1", 1_000, 2_000), (1, "core:2 c1:1", 2_000, None)] == [
            tuple(span) for span in again.spans("link", "l1")
        ]
        assert ("l1", "") == again.key("link", 0) == again.key("link", 1)


def test_what_was_taken_out_and_comes_back_is_another_series(tmp_path: Path) -> None:
    clock = ManualClock(1_000)
    with Books.open(tmp_path / "b.sqlite") as books:
        catalog = Catalog(books, clock)
        catalog.slot("interface", "sw", "GE1")
        catalog.slot("interface", "sw", "GE2")
        catalog.slot("interface", "other", "GE1")
        catalog.retire("interface", "sw")
        catalog.settle()
        assert 2 == catalog.slot("interface", "other", "GE1")
        assert 3 == catalog.slot("interface", "sw", "GE1")

    with Books.open(tmp_path / "b.sqlite") as books:
        assert 3 == Catalog(books, clock).slot("interface", "sw", "GE1")


def test_where_a_series_is_may_be_told_later(tmp_path: Path) -> None:
    """Books from before identities existed: the first one told belongs to the slot there is."""
    with Books.open(tmp_path / "b.sqlite") as books:
        catalog = Catalog(books, ManualClock(1_000))
        assert 0 == catalog.slot("probe", "sw")
        assert 0 == catalog.slot("probe", "sw", identity="s1")
        catalog.settle()
    with Books.open(tmp_path / "b.sqlite") as books:
        assert 1 == Catalog(books, ManualClock(2_000)).slot("probe", "sw", identity="s2")
