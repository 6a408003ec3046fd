"""Against Debian's snmpd: every protocol, the agent's clock and restarts, and what it refuses."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from netns import Namespace, namespaces
from snmpd import COMMUNITY, Snmpd, snmpd
from v3_asking import Asking, said

from collector.snmp import ber, pdu, reports, usm, v3

pytestmark = pytest.mark.daemon

SYS_NAME = ber.oid("1.3.6.1.2.1.1.5.0")
ENGINE = {  # SNMP-FRAMEWORK-MIB: snmpEngineID, snmpEngineBoots, snmpEngineTime
    "id": ber.oid("1.3.6.1.6.3.10.2.1.1.0"),
    "boots": ber.oid("1.3.6.1.6.3.10.2.1.2.0"),
    "time": ber.oid("1.3.6.1.6.3.10.2.1.3.0"),
}
NOBODY = v3.User("nobody3")
SIGNERS = {auth: v3.User(f"signer{auth}", (auth, b"authentication")) for auth in usm.AUTH}
HIDERS = {
    (auth, priv): v3.User(f"{auth}{priv}", (auth, b"authentication"), (priv, b"privacy-words"))
    for auth in usm.AUTH
    for priv in usm.PRIV
}
USERS = [NOBODY, *SIGNERS.values(), *HIDERS.values()]
HIDER = HIDERS["SHA-256", "AES-128"]
SIGNER = SIGNERS["SHA-256"]
ELSEWHERE = v3.User("elsewhere", ("SHA-256", b"authentication"), context="vlan7")


@pytest.fixture(scope="module")
def space() -> Iterator[Namespace]:
    with namespaces("agent") as (only,):
        yield only


@pytest.fixture(scope="module")
def built(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    extra = [
        "view all included .1",
        "createUser elsewhere SHA-256 authentication",
        "rouser elsewhere auth -V all vlan7",
        f"proxy -Cn vlan7 -v 2c -c {COMMUNITY} 127.0.0.1:161 .1.3.6.1.2.1.1",
    ]
    folder = tmp_path_factory.mktemp("snmpd-v3")
    with snmpd(space, "127.0.0.1", folder, users=USERS, extra=extra) as agent:
        yield agent


@pytest.fixture
def agent(built: Snmpd) -> Iterator[Snmpd]:
    """An agent that runs; the test's thread stands in its namespace."""
    if not built.running:
        built.start()
    with built.space.entered():
        yield built


@pytest.fixture
def ask(agent: Snmpd) -> Iterator[type[Asking]]:
    """The class, for a test that asks as several users; sockets are closed behind it."""
    with ExitStack() as opened:

        class Closing(Asking):
            def __init__(self, agent: Snmpd, user: v3.User) -> None:
                super().__init__(agent, user)
                opened.enter_context(self.socket)

        yield Closing


@pytest.mark.parametrize("user", USERS, ids=lambda user: str(user.name))
def test_each_protocol_is_spoken(agent: Snmpd, ask: type[Asking], user: v3.User) -> None:
    asking = ask(agent, user)

    assert b"switch-1" == said(asking.get(SYS_NAME))

    expected = [reports.UNKNOWN_ENGINE_IDS]
    expected += [reports.NOT_IN_TIME_WINDOWS] if user.auth else []
    assert expected == [report.counter for report in asking.reports]
    assert b"switch-1" == said(asking.get(SYS_NAME))
    assert len(expected) == len(asking.reports), "what was learnt is kept"


def test_no_word_of_an_encrypted_question_and_answer_can_be_read(
    agent: Snmpd, ask: type[Asking]
) -> None:
    asking = ask(agent, HIDER)
    asking.get(SYS_NAME)
    now = time.monotonic_ns()
    question = v3.seal(HIDER, asking.engine, pdu.question(pdu.GET, 9, [SYS_NAME]), 9, now)

    answer = asking.exchange(question)

    assert SYS_NAME not in question + answer
    assert b"switch-1" not in answer
    assert b"switch-1" == said(v3.opened(HIDER, asking.engine, answer, now))


