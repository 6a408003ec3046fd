"""Does the running house's own data arrive in a real VictoriaMetrics, as the API says it?"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from city_facts import cut_off, schools
from daemons import Daemon, victoria_metrics
from house import Build, House, eventually

from edunet.states import State

pytestmark = pytest.mark.daemon
LINK, COUNTY_LINK = "c1-s01-up", "core-c3"
Points = dict[int, float]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Daemon]:
    with victoria_metrics(tmp_path) as daemon:
        yield daemon


@pytest.fixture
def house(build: Build, server: Daemon) -> House:
    house = build(sinks={"vm": {"kind": "influx", "url": server.url}})
    house.start()
    return house


def points(server: Daemon, name: str, **labels: str) -> Points:
    """Milliseconds -> value of the one series of that name and labels."""
    # Asked each time in other words: what a filter found is cached for 10 s.
    wanted = {**labels, "nonce!": str(time.monotonic_ns())}
    match = ",".join(
        f'{key.removesuffix("!")}{"!=" if key.endswith("!") else "="}"{value}"'
        for key, value in wanted.items()
    )
    answer = httpx.get(
        f"{server.url}/api/v1/export",
        params={"match[]": f"{name}{{{match}}}", "start": "2020-01-01T00:00:00Z",
                "end": "2060-01-01T00:00:00Z"},
        trust_env=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert len(lines) <= 1, lines
    return {
        int(t): v for line in lines for t, v in zip(line["timestamps"], line["values"], strict=True)
    }


def test_the_rates_of_a_link_arrive_as_the_api_shows_them(house: House, server: Daemon) -> None:
    """Every point, to the digits VictoriaMetrics keeps, is what the API showed at that moment."""
    fields = {
        "download_bps": "link_download_bits_per_second",
        "upload_bps": "link_upload_bits_per_second",
        "utilization": "link_utilization_ratio",
    }
    eventually(lambda: house.get(f"links/{LINK}")["download_bps"], bool, "a rate")
    start = time.time()
    shown: list[tuple[float, dict[str, Any]]] = []

    def look() -> float:
        shown.append((time.time(), house.get(f"links/{LINK}")))
        return time.time() - start

    eventually(look, lambda passed: passed > 6, "six seconds of readings")
    for name, field in fields.items():
        found = eventually(
            lambda field=field: points(server, field, link=LINK),  # type: ignore[misc]
            lambda p: any(t > (start + 5) * 1000 for t in p),
            f"{field} to arrive",
        )
        inside = {t / 1000: v for t, v in found.items() if start + 1 < t / 1000 < start + 5}
        assert len(inside) >= 3
        for moment, value in inside.items():
            near = [body[name] for seen, body in shown if abs(seen - moment) < 0.7]
            assert any(math.isclose(value, one, rel_tol=1e-9) for one in near), (name, value, near)


def test_counters_and_the_states_of_schools_arrive(house: House, server: Daemon) -> None:
    gone = sorted(cut_off(house.inventory, {COUNTY_LINK}) & schools(house.inventory))
    eventually(
        lambda: points(server, "school_up", site=gone[0]), lambda p: 1 in p.values(), "school up"
    )
    house.order("cut", COUNTY_LINK)
    house.until(dict.fromkeys(gone, State.UNREACHABLE.word))
    for site in (gone[0], gone[-1]):
        found = eventually(
            lambda site=site: points(server, "school_up", site=site),  # type: ignore[misc]
            lambda p: p and p[max(p)] == 0,
            f"{site} to be 0",
        )
        since = datetime.fromisoformat(house.get(f"schools/{site}")["since"]).timestamp() * 1000
        assert {1} == {v for t, v in found.items() if t < since}
    assert {1} == set(points(server, "school_up", site="c1-s01").values())
    octets = points(
        server, "interface_receive_bytes_total", device="core", interface="XGE0/0/2", site="idc"
    )
    assert len(octets) >= 2
    assert all(a < b for a, b in pairwise(octets[t] for t in sorted(octets)))


def test_the_gap_of_an_absent_server_is_filled(house: House, server: Daemon) -> None:
    name = "link_download_bits_per_second"
    eventually(lambda: points(server, name, link=LINK), lambda p: len(p) >= 3, "three points")
    server.stop()
    away = time.time() * 1000
    start = house.get("network")["time"]
    eventually(
        lambda: house.get("network")["time"],
        lambda now: (datetime.fromisoformat(now) - datetime.fromisoformat(start)).seconds >= 6,
        "six seconds without a server",
    )
    assert 200 == house.ready()
    server.start()
    back = time.time() * 1000
    found = eventually(
        lambda: points(server, name, link=LINK),
        lambda p: any(t > back + 1000 for t in p),
        "points from after the gap",
    )

    times = sorted(t for t in found if away - 3000 < t < back + 1000)
    assert len(times) >= 6
    assert max(b - a for a, b in pairwise(times)) < 3000
    assert "sink vm is back" in house.words
