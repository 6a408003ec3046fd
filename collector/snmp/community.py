"""How a question is asked by a community: SNMPv1 (RFC 1157) and v2c (RFC 1901)."""

from __future__ import annotations

from collector.snmp import ber
from collector.snmp.ber import MalformedError
from collector.snmp.pdu import RESPONSE, Decode, Pdu, decode

V1, V2C = 0, 1


def sealed(version: int, community: bytes, pdu: bytes) -> bytes:
    """The whole datagram."""
    return ber.element(ber.SEQUENCE, ber.integer(version) + ber.octets(community) + pdu)


def opened(
    version: int, community: bytes, number: int, data: bytes, by: Decode = decode
) -> Pdu | None:
    """The answer to question `number`, or None when the datagram answers something else.

    Raises:
        MalformedError: it is no message, or not of the version that was asked.
    """
    at, end = ber.expect(data, 0, len(data), ber.SEQUENCE)
    if end != len(data):
        raise MalformedError("bytes after the message")
    said, at = ber.number(data, at, end)
    if said != version:
        raise MalformedError(f"version {said} where {version} was asked")
    start, stop = ber.expect(data, at, end, ber.OCTETS)
    if data[start:stop] != community:
        return None
    answer = by(data, stop, end)
    return answer if answer.kind == RESPONSE and answer.id == number else None
