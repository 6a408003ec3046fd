"""edunet bench inventory: a figure for every step, a file only when asked."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from edunet.cli import app
from edunet.cli._bench_inventory import STEPS

EDUNET = [sys.executable, "-c", "from edunet.cli import main; main()"]
ROW = re.compile(r"^(.{20}) +(\d+\.\d\d) +(\d+\.\d\d) +(\d+)\b")


def test_the_bench_measures_every_step_and_saves_only_when_asked(
    tmp_path: Path,
) -> None:
    """Each row has wall, CPU and memory that a process can have.

    In a process of its own: on Linux a child is charged with the peak of what it was forked from,
    and a process full of tests is larger than anything measured here.
    """
    words = ["bench", "inventory", "--schools", "40", "--counties", "2"]
    ran = subprocess.run(
        [*EDUNET, *words, "--save", "--results", str(tmp_path)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    rows = [match for line in ran.stdout.splitlines() if (match := ROW.match(line))]
    assert [row[1].strip() for row in rows] == list(STEPS)
    assert all(float(row[2]) > 0 for row in rows)
    assert all(float(row[3]) > 0 for row in rows)
    assert all(10 < int(row[4]) < 500 for row in rows)
    (saved,) = tmp_path.iterdir()
    assert re.fullmatch(r"inventory-\d{4}-\d\d-\d\d\.txt", saved.name)
    assert saved.read_text("utf-8") == ran.stdout
    assert str(tmp_path) not in ran.stdout


def test_a_network_that_cannot_be_is_refused_before_anything_is_measured() -> None:
    ran = CliRunner().invoke(app, ["bench", "inventory", "--schools", "0"])

    assert ran.exit_code == 2
    assert "write 1 or more" in ran.stderr
