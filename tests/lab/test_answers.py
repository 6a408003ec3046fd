"""Are many questions answered at once as each agent would answer them, whatever happens?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edunet.clock import ManualClock
from edunet.inventory.model import Inventory
from lab import ber
from lab.agent import Agent
from lab.answers import Answers, Known
from lab.city import City
from lab.memory import ALONE
from lab.mib import COLUMNS, SCALARS, Own
from lab.quality import Quality

Oid = tuple[int, ...]
UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
SYS_NAME = (1, 3, 6, 1, 2, 1, 1, 5, 0)
BOOTS = [(1, 3, 6, 1, 6, 3, 10, 2, 1, last, 0) for last in (2, 3)]
IF = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IFX = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
ALIKE = [column for column, read in COLUMNS.items() if not isinstance(read, Own)]
POLLED = [(*IFX, 1), (*IFX, 6), (*IFX, 10), (*IF, 14), (*IF, 19), (*IF, 8), (*IF, 9), (*IFX, 15)]


def ask(
    kind: int, oids: list[Oid], first: int = 0, second: int = 0, community: bytes = b"public"
) -> bytes:
    """A question whose request-id has four bytes, as those of clients that count have."""
    binds = b"".join(ber.bind(ber.name(oid), ber.NULL) for oid in oids)
    numbers = b"\x02\x04\x7f\x02\x04\x01" + b"".join(
        ber.number(ber.INTEGER, number) for number in (first, second)
    )
    pdu = ber.element(kind, numbers + ber.element(ber.SEQUENCE, binds))
    return ber.element(ber.SEQUENCE, ber.V2C + ber.element(ber.OCTETS, community) + pdu)


QUESTIONS = {
    "scalars": ask(ber.GET, [UPTIME, *BOOTS, (1, 3, 6, 1, 2, 1, 31, 1, 5, 0)]),
    "rows as a poller asks": ask(
        ber.GET, [UPTIME] + [(*column, row) for row in range(1, 8) for column in POLLED]
    ),
    "rows beyond the last": ask(
        ber.GET, [UPTIME] + [(*column, row) for row in range(5, 12) for column in POLLED]
    ),
    **{
        f"each column {first}": ask(
            ber.GET, [(*column, row) for column in ALIKE[first::4] for row in (1, 2, 8, 9, 13)]
        )
        for first in range(4)
    },
    "what is not there": ask(ber.GET, [UPTIME, (1, 3, 6, 1, 4, 1, 9), (*IF, 10, 99)]),
    "one row by getbulk": ask(ber.GETBULK, [UPTIME[:-1], *((*c, 4) for c in POLLED)], 1, 1),
    "more rows than find room": ask(ber.GETBULK, [UPTIME[:-1], *POLLED], 1, 30),
    "endless rows of one column": ask(ber.GETBULK, [(*IFX, 5)], 0, 1_000_000),
    "behind the last": ask(ber.GETBULK, [(*BOOTS[1][:-2], 3, 0), (*IFX, 15, 9)], 0, 2),
    "no repetition": ask(ber.GETBULK, [UPTIME[:-1], *POLLED], 1, 0),
    "the next ones": ask(ber.GETNEXT, [UPTIME[:-1], *((*c, 3) for c in POLLED)]),
    "nothing": ask(ber.GET, []),
}
DEVICES = ["core", "c1-agg", "c2-agg", "c3-agg", "c3-t1-hub", "c3-s05-sw"]
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["cut", "heal", "reboot", "power", "hang", "degrade", "reindex", "act", "flap", "wait"]
        ),
        st.sampled_from(["core-c1", "core-c2", "core-c3", "c1-c2", "c3-t1-up", "c3-s05-up"]),
        st.sampled_from(DEVICES),
        st.sampled_from(["honest", "32bit", "loop", "wrong-types", "slow"]),
        st.sampled_from([0.001, 0.4, 7.0, 11.0, 4000.0, 3e6]),
    ),
    max_size=8,
)


class Both:
    """A city whose agents are asked both ways."""

    def __init__(self, sample: Inventory, *devices: str) -> None:
        self.clock = ManualClock()
        self.city = City(sample, self.clock)
        self.agents = [
            Agent(self.city, device, "public") for device in devices or self.city.devices
        ]
        self.answers = Answers(self.city, self.agents)

    def compare(self, *packets: bytes) -> set[tuple[str, bytes]]:
        """Ask everybody everything: which answers came at once. They are what each agent says."""
        self.answers.mirror.follow()
        known = Known([], [], [], [])
        put = [(number, packet) for number in range(len(self.agents)) for packet in packets]
        for row, (number, packet) in enumerate(put):
            question, request_id = self.answers.question(number, packet)
            if not self.answers.mirror.answers[number]:
                assert self.agents[number].answer(packet) is None
            elif question != ALONE:
                known.rows.append(row)
                known.agents.append(number)
                known.questions.append(question)
                known.ids.append(request_id)
        rows, sizes = self.answers.answer(known, self.city.time())
        found = set()
        for row, reply, size in zip(known.rows, rows, sizes, strict=True):
            number, packet = put[row]
            if size:
                assert reply[:size].tobytes() == self.agents[number].answer(packet)
                found.add((self.agents[number].device, packet))
        return found

    def perform(self, verb: str, link: str, device: str, kind: str) -> None:
        """One event of `EVENTS`."""
        city = self.city
        if verb in {"cut", "flap"}:
            getattr(city, verb)(link)
        elif verb in {"reboot", "hang", "reindex"}:
            getattr(city, verb)(device)
        elif verb == "heal":
            city.heal(None if kind == "honest" else device)
        elif verb == "power":
            city.power(city.devices[device].site, on=city.devices[device].site in city.dark)
        elif verb == "degrade":
            city.degrade(link, Quality(0.1))
        elif verb == "act":
            city.act(device, kind)


@pytest.fixture
def both(sample: Inventory) -> Both:
    return Both(sample)


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_the_answer_is_the_same_byte_for_byte_at_any_time(both: Both, question: bytes) -> None:
    """From the first millisecond to the hundredth day, when numbers have become longer."""
    for seconds in (0, 0.001, 59.9, 86_400, 8e6):
        both.clock.advance(seconds)

        assert len(both.compare(question)) == len(both.agents)


@settings(max_examples=40, deadline=None)
@given(EVENTS)
def test_whatever_happens_nothing_is_answered_from_memory_that_is_no_longer_true(
    sample: Inventory, events: list[tuple[str, str, str, str, float]]
) -> None:
    """Cuts, hangs, restarts, other kinds and other ifIndexes are seen at once."""
    both, packets = Both(sample, *DEVICES), list(QUESTIONS.values())
    both.compare(*packets)
    for verb, link, device, kind, seconds in events:
        both.perform(verb, link, device, kind)
        both.compare(*packets)
        both.clock.advance(seconds)
        both.city.settle()
        both.compare(*packets)


def test_who_lies_or_is_told_of_by_name_is_asked_himself(both: Both) -> None:
    """What is an agent's own, and what a kind does to an answer, is not remembered."""
    rows = QUESTIONS["rows as a poller asks"]
    both.city.act("c3-agg", "garbage")
    both.city.act("c2-agg", "32bit")

    found = both.compare(rows, ask(ber.GET, [SYS_NAME]))

    assert {packet for _, packet in found} == {rows}
    assert {agent.device for agent in both.agents} - {device for device, _ in found} == {"c3-agg"}
    both.city.heal("c3-agg")
    assert ("c3-agg", rows) in both.compare(rows)


