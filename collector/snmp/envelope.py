"""What stands around a PDU in version 3: header, security parameters, scope (RFC 3412, 6)?"""

from __future__ import annotations

from typing import Final, NamedTuple

from collector.snmp import ber, usm
from collector.snmp.ber import MalformedError
from collector.snmp.engine import MOST
from collector.snmp.pdu import Decode, Pdu, decode

REPORTABLE: Final = 4
_VERSION: Final = 3
_USM: Final = 3  # snmpSecurityModel of RFC 3411
_OUR_SIZE: Final = 65_507  # msgMaxSize: what fits into a datagram
_LEAST_SIZE: Final = 484


class Envelope(NamedTuple):
    """A message, read but not yet believed."""

    msg_id: int
    flags: int
    engine: bytes
    boots: int
    time: int
    user: bytes
    mac: bytes
    salt: bytes
    body: bytes  # a ScopedPDU; encrypted if the flags say so

    @property
    def level(self) -> int:
        return self.flags & (usm.AUTHENTIC | usm.PRIVATE)


def written(envelope: Envelope) -> tuple[bytes, int]:
    """The whole message, and where in it the MAC begins."""
    header = (
        ber.integer(envelope.msg_id)
        + ber.integer(_OUR_SIZE)
        + ber.octets(bytes((envelope.flags,)))
        + ber.integer(_USM)
    )
    salt = ber.octets(envelope.salt)
    parameters = (
        ber.octets(envelope.engine)
        + ber.integer(envelope.boots)
        + ber.integer(envelope.time)
        + ber.octets(envelope.user)
        + ber.octets(envelope.mac)
        + salt
    )
    body = ber.octets(envelope.body) if envelope.flags & usm.PRIVATE else envelope.body
    whole = ber.element(
        ber.SEQUENCE,
        ber.integer(_VERSION)
        + ber.element(ber.SEQUENCE, header)
        + ber.octets(ber.element(ber.SEQUENCE, parameters))
        + body,
    )
    return whole, len(whole) - len(body) - len(salt) - len(envelope.mac)


def scoped(engine: bytes, context: bytes, pdu: bytes) -> bytes:
    """A ScopedPDU."""
    return ber.element(ber.SEQUENCE, ber.octets(engine) + ber.octets(context) + pdu)


def msg_id(data: bytes) -> int:
    """The msgID of a message.

    Raises:
        MalformedError: it is none of version 3.
    """
    at, end = _start(data)
    start, _ = ber.expect(data, at, end, ber.SEQUENCE)
    number, _ = _natural(data, start, end)
    return number


def read(data: bytes) -> tuple[Envelope, int]:
    """The message, and where in `data` its MAC begins.

    Raises:
        MalformedError: it is none of version 3 and USM.
    """
    at, end = _start(data)
    at, header_end = ber.expect(data, at, end, ber.SEQUENCE)
    number, at = _natural(data, at, header_end)
    size, at = _natural(data, at, header_end)
    start, at = ber.expect(data, at, header_end, ber.OCTETS)
    flags = data[start:at]
    model, at = ber.number(data, at, header_end)
    if at != header_end or len(flags) != 1 or size < _LEAST_SIZE:
        raise MalformedError("a header that cannot be")
    if model != _USM:
        raise MalformedError(f"security model {model} is not USM")
    if flags[0] & usm.PRIVATE and not flags[0] & usm.AUTHENTIC:
        raise MalformedError("private but not authentic")
    at, sealed_end = ber.expect(data, at, end, ber.OCTETS)
    at, stop = ber.expect(data, at, sealed_end, ber.SEQUENCE)
    engine, at = _text(data, at, stop, usm.LONGEST_NAME)
    boots, at = _natural(data, at, stop)
    time, at = _natural(data, at, stop)
    user, at = _text(data, at, stop, usm.LONGEST_NAME)
    mac, mac_end = _text(data, at, stop, 64)
    salt, at = _text(data, mac_end, stop, 64)
    if not at == stop == sealed_end:
        raise MalformedError("bytes after the security parameters")
    body = _body(data, at, end, bool(flags[0] & usm.PRIVATE))
    envelope = Envelope(number, flags[0], engine, boots, time, user, mac, salt, body)
    return envelope, mac_end - len(mac)


def opened(body: bytes, by: Decode = decode) -> tuple[bytes, bytes, Pdu]:
    """contextEngineID, contextName and PDU of a ScopedPDU; an encrypted one may have been padded.

    Raises:
        MalformedError: it is none; so is what a wrong key made of it.
    """
    at, end = ber.expect(body, 0, len(body), ber.SEQUENCE)
    start, at = ber.expect(body, at, end, ber.OCTETS)
    engine = body[start:at]
    start, at = ber.expect(body, at, end, ber.OCTETS)
    return engine, body[start:at], by(body, at, end)


def _start(data: bytes) -> tuple[int, int]:
    """Where the header is, and where the message ends."""
    at, end = ber.expect(data, 0, len(data), ber.SEQUENCE)
    if end != len(data):
        raise MalformedError("bytes after the message")
    version, at = ber.number(data, at, end)
    if version != _VERSION:
        raise MalformedError(f"version {version} where {_VERSION} was due")
    return at, end


def _body(data: bytes, at: int, end: int, private: bool) -> bytes:
    start, stop = ber.expect(data, at, end, ber.OCTETS if private else ber.SEQUENCE)
    if stop != end:
        raise MalformedError("bytes after the scope")
    return data[start:stop] if private else data[at:stop]


def _natural(data: bytes, at: int, end: int) -> tuple[int, int]:
    number, at = ber.number(data, at, end)
    if not 0 <= number <= MOST:
        raise MalformedError(f"{number} is below 0 or beyond 31 bits")
    return number, at


def _text(data: bytes, at: int, end: int, most: int) -> tuple[bytes, int]:
    start, stop = ber.expect(data, at, end, ber.OCTETS)
    if stop - start > most:
        raise MalformedError(f"more than {most} octets in the security parameters")
    return data[start:stop], stop
