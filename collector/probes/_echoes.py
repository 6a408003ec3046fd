"""Many echoes with one system call, and the kernel's date on each reply.

Where the system takes but one at a time, plain socket calls fill the same arrays.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edunet import mmsg

AT_ONCE: Final = 16  # echoes in one call: when each left is worked out from when the call did
PLACES: Final = 256  # replies read at once
STRIDE: Final = 128  # bytes of a reply's place: the longest IPv4 header is 60
NAME: Final = 32  # bytes of an address, as struct sockaddr_in and sockaddr_in6 need
SO_TIMESTAMPNS: Final = getattr(socket, "SO_TIMESTAMPNS", 35)

Names = npt.NDArray[np.uint8]  # struct sockaddr, row by row
Nanoseconds = npt.NDArray[np.int64]

_CONTROL: Final = np.dtype(  # struct cmsghdr, and the struct timespec that it holds
    [("len", "u8"), ("level", "i4"), ("type", "i4"), ("s", "i8"), ("ns", "i8")]
)


class Outbox:
    """Sends letters that lie one after the other in an array of the caller's."""

    def __init__(self) -> None:
        self._messages = mmsg.Messages(AT_ONCE)
        # Longer than the address of either family: the kernel cuts it.
        self._messages.msg["namelen"] = NAME

    def send(self, found: socket.socket, letters: npt.NDArray[Any], names: Names) -> Nanoseconds:
        """Send the first of them, each to its name (uint8[letters, NAME]): at least one.

        When each left, nanoseconds since the epoch: evenly spread over the system call that sent
        them.

        Raises:
            OSError: the first could not be sent.
        """
        if not mmsg.able():
            letter, name = letters[0].tobytes(), place(names[0].tobytes())
            began = time.time_ns()
            found.sendto(letter, name)
            return np.array([began])
        count = min(len(letters), AT_ONCE)
        self._messages.iov["base"][:count] = mmsg.addresses(letters[:count])
        self._messages.iov["len"] = letters.itemsize
        self._messages.msg["name"][:count] = mmsg.addresses(names[:count])
        file, began = found.fileno(), time.time_ns()
        left = self._messages.send(file, 0, count)
        ended = time.time_ns()
        return began + (ended - began) * np.arange(left) // left


class Inbox:
    """Places for replies.

    Attributes:
        rows: uint8[PLACES, STRIDE], what came. names: uint8[PLACES, NAME], from whom.
        lengths: int64[PLACES], bytes of each (0 = longer than its place).
        at: int64[PLACES], when the kernel took it, nanoseconds since the epoch.
    """

    def __init__(self) -> None:
        self.rows = np.zeros((PLACES, STRIDE), np.uint8)
        self.names = np.zeros((PLACES, NAME), np.uint8)
        self.lengths, self.at = np.zeros(PLACES, np.int64), np.zeros(PLACES, np.int64)
        # Room for a second message: one that is cut off would be the first.
        self._control = np.zeros((PLACES, 2), _CONTROL)
        self._messages = mmsg.Messages(PLACES)
        self._messages.iov["base"], self._messages.iov["len"] = mmsg.addresses(self.rows), STRIDE
        self._messages.msg["name"] = mmsg.addresses(self.names)
        self._messages.msg["control"] = mmsg.addresses(self._control)

    def receive(self, found: socket.socket) -> int:
        """Take what has come, at most PLACES; 0 when nothing has."""
        if not mmsg.able():
            return self._receive_each(found)
        room = self._control.itemsize * 2
        self._messages.msg["namelen"], self._messages.msg["controllen"] = NAME, room
        came = self._messages.receive(found.fileno())
        if not came:
            return 0
        message, control = self._messages.msg[:came], self._control[:came, 0]
        whole = (message["flags"] & mmsg.TRUNCATED) == 0
        self.lengths[:came] = np.where(whole, message["len"], 0)
        dated = (message["controllen"] >= _CONTROL.itemsize) & (control["type"] == SO_TIMESTAMPNS)
        dated &= control["level"] == socket.SOL_SOCKET
        at = control["s"] * 1_000_000_000 + control["ns"]
        self.at[:came] = at if dated.all() else np.where(dated, at, time.time_ns())
        return came

    def _receive_each(self, found: socket.socket) -> int:
        for number in range(PLACES):
            try:
                data, extra, _, source = found.recvmsg(STRIDE + 1, 64)
            except OSError:
                return number
            whole = data[:STRIDE]
            self.rows[number, : len(whole)] = np.frombuffer(whole, np.uint8)
            self.lengths[number] = len(data) if len(data) <= STRIDE else 0
            packed = socket.inet_pton(found.family, source[0].partition("%")[0])
            self.names[number] = np.frombuffer(sockaddr(packed), np.uint8)
            self.at[number] = _date(extra)
        return PLACES


def sockaddr(packed: bytes, scope: str = "") -> bytes:
    """struct sockaddr_in or sockaddr_in6 of an address of 4 or 16 bytes, port 0, padded to `NAME`.

    A scope that is not an interface of ours is left out: the kernel then refuses the address.
    """
    if len(packed) == 4:
        return struct.pack("=HH4s24x", socket.AF_INET, 0, packed)
    return struct.pack("=HHI16sI4x", socket.AF_INET6, 0, 0, packed, _interface(scope))


def place(name: bytes) -> tuple[str, int] | tuple[str, int, int, int]:
    """What `socket.sendto` calls that address."""
    if int.from_bytes(name[:2], sys.byteorder) == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, name[4:8]), 0
    scope = int.from_bytes(name[24:28], sys.byteorder)
    return socket.inet_ntop(socket.AF_INET6, name[8:24]), 0, 0, scope


def _interface(scope: str) -> int:
    if scope.isdecimal():
        return int(scope)
    try:
        return socket.if_nametoindex(scope) if scope else 0
    except OSError:
        return 0


def _date(extra: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) >= 16:
            seconds, nanoseconds = struct.unpack("@qq", data[:16])
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return time.time_ns()
