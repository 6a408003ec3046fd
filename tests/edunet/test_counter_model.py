"""A device that knows the truth, polled at random: every rate is the true one, none is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from counting import GIGA, MEGA, ROLL, START, TURN
from hypothesis import event, given, settings
from hypothesis import strategies as st

from edunet.derive import HASTE_S, RATES, Rates
from edunet.frame import Frame, Reason

SPEEDS = (10 * MEGA, 100 * MEGA, GIGA, 10 * GIGA)
STEPS = (0, 1, 100, 327, 1000, 3200, 6000, 34_000, 400_000)  # hundredths of a second
COUNTERS = tuple(RATES.values())
RESTART = 600  # a restart takes longer than clocks disagree


class Habits(NamedTuple):
    """What this agent tells."""

    clock: bool
    engine: bool
    counted: bool  # it counts its boots
    stamps: bool
    narrow: bool


class Poll(NamedTuple):
    """What was read, and the truth at that moment."""

    frame: Frame
    narrow: bool
    ticks: int | None
    wall: int
    true: tuple[int, ...]  # octets since the beginning of the world
    begun: int  # how often the counters began anew
    speed: float  # told; NaN = not
    torn: bool  # the engine answered before a restart, the row after it


@dataclass
class Agent:
    """A port and its device; `draw` decides what happens to them."""

    draw: st.DrawFn
    habits: Habits
    now: int = 0  # hundredths of a second
    uptime: int = 0
    boots: int = 1
    engine: int = 0
    stamp: int = 0
    begun: int = 0
    speed: float = GIGA
    hidden: bool = False  # the speed is not told
    true: list[int] = field(default_factory=lambda: [0, 0])
    base: list[int] = field(default_factory=lambda: [0, 0])  # true octets where counters began
    polls: list[Poll] = field(default_factory=list)

    def one_in(self, n: int) -> bool:
        return self.draw(st.integers(1, n)) == 1

    def run(self, step: int, most: float) -> None:
        """Time passes and octets flow, as fast as the port at most; often as fast as it can."""
        self.now += step
        self.uptime += step
        self.engine += step
        for way in (0, 1):
            share = self.draw(st.sampled_from([0, 1, 1, 100, 250, 999, 1000]))
            self.true[way] += int(most) * step * share // (100 * 8 * 1000)

    def restarts(self, n: int) -> bool:
        """Within a minute of the roll nobody could tell one from the other."""
        return self.habits.clock and abs(self.uptime - ROLL) > 7000 and self.one_in(n)

    def restart(self) -> None:
        self.now += RESTART
        self.uptime = self.engine = self.stamp = 0
        self.boots += self.habits.counted
        self.anew()

    def clear(self) -> None:
        """Somebody cleared the counters: the agent says so."""
        self.stamp = max(self.uptime, 1)
        self.anew()

    def anew(self) -> None:
        self.begun += 1
        self.base = [true - self.draw(st.integers(0, 2**20)) for true in self.true]

    def between(self) -> None:
        """What happens until the next poll."""
        step, before = self.draw(st.sampled_from(STEPS)), self.speed
        if self.one_in(4):
            self.speed = self.draw(st.sampled_from(SPEEDS))
        self.hidden = self.one_in(8)
        self.run(step // 2, before)
        if self.restarts(6):
            self.restart()
        elif self.habits.stamps and self.stamp != max(self.uptime, 1) and self.one_in(6):
            self.clear()
        self.run(step - step // 2, self.speed)

    def poll(self) -> None:
        engine = self.boots, self.engine // 100
        torn = self.restarts(8)
        if torn:
            self.restart()
            self.run(100, self.speed)
        if self.uptime % ROLL == 0:  # 0 would be: not read
            self.run(1, self.speed)
        narrow = self.habits.narrow != self.one_in(10)
        octets = [(true - base) % TURN if narrow else true - base
                  for true, base in zip(self.true, self.base, strict=True)]  # fmt: skip
        ticks = self.uptime % ROLL if self.habits.clock else 0
        columns = {
            **{n: np.array([o], np.uint64) for n, o in zip(COUNTERS, octets, strict=True)},
            "speed": np.array([np.nan if self.hidden else self.speed]),
        }
        if narrow or self.one_in(2):
            columns["bits"] = np.array([32 if narrow else 64], np.int16)
        if self.habits.stamps:
            columns["discontinuity"] = np.array([self.stamp], np.uint64)
        if self.habits.engine and not self.one_in(5):
            columns["boots"] = np.array([engine[0]], np.uint64)
            columns["engine_s"] = np.array([float(engine[1])])
        reason = {n: np.array([int(self.one_in(6))], np.uint8) for n in COUNTERS}
        frame = Frame(
            "interface",
            np.array([0], np.int32),
            np.array([START + 10 * self.now], np.int64),
            columns,
            reason,
            np.array([ticks], np.uint32),
        )
        told = float(columns["speed"][0])
        self.polls.append(
            Poll(frame, narrow, ticks or None, self.now, tuple(self.true), self.begun, told, torn)
        )


@st.composite
def lives(draw: st.DrawFn) -> list[Poll]:
    """Polls in the order they are derived: some readings come once more, and too late."""
    agent = Agent(draw, Habits(*draw(st.tuples(*[st.booleans()] * 5))))
    agent.uptime = draw(st.sampled_from([2000, 10**7, ROLL - 100, ROLL - 5000]))
    agent.engine = draw(st.sampled_from([agent.uptime, 10**9]))
    agent.base = [-draw(st.sampled_from([0, TURN - 1, 2**53, 2**63])) for _ in COUNTERS]
    taken = []
    for _ in range(draw(st.integers(3, 12))):
        agent.between()
        agent.poll()
        taken.append(agent.polls[-1])
        if agent.one_in(6):
            late = draw(st.sampled_from(agent.polls))
            if agent.polls[-1].wall - late.wall < 30_000:  # five minutes
                taken.append(late)
    return taken


def passed(seed: Poll, now: Poll) -> Fraction:
    """Seconds between two readings by the clock there is."""
    if seed.ticks is None or now.ticks is None:
        return Fraction(now.wall - seed.wall, 100)
    return Fraction((now.ticks - seed.ticks) % ROLL, 100)


def due(seed: Poll, now: Poll, speeds: list[float]) -> bool:
    """Whether the device has told all that a rate takes."""
    if seed.begun != now.begun or seed.narrow != now.narrow or now.wall <= seed.wall:
        return False
    if np.isnan(speeds).any():  # 64 bits take none, but then nothing vouches for the traffic here
        return False
    wraps = float(passed(seed, now)) * max(speeds) * 1.05 / 8 >= TURN
    fell = any(a > b for a, b in zip(octets(seed), octets(now), strict=True))
    return not now.narrow or not (wraps or (fell and now.ticks is None))


def hasty(seed: Poll, now: Poll) -> bool:
    """Whether so little time passed that the rate given last has to do."""
    return seed.begun == now.begun and 0 < passed(seed, now) < HASTE_S


def octets(poll: Poll) -> list[int]:
    return [int(poll.frame.columns[name][0]) for name in COUNTERS]


class Counter:
    """What a rate of one counter must be measured from."""

    def __init__(self, way: int) -> None:
        self.way, self.rate, self.name = way, list(RATES)[way], COUNTERS[way]
        self.seed = -1  # which poll; -1 = none yet
        self.last: float | None = None  # the rate given with it
        self.misled = False

    def check(self, polls: list[Poll], n: int, after: Frame) -> None:
        """The nth poll, of which `after` came."""
        now, seed = polls[n], polls[self.seed]
        reason, bps = Reason(after.reason[self.rate][0]), float(after.columns[self.rate][0])
        event(reason.label)
        assert np.isnan(bps) == bool(reason)
        if self.seed >= 0 and reason in {Reason.GOOD, Reason.FIRST} and hasty(seed, now):
            assert (self.last if not reason else None) == (None if reason else bps)
            assert bool(reason) == (self.last is None)
            return
        if not reason:
            assert self.seed >= 0
            assert now.begun == seed.begun, "the device could not know"
            assert now.wall > seed.wall
            exact = (now.true[self.way] - seed.true[self.way]) * 8 / passed(seed, now)
            assert abs(Fraction(bps) - exact) <= exact * Fraction(1, 2**50)
        elif self.seed >= 0 and not self.misled and now.frame.good(self.name)[0]:
            assert not due(seed, now, [poll.speed for poll in polls[self.seed : n + 1]]), reason
        if reason not in {Reason.MISSING, Reason.STALE_CLOCK}:
            # Nothing speaks against an engine that is new to us, or tells of another restart.
            alone = self.seed >= 0 and now.begun == seed.begun + 1 and not self.misled
            self.seed, self.misled = n, now.torn and not alone
            self.last = None if reason else bps


@settings(max_examples=400, deadline=None)
@given(lives())
def test_every_rate_is_the_true_mean_and_none_is_missing(polls: list[Poll]) -> None:
    """In exact arithmetic, whatever wraps, rolls, restarts, changes, comes late or is not told."""
    rates, counters = Rates(), [Counter(0), Counter(1)]
    for n, poll in enumerate(polls):
        after = rates.derive(poll.frame)
        for counter in counters:
            counter.check(polls, n, after)
