"""Tells one open and one resolve by webhook, and dies at a commit of the books.

Arguments: folder, address of the receiver, the number of the submit to die at, `before` or `after`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from notices import alert, notice, outbox

from alerts.channels import channel
from alerts.outbox import Outbox
from edunet.books import Books
from edunet.clock import SystemClock


def tell(box: Outbox) -> None:
    """The life of one alert: told, then ended once somebody knows of it."""
    for action in ("open", "resolve"):
        told = notice(alert(), action)
        box.accept([told.alert], [told]).result(10)
        deadline = time.monotonic() + 20
        while box.pending() and time.monotonic() < deadline:
            time.sleep(0.01)


def life(books: Books, url: str) -> None:
    box = outbox(books, {"duty": channel("duty", {"kind": "webhook", "url": url})}, SystemClock())
    box.start()
    tell(box)
    box.stop()


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _doomed(books: Books, at: int, when: str) -> Books:
    """The books, whose commit number `at` is the last thing, or is never made."""
    submit, count = books.submit, [0]

    def counted(change: Callable[..., Any]) -> Future[Any]:
        count[0] += 1
        if count[0] == at and when == "before":
            _die()
        future = submit(change)
        if count[0] == at:
            future.add_done_callback(_die)
        return future

    books.submit = counted  # type: ignore[method-assign]
    return books


if __name__ == "__main__":
    folder, url, at, when = sys.argv[1:]
    with Books.open(Path(folder) / "books.db") as books:
        life(_doomed(books, int(at), when), url)
