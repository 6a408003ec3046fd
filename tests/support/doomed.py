"""A whole house that pushes to a file and three real servers, each of which may be killed."""

from __future__ import annotations

import hashlib
import math
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

from daemons import Daemon, victoria_metrics
from house import House, eventually
from receivers import database, receiving_prometheus
from tally import (
    Difference,
    Tally,
    counted,
    cursors,
    difference,
    end,
    in_file,
    in_influxdb,
    in_prometheus,
    in_victoria_metrics,
    logged,
)

from edunet.log.segments import listed, whole

SERVERS: Final = ("prometheus", "victoria", "influx")
SINKS: Final = ("disk", *SERVERS)
DRAINED_S: Final = 120.0
LONGEST_GAP_S: Final = 4.0  # a link is told each second; this machine may be busy
PACE: Final = {"reachability": "500ms", "links": "1s", "interfaces": "3s"}
QUIET: Final = dict.fromkeys(PACE, "1d")  # asked once each, and then nothing comes any more
PLAN: Final = """\
network: {name: 示例市教育城域网, timezone: Asia/Shanghai, locale: zh-CN}
vantage: [{id: noc, device: core}]
credentials: {snmp: {ro: {version: 2c, community: "${SNMP_COMMUNITY}"}}}
carriers: [{id: gdtv, name: 广电网络}]
sites:
  - {id: city, kind: city, name: 示例市}
  - {id: c1, kind: county, parent: city, name: 城东区}
  - {id: c1-s1, kind: school, parent: c1, name: 城东实验小学, classes: 24}
  - {id: c1-s2, kind: school, parent: c1, name: 城东中学, classes: 30}
  - {id: c2, kind: county, parent: city, name: 临江县}
  - {id: c2-s1, kind: school, parent: c2, name: 临江小学, classes: 12}
devices:
  - {id: core, site: city, address: 127.10.0.1, port: 16100, snmp: ro}
  - {id: c1-agg, site: c1, address: 127.11.0.1, port: 16100, snmp: ro}
  - {id: c2-agg, site: c2, address: 127.12.0.1, port: 16100, snmp: ro}
  - {id: c1-s1-sw, site: c1-s1, address: 127.11.1.1, port: 16100, snmp: ro}
  - {id: c2-s1-sw, site: c2-s1, address: 127.12.1.1, port: 16100, snmp: ro}
links:
  - {id: core-c1, role: county_uplink, a: {device: core, interface: GE0/0/1},
     b: {device: c1-agg, interface: GE0/0/24}, committed: 1G, carrier: gdtv}
  - {id: core-c2, role: county_uplink, a: {device: core, interface: GE0/0/2},
     b: {device: c2-agg, interface: GE0/0/24}, committed: 1G, carrier: gdtv}
  - {id: c1-s1-up, role: school_access, a: {device: c1-agg, interface: GE0/0/1},
     b: {device: c1-s1-sw, interface: GE0/0/24}, committed: 100M, carrier: gdtv}
  - {id: c1-s2-up, role: school_access, a: {device: c1-agg, interface: GE0/0/2},
     b: {site: c1-s2}, committed: 100M, carrier: gdtv}
  - {id: c2-s1-up, role: school_access, a: {device: c2-agg, interface: GE0/0/1},
     b: {device: c2-s1-sw, interface: GE0/0/24}, committed: 100M, carrier: gdtv}
"""


class Life(NamedTuple):
    """When it was ready (None: killed before) and when it was killed, s of the wall clock."""

    ready: float | None
    killed: float


