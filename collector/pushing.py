"""How far has each sink come, and what does it do while the other side is away?

A thread per sink follows the frame log; after an outage what is new goes before what was missed
(`lanes`), except where the server demands order. Its cursor in the books trails some seconds
behind what was delivered: a server that dies, VictoriaMetrics above all, forgets what it had only
in memory, so those seconds are sent once more when it is back. To send twice changes nothing there.
"""

from __future__ import annotations

import logging
import random
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from collector.aside import Aside
from collector.lanes import Lane, Lanes
from collector.sinks import AwayError, Outlet, RefusedError, UnwelcomeError
from edunet.books import Books
from edunet.clock import Clock
from edunet.errors import DeliveryError, EdunetError
from edunet.frame import Frame
from edunet.log import FrameLog, Position

logger = logging.getLogger(__name__)

ROWS: Final = 10_000  # read from the log at a time
LONGEST_S: Final = 300.0  # nobody makes us wait longer, whatever Retry-After says
FAR_MS: Final = 30_000  # as old as this is too old to keep what is new waiting
# Beside a sink's cursor in the books, how far it may have delivered: no sink's name has a slash.
_REACHED: Final = "/reached"
_BOOKS_S: Final = 10.0
LOOK_S: Final = 0.5  # how often a quiet sink looks whether it is to stop


class Pace(NamedTuple):
    """How long a sink waits, in seconds; `chance` is uniform in [0, 1)."""

    first: float = 0.5
    most: float = 60.0
    unwelcome: float = 60.0
    settle: float = 10.0
    chance: Callable[[], float] = random.random

    def delay(self, attempt: int, error: DeliveryError) -> float:
        """How long to wait after failing `attempt` times in a row (0 = the first time)."""
        if isinstance(error, UnwelcomeError):
            wait = self.unwelcome
        else:
            wait = min(self.most, self.first * 2 ** min(attempt, 30))
        # Half of it is chance, so that many sinks do not come back in the same second.
        wait *= 0.5 + self.chance() / 2
        return min(LONGEST_S, max(wait, error.retry_after or 0.0))


class Ground(NamedTuple):
    """What a pusher stands on; `data` is the folder for what servers refuse for good."""

    log: FrameLog
    books: Books
    clock: Clock
    data: Path


