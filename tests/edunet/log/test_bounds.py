"""What does the log let go of: for its size, its age, for a disk that is full?"""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from logged import everything, fill, frame

from edunet.log import FrameLog
from edunet.log.segments import listed

DAY = 86_400.0


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FrameLog]:
    log = FrameLog.open(tmp_path / "log", segment_bytes=1000)
    yield log
    log.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system of its own can be mounted by root only")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_is_full_refuses_the_frame_and_keeps_the_others(
    log: FrameLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(log, 1)
    write = os.pwrite

    def half(fd: int, data: memoryview, at: int) -> int:
        if len(data) > 100:
            return write(fd, data[:100], at)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", half)
        with pytest.raises(OSError, match="No space left"):
            log.append(frame(1))
    fill(log, 2, 2)
    assert [0, 2, 3] == everything(log)


def test_a_sync_that_failed_is_not_believed_the_second_time(
    log: FrameLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(log, 1)
    log.append(frame(1))

    def fail(fd: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        with pytest.raises(OSError, match="Input/output"):
            log.sync()
    log.sync()
    assert [0] == everything(log)
    fill(log, 1, 2)
    assert [0, 2] == everything(log)


def test_a_full_disk_costs_the_oldest_frames_and_no_crash(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = FrameLog.open(small_disk / "log", segment_bytes=8000)
    for n in range(1000):
        fill(log, 1, n)
    found = everything(log)
    log.close()

    assert list(range(found[0], 1000)) == found
    assert found[0] > 0
    assert log.counts.dropped_segments > 0
    assert "the disk is full: dropped" in caplog.text
    kept = sum(path.stat().st_size for path in log.folder.iterdir())
    assert log.counts.dropped_bytes + kept == log.end.offset


def test_a_disk_somebody_else_has_filled_refuses_and_takes_again(small_disk: Path) -> None:
    log = FrameLog.open(small_disk / "log", segment_bytes=8000)
    fill(log, 2)
    greedy = small_disk / "greedy"
    with greedy.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    with pytest.raises(OSError, match="No space left"):
        fill(log, 100, 2)
    assert [0, 1] == everything(log)
    greedy.unlink()
    fill(log, 2, 200)  # accepts what was written before the disk was full, too

    found = everything(log)
    assert [*range(len(found) - 2), 200, 201] == found
    log.close()


def test_a_full_disk_does_not_take_the_newest_segment(
    log: FrameLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(log, 50)
    newest = listed(log.folder)[-1].path

    def full(fd: int, data: memoryview, at: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="No space left"):
            log.append(frame(50))

    assert [newest] == [segment.path for segment in listed(log.folder)]
    fill(log, 1, 51)
    assert 51 == everything(log)[-1]


def age(log: FrameLog, days: float) -> None:
    """Let every file there be older."""
    for segment in listed(log.folder):
        was = segment.path.stat().st_mtime
        os.utime(segment.path, (was, was - days * DAY))


def test_what_is_older_than_the_longest_age_goes_and_is_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = FrameLog.open(tmp_path, segment_bytes=1000, max_age_s=30 * DAY)
    fill(log, 10)
    first = {segment.number for segment in listed(tmp_path)[:-1]}
    age(log, 29)
    fill(log, 10, 10)
    assert [*range(20)] == everything(log)
    age(log, 2)  # the first are 31 days old, the others 2
    fill(log, 10, 20)
    found = everything(log)

    assert first
    assert not first & {segment.number for segment in listed(tmp_path)}
    assert 0 < found[0] <= 10
    assert list(range(found[0], 30)) == found
    assert log.counts.dropped_bytes == listed(tmp_path)[0].base > 0
    assert "older than 30 days: dropped" in caplog.text
    log.close()


def test_a_clock_that_leaps_for_a_moment_costs_two_segments_at_most(tmp_path: Path) -> None:
    log = FrameLog.open(tmp_path, segment_bytes=1000, max_age_s=30 * DAY)
    fill(log, 60)
    count = len(listed(tmp_path))
    age(log, 10_000)
    while len(listed(tmp_path)) >= count:
        fill(log, 1, 60)

    assert count - len(listed(tmp_path)) <= 2
    assert log.counts.dropped_segments <= 2
    log.close()


def test_a_quiet_log_begins_a_new_segment_now_and_then(tmp_path: Path) -> None:
    """Else the age of a segment would say nothing about its oldest frame."""
    log = FrameLog.open(tmp_path, max_age_s=32 * DAY)
    fill(log, 1)
    (path,) = (segment.path for segment in listed(tmp_path))
    log._born -= 3 * DAY  # a whole file system's time cannot be turned
    fill(log, 1, 1)
    fill(log, 1, 2)

    assert [path] != [segment.path for segment in listed(tmp_path)]
    assert [0, 1, 2] == everything(log)
    log.close()
