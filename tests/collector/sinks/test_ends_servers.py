"""Does a graph of a real Prometheus and VictoriaMetrics end where the truth ends?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from daemons import Daemon, until, victoria_metrics
from fake_sink import START
from receivers import receiving_prometheus
from receiving import Open

from edunet.frame import Frame

pytestmark = pytest.mark.daemon
Start = Callable[[Path], AbstractContextManager[Daemon]]
STARTS: Mapping[str, Start] = {
    "Prometheus": receiving_prometheus,
    "Prometheus with a window": lambda tmp: receiving_prometheus(tmp, "2h"),
    "VictoriaMetrics": victoria_metrics,
}
UNKNOWN = float("nan")


@pytest.fixture(params=STARTS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Daemon]:
    with STARTS[request.param](tmp_path) as daemon:
        yield daemon


def echo(second: int, *rtts: float) -> Frame:
    slots = np.arange(len(rtts), dtype=np.int32)
    times = np.full(len(rtts), START + second * 1000, np.int64)
    return Frame("probe", slots, times, {"rtt_s": np.array(rtts)})


def there(server: Daemon, second: float, nonce: int = 0) -> dict[str, float]:
    """What an instant query says at a moment, by device."""
    params: dict[str, Any] = {
        "query": f'edunet_probe_rtt_seconds{{nonce!="{second}.{nonce}"}}',
        "time": START / 1000 + second,
    }
    answer = httpx.get(f"{server.url}/api/v1/query", params=params, trust_env=False).json()
    return {row["metric"]["device"]: float(row["value"][1]) for row in answer["data"]["result"]}


def arrived(server: Daemon, second: float, expected: dict[str, float]) -> None:
    """What was sent is not seen at once by VictoriaMetrics."""
    looks = iter(range(10_000))
    until(lambda: expected == there(server, second, next(looks)), f"{expected} at {second}")


def test_what_is_not_known_any_more_is_gone_at_once(server: Daemon, opened: Open) -> None:
    names = {0: "dead", 1: "alive", 2: "silent"}
    outlet = opened(f"{server.url}/api/v1/write", lambda _, slot: {"device": names[slot]})
    for second in range(0, 60, 10):
        outlet.write([echo(second, 0.1, 0.2, 0.3)])
    outlet.write([echo(60, UNKNOWN, 0.2)])  # of the silent one no row comes
    outlet.write([echo(70, UNKNOWN, 0.2)])

    arrived(server, 70, {"alive": 0.2, "silent": 0.3})
    assert {"dead": 0.1, "alive": 0.2, "silent": 0.3} == there(server, 59)
    assert {"alive": 0.2, "silent": 0.3} == there(server, 60)
    outlet.write([echo(80, 0.4, 0.2)])
    arrived(server, 80, {"dead": 0.4, "alive": 0.2, "silent": 0.3})
    assert {"alive": 0.2, "silent": 0.3} == there(server, 75)


def test_who_left_the_inventory_is_gone_and_who_moved_is_there_once(
    server: Daemon, opened: Open
) -> None:
    names = {0: "gone", 1: "before", 2: "stays"}
    told = lambda _, slot: {"device": names[slot]} if slot in names else {}  # noqa: E731
    outlet = opened(f"{server.url}/api/v1/write", told)
    outlet.write([echo(0, 0.1, 0.2, 0.3)])
    del names[0]
    names[1] = "after"
    outlet.relabel()
    outlet.write([echo(10, 0.1, 0.2, 0.3)])

    arrived(server, 10, {"after": 0.2, "stays": 0.3})
    assert {"gone": 0.1, "before": 0.2, "stays": 0.3} == there(server, 0)


def test_counts_know_nothing_of_ends(server: Daemon, opened: Open) -> None:
    """An end is no sample: `count_over_time` and `avg_over_time` are of the values alone."""
    outlet = opened(f"{server.url}/api/v1/write", lambda *_: {"device": "d"})
    for second in range(10):
        outlet.write([echo(second, UNKNOWN if second % 3 == 2 else 0.5)])
    params: dict[str, Any] = {"time": START / 1000 + 20}
    found: list[str] = []

    def counted() -> bool:
        params["query"] = f'count_over_time(edunet_probe_rtt_seconds{{n!="{len(found)}"}}[1h])'
        answer = httpx.get(f"{server.url}/api/v1/query", params=params, trust_env=False).json()
        found.extend(row["value"][1] for row in answer["data"]["result"])
        found.append("")
        return "7" in found

    until(counted, "seven values")
