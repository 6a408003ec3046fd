"""What answers nothing in flight never becomes a value, costs nobody a second try, and counts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from batched import ACCESS, device, rows
from forged import Forge, Town, large, sent_from, town
from liar import binds
from tape import until

from collector.transports import Ask
from collector.vector.batch import sockaddr
from lab import ber


def port_of(town: Town, number: int = 0) -> tuple[str, int]:
    device = town.agents[number].device
    return str(device.address), device.port


def forged(town: Town, asked: ber.Request) -> bytes:
    """What would be believed from the right place: right but for its numbers."""
    names = [ber.subids(name) for name in asked.names]
    known = town.liar.objects
    lies = {name: ber.number(value[0], 66) for name, value in known.items() if value[0] > 0x40}
    return ber.response(asked, binds((n, lies.get(n, known.get(n, ber.NULL))) for n in names))


def from_another_address(town: Town, asked: ber.Request) -> Iterable[bytes]:
    sent_from("127.92.0.99", port_of(town)[1], forged(town, asked), town.liar.asker)
    yield town.liar.truth(asked)


def from_another_port(town: Town, asked: ber.Request) -> Iterable[bytes]:
    sent_from(port_of(town)[0], 0, forged(town, asked), town.liar.asker)
    yield town.liar.truth(asked)


def another_community(town: Town, asked: ber.Request) -> Iterable[bytes]:
    for words in (b"public", b"", b"sesame0", b"Sesame"):
        yield forged(town, asked._replace(community=words))
    yield town.liar.truth(asked)


def another_id(town: Town, asked: ber.Request) -> Iterable[bytes]:
    number = int.from_bytes(asked.id)
    for wrong in (number ^ 1 << 12, number ^ 1 << 29, number ^ 0x800, 0x40000000, 1 << 24, 0):
        yield forged(town, asked._replace(id=wrong.to_bytes(4)))
    yield town.liar.truth(asked)


def anothers_question(town: Town, asked: ber.Request) -> Iterable[bytes]:
    for number in range(1, len(town.agents)):
        yield forged(town, asked._replace(id=town.flying(number)))
    yield town.liar.truth(asked)


def in_anothers_name(town: Town, asked: ber.Request) -> Iterable[bytes]:
    """Another agent answers the liar's question."""
    packet = forged(town, asked)
    for agent in town.agents[1:]:
        agent.asker = town.liar.asker
        agent.send(packet)
    yield town.liar.truth(asked)


def twice_at_once(town: Town, asked: ber.Request) -> Iterable[bytes]:
    return [town.liar.truth(asked), town.liar.truth(asked), forged(town, asked)]


def noise(town: Town, asked: ber.Request) -> Iterable[bytes]:
    truth = town.liar.truth(asked)
    return [b"\x30", bytes(64), truth[:18], b"\x30\x82\xff\xff" + truth[4:20], truth]


def sixty_kilobytes(town: Town, asked: ber.Request) -> Iterable[bytes]:
    return [large(asked, 59_000), town.liar.truth(asked)]


def with_an_error(town: Town, asked: ber.Request) -> Iterable[bytes]:
    return [*gen_err(town, asked), town.liar.truth(asked)]


def just_too_long(town: Town, asked: ber.Request) -> Iterable[bytes]:
    return [large(asked, 1600), town.liar.truth(asked)]


@pytest.mark.parametrize(
    ("forge", "dropped"),
    [
        pytest.param(from_another_address, {"foreign": 1}, id="another address"),
        pytest.param(from_another_port, {"foreign": 1}, id="another port"),
        pytest.param(another_community, {"community": 4}, id="another community"),
        pytest.param(another_id, {"unclaimed": 5, "malformed": 1}, id="another id"),
        pytest.param(anothers_question, {"foreign": 3}, id="another's question"),
        pytest.param(in_anothers_name, {"foreign": 3}, id="in another's name"),
        pytest.param(twice_at_once, {"duplicate": 2}, id="twice at once"),
        pytest.param(with_an_error, {"malformed": 1}, id="an error at the same time"),
        pytest.param(noise, {"malformed": 4}, id="noise"),
        pytest.param(sixty_kilobytes, {"oversized": 1}, id="59 kB"),
        pytest.param(just_too_long, {"oversized": 1}, id="a little too long"),
    ],
)
async def test_what_answers_nothing_changes_nothing(forge: Forge, dropped: dict[str, int]) -> None:
    async with town() as played:
        played.forge = forge
        await played.ask()
        await until(lambda: sum(played.dropped.values()) >= sum(dropped.values()))

        assert {q: [played.truth(n)] for n, q in enumerate(played.questions)} == played.came
        assert [] == played.odd == played.late
        assert [1] * 4 == [len(agent.questions) for agent in played.agents]
        assert dropped == played.dropped
        assert played.engine.flight.empty


def cut(town: Town, asked: ber.Request) -> Iterable[bytes]:
    return [town.liar.truth(asked)[:-7]]


def padded(town: Town, asked: ber.Request) -> Iterable[bytes]:
    return [town.liar.truth(asked) + bytes(3)]


