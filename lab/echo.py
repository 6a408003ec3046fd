"""Who answers a ping late, or not at all, when the kernel answers each of them at once?

A raw socket of ours. `Silence` drops what the kernel answers; what bears our mark it lets pass.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import IPv4Address
from random import Random
from typing import Final

from edunet.errors import LabError
from lab.agents import PKTINFO
from lab.mmsg import IP_PKTINFO
from lab.quality import Quality
from lab.silence import MARK

_REQUEST: Final = 8
_SOL_RAW: Final = 255
_ICMP_FILTER: Final = 1
_ONLY_REQUESTS: Final = struct.pack("=I", 0xFFFFFFFF & ~(1 << _REQUEST))
_BUFFER: Final = 4 << 20
_PER_WAKE: Final = 256
_MAX_PACKET: Final = 65_535
_MAX_WAITING: Final = 20_000  # replies under way; more are lost, as in any full queue


def able() -> bool:
    """Whether this process may answer pings itself: CAP_NET_RAW, and the right to mark packets."""
    try:
        _raw().close()
    except OSError:
        return False
    return True


class Echo:
    """Answers the pings to addresses whose way is bad. Nothing listens while there is none."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._ways: dict[bytes, Quality] = {}
        self._raw: socket.socket | None = None
        self._waiting = 0

    def open(self, loop: asyncio.AbstractEventLoop, ways: Mapping[IPv4Address, Quality]) -> None:
        """Answer for these addresses from now on, and for no others.

        Raises:
            LabError: the kernel gives no raw socket any more.
        """
        self._ways = {address.packed: way for address, way in ways.items()}
        if self._raw is None:
            try:
                self._raw = _raw()
            except OSError as error:
                raise LabError(f"raw socket: {error.strerror}; heal to go on") from None
            loop.add_reader(self._raw, self._drain, loop, self._raw)

    def close(self, loop: asyncio.AbstractEventLoop) -> None:
        """Leave all pings to the kernel. Calling it twice, or without `open`, does no harm."""
        self._ways = {}
        if self._raw:
            loop.remove_reader(self._raw)
            self._raw.close()
            self._raw = None

    def _drain(self, loop: asyncio.AbstractEventLoop, raw: socket.socket) -> None:
        for _ in range(_PER_WAKE):
            try:
                packet, (asker, *_) = raw.recvfrom(_MAX_PACKET)
            except OSError:  # nothing more for now
                return
            way = self._ways.get(packet[16:20])
            reply = answer(packet) if way else None
            late = way.draw(self._dice) if way else None
            if reply and late is not None and self._waiting < _MAX_WAITING:
                self._waiting += 1
                loop.call_later(late, self._send, raw, reply, packet[16:20], asker)

    def _send(self, raw: socket.socket, reply: bytes, source: bytes, asker: str) -> None:
        self._waiting -= 1
        note = (socket.IPPROTO_IP, IP_PKTINFO, PKTINFO.pack(0, source, b""))
        with suppress(OSError):  # closed in the meantime, or the queue is full
            raw.sendmsg([reply], [note], 0, (asker, 0))


def answer(packet: bytes) -> bytes | None:
    """The ICMP reply to an IPv4 packet that holds an echo request; None: it holds none."""
    if len(packet) < 20:
        return None
    asked = packet[(packet[0] & 0x0F) * 4 :]
    if len(asked) < 8 or asked[0] != _REQUEST or asked[1] != 0 or _sum(asked) != 0:
        return None
    reply = b"\0\0\0\0" + asked[4:]
    return reply[:2] + _sum(reply).to_bytes(2) + reply[4:]


def _sum(data: bytes) -> int:
    """The internet checksum (RFC 1071); 0 over data that holds a right one."""
    even = data if len(data) % 2 == 0 else data + b"\0"
    total: int = sum(struct.unpack(f"!{len(even) // 2}H", even))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _raw() -> socket.socket:
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    raw = socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP)
    try:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        raw.setsockopt(_SOL_RAW, _ICMP_FILTER, _ONLY_REQUESTS)
    except OSError:
        raw.close()
        raise
    return raw
