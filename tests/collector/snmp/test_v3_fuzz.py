"""Whatever arrives, it is opened or MalformedError is raised; and nothing forged is believed."""

from __future__ import annotations

import contextlib
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from v3_agent import ENGINE_ID, SALT, Agent, answer, met, report

from collector.snmp import ber, envelope, pdu, reports, usm, v3
from collector.snmp.ber import MalformedError

AUTH, PRIV = ("SHA-256", b"authentication"), ("AES-128", b"privacy-words")
NOBODY = v3.User("edunet")
SIGNER = v3.User("edunet", AUTH)
HIDER = v3.User("edunet", AUTH, PRIV)
USERS = {"noAuthNoPriv": NOBODY, "authNoPriv": SIGNER, "authPriv": HIDER}
SAID = {
    "an answer": answer(),
    "a report": report(reports.UNKNOWN_CONTEXTS),
    "another time": report(reports.NOT_IN_TIME_WINDOWS),
}
every = pytest.mark.parametrize("user", USERS.values(), ids=USERS.keys())


def engines() -> tuple[v3.Engine, v3.Engine]:
    return v3.Engine(), met()


@every
@given(data=st.binary(max_size=300))
@example(data=b"")
@example(data=b"\x30\x00")
@example(data=b"\x30\x84\xff\xff\xff\xff")
@example(data=b"\x30\x03\x02\x01\x03")
def test_noise_is_malformed(user: v3.User, data: bytes) -> None:
    with pytest.raises(MalformedError):
        v3.msg_id(data)
    for engine in engines():
        with pytest.raises(MalformedError):
            v3.opened(user, engine, data, 0)


