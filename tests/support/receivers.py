"""Real servers as a sink sees them: how each is started, written to, and asked for its counts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
from daemons import Daemon, _running, free_port, influxdb, victoria_metrics
from fake_sink import START

Counts = dict[tuple[str, str], int]


class Server(NamedTuple):
    """A kind of server with the sink that suits it."""

    start: Callable[[Path], AbstractContextManager[Daemon]]
    settings: Callable[[str], dict[str, Any]]
    counts: Callable[[Daemon, int], Counts]


@contextmanager
def receiving_prometheus(tmp: Path, window: str = "") -> Iterator[Daemon]:
    """Prometheus that takes remote write, and samples out of order as old as the window says."""
    port = free_port()
    config = tmp / "receiver.yml"
    storage = {"storage": {"tsdb": {"out_of_order_time_window": window}}} if window else {}
    config.write_text(json.dumps(storage))  # JSON is YAML
    argv = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp / 'receiver'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
        "--log.level=warn",
    ]
    with _running(Daemon(argv, f"http://127.0.0.1:{port}", "/-/ready", tmp)) as daemon:
        yield daemon


@contextmanager
def database(tmp: Path) -> Iterator[Daemon]:
    """InfluxDB 1 with the database `edunet`."""
    with influxdb(tmp) as daemon:
        query = {"q": "CREATE DATABASE edunet"}
        httpx.post(f"{daemon.url}/query", params=query, trust_env=False).raise_for_status()
        yield daemon


def by_query(metric: str) -> Callable[[Daemon, int], Counts]:
    """`count_over_time` of the seconds from the first round on, by device and interface."""

    def counts(daemon: Daemon, seconds: int) -> Counts:
        # Asked each time in other words, or VictoriaMetrics may answer what it answered before.
        match = f'{metric}{{nonce!="{time.monotonic_ns()}"}}'
        query = f"count_over_time({match}[{seconds + 60}s])"
        params: dict[str, str | float] = {"query": query, "time": START / 1000 + seconds + 30}
        answer = httpx.get(f"{daemon.url}/api/v1/query", params=params, trust_env=False)
        found = answer.json()["data"]["result"]
        return {
            (row["metric"]["device"], row["metric"]["interface"]): int(row["value"][1])
            for row in found
        }

    return counts


def by_select(daemon: Daemon, _: int) -> Counts:
    select = "SELECT count(receive_bytes_total) FROM interface GROUP BY device, interface"
    params = {"q": select, "db": "edunet"}
    answer = httpx.get(f"{daemon.url}/query", params=params, trust_env=False).json()
    return {
        (series["tags"]["device"], series["tags"]["interface"]): series["values"][0][1]
        for series in answer["results"][0].get("series", [])
    }


def _remote(path: str = "/api/v1/write", **more: Any) -> Callable[[str], dict[str, Any]]:
    return lambda url: {"kind": "remote_write", "url": url + path, **more}


_OURS: Final = by_query("edunet_interface_receive_bytes_total")
SERVERS: Final = {
    "VictoriaMetrics by influx": Server(
        victoria_metrics,
        lambda url: {"kind": "influx", "url": url},
        by_query("interface_receive_bytes_total"),
    ),
    "VictoriaMetrics by remote write": Server(victoria_metrics, _remote(ordered=False), _OURS),
    "VictoriaMetrics by remote write in order": Server(victoria_metrics, _remote(), _OURS),
    "Prometheus in order": Server(receiving_prometheus, _remote(), _OURS),
    "Prometheus with a window": Server(
        lambda tmp: receiving_prometheus(tmp, "2h"), _remote(ordered=False), _OURS
    ),
    "InfluxDB 1": Server(
        database, lambda url: {"kind": "influx1", "url": url, "database": "edunet"}, by_select
    ),
}
