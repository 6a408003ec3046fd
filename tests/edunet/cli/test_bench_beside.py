"""The benches of province, city, icmp and output: every figure is there, of what was due."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from collector.probes import icmp
from edunet.cli import _bench_icmp, app
from edunet.cli._bench_machine import EXPORTER, FPING, PROMETHEUS

EDUNET = [sys.executable, "-c", "from edunet.cli import main; main()"]


def _bench(*words: str, **environment: str) -> str:
    """What it prints, in a process of its own: it starts others, and ends them."""
    told = subprocess.run(
        [*EDUNET, "bench", *words], capture_output=True, text=True, timeout=180, check=False,
        env=environment or None,
    )  # fmt: skip
    assert 0 == told.returncode, told.stderr
    return told.stdout


def test_a_province_in_its_pace_is_complete(tmp_path: Path) -> None:
    words = ["--devices", "12", "--dead", "0", "--lossy", "0", "--period", "1", "--warm", "1"]
    told = _bench("province", *words, "--save", "--results", str(tmp_path))

    assert "12 devices x 28 ports, within 1 s, about 96 a wake-up; 0 dead, 0 losing 10 %" in told
    assert re.search(r"listed once, all alive: 12 devices in [\d.]+ s", told)
    assert re.search(r"CPU [\d.]+ s a cycle \([\d.]+ % of a core\), \d+ us a device", told)
    assert "good  due 12: complete 12, incomplete 0" in told
    assert re.search(r"lateness of the living: median [\d.]+ ms, 99 % [\d.]+ ms", told)
    (saved,) = tmp_path.glob("province-2*.txt")
    assert saved.read_text("utf-8") == told


def test_a_province_at_once_is_told_by_group() -> None:
    """The dead are not due; those who lose answers are asked again."""
    words = ["--devices", "10", "--dead", "20", "--lossy", "30", "--loss", "20"]
    told = _bench("province", *words, "--burst", "--warm", "0")

    assert "at once; 2 dead, 3 losing 20 % of their answers" in told
    assert "good  due 5: complete 5, incomplete 0" in told
    assert re.search(r"lossy due 3: complete \d, incomplete \d .*, not asked 0", told)
    assert re.search(r"in [\d.]+ s until the last was over", told)


def test_a_province_without_anybody_well_is_refused() -> None:
    words = ["bench", "province", "--devices", "20", "--dead", "60", "--lossy", "40"]
    ran = CliRunner().invoke(app, words)

    assert 2 == ran.exit_code
    assert "60 % dead and 40 % lossy leave no device that is well" in ran.stderr


@pytest.mark.daemon
@pytest.mark.skipif(
    EXPORTER.path is None or PROMETHEUS.path is None,
    reason="prometheus-snmp-exporter or prometheus is not installed",
)
def test_a_city_is_watched_by_all_three() -> None:
    words = ["--devices", "4", "--minutes", "0.05", "--warm", "4", "--uplinks", "1"]
    told = _bench("city", *words, "--ports", "2")

    for name in ("edunet, no ping", "edunet, ping each second", "prometheus", "together"):
        assert re.search(rf"^{name} +[\d.]+ +\d+$", told, flags=re.MULTILINE), name
    assert 2 == told.count("4 of 4 devices up; /metrics read")
    assert "uplinks: 4 targets up, 36 values, " in told  # rates need a longer look
    assert "ports: 4 targets up, 900 values, " in told
    assert re.search(r"together [\d.]+x of edunet without ping", told)


def test_a_city_without_the_others_says_so() -> None:
    words = ["--devices", "2", "--minutes", "0.02", "--warm", "0", "--uplinks", "1"]
    told = _bench("city", *words, "--ports", "2", PATH="/nowhere")

    assert "not installed here, so not measured: prometheus-snmp-exporter, prometheus" in told
    assert "2 of 2 devices up" in told
    assert "x of edunet" not in told


@pytest.mark.skipif(not icmp.able(), reason="this process may not send echoes")
def test_pings_are_counted_one_by_one() -> None:
    told = _bench("icmp", "--targets", "5", "--seconds", "2", "--rounds", "1")

    row = r"^{} +[\d.]+ +[\d.]+ +[\d.]+-[\d.]+ +\d+ +0\.000$"
    assert re.search(row.format("edunet"), told, flags=re.MULTILINE)
    if FPING.path:
        assert re.search(row.format("fping"), told, flags=re.MULTILINE)
        assert re.search(r"an echo costs [\d.]+x of fping; the median RTT is [+-]\d+ us", told)


def test_every_way_of_writing_is_measured() -> None:
    told = _bench("output", "--ports", "1000", "--rounds", "1")

    for title in ("exposition, ends of links", "exposition, all ports", "line protocol, all ports"):
        assert re.search(rf"^{title}, \d+ lines$", told, flags=re.MULTILINE), title
    assert 3 < len(re.findall(r" CPU s \( *[\d.]+x\), +[\d.]+ us a line", told))


def test_without_the_right_to_ping_the_bench_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_bench_icmp, "able", lambda: False)
    ran = CliRunner().invoke(app, ["bench", "icmp"])

    assert 2 == ran.exit_code
    assert "no right to send ICMP echoes" in ran.stderr


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["province", "--devices", "0"], id="no devices"),
        pytest.param(["province", "--dead", "100"], id="all dead"),
        pytest.param(["city", "--minutes", "0"], id="no time"),
        pytest.param(["icmp", "--targets", "0"], id="no targets"),
        pytest.param(["output", "--ports", "0"], id="no ports"),
    ],
)
def test_what_cannot_be_measured_is_refused(words: list[str]) -> None:
    ran = CliRunner().invoke(app, ["bench", *words])

    assert 2 == ran.exit_code
    assert f"Invalid value for '{words[1]}'" in ran.stderr
