"""What does damage to the log cost: itself, named, and nothing else?"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from logged import everything, fill

from edunet.log import FrameLog, Position
from edunet.log.segments import TITLE, listed


def test_a_torn_last_record_is_cut_off_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = FrameLog.open(tmp_path)
    fill(log, 5)
    log.close()
    (path,) = tmp_path.glob("*.seg")
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 30)

    log = FrameLog.open(tmp_path)
    assert [0, 1, 2, 3] == everything(log)
    assert "cut a torn record" in caplog.text
    assert path.name in caplog.text
    fill(log, 2, 10)
    assert [0, 1, 2, 3, 10, 11] == everything(log)
    log.close()


def test_a_damaged_record_in_the_middle_costs_only_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = FrameLog.open(tmp_path)
    fill(log, 2)
    before = log.end
    fill(log, 1, 2)
    after = log.end
    fill(log, 2, 3)
    log.close()
    (path,) = tmp_path.glob("*.seg")
    data = bytearray(path.read_bytes())
    data[(before.offset + after.offset) // 2] ^= 0xFF
    path.write_bytes(data)

    log = FrameLog.open(tmp_path)
    assert [0, 1, 3, 4] == everything(log)
    assert [0, 1, 3, 4] == everything(log)
    assert after.offset - before.offset == log.counts.damaged_bytes
    assert 1 == caplog.text.count("skipped")


@pytest.mark.parametrize("seed", range(25))
def test_random_damage_never_crashes_nor_invents_a_frame(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a die, not a key
    log = FrameLog.open(tmp_path, segment_bytes=600)
    fill(log, 12)
    log.close()
    for path in tmp_path.glob("*.seg"):
        data = bytearray(path.read_bytes())
        for _ in range(dice.choice([0, 1, 3, 200])):
            data[dice.randrange(len(data))] = dice.randrange(256)
        cut = dice.choice([len(data), len(data), dice.randrange(len(data) + 1)])
        path.write_bytes(data[:cut])

    log = FrameLog.open(tmp_path)
    found = everything(log)
    assert found == sorted(set(found) & set(range(12)))
    fill(log, 3, 100)
    assert [*found, 100, 101, 102] == everything(log)
    log.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data=st.data())
def test_a_flipped_bit_costs_at_most_the_frame_it_is_in(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Anywhere: in the title of a segment, in a header, in a column, in the padding."""
    folder = tmp_path_factory.mktemp("log")
    log = FrameLog.open(folder, segment_bytes=1000)
    ends = []
    for n in range(12):
        fill(log, 1, n)
        ends.append(log.end)
    log.close()
    segment = data.draw(st.sampled_from(listed(folder)))
    at = data.draw(st.integers(0, (segment.end - segment.base) * 8 - 1))
    raw = bytearray(segment.path.read_bytes())
    raw[at // 8] ^= 1 << at % 8
    segment.path.write_bytes(raw)

    again = FrameLog.open(folder)
    if at // 8 < TITLE.size:
        hit: set[int] = set()
    else:
        offset = segment.base + at // 8
        hit = {min(n for n, end in enumerate(ends) if end.offset > offset)}
    assert [n for n in range(12) if n not in hit] == everything(again)
    # Named: as damage, or, in the last record, as what a crash has torn off.
    assert bool(hit) == bool(again.counts.damaged_bytes + again.counts.torn_bytes)
    again.close()


@pytest.mark.parametrize("segments", ["one", "many"])
def test_a_tail_torn_anywhere_costs_the_last_frame_alone(tmp_path: Path, segments: str) -> None:
    size = 10**6 if segments == "one" else 1000
    log = FrameLog.open(tmp_path / "whole", segment_bytes=size)
    fill(log, 7)
    before = log.end
    fill(log, 1, 7)
    whole = log.end.offset - before.offset
    log.close()
    last = max((tmp_path / "whole").iterdir())
    for cut in range(1, whole, 13):
        torn = tmp_path / f"torn{cut}"
        torn.mkdir()
        for path in (tmp_path / "whole").iterdir():
            (torn / path.name).write_bytes(path.read_bytes())
        (torn / last.name).write_bytes(last.read_bytes()[:-cut])
        log = FrameLog.open(torn, segment_bytes=size)
        assert [*range(7)] == everything(log)
        fill(log, 1, 8)
        assert [*range(7), 8] == everything(log)
        log.close()


def test_a_cursor_keeps_its_place_in_an_oldest_segment_whose_title_is_damaged(
    tmp_path: Path,
) -> None:
    """Else a sink that stood in it would read it again, or skip it without a word."""
    log = FrameLog.open(tmp_path, max_bytes=4000, segment_bytes=1000)
    fill(log, 40)
    oldest = listed(tmp_path)[0]
    frames, position = log.read(Position(oldest.number, oldest.base), limit=1)
    after = everything(log, position)
    log.close()
    raw = bytearray(oldest.path.read_bytes())
    raw[9] ^= 1
    oldest.path.write_bytes(raw)

    assert frames
    assert oldest.base > 0
    assert after == everything(FrameLog.open(tmp_path), position)
