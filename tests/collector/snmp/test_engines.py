"""What is remembered of engines: never a key, never what is older, and never what is junk."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.snmp.engine import MOST
from collector.snmp.engines import MAX_BYTES, Engines, Heard

ID, OTHER = bytes.fromhex("80001f8804656475"), bytes.fromhex("80001f88046f7468")
NOW = 1_790_000_000_000
FIRST = Heard(ID, 3, 1000, NOW)
HERE = ("198.18.0.1", 161)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "snmp_engines"


def later(seconds: float, *, time: float | None = None, boots: int = 3, by: bytes = ID) -> Heard:
    """What the first engine says so much later, when it says no other time."""
    told = 1000 + seconds if time is None else time
    return Heard(by, boots, int(told), NOW + round(seconds * 1000))


def written(path: Path, *lines: str) -> Engines:
    path.write_text("".join(f"{line}\n" for line in lines))
    path.chmod(0o600)
    return Engines(path)


def test_what_was_heard_is_recalled_by_the_next_run(path: Path) -> None:
    Engines(path).hear("a", HERE, FIRST)

    assert FIRST == Engines(path).recall("a")
    assert Engines(path).recall("b") is None
    assert 0o600 == path.stat().st_mode & 0o777


def test_without_a_file_it_is_this_run_that_recalls() -> None:
    engines = Engines()

    engines.hear("a", HERE, FIRST)

    assert FIRST == engines.recall("a")


@pytest.mark.parametrize(
    "heard",
    [
        pytest.param(later(86400, boots=2), id="fewer boots"),
        pytest.param(later(86400, time=999), id="an earlier time of the same boots"),
    ],
)
def test_of_one_engine_nothing_older_is_remembered(path: Path, heard: Heard) -> None:
    engines = Engines(path)
    engines.hear("a", HERE, FIRST)

    engines.hear("a", HERE, heard)

    assert FIRST == engines.recall("a") == Engines(path).recall("a")


@pytest.mark.parametrize(
    "heard",
    [
        pytest.param(later(9, time=2, boots=4), id="a restart"),
        pytest.param(later(9, time=2, boots=1, by=OTHER), id="another device in its place"),
        pytest.param(later(86400, time=1000 + 86400 - 20), id="a clock that goes slow"),
        pytest.param(later(60, time=1000 + 60 + 20), id="a clock of ours that was set back"),
    ],
)
def test_news_is_remembered(path: Path, heard: Heard) -> None:
    engines = Engines(path)
    engines.hear("a", HERE, FIRST)

    engines.hear("a", HERE, heard)

    assert heard == engines.recall("a") == Engines(path).recall("a")


def test_what_was_to_be_expected_is_not_written_again(path: Path) -> None:
    engines = Engines(path)
    engines.hear("a", HERE, FIRST)
    before = path.read_bytes()

    for minute in range(600):
        engines.hear("a", HERE, later(60 * minute + minute % 7))

    assert before == path.read_bytes()


def test_the_file_is_made_anew_when_most_of_it_is_old(path: Path) -> None:
    engines = Engines(path)

    for boots in range(3000):
        engines.hear("a", HERE, later(boots, boots=boots))

    assert len(path.read_bytes().splitlines()) < 1100
    assert 2999 == getattr(Engines(path).recall("a"), "boots", None)


GOOD = f"a {ID.hex()} 3 1000 {NOW}"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="nothing"),
        pytest.param("tangxia-sw1 ssh-ed25519 AAAA", id="another file's"),
        pytest.param(f"a {ID.hex()} 3 1000", id="cut short"),
        pytest.param(f"a {ID.hex()[:8]} 3 1000 {NOW}", id="an engine id too short"),
        pytest.param(f"a {'00' * 33} 3 1000 {NOW}", id="an engine id too long"),
        pytest.param(f"a {ID.hex()} -3 1000 {NOW}", id="boots below zero"),
        pytest.param(f"a {ID.hex()} {MOST} 1000 {NOW}", id="boots at their end"),
        pytest.param(f"a {ID.hex()} 3 {MOST + 1} {NOW}", id="a time that cannot be"),
        pytest.param(f"a {ID.hex()} 3 1000 {'9' * 40}", id="a moment that cannot be"),
        pytest.param(f"a {ID.hex()} ٣ 1000 {NOW}", id="digits of another script"),
        pytest.param("\0" * 300, id="zeros, as after a power cut"),
    ],
)
def test_junk_is_ignored_and_said_once(
    path: Path, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    engines = written(path, line, GOOD, line)

    assert FIRST == engines.recall("a")
    assert ["2 lines are not about SNMPv3 engines" in m for m in caplog.messages] == [True]
    caplog.clear()
    assert FIRST == Engines(path).recall("a")
    assert not caplog.messages


def test_a_last_line_without_its_end_does_no_harm_to_the_next(path: Path) -> None:
    path.write_text(f"{GOOD}\n{GOOD[:-20]}")
    path.chmod(0o600)

    Engines(path).hear("b", HERE, FIRST)

    again = Engines(path)
    assert FIRST == again.recall("a") == again.recall("b")


@given(junk=st.binary(max_size=400))
def test_no_content_is_too_odd(tmp_path_factory: pytest.TempPathFactory, junk: bytes) -> None:
    path = tmp_path_factory.mktemp("odd") / "snmp_engines"
    path.write_bytes(junk)
    path.chmod(0o600)

    Engines(path).hear("b", HERE, FIRST)

    assert FIRST == Engines(path).recall("b")


def test_a_file_that_others_may_write_is_not_believed(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_text(f"{GOOD}\n")
    path.chmod(0o666)

    engines = Engines(path)

    assert engines.recall("a") is None
    assert "others may write it" in caplog.text
    engines.hear("b", HERE, FIRST)
    assert 0o600 == path.stat().st_mode & 0o777
    assert FIRST == Engines(path).recall("b")


def test_a_file_too_large_is_begun_anew(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.touch(0o600)
    os.truncate(path, MAX_BYTES + 1)

    Engines(path)

    assert "over 16 MiB" in caplog.text
    assert 0 == path.stat().st_size


@pytest.mark.parametrize("kind", ["folder", "fifo", "link"])
def test_what_is_no_file_is_not_believed(
    path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = path.parent / "elsewhere"
    elsewhere.write_text(f"{GOOD}\n")
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(elsewhere)

    engines = Engines(path)
    engines.hear("b", HERE, FIRST)

    assert engines.recall("a") is None
    assert FIRST == engines.recall("b")
    assert "is ignored" in caplog.text
    assert f"{GOOD}\n" == elsewhere.read_text()


def test_a_file_that_cannot_be_written_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engines = Engines(tmp_path / "gone" / "snmp_engines")

    engines.hear("a", HERE, FIRST)
    engines.hear("b", ("198.18.0.2", 161), FIRST._replace(id=OTHER))

    assert FIRST == engines.recall("a")
    assert 1 == len(caplog.messages)
    assert "not remembered" in caplog.text


def test_two_devices_of_one_engine_id_are_named_once(caplog: pytest.LogCaptureFixture) -> None:
    engines = Engines()

    for _ in range(3):
        engines.hear("a", HERE, FIRST)
        engines.hear("b", ("198.18.0.2", 161), FIRST)

    assert 1 == len(caplog.messages)
    assert f"a and b have the same SNMPv3 engine id {ID.hex()}" in caplog.text


def test_one_device_by_two_names_is_no_twin(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    written(path, GOOD).hear("renamed", HERE, FIRST)
    engines = Engines()

    engines.hear("a", HERE, FIRST)
    engines.hear("renamed", HERE, FIRST)

    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
