"""A running virtual city with one county cut off, read by three real time series databases."""

from __future__ import annotations

import atexit
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import daemons
import httpx
from house import House, eventually

CUT: Final = "core-c3"
DATABASE: Final = "edunet"
# Kept, because a client costs more than a thousand answers.
_HTTP: Final = httpx.Client(trust_env=False)
atexit.register(_HTTP.close)


class City(NamedTuple):
    """A city that is watched, and where what is known of it arrives.

    `at`: when all had just arrived, in seconds: marks of what began are there for a minute only.
    """

    house: House
    at: float
    prometheus: str
    victoria_metrics: str
    influxdb: str


def ask(url: str, expr: str, at: float | None = None) -> list[Any]:
    """What a PromQL question answers."""
    params = {"query": expr} | ({} if at is None else {"time": f"{at:.3f}"})
    answer = _HTTP.get(f"{url}/api/v1/query", params=params)
    assert answer.status_code == 200, answer.text
    result: list[Any] = answer.json()["data"]["result"]
    return result


def ask_influx(url: str, query: str) -> list[Any]:
    """The series an InfluxQL question answers."""
    params = {"db": DATABASE, "q": query, "epoch": "ms"}
    answer = _HTTP.get(f"{url}/query", params=params)
    assert answer.status_code == 200, answer.text
    (result,) = answer.json()["results"]
    assert "error" not in result, (query, result)
    series: list[Any] = result.get("series", [])
    return series


# What comes last: counters were read twice, and the city knows of its incident.
_SLOW: Final = (
    r"edunet_samples_rejected_total{",
    r'edunet_device_uptime_seconds{[^}]*device="c1-s01-sw"',
    r'edunet_link_utilization_ratio{[^}]*link="c1-s01-up"',
    r'edunet_interface_up{[^}]*device="c1-s01-sw"',
)
_LAST: Final = (
    "edunet_incidents_open and on () count(rate(edunet_samples_rejected_total[1m]))"
    ' and on () count(edunet_device_uptime_seconds{device="c1-s01-sw"})'
    ' and on () count(edunet_school_up{county="c3"} == 0)'
)


def _fill(house: House, victoria: str) -> None:
    """Two scrapes of the city, a second or more apart: counters must have moved."""
    eventually(
        lambda: house.ask("/metrics").text,
        lambda text: all(re.search(wanted, text) for wanted in _SLOW),
        "the reboot to be noticed, and a school's switch to tell all of itself",
    )
    seen: set[str] = set()

    def scrape() -> int:
        text = house.ask("/metrics").text
        seen.add(next(x for x in text.splitlines() if x.startswith("edunet_poll_cpu_seconds_t")))
        httpx.post(
            f"{victoria}/api/v1/import/prometheus", content=text, trust_env=False
        ).raise_for_status()
        return len(seen)

    eventually(scrape, lambda count: count >= 3, "three scrapes")


def _sink(url: str) -> dict[str, str]:
    return {"kind": "influx1", "url": url, "database": DATABASE}


def _told(url: str) -> bool:
    return bool(ask(url, _LAST))


@contextmanager
def city(folder: Path) -> Iterator[City]:
    """Started, cut in one place, and known to all three."""
    with (
        daemons.influxdb(folder) as influx,
        House(folder / "house", sinks={"old": _sink(influx.url)}) as house,
        daemons.victoria_metrics(folder) as victoria,
        daemons.prometheus(folder, [f"127.0.0.1:{house.port}"]) as prometheus,
    ):
        created = httpx.post(
            f"{influx.url}/query", params={"q": f"CREATE DATABASE {DATABASE}"}, trust_env=False
        )
        assert created.is_success
        house.start()
        house.order("cut", CUT)
        house.order("reboot", "c1-agg")
        eventually(lambda: house.get("network")["incidents_open"], bool, "the cut to be told")
        _fill(house, victoria.url)
        for server in (prometheus, victoria):
            daemons.until(
                partial(_told, server.url), f"{server.url} to know of the cut and the reboot"
            )
        daemons.until(
            lambda: bool(ask_influx(influx.url, 'SELECT "up" FROM "school" WHERE "up" = 0')),
            "the cut to arrive in InfluxDB",
        )
        yield City(house, time.time(), prometheus.url, victoria.url, influx.url)
