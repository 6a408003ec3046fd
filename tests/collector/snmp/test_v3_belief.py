"""Which message is believed, what moves the agent's clock, and what an operator is told."""

from __future__ import annotations

import pytest
from v3_agent import ENGINE_ID, Agent, answer, met, report, synchronous

from collector.snmp import ber, envelope, pdu, reports, usm, v3
from collector.snmp.ber import MalformedError
from collector.snmp.engine import MOST

S = 1_000_000_000
AUTH, PRIV = ("SHA-256", b"authentication"), ("AES-128", b"privacy-words")
NOBODY = v3.User("edunet")
SIGNER = v3.User("edunet", AUTH)
HIDER = v3.User("edunet", AUTH, PRIV)
VLAN = v3.User("edunet", AUTH, PRIV, "vlan7")
USERS = [
    pytest.param(NOBODY, id="noAuthNoPriv"),
    pytest.param(SIGNER, id="authNoPriv"),
    pytest.param(HIDER, id="authPriv"),
    pytest.param(VLAN, id="in a context"),
]
QUESTION = pdu.question(pdu.GET, 7, [ber.oid("1.3.6.1.2.1.1.3.0")])


def test_a_discovery_asks_nobody_for_nothing_and_wants_a_report() -> None:
    asked, _ = envelope.read(v3.discovery(5, 7))

    assert (5, envelope.REPORTABLE, b"", 0, 0, b"", b"", b"") == asked[:8]
    assert 5 == v3.msg_id(v3.discovery(5, 7))


def test_a_discovery_makes_the_engine_known_and_sets_no_clock() -> None:
    engine = v3.Engine()
    said = Agent(v3.User("x"), name="", boots=9, time=99).says(report(reports.UNKNOWN_ENGINE_IDS))

    opened = v3.opened(HIDER, engine, said, 0)

    assert opened.report is not None
    assert opened.report.again
    assert 5 == opened.msg_id
    assert (ENGINE_ID, True, False) == (engine.id, engine.known, engine.timely)
    assert (0, 0) == (engine.boots, engine.time(10 * S))


@pytest.mark.parametrize("octets", [0, 4])
def test_what_is_no_engine_id_makes_no_engine_known(octets: int) -> None:
    engine = v3.Engine()
    said = Agent(NOBODY, engine_id=bytes(octets)).says(report(reports.UNKNOWN_ENGINE_IDS))

    with pytest.raises(v3.RefusedError, match=f"an engine id of {octets} octets"):
        v3.opened(HIDER, engine, said, 0)

    assert not engine.known


def test_no_question_is_sealed_for_an_unknown_engine() -> None:
    with pytest.raises(ValueError, match="the engine is not known; send a discovery first"):
        v3.seal(SIGNER, v3.Engine(), QUESTION, 5, 0)


@pytest.mark.parametrize("user", USERS)
def test_a_sealed_question_says_who_asks_whom_at_which_time(user: v3.User) -> None:
    engine = synchronous(user)

    sealed, _ = envelope.read(v3.seal(user, engine, QUESTION, 6, 12 * S))

    assert (6, user.level | envelope.REPORTABLE, ENGINE_ID) == sealed[:3]
    assert b"edunet" == sealed.user
    assert ((3, 1012) if user.auth else (0, 0)) == (sealed.boots, sealed.time)
    keys, body = usm.keys(user, ENGINE_ID), sealed.body
    if keys and user.priv:
        assert QUESTION not in body
        body = keys.reveal(body, 3, 1012, sealed.salt)
    assert body == envelope.scoped(ENGINE_ID, user.context.encode(), QUESTION)


def test_no_salt_comes_twice() -> None:
    engine = synchronous(HIDER)

    salts = {envelope.read(v3.seal(HIDER, engine, QUESTION, i, 0))[0].salt for i in range(100)}

    assert 100 == len(salts)
    assert v3.Engine().salt() != v3.Engine().salt()


@pytest.mark.parametrize("user", USERS)
def test_an_answer_is_believed(user: v3.User) -> None:
    opened = v3.opened(user, met(), Agent(user).says(answer()), 0)

    assert (5, None) == (opened.msg_id, opened.report)
    assert (pdu.RESPONSE, 7, 42) == (opened.pdu.kind, opened.pdu.id, opened.pdu.binds[0].value.what)


OTHER = v3.User("edunet", ("SHA-256", b"another password"), PRIV)


