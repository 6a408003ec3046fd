"""How many octets has a link carried since the city began?"""

from __future__ import annotations

import math
from typing import Final, NamedTuple
from zlib import crc32

_HOUR: Final = 3600.0
_DAY: Final = (  # share of the rate, period and hour of the peak: lessons, and the breaks in them
    (0.18, 24 * _HOUR, 12.5 * _HOUR),
    (0.03, 6 * _HOUR, 9.5 * _HOUR),
)
_NOISE: Final = ((0.04, 1020.0), (0.02, 97.0), (0.01, 23.0))
_MEAN: Final = 0.40


class Wave(NamedTuple):
    """amplitude * cos(omega * seconds + phase), amplitude in octets per second."""

    amplitude: float
    omega: float
    phase: float


class Curve(NamedTuple):
    """A rate in octets per second that never falls to zero, as a constant and waves upon it."""

    mean: float
    waves: tuple[Wave, ...]

    def rate(self, seconds: float) -> float:
        """Octets per second at this moment of the city."""
        return self.mean + sum(
            w.amplitude * math.cos(w.omega * seconds + w.phase) for w in self.waves
        )

    def octets(self, seconds: float) -> int:
        """Octets since second 0: the integral of the rate, hence never falling."""
        total = self.mean * seconds
        for amplitude, omega, phase in self.waves:
            total += amplitude / omega * (math.sin(omega * seconds + phase) - math.sin(phase))
        return math.floor(total)


def chance(text: str) -> float:
    """A number in [0, 1) that belongs to this text for ever: the same city every time."""
    return crc32(text.encode()) / 2**32


def curves(link: str, rate: float, second_of_day: float) -> tuple[Curve, Curve]:
    """Download and upload of a link of this rate (bit/s), which began at this second of the day.

    Download stays above upload at any time, and both below 95 % of the rate.
    """
    busy = 1.38 if chance(f"{link} busy") < 0.06 else 0.5 + 0.6 * chance(f"{link} load")
    upload = 0.12 + 0.26 * chance(f"{link} upload")
    octets = rate / 8 * busy
    return (
        _curve(f"{link} down", octets, second_of_day),
        _curve(f"{link} up", octets * upload, second_of_day),
    )


def _curve(seed: str, octets: float, second_of_day: float) -> Curve:
    waves = [
        Wave(share * octets, math.tau / period, math.tau * (second_of_day - peak) / period)
        for share, period, peak in _DAY
    ]
    waves += [
        Wave(share * octets, math.tau / period, math.tau * chance(f"{seed} {period}"))
        for share, period in _NOISE
    ]
    return Curve(_MEAN * octets, tuple(waves))


class Meter:
    """What a link has carried each way: it runs while the link does, and stands while it is cut.

    `banked`: octets down and up until `since`, the second it runs from; None = it stands.
    """

    def __init__(self, down: Curve, up: Curve, earlier_s: float) -> None:
        """`earlier_s`: the link has run so many seconds before the city began."""
        self.curves = (down, up)
        self.banked = (int(down.mean * earlier_s), int(up.mean * earlier_s))
        self.since: float | None = None

    def run(self, seconds: float) -> None:
        """Traffic flows from now on."""
        if self.since is None:
            self.since = seconds

    def stop(self, seconds: float) -> None:
        """Nothing flows from now on."""
        self.banked = self.read(seconds)
        self.since = None

    def read(self, seconds: float) -> tuple[int, int]:
        """Octets downwards (a to b) and upwards so far."""
        if self.since is None:
            return self.banked
        down, up = (curve.octets(seconds) - curve.octets(self.since) for curve in self.curves)
        return self.banked[0] + down, self.banked[1] + up