def test_the_engine_knows_what_the_agent_says_of_itself(agent: Snmpd, ask: type[Asking]) -> None:
    asking = ask(agent, HIDER)

    opened = asking.get(*ENGINE.values())
    engine_id, boots, seconds = (bind.value.what for bind in opened.pdu.binds)

    assert (engine_id, boots) == (asking.engine.id, asking.engine.boots)
    assert isinstance(seconds, int)
    assert abs(seconds - asking.engine.time(time.monotonic_ns())) <= 1


@pytest.mark.parametrize(
    ("user", "counter", "words"),
    [
        pytest.param(
            v3.User("stranger", SIGNER.auth),
            reports.UNKNOWN_USER_NAMES,
            "the agent knows no user 'stranger'; create it there or correct `user`",
            id="a user it does not know",
        ),
        pytest.param(
            replace(HIDER, auth=("SHA-256", b"a wrong password")),
            reports.WRONG_DIGESTS,
            "the agent refuses the authentication password or protocol of user 'SHA-256AES-128';"
            " correct `auth`",
            id="a wrong password",
        ),
        pytest.param(
            replace(SIGNER, auth=("SHA-512", b"authentication")),
            reports.WRONG_DIGESTS,
            "the agent refuses the authentication password or protocol of user 'signerSHA-256';"
            " correct `auth`",
            id="another hash",
        ),
        pytest.param(
            replace(SIGNER, priv=("AES-128", b"privacy-words")),
            reports.UNSUPPORTED_SEC_LEVELS,
            "the agent does not offer user 'signerSHA-256' the level authPriv;"
            " correct `auth` and `priv`, or the user there",
            id="more privacy than the user has there",
        ),
    ],
)
def test_a_refusal_is_told_in_words(
    agent: Snmpd, ask: type[Asking], user: v3.User, counter: str, words: str
) -> None:
    opened = ask(agent, user).get(SYS_NAME)

    assert v3.Report(counter, words, again=False) == opened.report


@pytest.mark.parametrize(
    "user",
    [
        pytest.param(replace(HIDER, priv=("AES-128", b"a wrong password")), id="privacy password"),
        pytest.param(replace(HIDER, priv=("AES-256", b"privacy-words")), id="privacy protocol"),
        pytest.param(replace(SIGNER, context="vlan8"), id="context"),
    ],
)
def test_wrong_privacy_or_context_is_silence_after_the_agent_told_its_time(
    agent: Snmpd, ask: type[Asking], user: v3.User
) -> None:
    """net-snmp sends neither decryptionErrors nor unknownContexts, though it counts the latter."""
    asking = ask(agent, user)
    asking.seconds = 0.3

    with pytest.raises(TimeoutError):
        asking.get(SYS_NAME)

    expected = [reports.UNKNOWN_ENGINE_IDS, reports.NOT_IN_TIME_WINDOWS]
    assert expected == [report.counter for report in asking.reports]
    assert asking.engine.timely


@pytest.mark.parametrize("user", [SIGNER, HIDER], ids=["authNoPriv", "authPriv"])
def test_an_agent_that_was_restarted_sets_the_clock_and_answers(
    agent: Snmpd, ask: type[Asking], user: v3.User
) -> None:
    asking = ask(agent, user)
    asking.get(SYS_NAME)
    boots = asking.engine.boots
    asking.reports.clear()

    agent.restart()
    answer = asking.get(SYS_NAME)

    assert b"switch-1" == said(answer)
    assert [reports.NOT_IN_TIME_WINDOWS] == [report.counter for report in asking.reports]
    assert boots < asking.engine.boots


