"""While all is well nothing is judged anew, and nothing is told otherwise because of it."""

from __future__ import annotations

import random

import pytest
from physics import TICK, Watch, plant

from edunet.states import State

CITY = "core-a1 core-b1 a1-s1 a1-s2 b1-s3 a1=t1"


class Restless(Watch):
    """A watch whose judge looks every second, come what may."""

    def run(self, seconds: float) -> Watch:
        self.engine._well_until = lambda now: 0 * now  # type: ignore[method-assign]
        return super().run(seconds)


def history(watch: Watch) -> dict[str, list[State]]:
    return {element: [state for _, state in seen] for element, seen in watch.seen.items()}


def test_while_all_is_well_one_verdict_stands() -> None:
    watch = Watch(plant(CITY)).run(60)
    before = watch.engine.verdict
    watch.run(20)

    assert before is watch.engine.verdict
    assert State.UP == watch.state("site:s1")


def test_what_is_no_longer_asked_grows_old_at_its_time() -> None:
    watch = Watch(plant(CITY)).run(60)
    watch.skip = {"s1"}
    states = []
    for _ in range(50):
        watch.run(1)
        states.append(watch.state("device:s1"))

    assert [State.UP] * 2 == states[:2], "3.5 periods of a second, the last some moments ago"
    assert {State.UNKNOWN} == set(states[5:])


def test_who_is_asked_again_is_known_at_once() -> None:
    watch = Watch(plant(CITY)).run(60)
    watch.skip = {"s1"}
    watch.run(60)
    watch.skip = set()
    watch.run(2)

    assert State.UP == watch.state("device:s1")


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_it_is_told_as_by_a_judge_who_never_rests(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (a choice of faults, no secret)
    watches = Watch(plant(CITY)).run(30), Restless(plant(CITY)).run(30)
    faults = ["link:core-a1", "power:s1", "mute:a1", "agent:b1", "link:a1-t1", "eyes:noc"]
    for _ in range(12):
        fault = chance.choice(faults) if chance.random() < 0.3 else None
        heal = chance.random() < 0.4
        skip = set(chance.sample(["a1", "b1", "s1", "s2", "s3"], chance.choice([0, 0, 0, 1, 2])))
        seconds = chance.choice([2, 10, 60])
        for watch in watches:
            if fault:
                watch.breaks(fault)
            elif heal:
                watch.heals()
            watch.skip = skip
            watch.run(seconds)

    rested, restless = watches
    assert restless.told == rested.told
    assert history(restless) == history(rested)
    for element, seen in restless.seen.items():
        for (at, _), (other, _) in zip(seen, rested.seen[element], strict=True):
            assert abs(at - other) <= 1000 + TICK
