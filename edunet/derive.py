"""From counters to rates: pure arithmetic over frames, exact, and silent where it cannot know."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from edunet.frame import Frame, Reason

RATES: Final = {"in_bps": "in_octets", "out_bps": "out_octets"}

_ROLL: Final = 2**32  # sysUpTime is hundredths of a second in 32 bits: it rolls after 497.1 days
_ROLL_SLACK_S: Final = 60.0
_BOOT_SLACK_S: Final = 5.0  # device clocks drift, replies wait in queues
_TOLERANCE: Final = 1.05  # counters are refreshed in steps of seconds by the hardware

T = TypeVar("T", bound=np.generic)


def grown(array: npt.NDArray[T], rows: int, fill: Any) -> npt.NDArray[T]:
    """The array with at least `rows` along its last axis; new places hold `fill`."""
    missing = rows - array.shape[-1]
    if missing <= 0:
        return array
    missing = max(missing, array.shape[-1])  # doubling: slots arrive one at a time
    padding = np.full((*array.shape[:-1], missing), fill, array.dtype)
    return np.concatenate([array, padding], axis=-1)


class Rates:
    """What each interface's counters were when they were last believed.

    The device's uptime is kept *per counter*, not per device: after a missed poll the next delta
    must be divided by the time since that counter's own last reading.
    """

    def __init__(self) -> None:
        self._count = np.zeros((len(RATES), 0), np.uint64)
        self._uptime = np.zeros((len(RATES), 0), np.uint32)
        self._time = np.zeros((len(RATES), 0), np.int64)  # 0 = never read
        self._speed = np.zeros(0, np.float64)

    def derive(self, frame: Frame) -> Frame:
        """The `interface` frame with `in_bps` and `out_bps` (float64 bit/s, NaN = unknown) added.

        Why a rate is unknown stands in `reason`. Follows RFC 2863 3.1.6 and RFC 3418 (TimeTicks):
        a 64-bit counter never wraps, so one that fell was reset; the time between two readings is
        the device's own; sysUpTime that fell is a roll when it agrees with the wall clock, else a
        restart. Slots must be unique within one frame.
        """
        slots = frame.slots
        if len(slots):
            self._grow(int(slots.max()) + 1)
        columns, reasons = dict(frame.columns), dict(frame.reason)
        speed = np.asarray(columns["speed"], np.float64)
        speed = np.where(speed > 0, speed, np.nan)  # ifHighSpeed 0: the agent does not know
        known = np.fmax(speed, self._speed[slots])  # after a change the faster bounds the past
        for row, (rate, counter) in enumerate(RATES.items()):
            columns[rate], reasons[rate] = self._rate(row, frame, counter, known)
        self._speed[slots] = speed
        return Frame(frame.kind, slots, frame.times, columns, reasons, frame.uptime)

    def _rate(
        self, row: int, frame: Frame, counter: str, speed: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]:
        slots, count = frame.slots, np.asarray(frame.columns[counter], np.uint64)
        before, then = self._count[row, slots], self._time[row, slots]
        elapsed, restarted = elapse(
            self._uptime[row, slots], frame.uptime, (frame.times - then) / 1e3
        )
        bits = (count - before).astype(np.float64) * 8  # exact in uint64 before it is rounded once
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = bits / elapsed
        readable = frame.good(counter)
        reason = np.select(
            [
                ~readable,
                then == 0,
                ~restarted & (elapsed < 0),
                restarted | (count < before),
                elapsed <= 0,
                rate > speed * _TOLERANCE,  # never true while the speed is unknown (NaN)
            ],
            [
                Reason.MISSING,
                Reason.FIRST,
                Reason.STALE_CLOCK,
                Reason.RESET,
                Reason.STALE_CLOCK,
                Reason.IMPOSSIBLE,
            ],
            Reason.GOOD,
        ).astype(np.uint8)
        # While the device's clock stands still, the old reading stays the one to measure from.
        seed = readable & (reason != Reason.STALE_CLOCK)
        self._count[row, slots[seed]] = count[seed]
        self._uptime[row, slots[seed]] = frame.uptime[seed]
        self._time[row, slots[seed]] = frame.times[seed]
        return np.where(reason == Reason.GOOD, rate, np.nan), reason

    def _grow(self, rows: int) -> None:
        self._count = grown(self._count, rows, 0)
        self._uptime = grown(self._uptime, rows, 0)
        self._time = grown(self._time, rows, 0)
        self._speed = grown(self._speed, rows, np.nan)


def elapse(
    before: npt.NDArray[np.uint32], after: npt.NDArray[np.uint32], wall: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Seconds between two readings by the device's clock, and whether it restarted in between.

    `before` and `after` are sysUpTime in hundredths of a second (0 = not read: the wall clock
    serves), `wall` the seconds that passed here. A reading both clocks call older came late: its
    seconds are negative.
    """
    ticks = after.astype(np.int64) - before.astype(np.int64)
    rolled = (ticks < 0) & (np.abs((ticks + _ROLL) / 100 - wall) < _ROLL_SLACK_S)
    device = (ticks + np.where(rolled, _ROLL, 0)) / 100
    told = (before > 0) & (after > 0)
    late = (wall < 0) & (np.abs(device - wall) < _BOOT_SLACK_S)
    booted = ~late & ((device < 0) | (~rolled & (after / 100 < wall - _BOOT_SLACK_S)))
    # Without the device's clock a wall clock that was set back leaves nothing to measure by.
    return np.where(told, device, wall), np.where(told, booted, wall < 0)
