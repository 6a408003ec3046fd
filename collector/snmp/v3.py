"""How is a question sealed so that one agent answers, and which answer may be believed?

SNMPv3 of RFC 3412 with the User-based Security Model, as the side that asks and without a socket.
An exchange: `discovery`, then `seal`; of what comes back `msg_id` says whose answer it claims to
be, and `opened` whether it is one. A Report with `again` is no failure: seal the question anew.
"""

from __future__ import annotations

from typing import NamedTuple

from collector.snmp import envelope, pdu, reports, usm
from collector.snmp.engine import Engine, RefusedError, StaleError
from collector.snmp.envelope import REPORTABLE, Envelope, msg_id
from collector.snmp.pdu import Decode, Pdu
from collector.snmp.reports import Report
from collector.snmp.usm import User

__all__ = [
    "Engine", "Opened", "RefusedError", "Report", "StaleError", "User", "discovery", "msg_id",
    "opened", "seal",
]  # fmt: skip


class Opened(NamedTuple):
    """A message that may be believed. For a Report `pdu.id` means nothing: match `msg_id`."""

    msg_id: int
    pdu: Pdu
    report: Report | None  # None: it is the answer


def discovery(msg_id: int, request_id: int) -> bytes:
    """The question whose Report tells the agent's engine id (RFC 3414 section 4)."""
    asked = envelope.scoped(b"", b"", pdu.question(pdu.GET, request_id, ()))
    nobody = Envelope(msg_id, REPORTABLE, b"", 0, 0, b"", b"", b"", asked)
    return envelope.written(nobody)[0]


def seal(user: User, engine: Engine, asked: bytes, msg_id: int, now_ns: int) -> bytes:
    """The datagram that puts a question, a PDU, to a known engine (RFC 3414 section 3.1).

    Raises:
        ValueError: the engine is not known yet.
    """
    if not engine.known:
        raise ValueError("the engine is not known; send a discovery first")
    keys = engine.keys(user)
    body = envelope.scoped(engine.id, user.context.encode(), asked)
    flags = user.level | REPORTABLE
    name = user.name.encode()
    if keys is None:
        plain = Envelope(msg_id, flags, engine.id, 0, 0, name, b"", b"", body)
        return envelope.written(plain)[0]
    boots, time = engine.boots, engine.time(now_ns)
    salt = b""
    if user.priv:
        salt = engine.salt()
        body = keys.hide(body, boots, time, salt)
    written, at = envelope.written(
        Envelope(msg_id, flags, engine.id, boots, time, name, keys.unsigned, salt, body)
    )
    mac = keys.mac(written)
    return written[:at] + mac + written[at + len(mac) :]


def opened(user: User, engine: Engine, data: bytes, now_ns: int, by: Decode = pdu.decode) -> Opened:
    """What an agent said to this user, if it can be believed (RFC 3414 section 3.2, RFC 3412 7.2).

    An authentic message sets the engine's clock; a Report makes an unknown engine known. Whoever
    calls this has looked at `msg_id` first: a Report that anybody can write is believed only as
    far as it names a question of ours.

    Raises:
        MalformedError: these bytes are no message; RefusedError: they are one, and forged, meant
            for another or less protected than the question; StaleError: it is from before.
    """
    message, at = envelope.read(data)
    body = message.body
    if message.level:
        keys = _keys_of_signer(user, engine, message, data, at)
        if message.level & usm.PRIVATE:
            body = keys.reveal(body, message.boots, message.time, message.salt)
    context_engine, context, said = envelope.opened(body, by)
    if message.level:  # not before: our own question, sent back to us, is signed as well
        engine.hear(message.boots, message.time, now_ns)
    if said.kind == pdu.REPORT:
        return Opened(message.msg_id, said, _report(user, engine, message, said))
    if not engine.known or message.engine != engine.id:
        raise RefusedError("an answer of another engine")
    if message.user != user.name.encode():
        raise RefusedError("an answer to another user")
    if message.level != user.level:
        asked, got = usm.LEVELS[user.level], usm.LEVELS[message.level]
        raise RefusedError(f"an answer of level {got} to a question of level {asked}")
    if context_engine != engine.id or context != user.context.encode():
        raise RefusedError("an answer out of another context")
    return Opened(message.msg_id, said, None)


def _keys_of_signer(
    user: User, engine: Engine, message: Envelope, data: bytes, at: int
) -> usm.Keys:
    """The keys with which the message is signed indeed; `at` is where its MAC begins.

    Raises:
        RefusedError: it is signed with none of ours.
    """
    if not engine.known or message.engine != engine.id:
        raise RefusedError("signed by another engine")
    if message.user != user.name.encode():
        raise RefusedError("signed for another user")
    keys = engine.keys(user)
    if keys is None or message.level & ~user.level:
        raise RefusedError("protected by keys that the user does not have")
    if len(message.mac) != len(keys.unsigned):
        raise RefusedError("a signature of another protocol")
    if message.level & usm.PRIVATE and len(message.salt) != usm.SALT:
        raise RefusedError("a salt of the wrong length")
    unsigned = data[:at] + keys.unsigned + data[at + len(keys.unsigned) :]
    if not keys.signed(unsigned, message.mac):
        raise RefusedError("a wrong signature")
    return keys


def _report(user: User, engine: Engine, message: Envelope, said: Pdu) -> Report:
    """What the Report says; one that is not signed may say little, and moves no clock.

    Raises:
        RefusedError: it would have to be signed, or comes from elsewhere.
    """
    counter = reports.counter(said)
    unsigned = not message.level
    moves_clock = counter == reports.NOT_IN_TIME_WINDOWS
    if unsigned and (moves_clock or (user.level and counter not in reports.UNSIGNED)):
        raise RefusedError("an unsigned report of what is to be signed")
    learnt = not engine.known
    if learnt:
        if counter not in reports.UNSIGNED:
            raise RefusedError("a report of an engine not known yet")
        engine.learn(message.engine)
    elif message.engine != engine.id and counter != reports.UNKNOWN_ENGINE_IDS:
        raise RefusedError("a report of another engine")
    return Report(counter, reports.words(counter, user), learnt or moves_clock)
