"""An outbox of a test's own, its books and its clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from notices import T0, outbox
from pigeon import Pigeon

from alerts.outbox import Outbox
from edunet.books import Books
from edunet.clock import ManualClock


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    with Books.open(tmp_path / "books.db") as books:
        yield books


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(T0)


@pytest.fixture
def pigeon() -> Pigeon:
    bird = Pigeon()
    bird._gate.set()
    return bird


@pytest.fixture
def box(books: Books, pigeon: Pigeon, clock: ManualClock) -> Iterator[Outbox]:
    """Not started."""
    made = outbox(books, {"duty": pigeon}, clock)
    yield made
    pigeon._gate.set()
    made.stop()
