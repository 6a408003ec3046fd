"""What is a value on the wire worth: a number, a text, or not to be believed?"""

from __future__ import annotations

from typing import Final

from collector.mibs import UNKNOWN, Column, Source
from collector.snmp import ber
from collector.snmp.pdu import Value
from edunet.frame import Reason

COUNTERS: Final = {ber.COUNTER32: 32, ber.COUNTER64: 64}
"""Tag -> bits. Nothing else counts: a string or a gauge in a counter's place is refused."""

# Agents are generous with these: an ifSpeed as INTEGER, a time stamp as INTEGER (both seen).
_NUMBERS: Final = {ber.INTEGER, ber.GAUGE32, ber.TIMETICKS, ber.UINTEGER32, ber.COUNTER32}
_MOST_TEXT: Final = 255


def value_of(value: Value | None, source: Source, column: Column) -> tuple[float, Reason]:
    """The value as the column holds it, and why it is not to be believed."""
    unknown = UNKNOWN[column.type]
    if value is None or value.absent:
        return unknown, Reason.MISSING
    held = number_of(value, counter=source.kind == "counter", signed=source.signed)
    if held in source.unknown:
        return unknown, Reason.MISSING
    least, most = column.range(source)
    if held is None or not least <= held <= most:
        return unknown, Reason.MALFORMED
    return (held if source.scale == 1 else held * source.scale), Reason.GOOD


def number_of(value: Value | None, counter: bool = False, *, signed: bool = False) -> int | None:
    """A number of a type such an object may have, `signed` or of zero or more; else None."""
    if value is None or not isinstance(value.what, int) or (value.what < 0 and not signed):
        return None
    return value.what if value.tag in (COUNTERS if counter else _NUMBERS) else None


def mac_of(value: Value | None) -> str:
    """An address of six bytes as hex digits; the empty text for anything else."""
    if value is None or value.tag != ber.OCTETS or not isinstance(value.what, bytes):
        return ""
    return value.what.hex() if len(value.what) == 6 and any(value.what) else ""


def text(value: Value | None) -> str:
    """Text an agent sent: UTF-8, else GBK (older switches of this country), cut at 255 characters.

    Control characters are replaced: the text ends up in logs and on pages.
    """
    if value is None or value.tag != ber.OCTETS or not isinstance(value.what, bytes):
        return ""
    read = _decoded(value.what)[:_MOST_TEXT]
    if not read.isprintable():
        read = "".join(c if c.isprintable() else " " for c in read)
    return read.strip()


def _decoded(said: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return said.decode(encoding)
        except UnicodeDecodeError as error:
            # A switch that keeps so many bytes of a name cuts through its last character.
            if encoding == "utf-8" and error.reason == "unexpected end of data" and error.start:
                return said[: error.start].decode(encoding)
    return said.decode("latin-1")
