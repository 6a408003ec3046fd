"""The log's thread: what it was handed is on the disk, or counted as lost and told of once."""

from __future__ import annotations

import logging
import resource
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from daemons import until

from collector.recording import Recording
from edunet.catalog import Catalog
from edunet.frame import Frame
from edunet.health import Health
from edunet.log import FrameLog, Position


def probe(slot: int, kind: str = "probe") -> Frame:
    received = {"received": np.array([1], np.int16)}
    return Frame(kind, np.array([slot], np.int32), np.array([1000], np.int64), received)


@contextmanager
def recording(
    frames: FrameLog, catalog: Catalog | None = None
) -> Iterator[tuple[Recording, Health]]:
    health = Health()
    writing = Recording(frames, catalog or Catalog(), health)
    writing.start()
    try:
        yield writing, health
    finally:
        writing.stop()
        assert "log" not in {thread.name for thread in threading.enumerate()}


def logged(frames: FrameLog) -> list[int]:
    return [int(frame.slots[0]) for frame in frames.read(Position())[0]]


def rejected(health: Health, reason: str) -> float:
    labels = {"reason": reason}
    return health.registry.get_sample_value("edunet_samples_rejected_total", labels) or 0.0


def refused(health: Health, frames: int) -> bool:
    return rejected(health, "log_refused") == frames


def test_what_was_handed_over_is_on_the_disk_when_it_has_ended(tmp_path: Path) -> None:
    frames = FrameLog.open(tmp_path)
    with recording(frames) as (writing, _):
        for slot in range(100):
            writing.write([probe(slot), probe(slot + 1000)])
    frames.close()

    assert [n for slot in range(100) for n in (slot, slot + 1000)] == logged(
        FrameLog.open(tmp_path)
    )


@contextmanager
def full(limit: int) -> Iterator[None]:
    """A disk that takes no file beyond so many bytes: the kernel refuses as it does when full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_refuses_is_counted_and_told_of_once_and_once_when_it_takes_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "collector.recording")
    frames = FrameLog.open(tmp_path)
    with recording(frames) as (writing, health):
        writing.write([probe(1)])
        until(lambda: logged(frames) == [1], "the first frame", 5)
        (file,) = tmp_path.glob("*")
        with full(file.stat().st_size):
            for slot in (2, 3, 4):
                writing.write([probe(slot)])
                until(partial(refused, health, slot - 1), "a refusal", 5)
        writing.write([probe(5)])
        until(lambda: 5 in logged(frames), "a frame after the disk has room", 5)

    assert [1, 5] == logged(frames)
    told = [record.getMessage() for record in caplog.records]
    assert 2 == len(told)
    assert "the frame log refuses: [Errno 27] File too large" in told[0]
    assert "the frame log takes frames again" == told[1]
    frames.close()


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(sqlite3.OperationalError("database or disk is full"), id="the books are full"),
        pytest.param(TimeoutError("the disk did not keep up"), id="the books are slow"),
    ],
)
def test_a_catalog_that_cannot_settle_is_a_disk_that_refuses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    class Refusing(Catalog):
        refuses = True

        def settle(self, seconds: float = 30.0) -> None:
            if self.refuses:
                raise error

    caplog.set_level(logging.INFO, "collector.recording")
    frames, catalog = FrameLog.open(tmp_path), Refusing()
    with recording(frames, catalog) as (writing, health):
        writing.write([probe(1), probe(2)])
        until(lambda: rejected(health, "log_refused") == 2, "a refusal", 5)
        catalog.refuses = False
        writing.write([probe(3)])
        until(lambda: logged(frames) == [3], "the next frame", 5)

    assert 2 == len(caplog.records)
    frames.close()


def test_a_frame_no_log_can_hold_does_not_end_the_thread(tmp_path: Path) -> None:
    frames = FrameLog.open(tmp_path)
    with recording(frames) as (writing, health):
        writing.write([probe(1, kind="NOT A KIND")])
        until(lambda: rejected(health, "log_refused") == 1, "a refusal", 5)
        writing.write([probe(2)])
        until(lambda: logged(frames) == [2], "the next frame", 5)
    frames.close()


def test_a_log_far_behind_loses_the_oldest_and_counts_them(tmp_path: Path) -> None:
    class Held(Catalog):
        entered, free = threading.Event(), threading.Event()

        def settle(self, seconds: float = 30.0) -> None:
            self.entered.set()
            self.free.wait(20)

    frames, catalog = FrameLog.open(tmp_path), Held()
    with recording(frames, catalog) as (writing, health):
        writing.write([probe(0)])
        assert catalog.entered.wait(5)
        writing.write([probe(slot) for slot in range(1, 10_006)])
        assert 5 == rejected(health, "log_behind")
        catalog.free.set()
        until(lambda: frames.end > Position() and rejected(health, "log_refused") == 0, "a write")
    frames.close()

    slots = [int(frame.slots[0]) for frame in FrameLog.open(tmp_path).read(Position(), 20_000)[0]]
    assert [0, *range(6, 10_006)] == slots