@every
@pytest.mark.parametrize("said", SAID.values(), ids=SAID.keys())
def test_no_flipped_bit_of_a_protected_message_is_believed(user: v3.User, said: bytes) -> None:
    """Every bit of it. What is believed without a signature may lie, but must be readable."""
    if not user.auth and said == SAID["another time"]:
        return
    sealed = Agent(user).says(said)
    v3.opened(user, met(), sealed, 0)
    for place in range(len(sealed) * 8):
        flipped = bytearray(sealed)
        flipped[place // 8] ^= 1 << place % 8
        engine = met()
        if user.auth:
            with pytest.raises(MalformedError):
                v3.opened(user, engine, bytes(flipped), 0)
            assert not engine.timely
        else:
            with contextlib.suppress(MalformedError):
                v3.opened(user, engine, bytes(flipped), 0)
        with contextlib.suppress(MalformedError):
            v3.msg_id(bytes(flipped))


@every
@given(data=st.data())
def test_a_message_cut_grown_or_garbled_raises_nothing_else(
    user: v3.User, data: st.DataObject
) -> None:
    sealed = Agent(user).says(data.draw(st.sampled_from(sorted(SAID.values()))))
    start = data.draw(st.integers(0, len(sealed)))
    stop = data.draw(st.integers(start, len(sealed)))
    garbled = sealed[:start] + data.draw(st.binary(max_size=40)) + sealed[stop:]
    for engine in engines():
        with contextlib.suppress(MalformedError):
            v3.opened(user, engine, garbled, 0)
        if user.auth:
            assert garbled == sealed or not engine.timely


@given(said=st.binary(max_size=200))
def test_what_an_agent_signs_may_be_nonsense_too(said: bytes) -> None:
    """An agent that has the keys, and a parser that is not ours."""
    for user in USERS.values():
        for level in {0, user.level}:
            with contextlib.suppress(MalformedError):
                v3.opened(user, met(), Agent(user).says(said, level), 0)


def signed(parts: envelope.Envelope) -> bytes:
    keys = usm.keys(HIDER, ENGINE_ID)
    assert keys is not None
    whole, at = envelope.written(parts)
    return whole[:at] + keys.mac(whole)[: len(parts.mac)] + whole[at + len(parts.mac) :]


@given(
    flags=st.integers(0, 255),
    engine=st.sampled_from([ENGINE_ID, b"", bytes(40)]),
    boots=st.integers(-(2**33), 2**33),
    time=st.integers(-(2**33), 2**33),
    name=st.sampled_from([b"edunet", b"", b"\xff\xfe", bytes(99)]),
    mac=st.integers(0, 70),
    salt=st.binary(max_size=70),
    body=st.binary(max_size=60),
)
@example(3, ENGINE_ID, 3, 1000, b"edunet", 24, b"", b"")
@example(3, ENGINE_ID, 2**31 - 1, 2**31 - 1, b"edunet", 24, SALT, b"")
def test_no_header_raises_anything_else(  # noqa: PLR0917 (one argument for each field)
    flags: int,
    engine: bytes,
    boots: int,
    time: int,
    name: bytes,
    mac: int,
    salt: bytes,
    body: bytes,
) -> None:
    data = signed(envelope.Envelope(5, flags, engine, boots, time, name, bytes(mac), salt, body))
    for user in USERS.values():
        for here in engines():
            with contextlib.suppress(MalformedError):
                v3.opened(user, here, data, 0)


def _with(old: bytes, new: bytes) -> bytes:
    """The message of `NOBODY`, a few bytes of its header replaced by as many."""
    plain = Agent(NOBODY).says(answer())
    assert 1 == plain.count(old)
    assert len(old) == len(new)
    return plain.replace(old, new)


def _with_more(inside: bytes = b"", parameters: bytes = b"", scope: bytes = b"") -> bytes:
    """The message of `NOBODY`, a few bytes more behind one of its parts."""
    plain = Agent(NOBODY).says(answer())
    at, end = ber.expect(plain, 0, len(plain), ber.SEQUENCE)
    _, at = ber.number(plain, at, end)
    _, header = ber.expect(plain, at, end, ber.SEQUENCE)
    first, last = ber.expect(plain, header, end, ber.OCTETS)
    begin, stop = ber.expect(plain, first, last, ber.SEQUENCE)
    grown = ber.octets(ber.element(ber.SEQUENCE, plain[begin:stop] + inside) + parameters)
    start = ber.read(plain, 0, len(plain))[1]
    return ber.element(ber.SEQUENCE, plain[start:header] + grown + plain[last:end] + scope)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(Agent(NOBODY).says(answer()) + b"\0", "bytes after the message", id="tail"),
        pytest.param(_with(b"\x02\x01\x03\x30", b"\x02\x01\x01\x30"), "version 1", id="version"),
        pytest.param(_with(b"\x02\x01\x05", b"\x02\x01\xfb"), "-5 is below 0", id="msgID"),
        pytest.param(_with(b"\x04\x01\x00\x02", b"\x04\x01\x02\x02"), "not authentic", id="flags"),
        pytest.param(
            _with(b"\x04\x01\x00\x02\x01\x03", b"\x04\x01\x00\x02\x01\x02"),
            "security model 2 is not USM",
            id="security model",
        ),
        pytest.param(_with_more(inside=b"\5\0"), "after the security parameters", id="a field"),
        pytest.param(_with_more(parameters=b"\5\0"), "after the security parameters", id="a part"),
        pytest.param(_with_more(scope=b"\5\0"), "bytes after the scope", id="after the scope"),
        pytest.param(
            Agent(NOBODY, engine_id=bytes(33)).says(answer()), "more than 32 octets", id="engine id"
        ),
        pytest.param(
            _with(b"\x02\x03\x00\xff\xe3", b"\x02\x03\x00\x01\xe3"), "header that", id="size"
        ),
    ],
)
def test_a_broken_message_says_why(data: bytes, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        v3.opened(NOBODY, met(), data, 0)


def test_the_largest_datagram_costs_no_more_than_a_few_of_its_size() -> None:
    """Of many small values, of one great one, and of lengths that promise more than there is."""
    null = ber.element(ber.SEQUENCE, b"\x06\x01\x2b\x05\x00")
    heads = ber.integer(7) + ber.integer(0) * 2
    many = ber.element(pdu.RESPONSE, heads + ber.element(ber.SEQUENCE, null * 9000))
    great = ber.element(pdu.RESPONSE, heads + ber.element(ber.SEQUENCE, bytes(65_000)))
    for said in (many, great, b"\xa2\x84\x7f\xff\xff\xff" + bytes(65_000)):
        data = Agent(HIDER).says(said)
        engine = met()
        engine.keys(HIDER)
        tracemalloc.start()
        try:
            with pytest.raises(MalformedError):
                v3.opened(HIDER, engine, data, 0)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 3_000_000
