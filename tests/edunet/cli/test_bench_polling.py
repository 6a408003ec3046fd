"""The benches of polling print their figures, and say of what."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edunet.cli import _bench_lateness, app
from edunet.cli._bench_machine import EXPORTER, GCC

EDUNET = [sys.executable, "-c", "from edunet.cli import main; main()"]
ROW = re.compile(
    r"^(?P<way>\S.*?) +(?P<devices>\d+) +(?P<cost>[\d.]+) +[\d.]+-[\d.]+ +(?P<read>\d+)"
    r" +[\d,]+ +[\d.]+ +(?P<peak>\d+) \(\d+\) +[\d.]+x$",
    flags=re.MULTILINE,
)


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


def test_the_bench_of_polling_asks_everybody_the_same_and_saves_when_asked(tmp_path: Path) -> None:
    """In a process of its own: what the libraries leave open is not ours to close."""
    words = ["bench", "poll", "--devices", "5", "--rounds", "1"]
    told = subprocess.run(
        [*EDUNET, *words, "--save", "--results", str(tmp_path)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert 0 == told.returncode, told.stderr
    alike, whole = told.stdout.split("\n\n")[1:3]
    assert alike.startswith("the same for all: 28 ports x 8 columns + sysUpTime = 225 values")
    read = {row["way"]: int(row["read"]) for row in ROW.finditer(alike)}
    exporters = ["snmp_exporter walk", "snmp_exporter get"] if EXPORTER.path else []
    floor = ["floor (C)"] if GCC.path else []
    assert ["batches", "single", "gufo-snmp", "pysnmp", *exporters, *floor] == list(read)
    assert {225} == {read[way] for way in read if way not in {"batches", "single"}}
    assert all(225 + 28 < read[way] < 300 for way in ("batches", "single"))
    assert ["batches", "single", "gufo-snmp", "pysnmp", *floor] == [
        row["way"] for row in ROW.finditer(whole)
    ]
    assert "did not come" not in told.stdout
    (saved,) = tmp_path.glob("poll-*.txt")
    assert saved.read_text("utf-8") == told.stdout


def test_a_bench_of_nothing_is_refused() -> None:
    assert 2 == CliRunner().invoke(app, ["bench", "poll", "--devices", "0"]).exit_code
    assert 2 == CliRunner().invoke(app, ["bench", "lateness", "--silent", "2"]).exit_code
