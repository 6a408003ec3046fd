"""Which tables do the books have: numbered migrations, applied in order, each recorded."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from edunet.errors import ConfigError

FOLDER: Final = Path(__file__).parent
OURS: Final = 0x6564756E  # "edun", SQLite's application_id: whose file this is


def migrations(folder: Path = FOLDER) -> dict[int, Path]:
    """The `NNN.sql` files by number, ascending from 1 without a gap."""
    found = {int(path.stem): path for path in sorted(folder.glob("[0-9][0-9][0-9].sql"))}
    if list(found) != list(range(1, len(found) + 1)):
        raise ValueError(f"the migrations in {folder} are not numbered 001, 002, ...")
    return found


def migrate(connection: sqlite3.Connection, name: str, folder: Path = FOLDER) -> int:
    """Bring the database up to date; answers its version.

    Each migration is one transaction with its own record: one that fails leaves nothing behind.

    Raises:
        ConfigError: the database belongs to another program or to a newer edunet.
        sqlite3.Error: what SQLite itself says.
    """
    known = migrations(folder)
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    foreign = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if owner != OURS and (owner or foreign):
        raise ConfigError(f"{name} is the database of another program; name another data folder")
    if owner != OURS:
        # One transaction, so that a crash leaves either nothing or a database known as ours.
        connection.executescript(
            f"BEGIN IMMEDIATE; PRAGMA application_id = {OURS};"
            "CREATE TABLE migrations (number INTEGER PRIMARY KEY, file TEXT NOT NULL); COMMIT;"
        )
    done: int = connection.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()[0]
    if done > len(known):
        raise ConfigError(
            f"{name} was written by a newer edunet (schema {done}, this one knows {len(known)}); "
            "install that version again, or name another data folder"
        )
    for number in range(done + 1, len(known) + 1):
        path = known[number]
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{path.read_text(encoding='utf-8')}\n"
                f"INSERT INTO migrations VALUES ({number}, '{path.name}'); COMMIT;"
            )
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return max(done, len(known))
