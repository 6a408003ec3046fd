"""One port whose counters are read by hand, and what is made of the readings."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from edunet.derive import Rates
from edunet.frame import Frame, Reason

START: Final = 1_790_000_000_000
ROLL: Final = 2**32  # of sysUpTime, hundredths of a second
TURN: Final = 2**32
GIGA: Final = 1e9
MEGA: Final = 1e6
NAN: Final = float("nan")


class Read(NamedTuple):
    """One reading of one port: seconds after the start, sysUpTime in seconds, octets."""

    wall: float
    uptime: float
    octets: int | None
    speed: float = GIGA
    bits: int | None = None
    stamp: int | None = None
    boots: int | None = None
    engine: float | None = None


def frame(read: Read, slot: int = 0) -> Frame:
    count = np.array([read.octets or 0], np.uint64)
    why = np.array([Reason.MISSING if read.octets is None else 0], np.uint8)
    more = {
        "bits": (read.bits, np.int16), "discontinuity": (read.stamp, np.uint64),
        "boots": (read.boots, np.uint64), "engine_s": (read.engine, np.float64),
    }  # fmt: skip
    told = {
        name: np.array([value], kind) for name, (value, kind) in more.items() if value is not None
    }
    return Frame(
        "interface",
        np.array([slot], np.int32),
        np.array([START + round(read.wall * 1000)], np.int64),
        {"in_octets": count, "out_octets": count, "speed": np.array([read.speed]), **told},
        {"in_octets": why, "out_octets": why},
        np.array([round(read.uptime * 100) % ROLL], np.uint32),
    )


def derived(*reads: Read) -> list[float | Reason]:
    """After each reading the rate, or why there is none."""
    rates, found = Rates(), list[float | Reason]()
    for read in reads:
        after = rates.derive(frame(read))
        reason = Reason(after.reason["in_bps"][0])
        found.append(reason or float(after.columns["in_bps"][0]))
        assert bool(reason) == np.isnan(after.columns["in_bps"][0])
    return found
