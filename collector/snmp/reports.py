"""Why does an agent not answer what it was asked? What its Reports say, and what helps."""

from __future__ import annotations

from typing import Final, NamedTuple

from collector.snmp import ber, usm
from collector.snmp.ber import MalformedError
from collector.snmp.pdu import Pdu

# usmStats of RFC 3414, snmpMPDStats of RFC 3412, and two of RFC 3413.
UNSUPPORTED_SEC_LEVELS: Final = "1.3.6.1.6.3.15.1.1.1.0"
NOT_IN_TIME_WINDOWS: Final = "1.3.6.1.6.3.15.1.1.2.0"
UNKNOWN_USER_NAMES: Final = "1.3.6.1.6.3.15.1.1.3.0"
UNKNOWN_ENGINE_IDS: Final = "1.3.6.1.6.3.15.1.1.4.0"
WRONG_DIGESTS: Final = "1.3.6.1.6.3.15.1.1.5.0"
DECRYPTION_ERRORS: Final = "1.3.6.1.6.3.15.1.1.6.0"
UNKNOWN_SECURITY_MODELS: Final = "1.3.6.1.6.3.11.2.1.1.0"
INVALID_MSGS: Final = "1.3.6.1.6.3.11.2.1.2.0"
UNKNOWN_PDU_HANDLERS: Final = "1.3.6.1.6.3.11.2.1.3.0"
UNAVAILABLE_CONTEXTS: Final = "1.3.6.1.6.3.12.1.4.0"
UNKNOWN_CONTEXTS: Final = "1.3.6.1.6.3.12.1.5.0"

# What an agent has to say before it can sign: these count unsigned as well (RFC 3414 section 3.2).
UNSIGNED: Final = frozenset(
    {
        UNSUPPORTED_SEC_LEVELS, UNKNOWN_USER_NAMES, UNKNOWN_ENGINE_IDS, WRONG_DIGESTS,
        DECRYPTION_ERRORS,
    }
)  # fmt: skip

_WORDS: Final = {
    UNSUPPORTED_SEC_LEVELS: (
        "the agent does not offer user {user} the level {level};"
        " correct `auth` and `priv`, or the user there"
    ),
    NOT_IN_TIME_WINDOWS: "the agent's clock left the time window",
    UNKNOWN_USER_NAMES: "the agent knows no user {user}; create it there or correct `user`",
    UNKNOWN_ENGINE_IDS: "the agent goes by another engine id than before",
    WRONG_DIGESTS: (
        "the agent refuses the authentication password or protocol of user {user}; correct `auth`"
    ),
    DECRYPTION_ERRORS: (
        "the agent cannot decrypt; correct the privacy password or protocol of user {user}"
    ),
    UNKNOWN_SECURITY_MODELS: "the agent does not speak the user-based security model (USM)",
    INVALID_MSGS: "the agent calls the message invalid",
    UNKNOWN_PDU_HANDLERS: (
        "the agent has nothing behind this engine id that answers; look at its SNMP settings"
    ),
    UNAVAILABLE_CONTEXTS: "the agent's context {context} is not available now",
    UNKNOWN_CONTEXTS: "the agent has no context {context}; create it there or correct `context`",
}


class Report(NamedTuple):
    """What the agent says instead of an answer."""

    counter: str  # its OID
    words: str
    again: bool  # we have learnt what was lacking: the same question, sealed anew, may be answered


def counter(pdu: Pdu) -> str:
    """The OID of the counter that a Report is about.

    Raises:
        MalformedError: it names none.
    """
    if not pdu.binds:
        raise MalformedError("a report about nothing")
    return ber.dotted(pdu.binds[0].name)


def words(oid: str, user: usm.User) -> str:
    """For the operator: what the agent lacks, and the remedy. It names no password."""
    return _WORDS.get(oid, f"the agent reports {oid[:80]}").format(
        user=repr(user.name), context=repr(user.context), level=usm.LEVELS[user.level]
    )


def silence(user: usm.User) -> str:
    """The words for an agent that told its time (`Engine.timely`) and has not answered since.

    AES cannot tell a wrong key, and net-snmp drops without a word what it then cannot read; so it
    does with a question in a context that it does not have.
    """
    doubtful = ["the privacy password or protocol"] * (user.priv is not None)
    doubtful += ["`context`"] * (user.context != "")
    remedy = f"; correct {' or '.join(doubtful)}" if doubtful else ""
    return f"the agent accepts the authentication of user {user.name!r} and then is silent{remedy}"
