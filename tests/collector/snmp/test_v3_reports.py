"""What an agent reports instead of an answer: how far it is believed, what the operator is told."""

from __future__ import annotations

import pytest
from v3_agent import ENGINE_ID, Agent, met, report, synchronous

from collector.snmp import ber, pdu, reports, usm, v3
from collector.snmp.ber import MalformedError

AUTH, PRIV = ("SHA-256", b"authentication"), ("AES-128", b"privacy-words")
NOBODY = v3.User("edunet")
SIGNER = v3.User("edunet", AUTH)
HIDER = v3.User("edunet", AUTH, PRIV)
VLAN = v3.User("edunet", AUTH, PRIV, "vlan7")


@pytest.mark.parametrize("level", [usm.AUTHENTIC, usm.AUTHENTIC | usm.PRIVATE])
def test_a_signed_report_of_the_time_window_sets_the_clock(level: int) -> None:
    engine = synchronous(HIDER)
    said = Agent(HIDER, boots=4, time=2).says(report(reports.NOT_IN_TIME_WINDOWS), level)

    opened = v3.opened(HIDER, engine, said, 0)

    assert opened.report is not None
    assert opened.report.again
    assert "the agent's clock left the time window" == opened.report.words
    assert (4, 2) == (engine.boots, engine.time(0))


@pytest.mark.parametrize("user", [NOBODY, SIGNER, HIDER])
def test_an_unsigned_report_of_the_time_window_is_refused(user: v3.User) -> None:
    engine = met()
    said = Agent(user, boots=4).says(report(reports.NOT_IN_TIME_WINDOWS), 0)

    with pytest.raises(v3.RefusedError, match="an unsigned report of what is to be signed"):
        v3.opened(user, engine, said, 0)

    assert not engine.timely


WORDS = {
    reports.UNSUPPORTED_SEC_LEVELS: "the agent does not offer user 'edunet' the level authPriv;"
    " correct `auth` and `priv`, or the user there",
    reports.UNKNOWN_USER_NAMES: "the agent knows no user 'edunet';"
    " create it there or correct `user`",
    reports.UNKNOWN_ENGINE_IDS: "the agent goes by another engine id than before",
    reports.WRONG_DIGESTS: "the agent refuses the authentication password or protocol of user"
    " 'edunet'; correct `auth`",
    reports.DECRYPTION_ERRORS: "the agent cannot decrypt; correct the privacy password or protocol"
    " of user 'edunet'",
    reports.UNKNOWN_CONTEXTS: "the agent has no context 'vlan7';"
    " create it there or correct `context`",
    reports.UNAVAILABLE_CONTEXTS: "the agent's context 'vlan7' is not available now",
    "1.3.6.1.4.1.2011": "the agent reports 1.3.6.1.4.1.2011",
}


@pytest.mark.parametrize("counter", WORDS)
@pytest.mark.parametrize("level", [0, 1, 3])
def test_a_report_tells_the_operator_what_to_do(counter: str, level: int) -> None:
    said = Agent(VLAN, context="", boots=9).says(report(counter), level)
    engine = synchronous(VLAN)
    if not level and counter not in reports.UNSIGNED:
        with pytest.raises(v3.RefusedError, match="an unsigned report of what is to be signed"):
            v3.opened(VLAN, engine, said, 0)
        return

    opened = v3.opened(VLAN, engine, said, 0)

    assert v3.Report(counter, WORDS[counter], again=False) == opened.report
    assert (9 if level else 3) == engine.boots, "only what is signed moves the clock"


def test_an_unsigned_report_may_come_with_any_words_where_nothing_is_signed() -> None:
    said = Agent(NOBODY).says(report(reports.UNKNOWN_CONTEXTS))

    opened = v3.opened(NOBODY, met(), said, 0)

    assert opened.report is not None
    assert "the agent has no context ''; create it there or correct `context`" == (
        opened.report.words
    )


def test_a_report_signed_for_another_user_is_refused_though_the_keys_be_the_same() -> None:
    said = Agent(SIGNER, name="root", boots=9).says(report(reports.NOT_IN_TIME_WINDOWS))
    engine = met()

    with pytest.raises(v3.RefusedError, match="signed for another user"):
        v3.opened(SIGNER, engine, said, 0)

    assert not engine.timely


def test_only_another_engine_id_may_be_reported_by_another_engine() -> None:
    other = Agent(NOBODY, engine_id=b"other")
    engine = synchronous(SIGNER)

    with pytest.raises(v3.RefusedError, match="a report of another engine"):
        v3.opened(SIGNER, engine, other.says(report(reports.WRONG_DIGESTS)), 0)
    opened = v3.opened(SIGNER, engine, other.says(report(reports.UNKNOWN_ENGINE_IDS)), 0)

    assert opened.report is not None
    assert not opened.report.again
    assert ENGINE_ID == engine.id, "anybody could have said so"


def test_a_report_of_an_unknown_engine_is_of_what_discovery_may_meet() -> None:
    with pytest.raises(v3.RefusedError, match="a report of an engine not known yet"):
        v3.opened(NOBODY, v3.Engine(), Agent(NOBODY).says(report(reports.UNKNOWN_CONTEXTS)), 0)


def test_a_report_about_nothing_is_malformed() -> None:
    empty = ber.element(pdu.REPORT, ber.integer(1) * 3 + ber.element(ber.SEQUENCE, b""))

    with pytest.raises(MalformedError, match="a report about nothing"):
        v3.opened(NOBODY, met(), Agent(NOBODY).says(empty), 0)


@pytest.mark.parametrize(
    ("user", "remedy"),
    [
        pytest.param(SIGNER, "", id="authNoPriv"),
        pytest.param(HIDER, "; correct the privacy password or protocol", id="authPriv"),
        pytest.param(
            VLAN, "; correct the privacy password or protocol or `context`", id="in a context"
        ),
    ],
)
def test_a_silent_agent_that_told_its_time_has_the_right_authentication(
    user: v3.User, remedy: str
) -> None:
    words = "the agent accepts the authentication of user 'edunet' and then is silent"

    assert words + remedy == reports.silence(user)
