"""An answer as pyasn1 reads it: a decoder that nobody here wrote."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from pyasn1.codec.ber import decoder  # type: ignore[import-untyped]
from pyasn1.error import PyAsn1Error  # type: ignore[import-untyped]
from pyasn1.type import namedtype, univ  # type: ignore[import-untyped]
from pyasn1.type import tag as tags


def _sequence(**parts: Any) -> Any:
    named = [namedtype.NamedType(name, part) for name, part in parts.items()]
    return univ.Sequence(componentType=namedtype.NamedTypes(*named))


_RESPONSE: Final = tags.Tag(tags.tagClassContext, tags.tagFormatConstructed, 2)
_BIND: Final = _sequence(name=univ.ObjectIdentifier(), value=univ.Any())
_PDU: Final = _sequence(
    id=univ.Integer(),
    status=univ.Integer(),
    index=univ.Integer(),
    binds=univ.SequenceOf(componentType=_BIND),
)
_MESSAGE: Final = _sequence(
    version=univ.Integer(),
    community=univ.OctetString(),
    pdu=_PDU.subtype(implicitTag=_RESPONSE),
)


class Read(NamedTuple):
    """A message; `binds` are names, and tag and contents of each value, which nobody judged."""

    version: int
    community: bytes
    id: int
    status: int
    binds: list[tuple[tuple[int, ...], tuple[int, bytes]]]


def read(data: bytes) -> Read:
    """The message that `data` is.

    Raises:
        ValueError: it is none.
    """
    try:
        message, rest = decoder.decode(data, asn1Spec=_MESSAGE)
    except PyAsn1Error as error:
        raise ValueError(f"pyasn1 refuses it: {error}") from None
    if rest:
        raise ValueError("bytes after the message")
    said = message["pdu"]
    binds = [(tuple(bind["name"]), _cell(bytes(bind["value"]))) for bind in said["binds"]]
    return Read(
        int(message["version"]),
        bytes(message["community"]),
        int(said["id"]),
        int(said["status"]),
        binds,
    )


def _cell(element: bytes) -> tuple[int, bytes]:
    """Of one whole element, whose length pyasn1 has read."""
    first = element[1]
    return element[0], element[2 + (first & 0x7F if first & 0x80 else 0) :]
