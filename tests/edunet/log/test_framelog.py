"""Is every accepted frame still there: after rotation, a crash?"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from logged import everything, fill, frame, number

from edunet.errors import ConfigError
from edunet.log import FrameLog, Position


@pytest.fixture
def log(tmp_path: Path) -> Iterator[FrameLog]:
    log = FrameLog.open(tmp_path / "log", segment_bytes=1000)
    yield log
    log.close()


def test_frames_come_back_in_order_across_segments(log: FrameLog) -> None:
    fill(log, 50)

    assert len(list(log.folder.glob("*.seg"))) > 5
    assert list(range(50)) == everything(log)


def test_nothing_is_accepted_before_sync(log: FrameLog) -> None:
    log.append(frame(0))

    assert ([], log.end) == log.read(Position())
    log.sync()
    assert [0] == everything(log)


def test_a_read_stops_at_the_limit_and_goes_on_where_it_stopped(log: FrameLog) -> None:
    fill(log, 20)

    position, sizes = Position(), []
    while True:
        frames, position = log.read(position, limit=10)
        if not frames:
            break
        sizes.append(sum(map(len, frames)))
    assert [12] * 6 + [8] == sizes
    assert log.end == position


def test_a_read_stops_where_it_is_told_to(log: FrameLog) -> None:
    fill(log, 7)
    until = log.end
    fill(log, 13, 7)

    first, position = log.read(Position(), 10**6, until)
    rest, _ = log.read(position, 10**6, until)
    assert [*range(7)] == [number(found) for found in first]
    assert position >= until
    assert [7] == [number(found) for found in rest]  # asked from there on, it reads one and stops


def test_reading_at_the_end_is_quiet_even_right_after_a_rotation(log: FrameLog) -> None:
    fill(log, 3)
    before = log.end.segment
    while log.end.segment == before:
        log.append(frame(9))  # the last one begins a segment, and is not accepted yet
    _, position = log.read(Position(), 10**6)

    assert not log.wait(position, 0)


def test_a_restart_goes_on_where_the_log_ended(tmp_path: Path) -> None:
    for start in range(0, 30, 10):
        log = FrameLog.open(tmp_path, segment_bytes=1000)
        fill(log, 10, start)
        log.close()

    log = FrameLog.open(tmp_path)
    assert list(range(30)) == everything(log)
    assert [] == everything(log, log.end)


def test_opening_and_closing_alone_leaves_no_file(tmp_path: Path) -> None:
    FrameLog.open(tmp_path / "log").close()

    assert [] == list((tmp_path / "log").iterdir())


def test_the_oldest_segments_go_beyond_the_bound_and_readers_are_told_what_they_lost(
    tmp_path: Path,
) -> None:
    log = FrameLog.open(tmp_path, max_bytes=5000, segment_bytes=1000)
    fill(log, 5)
    _, early = log.read(Position(), limit=1)
    fill(log, 95, 5)
    sizes = [path.stat().st_size for path in tmp_path.glob("*.seg")]

    assert sum(sizes) <= 5000
    found = everything(log, early)
    assert list(range(found[0], 100)) == found
    assert found[0] > 5
    assert log.counts.dropped_segments > 0
    # What is gone and what is there make up everything that was ever written.
    assert log.end.offset == log.counts.dropped_bytes + sum(sizes)
    assert log.counts.dropped_bytes - early.offset == log.lost(early)
    assert 0 == log.lost(log.end)
    log.close()
    again = FrameLog.open(tmp_path)
    assert log.lost(early) == again.lost(early)


@pytest.mark.parametrize(
    "position",
    [
        pytest.param(Position(1, 77), id="inside a record"),
        pytest.param(Position(1, 10**15), id="beyond its segment"),
        pytest.param(Position(0, 0), id="before the first segment"),
        pytest.param(Position(1, -5), id="before its segment"),
        pytest.param(Position(999, 10**9), id="in a segment that never was"),
    ],
)
def test_any_position_can_be_read_from(log: FrameLog, position: Position) -> None:
    fill(log, 30)

    found = everything(log, position)
    assert found == list(range(30))[len(list(range(30))) - len(found) :]


def test_a_reader_is_woken_by_what_is_accepted(log: FrameLog) -> None:
    fill(log, 1)
    end, woken = log.end, threading.Event()

    def follow() -> None:
        if log.wait(end, 10):
            woken.set()

    reader = threading.Thread(target=follow)
    reader.start()
    log.append(frame(1))
    log.sync()
    reader.join()
    assert woken.is_set()


def test_readers_in_other_threads_see_every_frame_once_and_in_order(tmp_path: Path) -> None:
    log = FrameLog.open(tmp_path, segment_bytes=2000)
    seen: dict[int, list[int]] = {0: [], 1: []}

    def follow(me: int) -> None:
        position = Position()
        while len(seen[me]) < 300 and log.wait(position, 10):
            frames, position = log.read(position, 7)
            seen[me] += map(number, frames)

    readers = [threading.Thread(target=follow, args=(me,)) for me in seen]
    for reader in readers:
        reader.start()
    for start in range(0, 300, 3):
        fill(log, 3, start)
    for reader in readers:
        reader.join()
    log.close()
    assert {0: list(range(300)), 1: list(range(300))} == seen


def test_a_place_that_cannot_be_written_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file")

    with pytest.raises(ConfigError, match="cannot open the log"):
        FrameLog.open(tmp_path / "log")


WRITER = """
import sys
from pathlib import Path
import numpy as np
from edunet.frame import Frame
from edunet.log import FrameLog
log = FrameLog.open(Path(sys.argv[1]), segment_bytes=20_000)
n = int(sys.argv[2])
while True:
    for _ in range(3):
        log.append(Frame("interface", np.arange(200, dtype=np.int32),
                         np.full(200, 1_790_000_000_000 + n, np.int64),
                         {"in_octets": np.full(200, n, np.uint64)}))
        n += 1
    log.sync()
    print(n, flush=True)
"""


def test_whatever_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    acknowledged: set[int] = set()
    for round_ in range(5):
        first = round_ * 1_000_000
        argv = [sys.executable, "-c", WRITER, str(tmp_path), str(first)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            told = [child.stdout.readline() for _ in range(5 + 13 * round_)]
            child.send_signal(signal.SIGKILL)
            told += child.stdout.read().splitlines(keepends=True)
        count = int([line for line in told if line.endswith(b"\n")][-1])
        acknowledged.update(range(first, count))

    found = everything(FrameLog.open(tmp_path))
    assert found == sorted(set(found))
    assert acknowledged <= set(found)