@pytest.mark.parametrize(
    ("user", "agent", "level", "why"),
    [
        pytest.param(SIGNER, Agent(SIGNER), 0, "level noAuthNoPriv to a", id="not signed"),
        pytest.param(HIDER, Agent(HIDER), 0, "level noAuthNoPriv to a", id="in clear"),
        pytest.param(HIDER, Agent(HIDER), 1, "level authNoPriv to a", id="signed, but in clear"),
        pytest.param(SIGNER, Agent(HIDER), 3, "does not have", id="more than was asked"),
        pytest.param(NOBODY, Agent(SIGNER), 1, "does not have", id="signed for one without keys"),
        pytest.param(HIDER, Agent(OTHER), 3, "a wrong signature", id="another password"),
        pytest.param(
            SIGNER,
            Agent(v3.User("edunet", ("SHA", b"authentication"))),
            1,
            "a signature of another protocol",
            id="another protocol",
        ),
        pytest.param(SIGNER, Agent(SIGNER, name="root"), 1, "another user", id="another signer"),
        pytest.param(NOBODY, Agent(NOBODY, name="root"), 0, "another user", id="another user"),
        pytest.param(
            SIGNER, Agent(SIGNER, engine_id=b"other"), 1, "another engine", id="another agent signs"
        ),
        pytest.param(
            NOBODY, Agent(NOBODY, engine_id=b"other"), 0, "another engine", id="another agent"
        ),
        pytest.param(VLAN, Agent(VLAN, context="vlan8"), 3, "another context", id="context"),
        pytest.param(
            VLAN, Agent(VLAN, context_engine=b"other"), 3, "another context", id="context's engine"
        ),
    ],
)
def test_an_answer_is_refused(user: v3.User, agent: Agent, level: int, why: str) -> None:
    with pytest.raises(v3.RefusedError, match=why):
        v3.opened(user, met(), agent.says(answer(), level), 0)


@pytest.mark.parametrize("user", USERS)
def test_nothing_but_a_report_is_believed_of_an_unknown_engine(user: v3.User) -> None:
    with pytest.raises(v3.RefusedError, match="another engine"):
        v3.opened(user, v3.Engine(), Agent(user).says(answer()), 0)


@pytest.mark.parametrize("user", USERS)
def test_our_own_question_sent_back_is_no_answer_and_sets_no_clock(user: v3.User) -> None:
    engine = met()

    with pytest.raises(MalformedError, match="no answer"):
        v3.opened(user, engine, v3.seal(user, engine, QUESTION, 5, 0), 0)

    assert not engine.timely


@pytest.mark.parametrize(
    ("boots", "time", "stale"),
    [
        pytest.param(3, 1000, False, id="the same second"),
        pytest.param(3, 999, False, id="overtaken on the way"),
        pytest.param(3, 950, False, id="the last second of the window"),
        pytest.param(3, 949, True, id="too old"),
        pytest.param(3, 5000, False, id="its clock runs faster"),
        pytest.param(4, 0, False, id="it was restarted"),
        pytest.param(2, 9000, True, id="before the last restart"),
        pytest.param(MOST, 9000, True, id="it can count no further"),
    ],
)
def test_the_time_window(boots: int, time: int, stale: bool) -> None:
    """RFC 3414 section 3.2 step 7b: 100 s after an authentic message of 3/1000."""
    engine, at = synchronous(SIGNER), 100 * S
    said = Agent(SIGNER, boots=boots, time=time).says(answer())

    if stale:
        with pytest.raises(v3.StaleError):
            v3.opened(SIGNER, engine, said, at)
    else:
        assert v3.opened(SIGNER, engine, said, at).report is None

    later = (boots, time) > (3, 1000)
    assert ((boots, time) if later else (3, 1100)) == (engine.boots, engine.time(at))


def test_a_forged_message_moves_no_clock() -> None:
    engine = synchronous(SIGNER)

    with pytest.raises(v3.RefusedError):
        v3.opened(SIGNER, engine, Agent(OTHER, boots=77).says(answer(), usm.AUTHENTIC), 0)
    with pytest.raises(v3.RefusedError):
        v3.opened(SIGNER, engine, Agent(SIGNER, boots=77).says(answer(), 0), 0)

    assert 3 == engine.boots


def test_an_agents_clock_goes_with_ours_and_stops_at_its_end() -> None:
    engine = synchronous(SIGNER, time=MOST - 5)

    assert (MOST - 5, MOST - 4) == (engine.time(0), engine.time(2 * S - 1))
    assert MOST == engine.time(9 * S)


def test_padding_within_what_is_encrypted_is_no_matter() -> None:
    keys = usm.keys(HIDER, ENGINE_ID)
    assert keys is not None
    padded = envelope.scoped(ENGINE_ID, b"", answer()) + bytes(5)
    hidden = keys.hide(padded, 3, 1000, b"saltsalt")
    whole, at = envelope.written(
        envelope.Envelope(5, 3, ENGINE_ID, 3, 1000, b"edunet", keys.unsigned, b"saltsalt", hidden)
    )
    said = whole[:at] + keys.mac(whole) + whole[at + len(keys.unsigned) :]

    assert 42 == v3.opened(HIDER, met(), said, 0).pdu.binds[0].value.what


def test_another_user_of_the_same_engine_has_other_keys() -> None:
    engine = met()
    v3.opened(SIGNER, engine, Agent(SIGNER).says(answer()), 0)

    assert v3.opened(OTHER, engine, Agent(OTHER).says(answer()), 0).report is None


def test_an_engine_shows_no_key() -> None:
    assert "Engine(80001f8804656475, boots=3, time=1000)" == repr(synchronous(HIDER))