def lying_lengths(town: Town, asked: ber.Request) -> Iterable[bytes]:
    truth = bytearray(town.liar.truth(asked))
    at = truth.index(ber.name((1, 3, 6, 1, 2, 1, 2, 2, 1, 14))) + 11
    truth[at] = 200
    return [bytes(truth)]


def gen_err(town: Town, asked: ber.Request) -> Iterable[bytes]:
    return [ber.response(asked, ber.asked_again(asked), ber.GEN_ERR, 3)]


def too_big(town: Town, asked: ber.Request) -> Iterable[bytes]:
    return [ber.response(asked, b"", ber.TOO_BIG)]


def large_alone(town: Town, asked: ber.Request) -> Iterable[bytes]:
    return [large(asked, 59_000)]


def of_version_1(town: Town, asked: ber.Request) -> Iterable[bytes]:
    return [town.liar.truth(asked._replace(version=ber.V1))]


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(cut, id="cut"),
        pytest.param(padded, id="padded"),
        pytest.param(lying_lengths, id="lying lengths"),
        pytest.param(gen_err, id="genErr"),
        pytest.param(too_big, id="tooBig"),
        pytest.param(large_alone, id="59 kB"),
        pytest.param(of_version_1, id="version 1"),
    ],
)
async def test_what_the_asked_one_says_crookedly_is_told_at_once(forge: Forge) -> None:
    """It is the scalar client's then; nobody waits for a second try."""
    async with town() as played:
        played.forge = forge
        await played.ask()

        honest = list(enumerate(played.questions))[1:]
        assert {q: [played.truth(n)] for n, q in honest} == played.came
        assert played.questions[:1] == played.odd
        assert [] == played.late
        assert [1] * 4 == [len(agent.questions) for agent in played.agents]
        assert {} == played.dropped
        assert played.engine.flight.empty


async def test_a_replay_is_nobody_s_answer() -> None:
    """Neither when its question has landed, nor when another one flies from the same place."""
    packets: list[bytes] = []

    def first(town: Town, asked: ber.Request) -> Iterable[bytes]:
        packets.append(town.liar.truth(asked))
        return packets

    def replayed(town: Town, asked: ber.Request) -> Iterable[bytes]:
        places = [int.from_bytes(each) & 0xFFF for each in (asked.id, ber_id(packets[0]))]
        assert places[0] == places[1], "the place was to be used again"
        return [*packets, town.liar.truth(asked)]

    async with town(1) as played:
        played.forge = first
        await played.ask()
        played.liar.send(packets[0])
        await until(lambda: played.dropped)
        assert {"unclaimed": 1} == played.dropped

        played.liar.objects = {
            oid: ber.number(value[0], 5) if value[0] == ber.COUNTER64 else value
            for oid, value in played.liar.objects.items()
        }
        played.forge = replayed
        await played.ask()

        assert {played.questions[0]: [played.truth(0)]} == played.came
        assert {"unclaimed": 2} == played.dropped


def ber_id(packet: bytes) -> bytes:
    """The request-id of an answer."""
    at = packet.index(b"\x02\x04") + 2
    return packet[at : at + 4]


async def test_answers_in_any_order_are_each_their_question_s() -> None:
    def last_first(town: Town, asked: ber.Request) -> Iterable[bytes]:
        town._waiting.reverse()
        return [town.liar.truth(asked)]

    async with town(9) as played:
        played.forge = last_first
        await played.ask()

        assert {q: [played.truth(n)] for n, q in enumerate(played.questions)} == played.came
        assert {} == played.dropped


async def test_who_only_forges_is_late_and_what_he_forged_is_never_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("collector.vector.engine._WAITS_S", np.array([0.15, 0.15]))

    def all_of_it(town: Town, asked: ber.Request) -> Iterable[bytes]:
        for forge in (from_another_address, from_another_port, another_community, another_id):
            yield from [*forge(town, asked)][:-1]

    async with town() as played:
        played.forge = all_of_it
        await played.ask()

        assert played.questions[:1] == played.late
        assert [] == played.odd
        assert played.questions[1:] == sorted(played.came)
        assert [2, 1, 1, 1] == [len(agent.questions) for agent in played.agents]
        assert {"foreign": 4, "community": 8, "unclaimed": 10, "malformed": 2} == played.dropped


@pytest.mark.parametrize("at", [0, 2, 4], ids=["first", "between", "last"])
async def test_who_cannot_be_sent_to_holds_up_nobody(at: int) -> None:
    """The kernel lets no datagram go to everybody: of a batch it refuses that one."""
    async with town(4) as played:
        expected = {q: [played.truth(n)] for n, q in enumerate(played.questions)}
        (refused,) = played.plans.of(Ask(device(9), 9, rows(1)), ACCESS.community, False)
        everybody = sockaddr("255.255.255.255", 161)
        played.plans.addresses[refused] = np.frombuffer(everybody, np.uint8)
        played.questions.insert(at, refused)
        await played.ask()

        assert [refused] == played.unsent
        assert expected == played.came
        assert [1] * 4 == [len(agent.questions) for agent in played.agents]
        assert played.engine.flight.empty
