"""The log's thread: what the judge hands on is made durable, a batch at a time."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Sequence
from typing import Final

from edunet.catalog import Catalog
from edunet.errors import EdunetError
from edunet.frame import Frame
from edunet.health import Health
from edunet.log import FrameLog

_MOST: Final = 10_000

log = logging.getLogger(__name__)


class Recording:
    """A frame is accepted once it is on the disk; a disk that refuses is told of once."""

    def __init__(self, frames: FrameLog, catalog: Catalog, health: Health) -> None:
        self._log, self._catalog, self._health = frames, catalog, health
        self._queue: deque[Frame] = deque()
        self._news = threading.Condition()
        self._going = True
        self._refused = False
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)

    def write(self, frames: Sequence[Frame]) -> None:
        """Take frames; returns at once."""
        if not frames:
            return
        with self._news:
            self._queue.extend(frames)
            while len(self._queue) > _MOST:
                self._queue.popleft()
                self._health.rejected.labels("log_behind").inc()
            self._news.notify()

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 3.0) -> None:
        """Write what is queued, then end."""
        with self._news:
            self._going = False
            self._news.notify()
        self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            with self._news:
                while not self._queue and self._going:
                    self._news.wait()
                frames = list(self._queue)
                self._queue.clear()
                if not frames:
                    return
            try:
                self._catalog.settle()
                for frame in frames:
                    self._log.append(frame)
                self._log.sync()
            except (OSError, EdunetError, sqlite3.Error, ValueError) as error:
                self._health.rejected.labels("log_refused").inc(len(frames))
                if not self._refused:
                    log.warning("the frame log refuses: %s; frames are lost until it takes", error)
                self._refused = True
            else:
                if self._refused:
                    log.info("the frame log takes frames again")
                self._refused = False
