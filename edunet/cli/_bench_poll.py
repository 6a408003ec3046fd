"""What does polling cost: in batches, singly, by libraries, by snmp_exporter, and at the least?

Everybody asks the same agents of the virtual city, in turn, each in a process of its own: CPU and
memory are of that process alone. The agents live in another.
"""

from __future__ import annotations

import http.client
import queue
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import lab
from collector.transports import Ask
from edunet.cli._bench_child import Child
from edunet.cli._bench_daemons import COLUMNS, Daemon, exporter, samples, scrape
from edunet.cli._bench_floor import SOURCE, Floor, compiled
from edunet.cli._bench_machine import EXPORTER, GCC, about, package
from edunet.cli._bench_network import COMMUNITY, PORTS, listed, switches
from edunet.cli._bench_ways import LIBRARIES, Round, names, objects, work
from edunet.errors import EdunetError
from edunet.inventory.model import Device

_FEW: Final = 20  # devices for a library that would take all day
_SCRAPES: Final = 8  # at a time
_WIDTHS: Final = "{:18} {:>7} {:>13} {:>9} {:>11} {:>12} {:>7} {:>14} {:>7}"


class Way(Protocol):
    """One that asks. `before_mb`: the memory it had before its first question."""

    before_mb: float

    @property
    def peak_mb(self) -> float: ...
    def turn(self) -> Round: ...
    def close(self) -> None: ...


class Work(NamedTuple):
    """What is asked of each device: `due` values."""

    title: str
    asks: list[Ask]
    alike: bool  # everybody can be told to ask just this

    @property
    def due(self) -> int:
        return len(names(self.asks[0]))


class Ours:
    """A way of `_bench_ways` in its child."""

    def __init__(self, way: str, asks: Sequence[Ask], together: int) -> None:
        self._child = Child(way, work, way, asks, together)
        self.before_mb: float = self._child.take()

    @property
    def peak_mb(self) -> float:
        return self._child.peak_mb

    def turn(self) -> Round:
        told: Round = self._child.ask("go")
        return told

    def close(self) -> None:
        self._child.close()


class Exported:
    """snmp_exporter; who scrapes it is not counted."""

    def __init__(self, folder: Path, module: str, asks: Sequence[Ask]) -> None:
        self._daemon: Daemon = exporter(folder)
        self._devices = [ask.device for ask in asks]
        self._module = module
        self._lines: queue.SimpleQueue[http.client.HTTPConnection] = queue.SimpleQueue()
        for _ in range(_SCRAPES):
            self._lines.put(http.client.HTTPConnection("127.0.0.1", self._daemon.port, timeout=30))
        self.before_mb = self._daemon.peak_mb

    @property
    def peak_mb(self) -> float:
        return self._daemon.peak_mb

    def turn(self) -> Round:
        wall, cpu = time.perf_counter(), self._daemon.cpu_s
        with ThreadPoolExecutor(_SCRAPES) as pool:
            values = sum(pool.map(self._one, self._devices))
        cpu, wall = self._daemon.cpu_s - cpu, time.perf_counter() - wall
        return Round(len(self._devices), values, cpu, wall)

    def close(self) -> None:
        while not self._lines.empty():
            self._lines.get().close()
        self._daemon.stop()

    def _one(self, device: Device) -> int:
        line = self._lines.get()
        try:
            line.request("GET", scrape(self._module, device))
            answer = line.getresponse()
            body = answer.read()
        finally:
            self._lines.put(line)
        if answer.status != 200:
            raise EdunetError(f"snmp_exporter: {body[:200].decode(errors='replace').strip()}")
        return samples(body)


def report(devices: int, rounds: int, together: int) -> Iterator[str]:
    """The lines of the report, as they become known."""
    yield (
        f"edunet bench poll: {devices} devices, {together} at a time, {rounds} rounds of each way"
        " in turn"
    )
    yield from about(*LIBRARIES, programs=(EXPORTER, GCC))
    inventory = switches(devices, PORTS)
    with (
        tempfile.TemporaryDirectory(prefix="edunet-bench-") as data,
        lab.start(inventory, COMMUNITY, Path(data)),
    ):
        asks = listed(inventory.devices)
        floor = compiled(Path(data))
        if GCC.path and floor is None:
            yield f"no floor: {SOURCE.name} is not beside this edunet"
        for each in (_alike(asks), _whole(asks)):
            yield ""
            yield each.title
            yield from _table(each, _ways(each, Path(data), floor, together), rounds)
    yield ""
    yield from _READ


