"""How does an echo look on the wire, and through what socket does it leave?"""

from __future__ import annotations

import errno
import socket
import struct
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

NO_ROUTE: Final = {errno.ENETUNREACH, errno.EHOSTUNREACH}  # this machine knows no way there

_ECHO: Final[dict[int, tuple[int, int]]] = {
    socket.AF_INET: (8, 0),
    socket.AF_INET6: (128, 129),
}  # request, reply: RFC 792, 4443
_PROTOCOL: Final[dict[int, int]] = {
    socket.AF_INET: socket.IPPROTO_ICMP,
    socket.AF_INET6: socket.IPPROTO_ICMPV6,
}
FAMILIES: Final = tuple(_ECHO)
_SO_TIMESTAMPNS: Final = getattr(socket, "SO_TIMESTAMPNS", 35)
# linux/icmp.h, icmpv6.h: a raw socket sees every ICMP message of the machine; a set bit hides one
_FILTER: Final[dict[int, tuple[int, int, bytes]]] = {
    socket.AF_INET: (255, 1, struct.pack("=I", ~(1 << 0) & 0xFFFFFFFF)),
    socket.AF_INET6: (
        socket.IPPROTO_ICMPV6,
        1,
        struct.pack("=8I", *(0xFFFFFFFF & ~(2 if word == 129 // 32 else 0) for word in range(8))),
    ),
}
_HEADER: Final = struct.Struct("!BBHHH")
_TOKEN: Final = struct.Struct("!QIH")
_BUFFER: Final = 4 << 20


class Token(NamedTuple):
    """What an echo carries: the secret of its sweep, the target's number, the echo's number."""

    secret: int
    number: int
    echo: int


def open_socket(family: int) -> socket.socket:
    """A raw socket where we may, else a datagram one (Linux: net.ipv4.ping_group_range).

    Raises:
        PermissionError: we may have neither. OSError: the machine does not speak the family.
    """
    try:
        found = socket.socket(family, socket.SOCK_RAW, _PROTOCOL[family])
        found.setsockopt(*_FILTER[family])
    except PermissionError:
        found = socket.socket(family, socket.SOCK_DGRAM, _PROTOCOL[family])
    found.setblocking(False)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
    found.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    return found


def packet(family: int, ident: int, token: Token) -> bytes:
    """An echo request. On a datagram socket the kernel puts in an ident of its own."""
    fields = ident, token.number & 0xFFFF
    payload = _TOKEN.pack(*token)
    request = _ECHO[family][0]
    check = 0  # ICMPv6 needs the addresses for it: the kernel's work
    if family == socket.AF_INET:
        check = _checksum(_HEADER.pack(request, 0, 0, *fields) + payload)
    return _HEADER.pack(request, 0, check, *fields) + payload


def token_of(found: socket.socket, data: bytes) -> Token | None:
    """What an echo reply brings back; None for any other message."""
    if data and found.family == socket.AF_INET and found.type == socket.SOCK_RAW:
        data = data[(data[0] & 15) * 4 :]  # only a raw IPv4 socket shows the IP header
    if len(data) < _HEADER.size + _TOKEN.size or data[0] != _ECHO[found.family][1]:
        return None
    return Token(*_TOKEN.unpack_from(data, _HEADER.size))


def stamp(extra: Sequence[tuple[int, int, bytes]]) -> int:
    """When the kernel took the packet, nanoseconds since the epoch; else now."""
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= 16:
            seconds, nanoseconds = struct.unpack("@qq", data[:16])
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return time.time_ns()


def _checksum(packet: bytes) -> int:
    """RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
