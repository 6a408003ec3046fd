"""What must survive a restart: one SQLite file, one writer thread, commits shared by a group."""

from edunet.books.writer import Books

__all__ = ["Books"]
