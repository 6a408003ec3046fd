"""What was seen of each node and each port, and since when: the only memory of the judge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edunet.topology import Topology

Times = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

CONFIRM = 2  # looks that make a suspicion a fact, for bad news and for good


class Series:
    """Up-or-down readings of many things, folded into columns; times in milliseconds, 0 = never.

    Attributes:
        seen: the newest reading. last_up: the newest success. first_bad: the first failure of the
            present streak. bad: the newest failures, newest first, `CONFIRM` of them.
        up_since: the first success of the present streak. n_down, n_up: lengths of the streaks.
    """

    def __init__(self, size: int) -> None:
        self.seen = np.zeros(size, np.int64)
        self.last_up = np.zeros(size, np.int64)
        self.first_bad = np.zeros(size, np.int64)
        self.bad = np.zeros((CONFIRM, size), np.int64)
        self.up_since = np.zeros(size, np.int64)
        self.n_down = np.zeros(size, np.int32)
        self.n_up = np.zeros(size, np.int32)

    def observe(self, rows: Rows, times: Times, up: Bools) -> Rows:
        """Take one reading of each row; returns the rows whose answer is not the one before.

        Rows must be unique. A reading not newer than what was seen says nothing new and is dropped.
        """
        newer = times > self.seen[rows]
        rows, times, up = rows[newer], times[newer], up[newer]
        changed: Rows = rows[np.where(up, self.n_up[rows] == 0, self.n_down[rows] == 0)]
        self.seen[rows] = times
        good, good_at = rows[up], times[up]
        self.up_since[good] = np.where(self.n_up[good] == 0, good_at, self.up_since[good])
        self.last_up[good] = good_at
        self.n_up[good] += 1
        self.n_down[good] = 0
        self.first_bad[good] = 0
        self.bad[:, good] = 0
        bad, bad_at = rows[~up], times[~up]
        self.first_bad[bad] = np.where(self.n_down[bad] == 0, bad_at, self.first_bad[bad])
        self.bad[1:, bad] = self.bad[:-1, bad]
        self.bad[0, bad] = bad_at
        self.n_down[bad] += 1
        self.n_up[bad] = 0
        return changed

    def fresh(self, now: int, stale_ms: Times | int) -> Bools:
        """Which were read recently enough to be believed."""
        return (self.seen > 0) & (now - self.seen <= stale_ms)

    @property
    def dark(self) -> Bools:
        """Which have failed often enough in a row."""
        return self.n_down >= CONFIRM

    @property
    def suspect(self) -> Bools:
        """Which have failed, but not yet often enough."""
        return (self.n_down > 0) & (self.n_down < CONFIRM)


@dataclass(frozen=True)
class Evidence:
    """Everything seen so far, and how often it is looked for (int64 milliseconds).

    `reach` and `snmp` have a row for each device, `ports` two rows for each link (a, then b).
    """

    reach: Series
    snmp: Series
    ports: Series
    reach_period: Times
    snmp_period: int
    port_period: int

    @classmethod
    def none(cls, topology: Topology, reach_period: Times, snmp_ms: int, port_ms: int) -> Evidence:
        """Nothing seen yet."""
        devices, links = topology.devices, len(topology.ends)
        return cls(
            Series(devices), Series(devices), Series(2 * links), reach_period, snmp_ms, port_ms
        )
