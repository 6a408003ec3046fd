"""How is a change made durable: by one thread that commits whatever has queued up, together."""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from edunet.books.schema import FOLDER, migrate
from edunet.errors import ConfigError, EdunetError

T = TypeVar("T")
Job = tuple[Callable[[sqlite3.Connection], Any], "Future[Any]"]

GROUP: Final = 1000  # changes that share one commit at most
QUEUE: Final = 50_000
BUSY_S: Final = 10.0


class Books:
    """The database of the house. Any thread may submit a change or open a reading connection."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._jobs: queue.Queue[Job | None] = queue.Queue(QUEUE)
        self._closing = threading.Lock()
        self._closed = False
        self._writer = threading.Thread(target=self._write, name="books", daemon=True)
        self._writer.start()

    @classmethod
    def open(cls, path: Path, *, migrations: Path = FOLDER) -> Books:
        """Open or create the file, and bring its tables up to date.

        Raises:
            ConfigError: it is no database, another program's, a newer edunet's, or out of reach.
        """
        connection: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Made here so that nobody but the owner can read it; -wal and -shm take its mode.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = sqlite3.connect(
                path, isolation_level=None, timeout=BUSY_S, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            migrate(connection, str(path), migrations)
        except (OSError, sqlite3.Error, ConfigError) as error:
            if connection is not None:
                connection.close()
            if isinstance(error, ConfigError):
                raise
            raise ConfigError(_complaint(path, error)) from None
        return cls(path, connection)

    def submit(self, change: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Run `change` inside a transaction of the writer thread.

        The future has its result once it is on the disk, or what it raised; then nothing of it
        stays. A change neither begins nor ends transactions itself, and does not wait for others.

        Raises:
            EdunetError: the books are closed, or the disk has not kept up for 10 s.
        """
        future: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise EdunetError(f"{self.path} is closed; nothing more can be written to it")
            try:
                self._jobs.put((change, future), timeout=BUSY_S)
            except queue.Full:
                raise EdunetError(
                    f"{self.path} has {QUEUE} changes waiting; is its disk full or dead?"
                ) from None
        return future

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A short-lived connection of this thread that can only read; sees what is committed."""
        uri = f"{self.path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_S)
        try:
            connection.execute("PRAGMA query_only = ON")
            yield connection
        finally:
            connection.close()

    def close(self) -> None:
        """Commit what was submitted, then close the file; a second close does nothing."""
        with self._closing:
            first, self._closed = not self._closed, True
        if first:
            self._jobs.put(None)
        self._writer.join()

    def __enter__(self) -> Books:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self) -> None:
        going = True
        while going:
            group: list[Job] = []
            job = self._jobs.get()
            while job is not None:
                group.append(job)
                if len(group) >= GROUP:
                    break
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
            going = job is not None
            # A waiter that gave up is not run; from here on nobody can cancel.
            taken = [job for job in group if job[1].set_running_or_notify_cancel()]
            if taken:
                self._commit(taken)
        self._connection.close()

    def _commit(self, group: list[Job]) -> None:
        """One transaction for all; each answer is told only after the commit."""
        answers: list[tuple[Future[Any], Any, Exception | None]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for change, future in group:
                answers.append((future, *self._attempt(change)))
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - a full disk ends the group, not the thread
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for _, future in group:
                future.set_exception(error)
            return
        for future, result, failure in answers:
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)

    def _attempt(self, change: Callable[[sqlite3.Connection], Any]) -> tuple[Any, Exception | None]:
        """Run one change behind a savepoint, so that its failure takes back only itself."""
        connection = self._connection
        connection.execute("SAVEPOINT change")
        try:
            result = change(connection)
        except Exception as error:
            if not connection.in_transaction:
                raise  # SQLite itself gave the transaction up: nobody of this group has a result
            connection.execute("ROLLBACK TO change")
            connection.execute("RELEASE change")
            return None, error
        connection.execute("RELEASE change")
        return result, None


def _complaint(path: Path, error: Exception) -> str:
    if isinstance(error, OSError):
        why = error.strerror or type(error).__name__
        return f"cannot open {path}: {why.lower()}; make its folder writable or change data:"
    if "not a database" in str(error) or "malformed" in str(error):
        return f"{path} is not a database edunet can read; restore it from a backup or move it away"
    return f"cannot open {path}: {error}; make its folder writable or change data:"
