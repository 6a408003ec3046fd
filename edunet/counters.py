"""From one reading of a counter to the next: the rate, or why there is none."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from edunet.frame import Reason
from edunet.restarts import Bools, Floats, Gap

TURN: Final = 2**32  # where a 32-bit counter begins anew
TOLERANCE: Final = 1.05  # counters are refreshed in steps of seconds by the hardware


class Width(NamedTuple):
    """Which counters have 32 bits, now and at the reading before."""

    narrow: Bools
    was: Bools


class Step(NamedTuple):
    """Two readings of one counter, a row each.

    Attributes:
        seed: the reading before.
        readable: the counter was read now.
        first: there is no reading before.
        moved: ifCounterDiscontinuityTime is another than before; None = it never came.
        width: None = all have 64 bits, now and before.
        speed: the most the interface was since the reading before; NaN when it once told none.
        limit: what the rate cannot exceed: a speed it told, else the contract; NaN = not known.
    """

    seed: npt.NDArray[np.uint64]
    reading: npt.NDArray[np.uint64]
    readable: Bools
    first: Bools
    gap: Gap
    moved: Bools | None
    width: Width | None
    speed: Floats
    limit: Floats


def rate(step: Step) -> tuple[Floats, npt.NDArray[np.uint8]]:
    """bit/s where two readings tell it, else NaN and the `Reason`.

    RFC 2863 3.1.6: a 64-bit counter never wraps, so one that fell was reset. A 32-bit counter that
    fell has wrapped where nothing speaks against it and the speed allows it; and none has a rate
    after so long that it may have wrapped unseen.
    """
    gap, width = step.gap, step.width
    fell = step.reading < step.seed
    grown = step.reading - step.seed  # exact in uint64 before it is rounded once
    if width is not None:
        grown = np.where(width.narrow & fell, grown + np.uint64(TURN), grown)
    with np.errstate(divide="ignore", invalid="ignore"):
        bps = grown.astype(np.float64) * 8 / gap.seconds
    reason = np.zeros(len(fell), np.uint8)  # the later mark outranks the earlier
    reason[bps > step.limit * TOLERANCE] = Reason.IMPOSSIBLE  # never while it is unknown (NaN)
    if width is not None:
        reason[_untold(step, width, grown)] = Reason.AMBIGUOUS
        fell &= ~(width.narrow & gap.proved & (bps <= step.speed * TOLERANCE))
    reason[gap.seconds <= 0] = Reason.STALE_CLOCK
    reason[fell] = Reason.RESET
    if step.moved is not None:
        reason[step.moved] = Reason.DISCONTINUITY
    if width is not None:
        reason[width.narrow != width.was] = Reason.RESET  # another counter than before
    reason[gap.restarted] = Reason.RESET
    reason[(gap.seconds < 0) & ~gap.restarted] = Reason.STALE_CLOCK
    reason[step.first] = Reason.FIRST
    reason[~step.readable] = Reason.MISSING
    return np.where(reason == Reason.GOOD, bps, np.nan), reason


def _untold(step: Step, width: Width, grown: npt.NDArray[np.uint64]) -> Bools:
    """Which 32-bit counters may have wrapped unseen.

    While no speed is known only one that stands still is believed: whole turns to the very octet
    are one in four thousand million.
    """
    most = step.gap.seconds * (step.speed * TOLERANCE / 8)
    return width.narrow & np.where(np.isnan(most), grown > 0, most >= TURN)
