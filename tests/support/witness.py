"""Whether what a monitor tells can be true, looked at once a second while a city is broken."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import httpx
from agent import Agent
from daemons import until
from kernel import Kernel, Way
from monitor import Monitor, seconds

_PACE_S: Final = 1.0
_OLDEST_S: Final = 2.5  # from the agent's look at the kernel to the reply's date: its deadline
_TOLERANCE: Final = 1.05
_SLACK_BPS: Final = 50_000  # a poll itself, in the shortest window
_LAST_WORDS_S: Final = 1.0  # what an agent said before it died may still be on its way

_TOLD_APART_S: Final = 0.4  # the longest of the kernel's short windows, and a look at either end

Port = tuple[str, str]
Item = dict[str, Any]


class Told(NamedTuple):
    """What was told of a port, by a reading of that epoch second."""

    at: float
    rates: tuple[float | None, float | None]


class Lie(NamedTuple):
    """`rate`: it is about how much flows."""

    port: Port
    at: float
    what: str
    rate: bool
    item: Item


class Witness:
    """Asks the API what devices, interfaces and links are; what cannot be true is in `lies`.

    - An octet counter lies between two looks at the kernel's own.
    - A rate is never negative, and never above 1.05 times the fastest the kernel counted at that
      port in any short window since the port was last read.
    - Nothing is dated to when its agent was dead.
    """

    def __init__(self, monitor: Monitor, kernel: Kernel, agents: Mapping[str, Agent]) -> None:
        self._monitor, self._kernel, self._agents = monitor, kernel, agents
        self.lies: list[Lie] = []
        self.told: dict[Port, list[Told]] = {}
        self.rounds = 0
        self._links: dict[str, tuple[float, str]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="witness", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def swear(self) -> None:
        """What was told until now was true."""
        untrue = self.untrue()
        assert not untrue, "\n".join(str(lie) for lie in untrue)

    def untrue(self) -> list[Lie]:
        """What was told and cannot be, but for rates of a time too short for our own looks."""
        return [
            lie
            for lie in self.lies
            if not (lie.rate and self._soon(lie.port, lie.at, _TOLD_APART_S))
        ]

    def look_again(self) -> None:
        """Wait until everything was looked at once more."""
        done = self.rounds
        until(lambda: self.rounds > done + 1 or not self._thread.is_alive(), "the witness to look")

    def _soon(self, port: Port, at: float, seconds_after: float) -> bool:
        before = self._monitor.read(*port, at)
        return before is not None and at - before < seconds_after

    def _watch(self) -> None:
        url = self._monitor.url
        with (
            self._monitor.space.entered(),
            httpx.Client(base_url=url, timeout=20, trust_env=False) as http,
        ):
            while not self._over.wait(_PACE_S):
                try:
                    self._look(http)
                except Exception as error:  # noqa: BLE001 (a witness who left has seen nothing)
                    self.lies.append(Lie(("", ""), 0.0, f"could not look: {error!r}", False, {}))
                    return

    def _look(self, http: httpx.Client) -> None:
        def items(path: str) -> list[Item]:
            answer = http.get(f"/api/v1/{path}", params={"limit": 1000})
            answer.raise_for_status()
            found: list[Item] = answer.json()["items"]
            return found

        before = {port: told[-1].at for port, told in self.told.items()}
        for device in items("devices"):
            for interface in items(f"devices/{device['id']}/interfaces"):
                self._interface(device["id"], interface)
        for link in items("links"):
            self._link(link, before)
        self.rounds += 1

    def _interface(self, device: str, item: Item) -> None:
        port = device, item["name"]
        if item["measured"] is None:
            self._lie(port, "rates without a reading", item, item["in_bps"] is not None)
            return
        known = self.told.setdefault(port, [])
        at, last = seconds(item["measured"]), known[-1].at if known else None
        if at == last:
            return
        known.append(Told(at, (item["in_bps"], item["out_bps"])))
        for way, total, rate in _ways(item):
            if total is not None:
                least = self._kernel.at_least(*port, way, at - _OLDEST_S)
                most = self._kernel.at_most(*port, way, at + 0.002)
                wrong = not least <= total <= most
                self._lie(port, f"{way} outside {least}..{most} of the kernel", item, wrong)
            if rate is not None:
                self._rate(port, way, rate, (at if last is None else last, at), item)
        for fell, rose in self._agents[device].silences:
            dead = fell + _LAST_WORDS_S < at < rose
            self._lie(port, f"read while its agent was dead, {fell} to {rose}", item, dead)

    def _link(self, item: Item, before: Mapping[Port, float]) -> None:
        """A link's rates are its port's: download is what a sends, or what b receives."""
        if item["measured"] is None:
            told = any(item[name] is not None for name in ("download_bps", "upload_bps"))
            self._lie((item["id"], ""), "rates without a reading", item, told)
            return
        at, side = seconds(item["measured"]), item["measured_at"]
        if self._links.get(item["id"]) == (at, side):
            return
        self._links[item["id"]] = at, side
        end = item[side]
        port = end["device"], end["interface"]
        down: Way = "out" if side == "a" else "in"
        up: Way = "in" if side == "a" else "out"
        span = min(before.get(port, at), at), at
        for way, rate in ((down, item["download_bps"]), (up, item["upload_bps"])):
            if rate is not None:
                self._rate(port, way, rate, span, item)

    def _rate(
        self, port: Port, way: Way, rate: float, span: tuple[float, float], item: Item
    ) -> None:
        """What was told of the time since the last reading, which may have been missed here."""
        start, end = span[0] - _OLDEST_S, span[1]
        most = self._kernel.fastest(*port, way, start, end) * _TOLERANCE + _SLACK_BPS
        if not 0 <= rate <= most:
            what = f"{way} is not within 0..{most:.0f} bit/s"
            self.lies.append(Lie(port, end, what, True, item))

    def _lie(self, port: Port, what: str, item: Item, wrong: bool) -> None:
        if wrong:
            at = seconds(item["measured"]) if item["measured"] else 0.0
            self.lies.append(Lie(port, at, what, False, item))


def _ways(item: Item) -> Iterator[tuple[Way, int | None, float | None]]:
    yield "in", item["in_octets"], item["in_bps"]
    yield "out", item["out_octets"], item["out_bps"]
