"""The benches of polling print their figures, and say of what."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edunet.cli import _bench_lateness, app

EDUNET = [sys.executable, "-c", "from edunet.cli import main; main()"]


def test_the_bench_of_lateness_prints_both_kinds_and_how_far_they_are_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_bench_lateness, "_SETTLE_S", 4.0)
    words = ["bench", "lateness", "--devices", "20", "--period", "1", "--periods", "2"]
    told = CliRunner().invoke(app, [*words, "--rounds", "1"])

    assert 0 == told.exit_code, told.output
    assert "20 devices every 1 s for 2 periods, 1 runs of each kind in turn; 2 of them silent" in (
        told.output
    )
    assert 2 == len(re.findall(r"run 1, .*: +median [\d.]+ ms, 99 % [\d.]+ ms", told.output))
    assert re.search(r"the 99th percentile moves by [+-][\d.]+ % \([\d.]+x\)", told.output)


def test_the_bench_of_polling_prints_every_way_and_saves_when_asked(tmp_path: Path) -> None:
    """In a process of its own: what the libraries leave open is not ours to close."""
    words = ["bench", "poll", "--devices", "5", "--rounds", "1"]
    told = subprocess.run(
        [*EDUNET, *words, "--save", "--results", str(tmp_path)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert 0 == told.returncode, told.stderr
    ways = re.findall(r"^([\w-]+) +[\d.]+ ms CPU a device", told.stdout, flags=re.MULTILINE)
    assert ["batches", "single", "gufo-snmp", "pysnmp"] == ways
    (saved,) = tmp_path.glob("poll-*.txt")
    assert saved.read_text("utf-8") == told.stdout


def test_a_bench_of_nothing_is_refused() -> None:
    assert 2 == CliRunner().invoke(app, ["bench", "poll", "--devices", "0"]).exit_code
    assert 2 == CliRunner().invoke(app, ["bench", "lateness", "--silent", "2"]).exit_code