_READ: Final = (
    "CPU: ms a device = s a 1,000 devices, of the asking process; median, least to most of rounds.",
    "values read: of one device; edunet reads ifName beside every row, sysUpTime and"
    " ifTableLastChange beside every question: counted here and nowhere else.",
    "values a CPU s: of those due. peak MB: the most the process held, and before it asked; every"
    " Python process has edunet's inventory in it, whoever asks.",
    f"snmp_exporter is scraped {_SCRAPES} at a time; who scrapes it is not counted.",
    "floor: a C program, 256 questions in flight; sends those of gufo-snmp, decodes no reply.",
)


def _alike(asks: Sequence[Ask]) -> Work:
    """Eight columns: whatever else edunet would ask is skipped."""
    skip = objects() - set(COLUMNS)
    narrow = [
        ask._replace(ports=tuple(p._replace(skip=p.skip | skip) for p in ask.ports)) for ask in asks
    ]
    due = len(names(narrow[0]))
    words = f"{PORTS} ports x {len(COLUMNS)} columns + sysUpTime = {due} values of each device"
    return Work(f"the same for all: {words}", narrow, alike=True)


def _whole(asks: list[Ask]) -> Work:
    due = len(names(asks[0]))
    words = f"what edunet asks every minute: {PORTS} ports, {due} values of each device"
    return Work(f"{words}, by those who can be told", asks, alike=False)


def _ways(
    each: Work, folder: Path, floor: Path | None, together: int
) -> Mapping[str, Callable[[], Way]]:
    asks = each.asks
    ways: dict[str, Callable[[], Way]] = {
        "batches": lambda: Ours("batches", asks, together),
        "single": lambda: Ours("single", asks, together),
    }
    if package("gufo-snmp"):
        ways["gufo-snmp"] = lambda: Ours("gufo-snmp", asks, together)
    if package("pysnmp"):
        ways["pysnmp"] = lambda: Ours("pysnmp", asks[:_FEW], together)
    if EXPORTER.path and each.alike:
        ways["snmp_exporter walk"] = lambda: Exported(folder, "walk", asks)
        ways["snmp_exporter get"] = lambda: Exported(folder, "get", asks)
    if floor is not None:
        ways["floor (C)"] = lambda: Floor(floor, asks)
    return ways


def _table(each: Work, ways: Mapping[str, Callable[[], Way]], rounds: int) -> Iterator[str]:
    found: dict[str, list[Round]] = {name: [] for name in ways}
    with ExitStack() as ends:
        there: dict[str, Way] = {}
        for name, start in ways.items():
            there[name] = way = start()
            ends.callback(way.close)
        for number in range(rounds + 1):
            for name, way in there.items():
                told = way.turn()
                if number:  # the first opens sockets and makes plans
                    found[name].append(told)
        peaks = {name: (way.peak_mb, way.before_mb) for name, way in there.items()}
    yield _WIDTHS.format(
        "way", "devices", "CPU ms/device", "", "values read", "values/CPU s", "wall s",
        "peak MB (bef.)", "ratio",
    )  # fmt: skip
    base = _cost(found["batches"])
    for name, turns in found.items():
        yield _row(name, turns, peaks[name], base, each.due)
        if lacking := sum(max(0, t.devices * each.due - t.values) for t in turns):
            yield f"  {lacking} values of {name} did not come"


def _row(
    name: str, turns: Sequence[Round], peak: tuple[float, float], base: float, due: int
) -> str:
    costs = [turn.cpu_s / turn.devices * 1e3 for turn in turns]
    cost, devices = _cost(turns), turns[0].devices
    return _WIDTHS.format(
        name,
        devices,
        f"{cost:.3f}",
        f"{min(costs):.3f}-{max(costs):.3f}".rjust(9),
        f"{turns[-1].values / devices:.0f}",
        f"{due / max(cost, 1e-9) * 1e3:,.0f}",
        f"{statistics.median(turn.wall_s for turn in turns):.2f}",
        f"{peak[0]:.0f} ({peak[1]:.0f})",
        f"{cost / max(base, 1e-9):.2f}x",
    )


def _cost(turns: Sequence[Round]) -> float:
    """Milliseconds of CPU a device."""
    return statistics.median(turn.cpu_s / turn.devices for turn in turns) * 1e3
