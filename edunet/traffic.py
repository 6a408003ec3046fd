"""What flows over each link, seen from the school: download, upload and utilization."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from edunet.frame import Column, Frame
from edunet.latest import Table
from edunet.topology import Topology

FRESH_PERIODS: Final = 3.5
HALF: Final = 2  # dot3StatsDuplexStatus: both directions share the line
Floats = npt.NDArray[np.float64]
Slower = Callable[[npt.NDArray[np.int32]], Floats]


class _Read(NamedTuple):
    """The ports at one end; NaN and 0 where unknown."""

    sent: Floats
    received: Floats
    speed: Floats
    times: npt.NDArray[np.int64]
    half: npt.NDArray[np.bool_]

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        return ~np.isnan(self.sent + self.received)


class Ports:
    """Where each link's two ports are found among the interface rows; -1 = not a polled port."""

    def __init__(self, topology: Topology, slot: Callable[[str, str], int]) -> None:
        """`slot` answers the interface slot of a device id and an interface name."""
        self.slots = np.full((len(topology.ends), 2), -1, np.int32)
        for (device, interface), (row, side) in topology.ports.items():
            self.slots[row, side] = slot(device, interface)
        links = topology.inventory.links
        self.promised = np.array(
            [link.committed or link.capacity or np.nan for link in links], np.float64
        )
        self._capacity = np.array([link.capacity or np.nan for link in links], np.float64)

    def capacities(self) -> tuple[npt.NDArray[np.int32], Floats]:
        """The polled ports, and what the link on each can carry by its contract, bit/s."""
        both = np.repeat(self._capacity, 2)
        named = ~np.isnan(both) & (self.slots.ravel() >= 0)
        return self.slots.ravel()[named], both[named]

    def traffic(
        self, interfaces: Table, now: int, period_ms: int, slower: Slower | None = None
    ) -> dict[str, Column]:
        """Rates of every link now, float64[links] each, NaN = unknown.

        Read at a when a is a polled interface (its transmit is the download), else at b (its
        receive is); without a fresh rate there, at the other end. `measured` is int16: 0 = at a,
        1 = at b, -1 = nowhere. `utilization` = the busier direction, of a port in half duplex both
        together / (committed, else capacity, else negotiated speed). `read_at`: milliseconds UTC
        of the reading, 0 = none. `slower` answers the lowest speed within the interval of the
        newest rates: a speed that changed meanwhile is not what the line had all the time.
        """
        a = self._read(interfaces, 0, now, period_ms)
        b = self._read(interfaces, 1, now, period_ms)
        at_a, at_b = a.known, b.known
        download = np.where(at_a, a.sent, b.received)
        upload = np.where(at_a, a.received, b.sent)
        speed = np.where(at_a, a.speed, b.speed)
        negotiated = speed
        if slower is not None:
            slots = np.where(at_a, self.slots[:, 0], self.slots[:, 1])
            negotiated = np.fmin(speed, slower(slots))
        base = np.where(np.isnan(self.promised), negotiated, self.promised)
        together = np.where(at_a, a.half, b.half)
        with np.errstate(divide="ignore", invalid="ignore"):
            busy = np.where(together, download + upload, np.fmax(download, upload))
            busy = busy / np.where(base > 0, base, np.nan)
        return {
            "download_bps": download,
            "upload_bps": upload,
            "utilization": busy,
            "speed": speed,
            "measured": np.select([at_a, at_b], [0, 1], -1).astype(np.int16),
            "read_at": np.where(at_a, a.times, np.where(at_b, b.times, 0)).astype(np.float64),
        }

    def _read(self, table: Table, side: int, now: int, period_ms: int) -> _Read:
        slots = self.slots[:, side]
        known = (slots >= 0) & (slots < len(table.times))
        at = np.where(known, slots, 0)
        if not len(table.times) or "out_bps" not in table.columns:
            nothing = np.full(len(slots), np.nan)
            return _Read(nothing, nothing, nothing, np.zeros(len(slots), np.int64), known)
        times = np.where(known, table.times[at], 0)
        fresh = known & (times > 0) & (now - times <= FRESH_PERIODS * period_ms)
        sent, received, speed = (
            np.where(fresh, table.columns[name][at].astype(np.float64), np.nan)
            for name in ("out_bps", "in_bps", "speed")
        )
        return _Read(sent, received, speed, np.where(fresh, times, 0), fresh & _half(table, at))


def _half(table: Table, at: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.bool_]:
    """Which of these interfaces are in half duplex, by the last word of their own."""
    if "duplex" not in table.columns:
        return np.zeros(len(at), bool)
    half = np.asarray(table.columns["duplex"][at], np.int16) == HALF
    told: npt.NDArray[np.bool_] = half & (table.reason["duplex"][at] == 0)
    return told


def link_frame(
    slots: npt.NDArray[np.int32], now: int, traffic: Mapping[str, Column], states: Column
) -> Frame:
    """The `link` frame of one moment, a row for each link in the topology's order."""
    times = np.full(len(slots), now, np.int64)
    columns = {n: traffic[n].copy() for n in ("download_bps", "upload_bps", "utilization")}
    return Frame("link", slots, times, {**columns, "state": states})
