"""Has every server every sample, exactly once, when the house is killed thirty times?"""

from __future__ import annotations

import os
import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from doomed import SERVERS, Doomed, doomed, soak

from edunet.cli._bench_machine import PROMETHEUS, Program, about

KILLS = 30
SEED = 20261127


@pytest.mark.soak
def test_a_house_killed_thirty_times_has_lost_nothing_to_anybody(tmp_path: Path) -> None:
    with doomed(tmp_path) as house:
        soak(house, KILLS, random.Random(SEED))  # noqa: S311 - dice
        house.drain()

        log = house.log()
        compared = house.compared()
        counts = {series: len(held) for series, held in log.items()}
        assert dict.fromkeys(compared, ([], [], [])) == compared
        assert dict.fromkeys(house.counted(), counts) == house.counted()
        assert [] == house.set_aside()
        assert [] == house.gaps()
        assert dict.fromkeys(SERVERS, KILLS // len(SERVERS)) == house.kills
        assert house.killed_alone >= KILLS // 3
        _keep("\n".join(report(house, counts)) + "\n")


def report(house: Doomed, counts: dict[tuple[str, str, str], int]) -> Iterator[str]:
    yield f"soak of the whole house, {datetime.now(UTC):%Y-%m-%d}, seed {SEED}"
    yield from about(programs=(PROMETHEUS, Program("influxd", ("version",))))
    # Debian's says no version of itself.
    query = ["dpkg-query", "-W", "victoria-metrics"]
    yield subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip()
    ready = [life.killed - life.ready for life in house.lives if life.ready]
    yield (
        f"`edunet run` killed {len(house.lives)} times with its whole group, {KILLS - len(ready)} "
        f"times before it was ready, {house.killed_alone} times while a server was away"
    )
    yield f"ready for {sum(ready):.0f} s in all; servers killed: {house.kills}"
    kinds = Counter[str]()
    for (metric, _, _), count in counts.items():
        kinds[metric.partition("_")[0]] += count
    yield f"{len(counts)} series, {sum(counts.values())} samples in the frame log: {dict(kinds)}"
    yield "in Prometheus, VictoriaMetrics, InfluxDB and the file: each of them once, none beside"
    yield "count_over_time is that of the log for every series; nothing set aside, every cursor at"
    yield "the end; no link silent for 4 s while the house was ready"


def _keep(text: str) -> None:
    """Where somebody wants it: `EDUNET_RESULTS=bench/results make soak`."""
    if folder := os.environ.get("EDUNET_RESULTS"):
        path = Path(folder) / f"soak-{datetime.now(UTC):%Y-%m-%d}.txt"
        path.write_text(text, "utf-8")
