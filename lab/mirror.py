"""What does the city stand at, for many devices and ports at once: its state as arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from lab.city import City
from lab.form import Form, Forms
from lab.mib import SHORT, WORN
from lab.quality import Quality
from lab.traffic import Meter

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

OF_PORTS: Final = ("in", "out", "worn", "short", "oper", "changed")
OF_DEVICES: Final = ("uptime", "boots", "renumbered")
SOURCES: Final = (*OF_PORTS, *OF_DEVICES)
_NEVER: Final = -(1 << 62)


class Mirror:
    """The agents by number, as they were given, and the ports of theirs that hold a link.

    A *line* is one direction of a link: two times the link's number is down, the next one is up.

    Attributes:
        forms: by agent; None = it must be asked itself. answers: whether a question reaches it.
        ways: how well, of the agents that are badly reached.
        first: int64[agents], the number of an agent's first port that holds a link.
    """

    def __init__(self, city: City, agents: Sequence[tuple[str, str]]) -> None:
        """`agents`: device and community of each."""
        self._city, self._agents = city, agents
        self._numbers: dict[str, int] = {device: n for n, (device, _) in enumerate(agents)}
        self._links = {link: number for number, link in enumerate(city.links)}
        self._lines = Lines([city.meters[link] for link in city.links])
        self._live = np.zeros(len(self._links), bool)
        self._changed = np.full(len(self._links), _NEVER, np.int64)
        self._forms = Forms(city)
        self.forms: list[Form | None] = [None] * len(agents)
        self.answers: list[bool] = [True] * len(agents)
        self.ways: dict[int, Quality] = {}
        ports = [sum(bool(port.link) for port in city.ports[device]) for device, _ in agents]
        self.first = np.cumsum([0, *ports], dtype=np.int64)[:-1]
        self._started, self._boots, self._renumbered = np.zeros((3, len(agents)), np.int64)
        self._link, self._in, self._out, self._zero_in, self._zero_out, self._mac = np.zeros(
            (6, sum(ports)), np.int64
        )
        self._owner = np.repeat(np.arange(len(agents)), ports)
        self._settled, self._touched = -1, len(city.touched)
        for number in range(len(agents)):
            self._renew(number)

    def follow(self) -> None:
        """Become what the city is now."""
        city = self._city
        if self._touched != len(city.touched):
            for device in self._numbers.keys() & city.touched[self._touched :]:
                self._renew(self._numbers[device])
            self._touched = len(city.touched)
        if self._settled != city.settled:
            self._settled = city.settled
            self._lines.follow()
            self._live[:] = False
            self._live[[self._links[link] for link in city.live]] = True
            for link, time in city.changed.items():
                self._changed[self._links[link]] = time
            self.answers = [city.answers(device) for device, _ in self._agents]
            self.ways = {
                self._numbers[device]: way
                for device, way in city.ways.items()
                if device in self._numbers
            }

    def pool(self, time: int, agents: Ints, ports: Ints) -> Ints:
        """What `SOURCES` are worth at this time: a value a port or agent, source after source."""
        seconds = time / 1000
        into = self._lines.octets(self._in[ports], seconds) - self._zero_in[ports]
        out = self._lines.octets(self._out[ports], seconds) - self._zero_out[ports]
        mac, link = self._mac[ports], self._link[ports]
        since = np.maximum(0, self._changed[link] - self._started[self._owner[ports]])
        return np.concatenate(
            [
                into,
                out,
                np.where(mac == WORN, into, 0),
                np.where(mac == SHORT, out, 0),
                2 - self._live[link],
                since,
                np.maximum(0, time - self._started[agents]),
                self._boots[agents],
                self._renumbered[agents],
            ]
        )

    def _renew(self, number: int) -> None:
        city, (device, community) = self._city, self._agents[number]
        self.forms[number] = self._forms.of(device, community)
        self.answers[number] = city.answers(device)
        self._started[number] = city.started[device]
        self._boots[number] = city.boots(device)
        self._renumbered[number] = city.renumbered_ms(device)
        at = int(self.first[number])
        for port in city.ports[device]:
            if port.link:
                link, far = self._links[port.link], port.end == "a"
                zero = city.zero.get((device, port.link), (0, 0))
                self._link[at] = link
                self._in[at], self._out[at] = 2 * link + far, 2 * link + 1 - far
                self._zero_in[at], self._zero_out[at] = zero[far], zero[not far]
                self._mac[at] = port.mac[-1] % 8
                at += 1


class Lines:
    """What every direction of every link has carried: the same sums as `Meter`, side by side."""

    def __init__(self, meters: Sequence[Meter]) -> None:
        self._meters = meters
        curves = [curve for meter in meters for curve in meter.curves]
        self._mean = np.array([curve.mean for curve in curves])
        many = len(curves[0].waves) if curves else 0
        waves = np.array([curve.waves for curve in curves]).reshape(len(curves), many, 3)
        self._share = np.ascontiguousarray((waves[:, :, 0] / waves[:, :, 1]).T)
        self._omega = waves[:, :, 1].T.copy()
        self._phase = waves[:, :, 2].T.copy()
        self._sine = _sines(self._phase)
        self._since = np.full(len(curves), math.nan)
        self._banked, self._base = np.zeros((2, len(curves)), np.int64)

    def follow(self) -> None:
        """Become what the meters are now."""
        was = self._since
        self._since = np.array([_second(m.since) for m in self._meters for _ in m.curves])
        self._banked = np.array([o for m in self._meters for o in m.banked], np.int64)
        began = np.flatnonzero((self._since != was) & ~np.isnan(self._since))
        self._base[began] = self._totals(began, self._since[began])

    def octets(self, lines: Ints, seconds: float) -> Ints:
        """So many octets until now."""
        runs = ~np.isnan(self._since[lines])
        grown = self._totals(lines, seconds) - self._base[lines]
        return self._banked[lines] + np.where(runs, grown, 0)

    def _totals(self, lines: Ints, seconds: float | Floats) -> Ints:
        # Each step as `Curve.octets` takes it, and in its order: the last bit counts.
        total = self._mean[lines] * seconds
        sines = _sines(self._omega[:, lines] * seconds + self._phase[:, lines])
        for share, sine, before in zip(
            self._share[:, lines], sines, self._sine[:, lines], strict=True
        ):
            total += share * (sine - before)
        return np.floor(total).astype(np.int64)


def _second(since: float | None) -> float:
    return math.nan if since is None else since


def _sines(of: Floats) -> Floats:
    # Not np.sin: it may differ from math.sin in the last bit, by the processor it runs on.
    return np.array(list(map(math.sin, of.ravel().tolist()))).reshape(of.shape)
