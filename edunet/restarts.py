"""Did the device restart between two readings, and how long was it by the device's own clock?"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

_ROLL: Final = 2**32  # sysUpTime is hundredths of a second in 32 bits: it rolls after 497.1 days
_ROLL_SLACK_S: Final = 60.0
_BOOT_SLACK_S: Final = 5.0  # device clocks drift, replies wait in queues
_LATEST_S: Final = 300.0  # no reading is underway for longer: our clock was set back

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ticks = npt.NDArray[np.uint32]


class Engine(NamedTuple):
    """snmpEngineBoots (-1 = not known) and snmpEngineTime in seconds (NaN = not known)."""

    boots: npt.NDArray[np.int64]
    seconds: Floats


class Gap(NamedTuple):
    """What lies between two readings, a row each.

    Attributes:
        seconds: by the device's clock, by ours where it was not read; negative for a reading that
            came late, which is older than the one before.
        restarted: the device, or its agent, began anew in between.
        proved: the device's clock was read with both; without it a restart may be overlooked.
        booted: the engine knows of the restart.
    """

    seconds: Floats
    restarted: Bools
    proved: Bools
    booted: Bools


class _Ran(NamedTuple):
    """What the engine says of the gap; where it was not asked twice, nothing."""

    booted: Bools
    steady: Bools  # it ran through
    seconds: Floats
    fewer: Bools  # boots than before: the reading is older, or the device forgot them
    more: Bools


def between(
    before: Ticks, after: Ticks, wall: Floats, was: Engine | None = None, now: Engine | None = None
) -> Gap:
    """The gap between the readings whose sysUpTime was `before` and is `after`.

    Both in hundredths of a second, 0 = not read: the wall clock serves; `wall`: the seconds that
    passed here; `was` and `now`: what the SNMP engine said (RFC 3414 2.2). Uptime that fell is a
    roll only when it agrees with the engine's time, or with ours where the engine's is not known.
    """
    ran = None if was is None or now is None else _ran(was, now)
    told = (before > 0) & (after > 0)
    ticks = after.astype(np.int64) - before.astype(np.int64)
    began = after / 100 < wall - _BOOT_SLACK_S  # in a long gap: the uptime has grown all the same
    if (ticks < 0).any():
        passed = wall if ran is None else np.where(ran.steady, ran.seconds, wall)
        rolled = (ticks < 0) & (np.abs((ticks + _ROLL) / 100 - passed) < _ROLL_SLACK_S)
        ticks += np.where(rolled, _ROLL, 0)
        began = (began & ~rolled) | (ticks < 0)
    device = ticks / 100
    # Without the device's clock a wall clock that was set back leaves nothing to measure by.
    restarted, seconds = np.where(told, began, wall < 0), np.where(told, device, wall)
    if ran is not None:
        restarted |= ran.booted
    if (wall < 0).any():
        late = _late(before, told, device, wall, ran)
        restarted, seconds = restarted & ~late, np.where(late, wall, seconds)
    if ran is None:
        return Gap(seconds, restarted, told, np.zeros(len(told), bool))
    return Gap(seconds, restarted, told, ran.booted)


def _late(before: Ticks, told: Bools, device: Floats, wall: Floats, ran: _Ran | None) -> Bools:
    """Which readings are older than the ones before them.

    Both clocks say so; or one does, by no more than a reading can be underway: ours alone, ours
    while the device had not begun yet, or ours and the engine's count of its boots.
    """
    both = told & (np.abs(device - wall) < _BOOT_SLACK_S)
    one = ~told | (wall < _BOOT_SLACK_S - before / 100)
    if ran is not None:
        both, one = both & ~ran.more, (one | ran.fewer) & ~ran.more
    return (wall < 0) & (both | (one & (wall > -_LATEST_S)))


def _ran(was: Engine, now: Engine) -> _Ran:
    counted = (was.boots >= 0) & (now.boots >= 0)
    seconds = now.seconds - was.seconds
    # Time that fell under the same number of boots: an agent that does not count them.
    booted = (counted & (was.boots != now.boots)) | (seconds < 0)
    return _Ran(
        booted,
        ~booted & (seconds >= 0),
        seconds,
        counted & (now.boots < was.boots),
        counted & (now.boots > was.boots),
    )
