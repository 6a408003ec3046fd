"""Does a series end in a real Prometheus when the running house knows it no more?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from daemons import Daemon
from doomed import PLAN
from house import Build, eventually
from receivers import receiving_prometheus

SOON_S = 60  # far below the five minutes for which Prometheus goes on by itself


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Daemon]:
    with receiving_prometheus(tmp_path) as daemon:
        yield daemon


def devices(server: Daemon, metric: str) -> set[str]:
    """Of which devices a series is there now."""
    answer = httpx.get(f"{server.url}/api/v1/query", params={"query": metric}, trust_env=False)
    return {row["metric"]["device"] for row in answer.json()["data"]["result"]}


def test_who_falls_silent_and_who_is_removed_is_gone_at_once(build: Build, server: Daemon) -> None:
    sinks = {"prom": {"kind": "remote_write", "url": f"{server.url}/api/v1/write"}}
    house = build(city=False, plan=PLAN, sinks=sinks)
    house.start()

    def only(metric: str, *ids: str) -> None:
        eventually(lambda: devices(server, metric), lambda seen: seen == {*ids}, metric, SOON_S)

    rtt, up = "edunet_probe_rtt_seconds", "edunet_interface_up"
    everybody = ("core", "c1-agg", "c2-agg", "c1-s1-sw", "c2-s1-sw")
    only(rtt, *everybody)
    only(up, *everybody)
    house.order("power-off", "c2-s1")
    only(rtt, "core", "c1-agg", "c2-agg", "c1-s1-sw")

    path = house.folder / "inventory.yaml"
    items = re.split(r"(?m)^(?=  - \{)", path.read_text("utf-8"))
    gone = re.compile(r"  - \{id: c1-s1-(sw|up),")
    path.write_text("".join(item for item in items if not gone.match(item)), "utf-8")
    httpx.post(f"{house.url}/api/v1/reload", trust_env=False, timeout=60).raise_for_status()
    only(rtt, "core", "c1-agg", "c2-agg")
    only(up, "core", "c1-agg", "c2-agg", "c2-s1-sw")  # silent: it fades, as on /metrics
