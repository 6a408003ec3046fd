"""The other side of SNMPv3 for tests without a daemon: what an agent says, well or badly."""

from __future__ import annotations

from typing import NamedTuple

from collector.snmp import ber, envelope, pdu, usm, v3
from collector.snmp.envelope import Envelope

ENGINE_ID = bytes.fromhex("80001f8804656475")
SALT = b"saltsalt"


def answer(request_id: int = 7, value: int = 42) -> bytes:
    """A Response that says sysUpTime.0 is so much."""
    return _pdu(pdu.RESPONSE, request_id, "1.3.6.1.2.1.1.3.0", value)


def report(counter: str, request_id: int = 7) -> bytes:
    return _pdu(pdu.REPORT, request_id, counter, 1)


def _pdu(kind: int, request_id: int, name: str, value: int) -> bytes:
    bind = ber.element(ber.OID, ber.oid(name)) + ber.element(ber.COUNTER32, bytes((value,)))
    binds = ber.element(ber.SEQUENCE, ber.element(ber.SEQUENCE, bind))
    return ber.element(kind, ber.integer(request_id) + ber.integer(0) + ber.integer(0) + binds)


class Agent(NamedTuple):
    """What it knows, and what it puts into a message; each can be made wrong by `_replace`."""

    user: v3.User
    engine_id: bytes = ENGINE_ID
    boots: int = 3
    time: int = 1000
    msg_id: int = 5
    context_engine: bytes | None = None
    context: str | None = None
    name: str | None = None

    def says(self, said: bytes, level: int | None = None) -> bytes:
        """The datagram with this PDU, protected as the user is or by another level."""
        level = self.user.level if level is None else level
        name = (self.user.name if self.name is None else self.name).encode()
        context = (self.user.context if self.context is None else self.context).encode()
        scope = self.engine_id if self.context_engine is None else self.context_engine
        body = envelope.scoped(scope, context, said)
        plain = Envelope(
            self.msg_id, level, self.engine_id, self.boots, self.time, name, b"", b"", body
        )
        keys = usm.keys(self.user, self.engine_id)
        if not level:
            return envelope.written(plain)[0]
        assert keys is not None
        sealed = plain._replace(mac=keys.unsigned)
        if level & usm.PRIVATE:
            hidden = keys.hide(body, self.boots, self.time, SALT)
            sealed = sealed._replace(salt=SALT, body=hidden)
        whole, at = envelope.written(sealed)
        mac = keys.mac(whole)
        return whole[:at] + mac + whole[at + len(mac) :]


def met(engine_id: bytes = ENGINE_ID) -> v3.Engine:
    """An engine whose id is known, and nothing else."""
    engine = v3.Engine()
    engine.learn(engine_id)
    return engine


def synchronous(user: v3.User, boots: int = 3, time: int = 1000, at: int = 0) -> v3.Engine:
    """An engine whose clock an authentic message has set."""
    engine = met()
    v3.opened(user, engine, Agent(user, boots=boots, time=time).says(answer()), at)
    return engine
