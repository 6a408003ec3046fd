"""Is what the books accepted still there, whatever fails beside it?"""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from edunet.books import Books
from edunet.errors import ConfigError, EdunetError


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    with Books.open(tmp_path / "books.sqlite") as books:
        yield books


def put(books: Books, sink: str, offset: int) -> None:
    books.submit(lambda c: _put(c, sink, offset)).result(10)


def _put(connection: sqlite3.Connection, sink: str, offset: int) -> None:
    connection.execute("INSERT INTO cursors VALUES (?, 1, ?)", (sink, offset))


def sinks(books: Books) -> list[str]:
    with books.read() as connection:
        return [row[0] for row in connection.execute("SELECT sink FROM cursors ORDER BY sink")]


def test_what_a_future_answers_is_already_there_for_a_reader(books: Books) -> None:
    put(books, "tsdb", 7)

    with books.read() as connection:
        assert [("tsdb", 1, 7)] == connection.execute("SELECT * FROM cursors").fetchall()


def test_a_change_that_fails_takes_back_only_itself(books: Books) -> None:
    gate = threading.Event()
    # Holds the writer, so that the next three are one group.
    first = books.submit(lambda _: gate.wait(10))
    before = books.submit(lambda c: _put(c, "before", 1))

    def half(connection: sqlite3.Connection) -> None:
        _put(connection, "half", 1)
        raise RuntimeError("in the middle")

    failing = books.submit(half)
    after = books.submit(lambda c: _put(c, "after", 1))
    gate.set()

    assert first.result(10)
    assert before.result(10) is None
    assert after.result(10) is None
    with pytest.raises(RuntimeError, match="in the middle"):
        failing.result(10)
    assert ["after", "before"] == sinks(books)


def test_a_change_that_ends_the_transaction_fails_and_the_writer_lives_on(books: Books) -> None:
    with pytest.raises(sqlite3.OperationalError):
        books.submit(lambda c: c.execute("COMMIT")).result(10)

    put(books, "next", 1)
    assert ["next"] == sinks(books)


def test_a_change_cancelled_in_time_is_not_made(books: Books) -> None:
    gate = threading.Event()
    books.submit(lambda _: gate.wait(10))
    unwanted = books.submit(lambda c: _put(c, "unwanted", 1))

    assert unwanted.cancel()
    gate.set()
    put(books, "wanted", 1)
    assert ["wanted"] == sinks(books)


def test_a_reader_cannot_write(books: Books) -> None:
    with books.read() as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("INSERT INTO cursors VALUES ('x', 1, 1)")


def test_closing_commits_what_was_submitted_and_refuses_the_rest(tmp_path: Path) -> None:
    books = Books.open(tmp_path / "b.sqlite")
    futures = [books.submit(partial(_put, sink=f"s{n:04}", offset=n)) for n in range(2500)]
    books.close()
    books.close()

    assert all(future.done() and future.exception() is None for future in futures)
    with pytest.raises(EdunetError, match="is closed"):
        books.submit(lambda _: None)
    with Books.open(tmp_path / "b.sqlite") as again:
        assert 2500 == len(sinks(again))


def test_the_file_is_for_its_owner_and_commits_are_synced(books: Books) -> None:
    assert 0o600 == stat.S_IMODE(books.path.stat().st_mode)
    mode = books.submit(lambda c: c.execute("PRAGMA journal_mode").fetchone()[0]).result(10)
    synchronous = books.submit(lambda c: c.execute("PRAGMA synchronous").fetchone()[0]).result(10)
    assert ("wal", 2) == (mode, synchronous)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "books.sqlite"
    path.write_bytes(b"these are not the books you are looking for " * 100)

    with pytest.raises(ConfigError, match="not a database edunet can read"):
        Books.open(path)
    assert path.read_bytes().startswith(b"these are not")


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "books.sqlite"
    theirs = sqlite3.connect(path)
    theirs.execute("CREATE TABLE theirs (x)")
    theirs.close()

    with pytest.raises(ConfigError, match="another program"):
        Books.open(path)


def test_books_of_a_newer_edunet_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "books.sqlite"
    with Books.open(path) as books:
        books.submit(lambda c: c.execute("INSERT INTO migrations VALUES (999, '999.sql')")).result()

    with pytest.raises(ConfigError, match=r"newer edunet \(schema 999"):
        Books.open(path)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("file/books.sqlite", id="a file where the folder should be"),
        pytest.param("folder", id="a folder where the file should be"),
    ],
)
def test_an_unwritable_place_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()

    with pytest.raises(ConfigError, match="cannot open"):
        Books.open(tmp_path / path)


def test_migrations_run_once_in_order_and_a_failing_one_leaves_nothing(tmp_path: Path) -> None:
    steps, path = tmp_path / "steps", tmp_path / "b.sqlite"
    steps.mkdir()
    (steps / "001.sql").write_text("CREATE TABLE a (x); INSERT INTO a VALUES (1);")
    Books.open(path, migrations=steps).close()
    (steps / "002.sql").write_text("INSERT INTO a VALUES (2); CREATE TABLE a (again);")
    with pytest.raises(ConfigError, match="already exists"):
        Books.open(path, migrations=steps)
    (steps / "002.sql").write_text("INSERT INTO a VALUES (3);")

    with Books.open(path, migrations=steps) as books, books.read() as connection:
        assert [(1,), (3,)] == connection.execute("SELECT x FROM a ORDER BY x").fetchall()
        assert [(1,), (2,)] == connection.execute("SELECT number FROM migrations").fetchall()


def test_a_gap_in_the_migrations_is_a_programmers_mistake(tmp_path: Path) -> None:
    (tmp_path / "002.sql").write_text("")
    with pytest.raises(ValueError, match="not numbered"):
        Books.open(tmp_path / "b.sqlite", migrations=tmp_path)


WRITER = """
import sys
from pathlib import Path
from edunet.books import Books
books = Books.open(Path(sys.argv[1]))
first = int(sys.argv[2])
for n in range(first, first + 100_000):
    books.submit(lambda c: c.execute("INSERT INTO cursors VALUES (?, 1, 1)", (str(n),))).result()
    print(n, flush=True)
"""


def test_whatever_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "b.sqlite"
    acknowledged: set[str] = set()
    for round_ in range(4):
        argv = [sys.executable, "-c", WRITER, str(path), str(round_ * 100_000)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            for _ in range(30 + 17 * round_):
                acknowledged.add(child.stdout.readline().decode().strip())
            child.send_signal(signal.SIGKILL)
            rest = child.stdout.read().decode().split("\n")[:-1]  # the last may be half a line
            acknowledged.update(rest)

    assert "" not in acknowledged
    with Books.open(path) as books:
        assert acknowledged <= set(sinks(books))
