"""The judge's thread: takes evidence from a bounded queue, works it through, hands it on."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, TypeVar

from alerts.engine import Decisions
from collector.pipeline import Pipeline
from edunet.clock import Clock
from edunet.facts import Cli, Facts
from edunet.frame import Frame
from edunet.health import Health

_PACE_S: Final = 0.1  # answers come one by one: a city's are judged some at a time
_GATHER_S: Final = 0.05  # the first answer of many is judged with those right behind it
_IDLE_S: Final = 0.5  # without news the judge still looks whether something has grown old

T = TypeVar("T")

log = logging.getLogger(__name__)


class Judging:
    """Implements `Consumer`. When the queue is full the oldest evidence goes, counted."""

    def __init__(
        self,
        pipeline: Pipeline,
        clock: Clock,
        health: Health,
        decided: Callable[[Decisions], None],
        written: Callable[[Sequence[Frame]], None],
        most: int,
    ) -> None:
        """`decided` and `written` are called in the judge's thread and must return at once."""
        self.pipeline = pipeline
        self._clock, self._health = clock, health
        self._decided, self._written, self._most = decided, written, most
        self._queue: deque[Frame] = deque()
        self._changes: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._news = threading.Condition()
        self._going = True
        self._idle = False  # whether the judge sleeps until there is news
        self._thread = threading.Thread(target=self._run, name="judge", daemon=True)

    def frame(self, frame: Frame) -> None:
        with self._news:
            if len(self._queue) >= self._most:
                self._queue.popleft()
                self._health.rejected.labels("queue_full").inc()
            self._queue.append(frame)
            if self._idle:  # awake, it finds the frame by itself: waking a thread is dear
                self._idle = False
                self._news.notify()

    def facts(self, device: str, facts: Facts) -> None:
        self.pipeline.facts(device, facts)

    def cli(self, device: str, cli: Cli) -> None:
        self.pipeline.cli(device, cli)

    def between(self, change: Callable[[], None]) -> Future[None]:
        """Make a change in the judge's thread, between two batches."""
        done: Future[None] = Future()
        with self._news:
            self._changes.append((change, done))
            self._news.notify()
        return done

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        """Work through what is queued, then end."""
        with self._news:
            self._going = False
            self._news.notify()
        self._thread.join(seconds)

    def _hand_on(self, takes: Callable[[T], None], what: T) -> None:
        try:
            takes(what)
        except Exception:  # a full disk, say: it must blind neither the judge nor the other taker
            log.exception("what was judged could not be handed on")

    def _wait(self, begun: int) -> None:
        """Until there is news, or it is time to look; `begun` is when it looked last."""
        gather_s = 0.0
        if not self._queue and not self._in_a_hurry():
            self._idle = True
            self._news.wait(_IDLE_S)
            self._idle = False
            gather_s = _GATHER_S
        rest_s = max(_PACE_S - (self._clock.ticks() - begun) / 1e9, gather_s)
        if rest_s > 0:
            self._news.wait_for(self._in_a_hurry, rest_s)

    def _in_a_hurry(self) -> bool:
        return bool(self._changes) or not self._going

    def _run(self) -> None:
        begun = self._clock.ticks()
        while True:
            with self._news:
                self._wait(begun)
                frames, changes = list(self._queue), list(self._changes)
                self._queue.clear()
                self._changes.clear()
                if not self._going and not frames and not changes:
                    return
            for change, done in changes:
                _make(change, done)
            begun = asked = self._clock.ticks()
            try:
                decisions, out = self.pipeline.take(frames, self._clock.now())
            except Exception:  # a bug in judging one batch must not end the watch over a city
                log.exception("a batch of %d frames could not be judged", len(frames))
                continue
            self._hand_on(self._written, out)
            self._hand_on(self._decided, decisions)
            self._health.loop_lag.labels("judge").set((self._clock.ticks() - asked) / 1e9)


def _make(change: Callable[[], None], done: Future[None]) -> None:
    """Make a change and say how it went to whoever asked for it."""
    try:
        change()
    except Exception as error:  # noqa: BLE001 (told to who asked; the judge goes on)
        done.set_exception(error)
    else:
        done.set_result(None)
