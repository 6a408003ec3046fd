"""What was seen of each node and each port, and since when: the only memory of the judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from edunet.topology import Topology

Times = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

CONFIRM: Final = 2  # looks that make a suspicion a fact, for bad news and for good
STALE_PERIODS: Final = 3.5  # silence of the asker this long makes a thing unknown
FOR_EVER: Final = 1 << 62
_BARRIER_PERIODS: Final = 1.2
_BARRIER_MS: Final = 5000
_YOUNG: Final = CONFIRM + 1  # a streak no longer than this may still change what is true
_NEARLY: Final = 0.9  # of a period: polls are never quite on time


class Series:
    """Up-or-down readings of many things, folded into columns; times in milliseconds, 0 = never.

    Attributes:
        seen: the newest reading. last_up: the newest success. first_bad: the first failure of the
            present streak. bad: the newest failures, newest first, `CONFIRM` of them. dark_since:
            the failure that confirmed the streak. restless: whether a young streak was seen since
            somebody last set it to false.
        up_since: the first success of the present streak. n_down, n_up: lengths of the streaks.
    """

    def __init__(self, size: int) -> None:
        self.seen = np.zeros(size, np.int64)
        self.last_up = np.zeros(size, np.int64)
        self.first_bad = np.zeros(size, np.int64)
        self.bad = np.zeros((CONFIRM, size), np.int64)
        self.dark_since = np.zeros(size, np.int64)
        self.up_since = np.zeros(size, np.int64)
        self.n_down = np.zeros(size, np.int32)
        self.n_up = np.zeros(size, np.int32)
        self.restless = False

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
        self._forgive(good)
        bad, bad_at = rows[~up], times[~up]
        self.first_bad[bad] = np.where(self.n_down[bad] == 0, bad_at, self.first_bad[bad])
        self.bad[1:, bad] = self.bad[:-1, bad]
        self.bad[0, bad] = bad_at
        self.n_down[bad] += 1
        self.n_up[bad] = 0
        self.restless |= bool(
            (self.n_up[good] <= _YOUNG).any() or (self.n_down[bad] <= _YOUNG).any()
        )
        confirmed = self.n_down[bad] == CONFIRM
        self.dark_since[bad[confirmed]] = bad_at[confirmed]
        return changed

    def void(self, before: int, spare: Sequence[int]) -> None:
        """Forget every streak of failures that began before that moment: it must be earned anew.

        The rows to `spare` keep theirs.
        """
        old = (self.n_down > 0) & (self.first_bad < before)
        old[list(spare)] = False
        self._forgive(np.flatnonzero(old).astype(np.int32))

    def _forgive(self, rows: Rows) -> None:
        self.n_down[rows] = 0
        self.first_bad[rows] = 0
        self.bad[:, rows] = 0
        self.dark_since[rows] = 0

    def fresh(self, now: int, stale_ms: Times | int) -> Bools:
        """Which were read recently enough to be believed."""
        return (self.seen > 0) & (now - self.seen <= stale_ms)

    def old_at(self, stale_ms: Times | int) -> int:
        """When the first of what was seen will be too old to be believed."""
        return int((self.seen + stale_ms)[self.seen > 0].min(initial=FOR_EVER))

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

    @property
    def barrier(self) -> int:
        """Milliseconds a suspicion waits for the neighbours to be asked again, at most."""
        return _BARRIER_MS + int(_BARRIER_PERIODS * self.reach_period.max(initial=0))

    @property
    def patience(self) -> int:
        """Milliseconds within which every port of a living device is read again."""
        return _BARRIER_MS + int(_BARRIER_PERIODS * self.port_period)

    def proved(self, x: int, witnesses: Rows) -> bool:
        """Whether the answers of any of these neighbours prove that x's failures are not theirs.

        One that lived all along must have answered between two failures of x; of one that has
        only just come back, only the failures since then count.
        """
        reach, y = self.reach, witnesses
        first, newest = reach.first_bad[x], reach.bad[0, x]
        between = (reach.last_up[y] <= newest) | (newest - first >= _NEARLY * self.reach_period[y])
        alive = np.where(
            reach.up_since[y] <= first, between, reach.bad[CONFIRM - 1, x] >= reach.up_since[y]
        )
        return bool(((reach.last_up[y] >= first) & alive).any())

    def cut_before(self, link: int, side: int, x: int) -> bool:
        """Whether the port at that side had failed while x, beyond it, still answered.

        Then the cut does not explain the silence of x, nor the other way round.
        """
        return bool(0 < self.ports.first_bad[2 * link + side] < self.reach.last_up[x])

    @classmethod
    def none(cls, topology: Topology, reach_period: Times, snmp_ms: int, port_ms: int) -> Evidence:
        """Nothing seen yet."""
        devices, links = topology.devices, len(topology.ends)
        return cls(
            Series(devices), Series(devices), Series(2 * links), reach_period, snmp_ms, port_ms
        )
