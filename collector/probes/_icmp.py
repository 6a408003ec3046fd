"""How does an echo look on the wire, and through what socket does it leave?"""

from __future__ import annotations

import errno
import socket
import struct
from contextlib import suppress
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.probes._echoes import SO_TIMESTAMPNS, STRIDE, Inbox, Names, Nanoseconds

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
# linux/icmp.h, icmpv6.h: a raw socket sees every ICMP message of the machine; a set bit hides one
_FILTER: Final[dict[int, tuple[int, int, bytes]]] = {
    socket.AF_INET: (255, 1, struct.pack("=I", ~(1 << 0) & 0xFFFFFFFF)),
    socket.AF_INET6: (
        socket.IPPROTO_ICMPV6,
        1,
        struct.pack("=8I", *(0xFFFFFFFF & ~(2 if word == 129 // 32 else 0) for word in range(8))),
    ),
}
_LETTER: Final = np.dtype(  # RFC 792; then the sweep's secret, the target's number, the echo's
    [
        ("type", "u1"), ("code", "u1"), ("checksum", ">u2"), ("ident", ">u2"), ("sequence", ">u2"),
        ("secret", ">u8"), ("number", ">u4"), ("echo", ">u2"),
    ]
)  # fmt: skip
_SIZE: Final = _LETTER.itemsize
_BYTES: Final = np.arange(_SIZE)
_BUFFER: Final = 4 << 20
_SO_RCVBUFFORCE: Final = 33  # linux/asm-generic/socket.h: Python does not know it

Letters = npt.NDArray[Any]
Numbers = npt.NDArray[np.int64]


class Replies(NamedTuple):
    """Echo replies that look like ours, and how many did not: row by row what each brings back.

    Attributes:
        secret: uint64. number, echo: int64. at: int64, nanoseconds. names: uint8[replies, NAME].
        misshapen: how many more had another length, or were no replies.
    """

    secret: npt.NDArray[np.uint64]
    number: Numbers
    echo: Numbers
    at: Nanoseconds
    names: Names
    misshapen: int

    def of(self, its: npt.NDArray[np.bool_]) -> Replies:
        """Only these of them."""
        if its.all():
            return self
        return Replies(
            self.secret[its], self.number[its], self.echo[its], self.at[its], self.names[its], 0
        )


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
    with suppress(OSError):  # past net.core.rmem_max with CAP_NET_ADMIN only
        found.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
    found.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    return found


def requests(family: int, ident: int, secret: int, echo: int, numbers: Numbers) -> Letters:
    """The echo requests of one round, one for each target number, made together.

    On a datagram socket the kernel puts in an ident of its own.
    """
    letters = np.zeros(len(numbers), _LETTER)
    letters["type"] = _ECHO[family][0]
    letters["ident"], letters["secret"], letters["echo"] = ident, secret, echo
    letters["sequence"], letters["number"] = numbers & 0xFFFF, numbers
    if family == socket.AF_INET:  # of ICMPv6 the kernel makes it: the addresses are needed
        words = letters.view(">u2").reshape(len(numbers), _SIZE // 2)
        total = words.sum(axis=1, dtype=np.uint32)  # RFC 1071
        total = (total >> 16) + (total & 0xFFFF)
        letters["checksum"] = ~(total + (total >> 16)) & 0xFFFF
    return letters


def replies(found: socket.socket, inbox: Inbox, came: int) -> Replies:
    """What the first so many places of the inbox hold."""
    rows, start = inbox.rows[:came], np.zeros(came, np.int64)
    if found.family == socket.AF_INET and found.type == socket.SOCK_RAW:
        start = (rows[:, 0] & 15).astype(np.int64) * 4  # only a raw IPv4 socket shows the IP header
    first = np.arange(came)[:, None] * STRIDE + start[:, None]
    letters = inbox.rows.reshape(-1)[first + _BYTES].view(_LETTER).reshape(came)
    good = (inbox.lengths[:came] == start + _SIZE) & (letters["code"] == 0)
    good &= letters["type"] == _ECHO[found.family][1]
    letters = letters[good]
    return Replies(
        letters["secret"].astype(np.uint64),
        letters["number"].astype(np.int64),
        letters["echo"].astype(np.int64),
        inbox.at[:came][good],
        inbox.names[:came][good],
        came - len(letters),
    )
