"""How does an echo look on the wire, and through what socket does it leave?"""

from __future__ import annotations

import errno
import socket
import struct
import time
from collections.abc import Sequence
from typing import Final

import numpy as np

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
_HEADER: Final = 8  # type, code, checksum, ident, sequence: RFC 792
_TOKEN: Final = struct.Struct("!QIH")  # the sweep's secret, the target's number, the echo's number
_SIZE: Final = _HEADER + _TOKEN.size
_BUFFER: Final = 4 << 20


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


def packets(family: int, ident: int, secret: int, echo: int, count: int) -> list[bytes]:
    """The echo requests of one round, one for each target, made together: it is a hot path.

    On a datagram socket the kernel puts in an ident of its own.
    """
    number = np.arange(count)
    words = np.zeros((count, _SIZE // 2), np.uint32)
    words[:, 0] = _ECHO[family][0] << 8
    words[:, 2] = ident
    words[:, 3] = number & 0xFFFF
    words[:, 4:8] = [secret >> shift & 0xFFFF for shift in (48, 32, 16, 0)]
    words[:, 8], words[:, 9], words[:, 10] = number >> 16, number & 0xFFFF, echo
    if family == socket.AF_INET:  # of ICMPv6 the kernel makes it: the addresses are needed
        total = words.sum(axis=1, dtype=np.uint32)  # RFC 1071
        total = (total >> 16) + (total & 0xFFFF)
        words[:, 1] = ~(total + (total >> 16)) & 0xFFFF
    raw = words.astype(">u2").tobytes()
    return [raw[at : at + _SIZE] for at in range(0, len(raw), _SIZE)]


def token_of(found: socket.socket, data: bytes) -> tuple[int, int, int] | None:
    """Secret, target number and echo number that an echo reply brings back; None: it is none."""
    start = 0
    if data and found.family == socket.AF_INET and found.type == socket.SOCK_RAW:
        start = (data[0] & 15) * 4  # only a raw IPv4 socket shows the IP header
    if len(data) < start + _SIZE or data[start] != _ECHO[found.family][1]:
        return None
    return _TOKEN.unpack_from(data, start + _HEADER)


def stamp(extra: Sequence[tuple[int, int, bytes]]) -> int:
    """When the kernel took the packet, nanoseconds since the epoch; else now."""
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= 16:
            seconds, nanoseconds = struct.unpack("@qq", data[:16])
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return time.time_ns()
