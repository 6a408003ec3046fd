"""What does it cost to watch a city all day: edunet whole, and snmp_exporter with Prometheus?"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import lab
from edunet.cli._bench_daemons import (
    AS_PROMETHEUS,
    Daemon,
    exporter,
    free_tcp_port,
    prometheus,
)
from edunet.cli._bench_machine import EXPORTER, PROMETHEUS, about
from edunet.cli._bench_network import COMMUNITY, COUNTY, PORTS, written
from edunet.errors import EdunetError
from edunet.inventory.model import Inventory

_START_S: Final = 120.0
_ROOT: Final = Path(__file__).parents[2]
_EDUNET: Final = (sys.executable, "-c", "from edunet.cli import main; main()")


class Plan(NamedTuple):
    """How many devices; seconds between questions of uplinks and of all ports; how long."""

    devices: int
    uplinks_s: int
    ports_s: int
    warm_s: float
    minutes: float

    @property
    def periods(self) -> Mapping[str, int]:
        return {"uplinks": self.uplinks_s, "ports": self.ports_s}


class Cost(NamedTuple):
    """The share of a core (1.0 = all of it) and the peak memory of one process."""

    name: str
    share: float
    peak_mb: float


_READ: Final = (
    "edunet is `edunet run` whole: it asks, derives rates, judges, writes its log, and is scraped:"
    " everything but the single ports as often as uplinks, every port as often as ports.",
    "Prometheus has the same rates as recording rules; it stores, and judges nothing. Asked by it:"
    " 8 columns a port and sysUpTime; by edunet: all that it ever asks.",
    "Nobody pings for Prometheus here: of the two rows of edunet the one without ping is the same"
    " work. Share: CPU seconds a second.",
)


def report(plan: Plan) -> Iterator[str]:
    """The lines of the report, as they become known."""
    yield (
        f"edunet bench city: {plan.devices} devices x {PORTS} ports; an uplink of each every"
        f" {plan.uplinks_s} s, all ports every {plan.ports_s} s; {plan.minutes:g} min of each in"
        f" turn, after {plan.warm_s:g} s"
    )
    yield from about(programs=(EXPORTER, PROMETHEUS))
    document = written(plan.devices, PORTS, "snmp")
    inventory = Inventory.model_validate(document)
    with (
        tempfile.TemporaryDirectory(prefix="edunet-bench-") as folder,
        lab.start(inventory, COMMUNITY, Path(folder)),
    ):
        yield f"{'':24} {'% of a core':>12} {'peak MB':>8}"
        alone = yield from _of_edunet(plan, document, Path(folder), "snmp")
        yield from _of_edunet(plan, document, Path(folder), "icmp")
        if EXPORTER.path and PROMETHEUS.path:
            both = yield from _of_the_others(plan, inventory, Path(folder))
            yield f"together {both / max(alone, 1e-9):.1f}x of edunet without ping"
    yield ""
    yield from _READ


def _of_edunet(
    plan: Plan, document: Mapping[str, Any], folder: Path, reach: str
) -> Generator[str, None, float]:
    with _edunet(plan, document, folder / f"by-{reach}", reach) as daemon:
        scrapes = {"": plan.uplinks_s, f"?county={COUNTY}": plan.ports_s}
        with _Scraping(daemon, scrapes) as scraping:
            (cost,) = _measured(plan, [daemon])
        told = daemon.get("/metrics").decode()
    ping = "ping each second" if reach == "icmp" else "no ping"
    yield _row(cost._replace(name=f"edunet, {ping}"))
    up = len(re.findall(r"^edunet_device_up\{.*\} 1", told, flags=re.MULTILINE))
    yield f"  {up} of {plan.devices} devices up; {scraping.told()}"
    return cost.share


def _of_the_others(plan: Plan, inventory: Inventory, folder: Path) -> Generator[str, None, float]:
    with ExitStack() as ends:
        asking = ends.enter_context(exporter(folder))
        start = partial(prometheus, folder, inventory.devices, asking.port)
        storing = ends.enter_context(start(plan.periods))
        costs = _measured(plan, [asking, storing])
        yield from map(_row, costs)
        both = sum(cost.share for cost in costs)
        yield _row(Cost("together", both, sum(cost.peak_mb for cost in costs)))
        for job in plan.periods:
            up = _query(storing, f'sum(up{{job="{job}"}})')
            held = _query(storing, f'count({{job="{job}",__name__=~"if.*|sysUpTime"}})')
            rates = _query(storing, f"count({job}:in:bps)")
            yield f"  {job}: {up:.0f} targets up, {held:.0f} values, {rates:.0f} rates of input"
    return both


def _edunet(plan: Plan, document: Mapping[str, Any], folder: Path, reach: str) -> Daemon:
    """`edunet run`, once it has asked everybody."""
    folder.mkdir()
    port = free_tcp_port()
    devices = [{**device, "reach": reach} for device in document["devices"]]
    settings = {
        "listen": f"127.0.0.1:{port}",
        "data": str(folder / "data"),
        "intervals": {"links": f"{plan.uplinks_s}s", "interfaces": f"{plan.ports_s}s"},
    }
    # JSON is YAML too, and is read faster
    inventory, how = folder / "inventory.yaml", folder / "edunet.yaml"
    inventory.write_text(json.dumps({**document, "devices": devices}), encoding="utf-8")
    how.write_text(json.dumps(settings), encoding="utf-8")
    words = ("run", "--inventory", str(inventory), "--settings", str(how))
    return Daemon("edunet", [*_EDUNET, *words], port, "/readyz", _START_S, PYTHONPATH=str(_ROOT))


class _Scraping:
    """Reads metrics as a Prometheus would, each path every so many seconds."""

    def __init__(self, daemon: Daemon, scrapes: Mapping[str, int]) -> None:
        self._daemon, self._over = daemon, threading.Event()
        self._threads = [
            threading.Thread(target=self._scrape, args=(words, seconds), daemon=True)
            for words, seconds in scrapes.items()
        ]
        self._read: dict[str, tuple[int, int]] = {}  # how often, how many series
        self._error: EdunetError | None = None

    def told(self) -> str:
        """How often each was read.

        Raises:
            EdunetError: once it could not be.
        """
        if self._error:
            raise self._error
        return ", ".join(
            f"/metrics{words} read {often} times ({series} series)"
            for words, (often, series) in sorted(self._read.items())
        )

    def _scrape(self, words: str, seconds: int) -> None:
        due = time.monotonic()
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due += seconds
            try:
                body = self._daemon.get(f"/metrics{words}", AS_PROMETHEUS)
            except EdunetError as error:
                self._error = error
                return
            series = sum(not line.startswith(b"#") for line in body.splitlines())
            self._read[words] = self._read.get(words, (0, 0))[0] + 1, series

    def __enter__(self) -> _Scraping:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def _measured(plan: Plan, daemons: Sequence[Daemon]) -> list[Cost]:
    time.sleep(plan.warm_s)
    before, began = [daemon.cpu_s for daemon in daemons], time.monotonic()
    time.sleep(plan.minutes * 60)
    took = time.monotonic() - began
    return [
        Cost(daemon.name, (daemon.cpu_s - cpu) / took, daemon.peak_mb)
        for daemon, cpu in zip(daemons, before, strict=True)
    ]


def _row(cost: Cost) -> str:
    return f"{cost.name:24} {cost.share * 100:12.2f} {cost.peak_mb:8.0f}"


def _query(daemon: Daemon, query: str) -> float:
    told = json.loads(daemon.get(f"/api/v1/query?{urlencode({'query': query})}"))
    found = told["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0