class Doomed:
    """The house, its servers, and what became of either."""

    def __init__(self, folder: Path, servers: dict[str, Daemon]) -> None:
        self.servers = servers
        self.lives: list[Life] = []
        self.kills = dict.fromkeys(SERVERS, 0)
        self.killed_alone = 0  # how often the house died while a server was away
        self.file = folder / "export" / "edunet.jsonl"
        self.house = House(folder / "house", city=False, plan=PLAN, intervals=PACE)
        self.house.settings["sinks"] = {
            "disk": {"kind": "file", "path": str(self.file), "size": "1MB", "keep": "1GB"},
            "prometheus": _remote(servers["prometheus"]),
            "victoria": {**_remote(servers["victoria"]), "ordered": False},
            "influx": {"kind": "influx1", "url": servers["influx"].url, "database": "edunet"},
        }
        self._accepted: dict[Path, tuple[int, bytes]] = {}

    def live(self, seconds: float, *meanwhile: tuple[float, Callable[[], None]]) -> None:
        """Start it, kill it so many seconds later; in between do this and that at their times."""
        self.house.start(ready=False)
        begun, ready = time.monotonic(), None
        todo = sorted(meanwhile, key=lambda each: each[0])
        while (passed := time.monotonic() - begun) < seconds:
            if todo and passed >= todo[0][0]:
                todo.pop(0)[1]()
            if ready is None and self.house.ready() == 200:
                ready = time.time()
            time.sleep(0.02)
        self.killed_alone += not all(each.running for each in self.servers.values())
        killed = time.time()
        self.house.kill()
        self.lives.append(Life(ready, killed))
        for _, do in todo:
            do()
        self._nothing_accepted_is_gone()

    def kill(self, server: str) -> None:
        self.servers[server].kill()
        self.kills[server] += 1

    def drain(self) -> None:
        """Run it until every sink has all there is and says so, then end it as a user does."""
        self.house.settings["intervals"] = QUIET
        self.house.start()
        self.house.settings["intervals"] = PACE
        eventually(self._behind, lambda behind: not behind, "every sink to be through", DRAINED_S)
        told = self.house.ask("/metrics").text
        self.house.end()
        lost = {f'edunet_sink_lost_bytes{{sink="{name}"}} 0.0' for name in SINKS}
        lost |= {f'edunet_log_lost_bytes{{reason="{why}"}} 0.0' for why in ("bounds", "damaged")}
        assert set() == lost - set(told.splitlines())
        self._nothing_accepted_is_gone()
        assert [] == self._behind()

    def set_aside(self) -> list[Path]:
        folder = self.house.data / "set-aside"
        return sorted(path for path in folder.rglob("*") if path.is_file())

    def log(self) -> Tally:
        return logged(self.house.data)

    def found(self) -> dict[str, Tally]:
        """What each has."""
        ask = {
            "prometheus": in_prometheus, "victoria": in_victoria_metrics, "influx": in_influxdb
        }  # fmt: skip
        return {"disk": in_file(self.file)} | {
            name: ask[name](self.servers[name].url) for name in SERVERS
        }

    def compared(self) -> dict[str, Difference]:
        """The log beside what each has."""
        log = self.log()
        return {
            # Of a number VictoriaMetrics keeps some fifteen digits.
            name: difference(log, tally, _close if name == "victoria" else float.__eq__)
            for name, tally in self.found().items()
        }

    def counted(self) -> dict[str, dict[Any, int]]:
        """`count_over_time` of every series, by those that speak PromQL."""
        metrics = sorted({series[0] for series in self.log()})
        return {
            name: dict(counted(self.servers[name].url, metrics))
            for name in ("prometheus", "victoria")
        }

    def gaps(self) -> list[tuple[str, float, float]]:
        """Where a link says nothing for long although the house was there: link, from, to (s)."""
        found = []
        links = {series: held for series, held in self.log().items() if series[0] == "link_up"}
        for series, held in links.items():
            for life in self.lives:
                if life.ready is None or life.killed - life.ready < LONGEST_GAP_S:
                    continue
                told = [ms / 1e3 for ms, _ in held if life.ready <= ms / 1e3 <= life.killed]
                for before, after in pairwise([life.ready, *told, life.killed]):
                    if after - before > LONGEST_GAP_S:
                        found.append((series[1], before, after))
        return found

    def _behind(self) -> list[str]:
        """The sinks that have not all of the log, or not told the books yet."""
        last, there = end(self.house.data), cursors(self.house.data)
        return [name for name in SINKS if there.get(name, 0) < last]

    def _nothing_accepted_is_gone(self) -> None:
        """What the log held when the house was last dead still stands in it, byte for byte."""
        for path, (size, digest) in self._accepted.items():
            assert digest == hashlib.sha256(path.read_bytes()[:size]).digest(), path
        for segment in listed(self.house.data / "log"):
            held = segment.path.read_bytes()[: whole(segment) - segment.base]
            self._accepted[segment.path] = (len(held), hashlib.sha256(held).digest())


def _remote(server: Daemon) -> dict[str, Any]:
    return {"kind": "remote_write", "url": f"{server.url}/api/v1/write"}


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-12)


@contextmanager
def doomed(folder: Path) -> Iterator[Doomed]:
    """The servers run, the house does not yet."""
    starts = {"prometheus": receiving_prometheus, "victoria": victoria_metrics, "influx": database}
    with ExitStack() as stack:
        servers: dict[str, Daemon] = {}
        for name in SERVERS:
            (place := folder / name).mkdir()
            servers[name] = stack.enter_context(starts[name](place))
        found = Doomed(folder, servers)
        stack.callback(found.house.close)
        yield found


def soak(doomed: Doomed, kills: int, dice: random.Random) -> None:
    """Kill the house so often, and in each of its lives one of the servers in turn.

    Every other time the server stays away over the death of the house.
    """
    for number in range(1, kills + 1):
        server = SERVERS[number // 2 % len(SERVERS)]
        # Some die before a cursor was ever stored: it trails ten seconds behind.
        seconds = dice.uniform(0.2, 8.0) if number % 3 else dice.uniform(10.0, 25.0)
        gone = dice.uniform(0, seconds)
        back = seconds + 1 if number % 2 else dice.uniform(gone, seconds)
        doomed.live(
            seconds,
            (gone, lambda server=server: doomed.kill(server)),  # type: ignore[misc]
            (back, doomed.servers[server].start),
        )
