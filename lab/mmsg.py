"""Many datagrams that come or leave together, each with its local address."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Final

import numpy as np
import numpy.typing as npt

from edunet import mmsg

IP_PKTINFO: Final = 8  # linux/in.h; the socket module does not name it before Python 3.14
NAME: Final = 16  # bytes of a struct sockaddr_in
_MOST: Final = 65_535  # bytes of a datagram
_STRIDE: Final = 65_536 + 1_600  # no multiple of a page, lest all heads share one line of the cache

_NOTE: Final = np.dtype(  # struct cmsghdr with a struct in_pktinfo, padded
    [
        ("len", "u8"), ("level", "i4"), ("kind", "i4"),
        ("interface", "i4"), ("local", "u4"), ("asked", "u4"), ("pad", "u4"),
    ]
)  # fmt: skip
_NOTE_LEN: Final = 28  # without the padding


class Batch:
    """Places for so many datagrams that came, and who asked whom.

    Attributes:
        data: the datagrams, `stride` bytes from one to the next. sizes: uint32[count].
        askers: uint8[count, NAME], struct sockaddr_in. asked: uint32[count], the address as it
            stands in memory; 0 = not known.
    """

    stride = _STRIDE

    def __init__(self, count: int) -> None:
        self.count = count
        # Untouched pages cost nothing: only the first of each place ever is, as a rule.
        self._buffer = np.zeros(count * _STRIDE, np.uint8)
        self.data = memoryview(self._buffer.data)
        self.askers = np.zeros((count, NAME), np.uint8)
        self._notes = np.zeros(count, _NOTE)
        self._messages = _messages(self.askers, self._notes)
        self._messages.iov["base"] = mmsg.addresses(self._buffer.reshape(count, _STRIDE))
        self._messages.iov["len"] = _MOST
        self.sizes: npt.NDArray[np.uint32] = self._messages.msg["len"]
        self.asked: npt.NDArray[np.uint32] = self._notes["asked"]

    def receive(self, udp: socket.socket) -> int:
        """Take what has come, at most `count`; 0 when nothing has."""
        self._messages.msg["namelen"] = NAME
        self._messages.msg["controllen"] = _NOTE.itemsize
        self._notes["asked"] = 0
        return self._messages.receive(udp.fileno())

    def packet(self, row: int) -> bytes:
        """One datagram."""
        return self.data[row * _STRIDE : row * _STRIDE + int(self.sizes[row])].tobytes()

    def whom(self, row: int) -> tuple[bytes, tuple[str, int]]:
        """The address that was asked, and the asker's address and port."""
        name = self.askers[row].tobytes()
        asker = socket.inet_ntoa(name[4:8]), int.from_bytes(name[2:4])
        return self.asked[row].tobytes(), asker


class Out:
    """Datagrams that leave together, each from the address that was asked."""

    def __init__(self, count: int) -> None:
        self._askers = np.zeros((count, NAME), np.uint8)
        self._notes = np.zeros(count, _NOTE)
        self._notes["len"] = _NOTE_LEN
        self._notes["level"], self._notes["kind"] = socket.IPPROTO_IP, IP_PKTINFO
        self._messages = _messages(self._askers, self._notes)
        self._messages.msg["namelen"], self._messages.msg["controllen"] = NAME, _NOTE.itemsize

    def send(
        self,
        udp: socket.socket,
        came: Batch,
        which: npt.NDArray[np.int64],
        rows: npt.NDArray[np.uint8],
        sizes: npt.NDArray[np.int64],
    ) -> int:
        """Answer these datagrams of a batch with these rows; how many have left.

        A datagram that the system refuses is lost: UDP promises nothing.
        """
        count = len(which)
        self._askers[:count] = came.askers[which]
        self._notes["local"][:count] = came.asked[which]
        self._messages.iov["base"][:count] = mmsg.addresses(rows[:count])
        self._messages.iov["len"][:count] = sizes
        at = sent = 0
        while at < count:
            left = 1
            with suppress(OSError):
                left = self._messages.send(udp.fileno(), at, count - at)
                sent += left
            at += left
        return sent


def _messages(names: npt.NDArray[np.uint8], notes: npt.NDArray[np.void]) -> mmsg.Messages:
    made = mmsg.Messages(len(names))
    made.msg["name"], made.msg["control"] = mmsg.addresses(names), mmsg.addresses(notes)
    return made
