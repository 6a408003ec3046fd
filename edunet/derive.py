"""From counters to rates: pure arithmetic over frames, exact, and silent where it cannot know."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from edunet.counters import Step, Width, rate
from edunet.frame import Frame, Reason
from edunet.restarts import Bools, Engine, Floats, Gap, between
from edunet.speeds import Span, SpeedChange, Speeds
from edunet.speeds import grown as grown  # the newest rows grow the same way

RATES: Final = {"in_bps": "in_octets", "out_bps": "out_octets"}
AUXILIARY: Final = frozenset({"bits", "discontinuity", "boots", "engine_s"})
"""Columns that say how counters are to be read: they end here."""

HASTE_S: Final = 0.45
"""Seconds by the device's clock that a rate needs: hundredths, and counters that the hardware
refreshes in steps, tell nothing sooner."""

_MEASURED: Final = (Reason.GOOD, Reason.IMPOSSIBLE, Reason.AMBIGUOUS)


class Rates:
    """What each interface's counters were when they were last believed.

    Attributes:
        speed_changes: the interfaces that changed their speed with the frame derived last.
    """

    def __init__(self) -> None:
        self._seeds = {counter: _Seeds() for counter in RATES.values()}
        self._speeds = Speeds()
        self._heard: set[str] = set()  # columns that came with any frame
        self.speed_changes: tuple[SpeedChange, ...] = ()

    def contract(self, slots: npt.NDArray[np.integer[Any]], capacity: Floats) -> None:
        """What the lines on these ports can carry, bit/s: their bound while no speed is known."""
        self._speeds.contract(slots, capacity)

    def slower(self, slots: npt.NDArray[np.integer[Any]]) -> Floats:
        """The lowest speed within the interval of the newest rates; NaN = not known."""
        return self._speeds.lower(slots)

    def derive(self, frame: Frame) -> Frame:
        """The `interface` frame with `in_bps` and `out_bps` (float64 bit/s, NaN = unknown) added.

        Why a rate is unknown stands in `reason`; `docs/counters.md` has the rules. A frame may say
        more, in columns that end here: `bits` (32 = the octet counters of the row are narrow),
        `discontinuity` (ifCounterDiscontinuityTime), `boots` and `engine_s` (of the SNMP engine).
        Slots must be unique within one frame.
        """
        at = frame.slots.astype(np.intp)
        self._speeds.grow(int(at.max(initial=-1)) + 1)
        columns = {n: c for n, c in frame.columns.items() if n not in AUXILIARY}
        reasons = {n: r for n, r in frame.reason.items() if n not in AUXILIARY}
        self._heard |= frame.columns.keys()
        said = _said(frame, self._heard)
        stale, silent, lower = np.zeros(len(at), bool), np.ones(len(at), bool), said.speed
        for name, counter in RATES.items():
            taken = self._seeds[counter].take(frame, counter, said, self._speeds)
            columns[name], reasons[name] = taken.rate, taken.reason
            stale |= taken.reason == Reason.STALE_CLOCK
            silent &= taken.reason == Reason.MISSING
            lower = np.minimum(lower, taken.slowest)
        # A row that says nothing of its counters may be of any time.
        self.speed_changes = self._speeds.keep(at, said.speed, lower, stale | silent)
        return Frame(frame.kind, frame.slots, frame.times, columns, reasons, frame.uptime)


class _Said(NamedTuple):
    """What a frame says beside its counters; None = no frame ever did."""

    speed: Floats  # NaN = not known
    narrow: Bools | None
    stamp: npt.NDArray[np.int64] | None  # -1 = not known
    engine: Engine | None


class _Taken(NamedTuple):
    rate: Floats
    reason: npt.NDArray[np.uint8]
    slowest: Floats  # since the seed, by the interface's own word


class _Seeds:
    """The reading each slot's counter is measured from.

    The device's clock is kept *per counter*, not per device: after a missed poll the next delta
    must be divided by the time since that counter's own last reading.
    """

    def __init__(self) -> None:
        self._count = np.zeros(0, np.uint64)
        self._uptime = np.zeros(0, np.uint32)
        self._time = np.zeros(0, np.int64)  # 0 = never read
        self._narrow = np.zeros(0, bool)
        self._stamp = np.zeros(0, np.int64)  # the last one known since the start, -1 = none
        self._boots = np.zeros(0, np.int64)
        self._engine = np.zeros(0)
        self._rate = np.zeros(0)  # the last one given, NaN = none
        self._span = Span()

    def take(self, frame: Frame, counter: str, said: _Said, speeds: Speeds) -> _Taken:
        """The rates since the seeds, which the frame's readings replace where they are believed.

        A reading that follows its seed in haste replaces nothing: the rate given last is given
        again, and the next one is measured from the same seed.
        """
        at = frame.slots.astype(np.intp)
        self._grow(int(at.max(initial=-1)) + 1)
        then = self._time[at]
        was = Engine(self._boots[at], self._engine[at]) if said.engine else None
        wall = (frame.times - then) / 1e3
        fastest, slowest = self._span.until(at, said.speed)
        step = Step(
            self._count[at],
            np.asarray(frame.columns[counter], np.uint64),
            frame.good(counter),
            then == 0,
            between(self._uptime[at], frame.uptime, wall, was, said.engine),
            self._moved(at, said.stamp),
            self._width(at, said.narrow),
            np.where(np.isnan(slowest), np.nan, fastest),
            speeds.limit(at, fastest),
        )
        found, reason = rate(step)
        hasty = (step.gap.seconds < HASTE_S) & np.isin(reason, _MEASURED)
        if hasty.any():
            found = np.where(hasty, self._rate[at], found)
            reason[hasty] = np.where(np.isnan(found[hasty]), Reason.FIRST, Reason.GOOD)
        # While the device's clock stands still, the old reading stays the one to measure from.
        seed = step.readable & (reason != Reason.STALE_CLOCK) & ~hasty
        rows = slice(None) if seed.all() else np.flatnonzero(seed)
        self._rate[at[rows]] = found[rows]
        self._count[at[rows]] = step.reading[rows]
        self._uptime[at[rows]] = frame.uptime[rows]
        self._time[at[rows]] = frame.times[rows]
        self._remember(at, rows, said, step.gap)
        self._span.keep(
            at, np.where(seed, said.speed, fastest), np.where(seed, said.speed, slowest)
        )
        return _Taken(found, reason, slowest)

    def _remember(
        self,
        at: npt.NDArray[np.intp],
        rows: slice | npt.NDArray[np.intp],
        said: _Said,
        gap: Gap,
    ) -> None:
        """What the frame said beside the counters, for the rows that are seeds now."""
        if said.narrow is not None:
            self._narrow[at[rows]] = said.narrow[rows]
        if said.stamp is not None:
            kept = np.where(gap.restarted, -1, self._stamp[at])
            self._stamp[at[rows]] = np.where(said.stamp < 0, kept, said.stamp)[rows]
        if said.engine is not None:
            # The engine is asked first: one that knows of no restart was asked before it.
            torn = gap.restarted & ~gap.booted
            self._boots[at[rows]] = np.where(torn, -1, said.engine.boots)[rows]
            self._engine[at[rows]] = np.where(torn, np.nan, said.engine.seconds)[rows]

    def _moved(self, at: npt.NDArray[np.intp], stamp: npt.NDArray[np.int64] | None) -> Bools | None:
        if stamp is None:
            return None
        kept = self._stamp[at]
        moved: Bools = (stamp != kept) & (stamp >= 0) & (kept >= 0)
        return moved

    def _width(self, at: npt.NDArray[np.intp], narrow: Bools | None) -> Width | None:
        if narrow is None:
            return None
        was = self._narrow[at]
        return Width(narrow, was) if narrow.any() or was.any() else None

    def _grow(self, rows: int) -> None:
        self._count = grown(self._count, rows, 0)
        self._uptime = grown(self._uptime, rows, 0)
        self._time = grown(self._time, rows, 0)
        self._narrow = grown(self._narrow, rows, False)
        self._stamp = grown(self._stamp, rows, -1)
        self._boots = grown(self._boots, rows, -1)
        self._engine = grown(self._engine, rows, np.nan)
        self._rate = grown(self._rate, rows, np.nan)
        self._span.grow(rows)


def _said(frame: Frame, heard: set[str]) -> _Said:
    speed = np.asarray(frame.columns["speed"], np.float64)
    speed = np.where(speed > 0, speed, np.nan)  # ifHighSpeed 0: the agent does not know
    narrow = stamp = engine = None
    if "bits" in heard:
        narrow = _whole(frame, "bits") == 32
    if "discontinuity" in heard:
        stamp = _whole(frame, "discontinuity")
    if heard & {"boots", "engine_s"}:
        engine = Engine(_whole(frame, "boots"), _seconds(frame, "engine_s"))
    return _Said(speed, narrow, stamp, engine)


def _whole(frame: Frame, name: str) -> npt.NDArray[np.int64]:
    """A column of whole numbers; -1 = not known."""
    if name not in frame.columns:
        return np.full(len(frame), -1, np.int64)
    values = frame.columns[name].astype(np.int64)  # what is 2**63 and more is negative then
    return np.where(frame.good(name) & (values >= 0), values, -1)


def _seconds(frame: Frame, name: str) -> Floats:
    if name not in frame.columns:
        return np.full(len(frame), np.nan)
    return np.where(frame.good(name), frame.columns[name], np.nan)
