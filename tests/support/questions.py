"""SNMP questions as a test writes them, and answers as pysnmp reads them."""

from __future__ import annotations

from typing import Any, NamedTuple

from pyasn1.codec.ber import decoder  # type: ignore[import-untyped]  # it ships none
from pysnmp.proto.api import v1, v2c

from lab import ber

Oid = tuple[int, ...]
SYS_DESCR: Oid = (1, 3, 6, 1, 2, 1, 1, 1, 0)
UPTIME: Oid = (1, 3, 6, 1, 2, 1, 1, 3, 0)
SYS_NAME: Oid = (1, 3, 6, 1, 2, 1, 1, 5, 0)
SYS_LOCATION: Oid = (1, 3, 6, 1, 2, 1, 1, 6, 0)
IF: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1)
IFX: Oid = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)


def ask(
    kind: int,
    oids: list[Oid],
    first: int = 0,
    second: int = 0,
    community: bytes = b"public",
    version: bytes = ber.V2C,
) -> bytes:
    """One question with id 7; `first` and `second` are non-repeaters and repetitions."""
    binds = b"".join(ber.bind(ber.name(oid), ber.NULL) for oid in oids)
    numbers = b"".join(ber.number(ber.INTEGER, number) for number in (7, first, second))
    pdu = ber.element(kind, numbers + ber.element(ber.SEQUENCE, binds))
    return ber.element(ber.SEQUENCE, version + ber.element(ber.OCTETS, community) + pdu)


class Answer(NamedTuple):
    """A whole answer: its numbers, and OIDs with values; `culprit` is the error-index."""

    community: bytes
    id: int
    error: int
    culprit: int
    binds: list[tuple[Oid, Any]]

    @property
    def values(self) -> dict[Oid, Any]:
        return dict(self.binds)


def read(packet: bytes | None) -> Answer:
    """As pysnmp reads it, of either version."""
    assert packet is not None
    said = v1 if ber.V1 in packet[:8] else v2c
    message, rest = decoder.decode(packet, asn1Spec=said.Message())
    assert rest == b""
    pdu = said.apiMessage.get_pdu(message)
    return Answer(
        bytes(said.apiMessage.get_community(message)),
        int(said.apiPDU.get_request_id(pdu)),
        int(said.apiPDU.get_error_status(pdu)),
        int(said.apiPDU.get_error_index(pdu)),
        [(tuple(oid), value) for oid, value in said.apiPDU.get_varbinds(pdu)],
    )
