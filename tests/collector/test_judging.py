"""The judge's thread: nothing that goes wrong in it, behind it or before it ends the watch."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import pytest
from daemons import until

from alerts.engine import Decisions
from collector.judging import Judging
from collector.pipeline import Pipeline
from edunet.clock import SystemClock
from edunet.facts import Cli, Facts
from edunet.frame import Frame
from edunet.health import Health


def probe(slot: int) -> Frame:
    received = {"received": np.array([1], np.int16)}
    return Frame("probe", np.array([slot], np.int32), np.array([1000], np.int64), received)


class Line:
    """Stands where the pipeline stands; what it does with a batch is the test's choice."""

    def __init__(self, take: Callable[[Sequence[Frame]], None] = lambda _: None) -> None:
        self._take = take
        self.batches: list[list[int]] = []
        self.said: list[object] = []

    def take(self, frames: Iterable[Frame], now: int) -> tuple[Decisions, list[Frame]]:
        frames = list(frames)
        self._take(frames)
        self.batches.append([int(frame.slots[0]) for frame in frames])
        return cast("Decisions", len(frames)), frames

    def facts(self, device: str, facts: Facts) -> None:
        self.said.append((device, facts))

    def cli(self, device: str, cli: Cli) -> None:
        self.said.append((device, cli))

    @property
    def judged(self) -> list[int]:
        return [slot for batch in self.batches for slot in batch]


@contextmanager
def judging(
    line: Line,
    decided: Callable[[Any], None] = lambda _: None,
    written: Callable[[Any], None] = lambda _: None,
    most: int = 1000,
) -> Iterator[tuple[Judging, Health]]:
    health = Health()
    judge = Judging(cast("Pipeline", line), SystemClock(), health, decided, written, most)
    judge.start()
    try:
        yield judge, health
    finally:
        judge.stop()
        assert "judge" not in {thread.name for thread in threading.enumerate()}


def rejected(health: Health, reason: str) -> float:
    labels = {"reason": reason}
    return health.registry.get_sample_value("edunet_samples_rejected_total", labels) or 0.0


def test_what_is_judged_is_handed_on_in_order() -> None:
    line, written = Line(), list[int]()
    with judging(line, written=lambda out: written.extend(int(f.slots[0]) for f in out)) as (
        judge,
        health,
    ):
        for slot in range(50):
            judge.frame(probe(slot))
        until(lambda: len(written) == 50, "fifty frames", 5)

    assert list(range(50)) == written == line.judged
    assert 0 == rejected(health, "queue_full")


def test_what_is_queued_when_it_is_ended_is_still_judged() -> None:
    line = Line(lambda _: time.sleep(0.02))
    with judging(line) as (judge, _):
        for slot in range(20):
            judge.frame(probe(slot))

    assert list(range(20)) == line.judged


def test_time_passes_for_the_judge_when_no_news_comes() -> None:
    line = Line()
    with judging(line):
        until(lambda: line.batches.count([]) >= 2, "two looks at nothing", 5)


def test_an_exception_in_judging_loses_a_batch_and_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def stumble(frames: Sequence[Frame]) -> None:
        if any(frame.slots[0] == 13 for frame in frames):
            raise ZeroDivisionError("a bug")

    line = Line(stumble)
    with judging(line) as (judge, _):
        judge.frame(probe(13))
        until(lambda: bool(caplog.records), "the complaint", 5)
        judge.frame(probe(14))
        until(lambda: 14 in line.judged, "the next frame", 5)

    assert ["a batch of 1 frames could not be judged"] == [r.getMessage() for r in caplog.records]


@pytest.mark.parametrize("broken", ["decided", "written"])
def test_who_takes_what_was_judged_may_fail_without_blinding_the_other(
    broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    heard: dict[str, list[object]] = {"decided": [], "written": []}

    def takes(who: str) -> Callable[[object], None]:
        def take(what: object) -> None:
            if who == broken:
                raise OSError(28, "No space left on device")
            heard[who].append(what)

        return take

    line = Line()
    with judging(line, takes("decided"), takes("written")) as (judge, _):
        judge.frame(probe(1))
        until(lambda: 1 in line.judged, "the first frame", 5)
        judge.frame(probe(2))
        until(lambda: 2 in line.judged, "the second frame", 5)

    other = {"decided": "written", "written": "decided"}[broken]
    assert len(heard[other]) == len(line.batches)
    assert {logging.ERROR} == {record.levelno for record in caplog.records}


def test_a_full_queue_loses_the_oldest_and_counts_it() -> None:
    gate, entered = threading.Event(), threading.Event()

    def hold(frames: Sequence[Frame]) -> None:
        if frames:
            entered.set()
            gate.wait(10)

    line = Line(hold)
    with judging(line, most=10) as (judge, health):
        judge.frame(probe(99))
        assert entered.wait(5)
        began = time.monotonic()
        for slot in range(25):
            judge.frame(probe(slot))
        assert time.monotonic() - began < 1, "taking returns at once, however full"
        gate.set()
        until(lambda: 24 in line.judged, "the newest", 5)

    assert [99, *range(15, 25)] == line.judged
    assert 15 == rejected(health, "queue_full")


def test_words_are_passed_on_at_once() -> None:
    line = Line()
    with judging(line) as (judge, _):
        judge.facts("a", Facts(name="n"))
        judge.cli("a", Cli(1))

    assert [("a", Facts(name="n")), ("a", Cli(1))] == line.said