def test_an_agent_that_was_reset_goes_by_another_id_and_is_met_anew(
    agent: Snmpd, ask: type[Asking]
) -> None:
    asking = ask(agent, HIDER)
    asking.get(SYS_NAME)
    was = asking.engine.id

    agent.kill()
    agent.kept.unlink()
    agent.start()
    refused = asking.get(SYS_NAME)
    asking.engine = v3.Engine()
    answer = asking.get(SYS_NAME)

    assert (
        v3.Report(
            reports.UNKNOWN_ENGINE_IDS,
            "the agent goes by another engine id than before",
            again=False,
        )
        == refused.report
    )
    assert b"switch-1" == said(answer)
    assert was != asking.engine.id


def test_an_agent_whose_clock_fell_behind_is_stale_and_is_met_anew(
    agent: Snmpd, ask: type[Asking]
) -> None:
    """As one that slept for 1000 s: RFC 3414 has us refuse even what it says of its clock."""
    asking = ask(agent, SIGNER)
    asking.get(SYS_NAME)

    asking.ahead_s = 1000
    with pytest.raises(v3.StaleError, match="the agent's clock went back"):
        asking.get(SYS_NAME)
    asking.engine = v3.Engine()

    assert b"switch-1" == said(asking.get(SYS_NAME))


def test_a_context_is_another_set_of_objects(agent: Snmpd, ask: type[Asking]) -> None:
    asking = ask(agent, ELSEWHERE)

    there = asking.get(SYS_NAME)
    asking.user = replace(ELSEWHERE, context="")
    here = asking.get(SYS_NAME)

    assert b"switch-1" == said(there)
    assert "authorizationError" == here.pdu.error


def test_the_answer_to_one_is_nothing_to_another(agent: Snmpd, ask: type[Asking]) -> None:
    one, other = ask(agent, SIGNER), ask(agent, SIGNERS["SHA"])
    one.get(SYS_NAME)
    other.get(SYS_NAME)
    now = time.monotonic_ns()
    question = v3.seal(SIGNER, one.engine, pdu.question(pdu.GET, 9, [SYS_NAME]), 9, now)

    answer = one.exchange(question)

    with pytest.raises(v3.RefusedError, match="signed for another user"):
        v3.opened(other.user, other.engine, answer, now)


def test_the_agent_keeps_the_very_keys_that_we_compute(agent: Snmpd, ask: type[Asking]) -> None:
    """snmpd writes each user's localized keys into its own folder: AES-256 of SHA lengthened."""
    asking = ask(agent, NOBODY)
    asking.get(SYS_NAME)
    kept = agent.kept.read_text(errors="replace")

    for (auth, priv), user in HIDERS.items():
        assert user.auth is not None
        assert user.priv is not None
        master = usm.master(auth, user.auth[1])
        key = usm.localized(auth, usm.master(auth, user.priv[1]), asking.engine.id)
        hidden = usm.lengthened(auth, key, usm.PRIV[priv])
        signed = usm.localized(auth, master, asking.engine.id)
        line = re.compile(rf"^usmUser .* 0x{signed.hex()} \S+ 0x{hidden.hex()} ", re.MULTILINE)
        assert line.search(kept), (auth, priv)


def test_an_agent_of_ipv6_on_another_port(
    space: Namespace, ask: type[Asking], tmp_path: Path
) -> None:
    with snmpd(space, "::1", tmp_path, port=10_161, users=[HIDER]) as agent:
        assert b"switch-1" == said(ask(agent, HIDER).get(SYS_NAME))


def test_an_agent_of_version_1_alone_does_not_know_the_user(
    space: Namespace, ask: type[Asking], tmp_path: Path
) -> None:
    with snmpd(space, "127.0.0.1", tmp_path, port=10_161, version="1") as agent:
        assert agent.uptime_s() >= 0
        opened = ask(agent, HIDER).get(SYS_NAME)

    assert opened.report is not None
    assert reports.UNKNOWN_USER_NAMES == opened.report.counter