@pytest.mark.parametrize(
    "question",
    [
        ask(ber.GET, [UPTIME], community=b"stranger"),
        ask(ber.GET, [UPTIME]).replace(ber.V2C, ber.V1),
        ask(ber.GET, [UPTIME])[:-1],
        ask(ber.GET, [UPTIME]) + b"\0",
        b"",
        b"\x30\x82",
        ask(ber.GET, [UPTIME]).replace(b"\x02\x04\x7f\x02\x04\x01", b"\x02\x03\x7f\x02\x04"),
    ],
    ids=["a stranger", "SNMPv1", "cut short", "too long", "empty", "a lying length", "a short id"],
)
def test_what_is_not_understood_is_not_remembered(both: Both, question: bytes) -> None:
    """Nor does it spoil the memory of what is."""
    assert both.compare(question) == set()
    assert both.compare(question, QUESTIONS["scalars"]) != set()


def test_the_agents_of_two_ports_hear_of_the_same_events(both: Both) -> None:
    """Who looks first takes nothing from who looks second."""
    other = Answers(both.city, both.agents)
    both.city.act("c3-agg", "garbage")
    both.city.hang("core")
    for answers in (both.answers, other):
        answers.mirror.follow()

        numbers = {agent.device: number for number, agent in enumerate(both.agents)}
        assert answers.mirror.forms[numbers["c3-agg"]] is None
        assert not answers.mirror.answers[numbers["core"]]


def test_every_request_gets_its_own_id_back(both: Both) -> None:
    """The four bytes are those of the question, whatever they are."""
    question = QUESTIONS["scalars"]
    asked = [question.replace(b"\x7f\x02\x04\x01", bytes([n, 0x02, 0x04, n])) for n in (0, 128)]

    assert len(both.compare(question, *asked)) == 3 * len(both.agents)


def test_an_answer_that_grows_too_big_is_refused_by_the_agent(both: Both) -> None:
    """The refusal is not made at once, and the others are."""
    rows = [(*column, row) for row in range(1, 9) for column in POLLED * 2]

    assert both.compare(ask(ber.GET, rows)) == set()
    assert len(both.compare(ask(ber.GET, rows), QUESTIONS["scalars"])) == len(both.agents)


def test_the_memory_is_bounded(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are made anew when there are too many; questions beyond the limit are not kept."""
    monkeypatch.setattr("lab.memory._MOST_ANSWERS", 3)
    monkeypatch.setattr("lab.memory._MOST_QUESTIONS", 20)
    for last in range(1, 40):
        both.clock.advance(1e5)
        both.compare(ask(ber.GET, [UPTIME, (*IFX, 10, last)]), QUESTIONS["scalars"])

    assert both.compare(ask(ber.GET, [UPTIME, (*IFX, 10, 40)])) == set()


def test_every_object_is_covered(both: Both) -> None:
    """All scalars that are not an agent's own are answered at once, in one question."""
    scalars = [oid for oid, read in SCALARS.items() if not isinstance(read, Own)]

    assert len(both.compare(ask(ber.GET, scalars))) == len(both.agents)