class Pusher:
    """Feeds one sink from the log: all of it, what is new first, unless order forbids it."""

    def __init__(self, name: str, outlet: Outlet, ground: Ground, pace: Pace = Pace()) -> None:  # noqa: B008 - immutable
        self.name = name
        self.outlet = outlet
        self.aside = Aside(ground.data / "set-aside" / name)
        self.lost_bytes = 0
        self.connected: bool | None = None  # None: not tried yet
        self._ground = ground
        self._pace = pace
        self._reached = Position()  # all before it was delivered once, whatever is sent again
        self._lanes: Lanes | None = None
        self._stored: tuple[Position, Position] | None = None
        self._away: AwayError | None = None
        self._rewound = -(1 << 62)
        self._lost_until = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sink-{name}", daemon=True)

    @property
    def lag_s(self) -> float:
        """Age of the oldest frame read from the log and not yet delivered; 0 = none is."""
        oldest = self._lanes.oldest if self._lanes else None
        return 0.0 if oldest is None else max(0.0, (self._ground.clock.now() - oldest) / 1000)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        """Go on where the books say we were."""
        self._thread.start()

    def stop(self, seconds: float = 2.0) -> bool:
        """Stop; false if it is still waiting for a server that hangs, and was left behind.

        A thread left behind ends with its request, and changes nothing any more.
        """
        self._stop.set()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        mistakes = 0
        while not self._stop.is_set():
            try:
                if self._lanes is None:
                    self._lanes = Lanes(self._start())
                self._step(self._lanes)
                mistakes = 0
            except Exception as error:  # a disk that cannot be read, or a mistake of ours
                if not mistakes:
                    logger.exception("sink %s stumbled; it tries again and again", self.name)
                self._stop.wait(self._pace.delay(mistakes, DeliveryError(str(error))))
                mistakes += 1
        self.outlet.close()

    def _step(self, lanes: Lanes) -> None:
        """Deliver what is new, else something of the backlog, else wait a little for news."""
        self._count_loss((lanes.backlog or lanes.live).at)
        lane = lanes.live
        frames, after = self._read(lane, self._reached)
        if self._far_behind(lane, frames, after):
            lanes.split(self._ground.log.end)
            logger.info("sink %s is far behind: what is new goes first", self.name)
            return
        if not frames and (behind := lanes.behind):
            lane.skip(after)
            lane = behind
            frames, after = self._read(lane, lanes.until)
        if frames and self.outlet.ordered and after > self._reached:
            self._announce(after)
        if not frames:
            lane.skip(after)
        elif not self._deliver(lanes, lane, frames, after):
            return
        else:
            self._reached = max(self._reached, after)
            self._settle(lanes)
            if self._again(lanes):
                lanes.rewind()
                return
            lane.go(self._ground.clock.ticks(), after)
        self._settle(lanes)
        if not frames and not lanes.behind:
            self._ground.log.wait(lanes.live.at, LOOK_S)

    def _read(self, lane: Lane, until: Position) -> tuple[list[Frame], Position]:
        """What comes next; no batch holds what lies before and what lies after `until`."""
        more = (until,) if lane.at < until else ()
        frames, after = self._ground.log.read(lane.at, ROWS, *more)
        lane.read(frames)
        return frames, after

    def _far_behind(self, lane: Lane, frames: Sequence[Frame], after: Position) -> bool:
        """Whether what comes next is old, a whole batch, and more waits behind it."""
        if self.outlet.ordered or lane.oldest is None or after >= self._ground.log.end:
            return False
        old = self._ground.clock.now() - lane.oldest > FAR_MS
        return old and sum(map(len, frames)) >= ROWS

    def _deliver(self, lanes: Lanes, lane: Lane, frames: Sequence[Frame], after: Position) -> bool:
        """Write until it is done (true), or we are to stop or have news to deliver (false)."""
        before = self.outlet.connections
        while not self._stop.is_set():
            try:
                self._write(frames, again=self.outlet.ordered and after <= self._reached)
            except DeliveryError as error:
                self._complain(lanes, lane, error)
                if self._overtaken(lanes, lane, self._pace.delay(lane.attempts - 1, error)):
                    return False
                continue
            if lane.said:
                logger.warning("sink %s is back, %.0f s behind", self.name, self.lag_s)
            lanes.forgive(lane)
            self.connected = True
            if before and self.outlet.connections > before and self._away is None:
                self._away = AwayError("it hung up while nothing was said")
            return True
        return False

    def _complain(self, lanes: Lanes, lane: Lane, error: DeliveryError) -> None:
        self.connected = False
        if isinstance(error, AwayError) and not (self._away and self._away.refused):
            self._away = error
        if all(each.said is not type(error) for each in lanes.each):
            logger.warning("sink %s: %s; the log keeps what it misses", self.name, error)
        lane.said = type(error)
        lane.attempts += 1

    def _overtaken(self, lanes: Lanes, lane: Lane, seconds: float) -> bool:
        """Wait before trying again; true if what is new goes first.

        Whatever a server has against old data, news must not wait for it.
        """
        if lane is lanes.live:
            self._stop.wait(seconds)
            return False
        deadline = self._ground.clock.ticks() + seconds * 1e9
        while not self._stop.is_set() and self._ground.clock.ticks() < deadline:
            if self._ground.log.wait(lanes.live.at, min(LOOK_S, seconds)):
                return True
        return False

    def _write(self, frames: Sequence[Frame], again: bool) -> None:
        try:
            self.outlet.write(frames)
        except RefusedError as error:
            try:
                for refusal in error.refusals:
                    if again and refusal.late:
                        continue  # it has them from the first time
                    path = self.aside.keep(refusal, self._ground.clock.now())
                    logger.warning("sink %s: %s; set aside as %s", self.name, refusal.words, path)
            except OSError as full:
                raise DeliveryError(f"cannot set aside what was refused: {full}") from None

    def _again(self, lanes: Lanes) -> bool:
        """Whether to send the last seconds once more: the server may have forgotten them.

        It has when nobody listened for a while. A connection that breaks now and then says less,
        and a line that breaks every few seconds must not keep us sending the same for ever.
        """
        away, self._away = self._away, None
        now = self._ground.clock.ticks()
        if away is None or not lanes.unsettled:
            return False
        if not away.refused and now - self._rewound < 2 * self._pace.settle * 1e9:
            return False
        self._rewound = now
        return True

    def _announce(self, after: Position) -> None:
        """Let the books know of a delivery before it is begun.

        If we die in it, what then comes too late for a server that demands order is there already.
        """
        row = [(self.name + _REACHED, *after)]
        try:
            self._ground.books.submit(lambda books: _store(books, row)).result(_BOOKS_S)
        except (EdunetError, sqlite3.Error, TimeoutError) as error:
            logger.warning("sink %s cannot store how far it comes: %s", self.name, error)

    def _settle(self, lanes: Lanes) -> None:
        """Let the stored cursor follow, some seconds behind where something may be forgotten."""
        behind_s = 0.0 if self.outlet.durable else self._pace.settle
        lanes.settle(self._ground.clock.ticks() - int(behind_s * 1e9))
        stored = lanes.settled, self._reached
        if stored == self._stored or self._stop.is_set():
            return
        self._stored = stored
        rows = [(self.name, *stored[0]), (self.name + _REACHED, *stored[1])]
        try:
            self._ground.books.submit(lambda books: _store(books, rows))
        except EdunetError as error:
            logger.warning("sink %s cannot store its cursor: %s", self.name, error)

    def _start(self) -> Position:
        with self._ground.books.read() as books:
            query = 'SELECT segment, "offset" FROM cursors WHERE sink = ?'
            row, reached = (
                books.execute(query, (name,)).fetchone()
                for name in (self.name, self.name + _REACHED)
            )
        # A log that was thrown away begins anew: its first frame is news.
        if row and Position(*row) <= self._ground.log.end:
            self._reached = Position(*(reached or row))
            return Position(*row)
        self._lost_until = self._ground.log.lost(Position())  # was never ours to lose
        return Position()

    def _count_loss(self, position: Position) -> None:
        lost = self._ground.log.lost(position)
        until = position.offset + lost
        if lost and until > self._lost_until:
            bytes_ = until - max(position.offset, self._lost_until)
            self._lost_until = until
            self.lost_bytes += bytes_
            logger.error(
                "sink %s was away too long: the log's bound cost it %d bytes", self.name, bytes_
            )


def _store(books: sqlite3.Connection, rows: list[tuple[str, int, int]]) -> None:
    books.executemany("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)", rows)
