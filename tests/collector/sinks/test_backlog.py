"""Does what an outage left behind keep what is new waiting, or get lost on the way?"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from typing import Final

import pytest
from daemons import until
from fake_sink import START, interfaces

from collector.lanes import Lanes
from collector.pushing import ROWS, Ground, Pace, Pusher
from collector.sinks import AwayError
from edunet.errors import DeliveryError
from edunet.frame import Frame
from edunet.log import Position

PACE: Final = Pace(first=0.001, most=0.002, settle=0.0)
BATCH: Final = 4  # rounds
OLD: Final = 40


class Told:
    """An outlet that takes a write for each `allow`, and fails where it is told to."""

    left_out: dict[str, int] = {}  # noqa: RUF012 - never filled
    connections = 1

    def __init__(self, *, ordered: bool = False, fails: Callable[[int], bool] | None = None):
        self.ordered = ordered
        self.durable = False
        self.writes: list[list[int]] = []
        self._fails = fails or (lambda _: False)
        self._may = threading.Semaphore(0)
        self.over = False

    def allow(self, count: int) -> None:
        for _ in range(count):
            self._may.release()

    @property
    def rounds(self) -> list[int]:
        return [n for write in self.writes for n in write]

    def write(self, frames: Sequence[Frame]) -> None:
        while not self.over and not self._may.acquire(timeout=0.01):
            pass
        numbers = [(int(frame.times[0]) - START) // 1000 for frame in frames]
        if any(map(self._fails, numbers)):
            raise DeliveryError("not that one")
        self.writes.append(numbers)

    def relabel(self) -> None:
        pass

    def close(self) -> None:
        pass


def accept(ground: Ground, rounds: range) -> None:
    for n in rounds:
        ground.log.append(interfaces(n, rows=ROWS // BATCH))
    ground.log.sync()


def test_after_an_outage_what_is_new_arrives_before_what_was_missed(ground: Ground) -> None:
    outlet = Told()
    pusher = Pusher("tsdb", outlet, ground, PACE)
    accept(ground, range(OLD))
    pusher.start()
    outlet.allow(2)
    until(lambda: 2 == len(outlet.writes), "two batches of the backlog")
    accept(ground, range(OLD, OLD + 1))
    outlet.allow(2)
    until(lambda: 4 == len(outlet.writes), "two more")

    assert OLD in outlet.rounds
    assert OLD - 1 not in outlet.rounds
    assert pusher.lag_s > 0
    outlet.allow(100)
    until(lambda: {*range(OLD + 1)} == {*outlet.rounds}, "everything")
    until(lambda: 0.0 == pusher.lag_s, "no lag")
    assert len(outlet.rounds) == OLD + 1
    assert pusher.stop(2)


def test_where_order_is_demanded_everything_comes_in_order(ground: Ground) -> None:
    outlet = Told(ordered=True)
    pusher = Pusher("tsdb", outlet, ground, PACE)
    accept(ground, range(OLD))
    pusher.start()
    outlet.allow(2)
    until(lambda: 2 == len(outlet.writes), "two batches")
    accept(ground, range(OLD, OLD + 2))
    outlet.allow(100)
    until(lambda: OLD + 2 == len(outlet.rounds), "everything")

    assert [*range(OLD + 2)] == outlet.rounds
    assert pusher.stop(2)


def test_old_data_a_server_never_takes_does_not_keep_news_from_it(ground: Ground) -> None:
    outlet = Told(fails=lambda n: n == 5)
    outlet.allow(10**5)
    pusher = Pusher("tsdb", outlet, ground, PACE)
    accept(ground, range(OLD))
    pusher.start()
    until(lambda: pusher.connected is False, "the batch it never takes")
    for n in range(OLD, OLD + 5):
        accept(ground, range(n, n + 1))
        until(lambda n=n: n in outlet.rounds, "what is new")  # type: ignore[misc]

    assert pusher.lag_s > 0
    assert not {*range(4, OLD)} & {*outlet.rounds}
    assert pusher.stop(2)


def test_a_second_outage_makes_the_backlog_longer_and_loses_nothing(ground: Ground) -> None:
    outlet = Told()
    pusher = Pusher("tsdb", outlet, ground, PACE)
    accept(ground, range(OLD))
    pusher.start()
    outlet.allow(1)
    until(lambda: 1 == len(outlet.writes), "a batch of the backlog")
    accept(ground, range(OLD, OLD + 1))
    outlet.allow(2)
    until(lambda: OLD in outlet.rounds, "what is new")
    accept(ground, range(OLD + 1, 2 * OLD))  # nothing is taken meanwhile
    outlet.allow(1000)
    until(lambda: {*range(2 * OLD)} == {*outlet.rounds}, "everything")
    until(lambda: 0.0 == pusher.lag_s, "no lag")
    assert pusher.stop(2)


@pytest.mark.parametrize("ordered", [False, True], ids=["any order", "ordered"])
@pytest.mark.parametrize("seed", range(3))
def test_whoever_fails_and_restarts_every_round_is_delivered(
    ground: Ground, seed: int, ordered: bool
) -> None:
    dice = random.Random(seed)  # noqa: S311 - a die, not a key
    delivered: set[int] = set()
    for start in range(0, 60, 10):
        accept(ground, range(start, start + 10))
        outlet = Told(ordered=ordered, fails=lambda _: dice.random() < 0.05)
        pusher = Pusher("tsdb", outlet, ground, PACE)
        pusher.start()
        writes = dice.randrange(3)
        outlet.allow(100 if writes else 0)
        until(lambda o=outlet, w=writes: len(o.writes) >= w, "some writes")  # type: ignore[misc]
        outlet.over = True
        assert pusher.stop(5)
        delivered |= {*outlet.rounds}
    outlet = Told(ordered=ordered)
    outlet.over = True
    pusher = Pusher("tsdb", outlet, ground, PACE)
    pusher.start()
    until(lambda: {*range(60)} == delivered | {*outlet.rounds}, "every round")
    assert pusher.stop(5)


def test_a_break_sends_again_what_is_not_settled_in_both_lanes() -> None:
    lanes = Lanes(Position(1, 0))
    lanes.live.go(0, Position(1, 10))
    lanes.split(Position(1, 100))
    lanes.live.go(5, Position(1, 110))
    assert lanes.behind is not None
    lanes.behind.go(6, Position(1, 20))
    lanes.settle(0)
    lanes.rewind()

    assert (Position(1, 10), Position(1, 100)) == (lanes.behind.at, lanes.live.at)
    assert Position(1, 10) == lanes.settled


def test_a_backlog_is_over_when_all_of_it_is_settled() -> None:
    lanes = Lanes(Position(1, 0))
    lanes.split(Position(1, 100))
    lanes.live.go(1, Position(1, 110))
    assert lanes.behind is not None
    lanes.behind.go(2, Position(1, 100))
    assert lanes.behind is None
    lanes.settle(1)
    assert Position(1, 0) == lanes.settled
    lanes.settle(2)
    assert Position(1, 110) == lanes.settled


def test_one_outage_is_complained_of_once_however_many_lanes_meet_it(
    ground: Ground, caplog: pytest.LogCaptureFixture
) -> None:
    class Away(Told):
        away = True

        def write(self, frames: Sequence[Frame]) -> None:
            if self.away:
                raise AwayError("nobody there", refused=True)
            super().write(frames)

    outlet = Away()
    outlet.over = True
    pusher = Pusher("tsdb", outlet, ground, PACE)
    accept(ground, range(OLD))
    pusher.start()
    for n in range(OLD, OLD + 3):
        until(lambda: pusher.connected is False, "the first failure")
        accept(ground, range(n, n + 1))
    outlet.away = False
    until(lambda: {*range(OLD + 3)} == {*outlet.rounds}, "everything")
    assert pusher.stop(2)
    assert 1 == caplog.text.count("the log keeps what it misses")
    assert 1 == caplog.text.count("is back")
