"""What flows over each link, seen from the school: download, upload and utilization."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from edunet.frame import Column, Frame
from edunet.latest import Table
from edunet.topology import Topology

FRESH_PERIODS: Final = 3.5
Floats = npt.NDArray[np.float64]


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
        ).reshape(-1)

    def traffic(self, interfaces: Table, now: int, period_ms: int) -> dict[str, Column]:
        """Rates of every link now, float64[links] each, NaN = unknown.

        Read at a when a is a polled interface (its transmit is the download), else at b (its
        receive is); without a fresh rate there, at the other end. `measured` is int16: 0 = at a,
        1 = at b, -1 = nowhere. `utilization` = the busier direction / (committed, else capacity,
        else negotiated speed). `read_at`: milliseconds UTC of the reading, 0 = none.
        """
        down_a, up_a, speed_a, time_a = self._read(interfaces, 0, now, period_ms)
        up_b, down_b, speed_b, time_b = self._read(interfaces, 1, now, period_ms)
        at_a, at_b = ~np.isnan(down_a + up_a), ~np.isnan(down_b + up_b)
        download = np.where(at_a, down_a, down_b)
        upload = np.where(at_a, up_a, up_b)
        speed = np.where(at_a, speed_a, speed_b)
        base = np.where(np.isnan(self.promised), speed, self.promised)
        with np.errstate(divide="ignore", invalid="ignore"):
            busy = np.fmax(download, upload) / np.where(base > 0, base, np.nan)
        return {
            "download_bps": download,
            "upload_bps": upload,
            "utilization": busy,
            "speed": speed,
            "measured": np.select([at_a, at_b], [0, 1], -1).astype(np.int16),
            "read_at": np.where(at_a, time_a, np.where(at_b, time_b, 0)).astype(np.float64),
        }

    def _read(
        self, table: Table, side: int, now: int, period_ms: int
    ) -> tuple[Floats, Floats, Floats, npt.NDArray[np.int64]]:
        """(transmit, receive, speed, time) of the ports at one end; NaN and 0 where unknown."""
        slots = self.slots[:, side]
        known = (slots >= 0) & (slots < len(table.times))
        at = np.where(known, slots, 0)
        if not len(table.times) or "out_bps" not in table.columns:
            nothing = np.full(len(slots), np.nan)
            return nothing, nothing, nothing, np.zeros(len(slots), np.int64)
        times = np.where(known, table.times[at], 0)
        fresh = known & (times > 0) & (now - times <= FRESH_PERIODS * period_ms)
        sent, received, speed = (
            np.where(fresh, np.asarray(table.columns[name], np.float64)[at], np.nan)
            for name in ("out_bps", "in_bps", "speed")
        )
        return sent, received, speed, np.where(fresh, times, 0)


def link_frame(
    slots: npt.NDArray[np.int32], now: int, traffic: Mapping[str, Column], states: Column
) -> Frame:
    """The `link` frame of one moment, a row for each link in the topology's order."""
    times = np.full(len(slots), now, np.int64)
    columns = {n: traffic[n].copy() for n in ("download_bps", "upload_bps", "utilization")}
    return Frame("link", slots, times, {**columns, "state": states})
