"""Whatever bytes come, the batches reject them or read what two other decoders read of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from alike import played
from batched import EXCEPTIONS, UNSIGNED, Desk, reply
from hypothesis import event, given, settings
from hypothesis import strategies as st

from lab import ber

Mutation = tuple[str, int, bytes]


@cache
def desk() -> Desk:
    return Desk()


QUESTIONS = range(len(desk().questions))
numbers = st.one_of(
    st.tuples(st.sampled_from(tuple(UNSIGNED)), st.binary(min_size=1, max_size=9)),
    st.tuples(st.sampled_from(tuple(UNSIGNED)), st.binary(max_size=8).map(lambda b: b"\0" + b)),
    st.tuples(st.just(ber.INTEGER), st.binary(max_size=6)),
)
cells = st.one_of(
    numbers,
    numbers,
    st.tuples(st.just(ber.OCTETS), st.binary(max_size=140)),
    st.tuples(st.sampled_from(EXCEPTIONS), st.binary(max_size=2)),
    st.tuples(st.sampled_from((5, 6, 0x40, 0x44, 0x30, 0x1F)), st.binary(max_size=4)),
)
places = st.integers(0, 1400)
mutations = st.lists(
    st.one_of(
        st.tuples(st.just("set"), places, st.binary(min_size=1, max_size=1)),
        st.tuples(
            st.just("set"), places, st.sampled_from([b"\x80", b"\x81\x06", b"\x82\0", b"\xff"])
        ),
        st.tuples(st.just("insert"), places, st.binary(min_size=1, max_size=4)),
        st.tuples(st.just("cut"), places, st.binary(min_size=1, max_size=4)),
        st.tuples(st.just("end"), places, st.just(b"")),
        st.tuples(st.just("pad"), st.just(0), st.binary(min_size=1, max_size=9)),
    ),
    max_size=3,
)
long = st.sampled_from((0, 0, 0, 0, 1, 2, 3, -1))


@st.composite
def answers(draw: st.DrawFn) -> tuple[int, bytes]:
    """Which question, and what came instead of its answer."""
    at = draw(st.sampled_from(QUESTIONS))
    question = desk().put()[at]
    said = question.honest()
    for place in draw(st.lists(st.integers(0, len(said) - 1), max_size=6)):
        said[place] = draw(cells)
    order = list(range(len(said)))
    if draw(st.integers(0, 9)) == 0:
        order = draw(st.permutations(order))
    if draw(st.integers(0, 9)) == 0:
        order = order[: draw(places) % len(order)] + order[draw(places) % len(order) :]
    widths = [draw(long) for _ in range(5)] if draw(st.integers(0, 3)) == 0 else [0] * 5
    asked = question._replace(names=tuple(question.names[each] for each in order))
    return at, mutated(reply(asked, [said[each] for each in order], widths), draw(mutations))


def mutated(data: bytes, how: Sequence[Mutation]) -> bytes:
    for kind, place, what in how:
        at = place % max(1, len(data))
        if kind == "set":
            data = data[:at] + what + data[at + len(what) :]
        elif kind == "insert":
            data = data[:at] + what + data[at:]
        elif kind == "cut":
            data = data[:at] + data[at + len(what) :]
        else:
            data = data[:at] if kind == "end" else data + what
    return data


@settings(max_examples=600, deadline=None)
@given(answers())
def test_what_is_read_is_what_two_other_decoders_read(said: tuple[int, bytes]) -> None:
    event(played(desk(), *said))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=120))
def test_noise_is_read_as_nothing(noise: bytes) -> None:
    questions = desk().put()

    came, lost = desk().read(*[(each, noise) for each in questions])

    assert [] == came
    assert 0 == len(lost.late) == len(lost.unsent) == len(lost.odd)
