"""Does a real Prometheus, scraping the running house, know what the API knows?"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from city_facts import cut_off, schools
from daemons import Daemon, binary, prometheus
from house import House, eventually

pytestmark = pytest.mark.daemon
PORT = {"device": "core", "interface": "XGE0/0/2"}


@pytest.fixture
def server(shared: House, tmp_path: Path) -> Iterator[Daemon]:
    with prometheus(tmp_path, [f"127.0.0.1:{shared.port}"]) as daemon:
        yield daemon


def ask(server: Daemon, query: str, at: float | None = None) -> dict[frozenset[Any], float]:
    """What a query answers: labels -> value."""
    params = {"query": query} | ({} if at is None else {"time": str(at)})
    answer = httpx.get(f"{server.url}/api/v1/query", params=params, trust_env=False).json()
    assert "success" == answer["status"], answer
    return {
        frozenset(row["metric"].items()): float(row["value"][1]) for row in answer["data"]["result"]
    }


def one(server: Daemon, query: str, at: float | None = None) -> float | None:
    found = ask(server, query, at)
    assert len(found) <= 1, found
    return next(iter(found.values()), None)


def test_the_scrape_is_up_and_says_of_every_school_one_state(shared: House, server: Daemon) -> None:
    total = len(schools(shared.inventory))
    eventually(lambda: one(server, "up"), lambda value: value == 1, "up")
    eventually(lambda: one(server, "sum(edunet_school_state)"), lambda v: v == total, f"{total}")

    assert {1.0} == set(ask(server, "sum by (site) (edunet_school_state)").values())
    assert total == one(server, 'sum(edunet_school_state{state="up"})')
    assert total == one(server, "count(edunet_school_info)")
    assert len(shared.inventory.links) >= len(ask(server, "edunet_link_download_bits_per_second"))
    assert one(server, 'edunet_link_download_bits_per_second{link="core-c1"}')
    assert one(server, "count(edunet_link_up)") == len(shared.inventory.links)


def test_a_cut_is_seen_by_county(shared: House, server: Daemon) -> None:
    gone = cut_off(shared.inventory, {"core-c3"}) & schools(shared.inventory)
    shared.order("cut", "core-c3")
    try:
        eventually(
            lambda: ask(server, 'sum by (county) (edunet_school_state{state="unreachable"} == 1)'),
            lambda found: found == {frozenset({("county", "c3")}): len(gone)},
            "the county to be unreachable",
        )
        assert len(gone) == one(server, "count(edunet_school_up == 0)")
        assert 1 == one(server, "sum(edunet_incidents_open)")
    finally:
        shared.order("heal")
        shared.until(dict.fromkeys(gone, "up"))


class Reading(NamedTuple):
    """One reading of the port: when (seconds), what it had counted, what the API made of it."""

    at: float
    octets: int
    bps: float


def test_a_counter_s_rate_is_the_api_s_within_two_in_a_hundred(
    shared: House, server: Daemon
) -> None:
    """Between two scrapes that came equally late after the readings they saw."""
    readings: dict[int, Reading] = {}
    labels = ",".join(f'{name}="{value}"' for name, value in PORT.items())
    series = f"edunet_interface_receive_bytes_total{{{labels}}}"

    def look() -> tuple[float, float] | None:
        items = shared.get("devices/core/interfaces", limit=1000)["items"]
        (port,) = (item for item in items if item["name"] == PORT["interface"])
        at = datetime.fromisoformat(port["measured"]).timestamp()
        readings[port["in_octets"]] = Reading(at, port["in_octets"], port["in_bps"] or 0.0)
        return bracket(readings, scrapes(server, series))

    first, last = eventually(look, bool, "two scrapes that can be compared", 90) or (0.0, 0.0)
    seen = {t: readings[v] for t, v in scrapes(server, series) if v in readings}
    inside = sorted(r for r in readings.values() if seen[first].at <= r.at <= seen[last].at)
    mean = sum(b.bps * (b.at - a.at) for a, b in pairwise(inside)) / (inside[-1].at - inside[0].at)
    window = round((last - first) * 1000) + 100
    rate = one(server, f"rate({series}[{window}ms]) * 8", last + 0.05)

    assert rate is not None
    assert mean == pytest.approx(rate, rel=0.02)


def scrapes(server: Daemon, series: str) -> list[tuple[float, int]]:
    """The stored samples of the last two minutes."""
    params = {"query": f"{series}[2m]"}
    answer = httpx.get(f"{server.url}/api/v1/query", params=params, trust_env=False).json()
    return [(t, int(float(v))) for row in answer["data"]["result"] for t, v in row["values"]]


def bracket(
    readings: dict[int, Reading], stored: list[tuple[float, int]]
) -> tuple[float, float] | None:
    """Two scrapes, eight seconds apart or more, as long apart as the readings they saw."""
    known = [(t, readings[v].at) for t, v in stored if v in readings]
    for t1, at1 in known:
        for t2, at2 in reversed(known):
            if t2 - t1 >= 8 and abs((t2 - t1) - (at2 - at1)) < 0.08:
                return t1, t2
    return None


def test_promtool_reads_what_the_running_house_says(shared: House) -> None:
    for query in ("", "?county=c1"):
        body = shared.ask(f"/metrics{query}").content
        found = subprocess.run(
            [binary("promtool"), "check", "metrics"], input=body, capture_output=True, check=False
        )
        findings = (found.stdout + found.stderr).decode().splitlines()
        assert [] == [line for line in findings if "_bits_per_second" not in line]
        assert {'use base unit "bytes" instead of "bits"'} == {
            line.partition(" ")[2] for line in findings
        }
