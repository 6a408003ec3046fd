"""Places in flight: each is one question's alone, and what is late is told once; time is ours."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from collector.vector.flight import MOST, Flight

_ROOM = 40


class Flights(RuleBasedStateMachine):
    """A flight beside a dictionary: place -> id, question, until when, tries."""

    def __init__(self) -> None:
        super().__init__()
        self.flight = Flight()
        self.flight.room = _ROOM
        self.known: dict[int, tuple[int, int, float, int]] = {}
        self.now = 0.0
        self.question = 0

    @rule(count=st.integers(0, _ROOM), unsent=st.integers(0, _ROOM), tries=st.integers(1, 2))
    def depart(self, count: int, unsent: int, tries: int) -> None:
        count = min(count, self.flight.left)
        places, ids = self.flight.places(count)
        assert not {*places.tolist()} & self.known.keys()
        assert count == len({*places.tolist()}) == len({*ids.tolist()})
        assert (ids & np.uint32(MOST - 1)).tolist() == places.tolist()
        assert all(1 << 30 <= each < 1 << 31 for each in ids.tolist()), "four bytes, never negative"
        done = max(0, count - unsent)
        questions = np.arange(self.question, self.question + done)
        until = np.asarray(self.now + 1.0 + questions % 3, np.float64)
        self.flight.depart(
            places[:done], ids[:done], questions, until, np.full(done, tries, np.int8)
        )
        self.flight.give_back(places[done:])
        self.question += done
        told = zip(ids.tolist(), questions.tolist(), until.tolist(), strict=False)
        for place, each in zip(places[:done].tolist(), told, strict=True):
            self.known[place] = (*each, tries)

    @rule(dice=st.randoms(use_true_random=False))
    def land(self, dice: object) -> None:
        some = [place for place in self.known if dice.random() < 0.5]  # type: ignore[attr-defined]
        self.flight.land(np.array(some, np.int64))
        for place in some:
            del self.known[place]

    @rule(seconds=st.sampled_from((0.0, 0.5, 1.0, 2.5)))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        late = {place for place, each in self.known.items() if each[2] <= self.now}
        asked, tries = self.flight.late(self.now)
        expected = {(self.known[place][1], self.known[place][3]) for place in late}
        assert expected == {*zip(asked.tolist(), tries.tolist(), strict=True)}
        for place in late:
            del self.known[place]
        assert 0 == len(self.flight.late(self.now)[0])

    @invariant()
    def counts(self) -> None:
        assert _ROOM - len(self.known) == self.flight.left
        assert (not self.known) == self.flight.empty
        assert sorted(self.known) == self.flight.flying().tolist()
        for place, (number, question, _, _) in self.known.items():
            assert (number, question) == (self.flight.ids[place], self.flight.asked[place])


TestFlights = Flights.TestCase
TestFlights.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
