"""Datagrams that leave or come together, and their addresses: a row each, in one buffer.

Where the system takes but one at a time, the same arrays are filled by plain socket calls.
"""

from __future__ import annotations

import socket
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edunet import mmsg

STRIDE: Final = 1536  # bytes of one datagram's place: a reply that is longer is not for us
ROOM: Final = 32  # bytes before the first place, so that a window may begin before any byte of it
TAIL: Final = 4096  # and behind the last, so that a lying length leads nowhere
WINDOW: Final = 32  # bytes that are looked at together
NAME: Final = 32  # bytes of an address, as struct sockaddr_in and sockaddr_in6 need

Words = npt.NDArray[np.uint64]


class Batch:
    """Places for so many datagrams and their addresses.

    Attributes:
        buffer: uint8[ROOM + count * STRIDE + TAIL], the datagrams one after the other.
        rows: the same as uint8[count, STRIDE]. names: uint8[count, NAME], struct sockaddr.
        lengths: uint32[count], bytes of each datagram that came (STRIDE + 1 = more than its place
            holds).
    """

    def __init__(self, count: int, name_size: int) -> None:
        self.count, self._name_size = count, name_size
        self.buffer = np.zeros(ROOM + count * STRIDE + TAIL, np.uint8)
        self.rows = self.buffer[ROOM : ROOM + count * STRIDE].reshape(count, STRIDE)
        self.names = np.zeros((count, NAME), np.uint8)
        self.lengths = np.zeros(count, np.uint32)
        self._windows: Any = np.ndarray(
            (self.buffer.size - WINDOW,), f"V{WINDOW}", self.buffer.data, 0, (1,)
        )
        self._messages = mmsg.Messages(count)
        self._messages.iov["base"] = mmsg.addresses(self.rows)
        self._messages.msg["name"] = mmsg.addresses(self.names)
        self._messages.msg["namelen"] = name_size

    def words(self, at: npt.NDArray[np.int64]) -> Words:
        """uint64[..., 4], the bytes from each of these places on, as they lie."""
        # One look at many bytes costs what one at eight does, and far less than four of those.
        words: Words = self._windows[at].view(np.uint64)
        return words.reshape(*at.shape, WINDOW // 8)

    def send(self, found: socket.socket, sizes: npt.NDArray[np.int64]) -> int:
        """Send the first `len(sizes)` datagrams; how many have left before the kernel refused.

        Raises:
            OSError: not even the first could be sent.
        """
        count, sent = len(sizes), 0
        self._messages.iov["len"][:count] = sizes
        while sent < count:
            try:
                if mmsg.able():
                    sent += self._messages.send(found.fileno(), sent, count - sent)
                else:
                    self._send_one(found, sent, int(sizes[sent]))
                    sent += 1
            except OSError:
                if sent == 0:
                    raise
                break
        return sent

    def receive(self, found: socket.socket) -> int:
        """Take what has come, at most `count`; 0 when nothing has."""
        if not mmsg.able():
            return self._receive_each(found)
        self._messages.iov["len"] = STRIDE
        self._messages.msg["namelen"] = self._name_size
        came = self._messages.receive(found.fileno())
        message = self._messages.msg[:came]
        whole = (message["flags"] & mmsg.TRUNCATED) == 0
        self.lengths[:came] = np.where(whole, message["len"], STRIDE + 1)
        return came

    def _send_one(self, found: socket.socket, number: int, size: int) -> None:
        name = self.names[number].tobytes()
        family = int.from_bytes(name[:2], "little")
        port = int.from_bytes(name[2:4])
        packed = name[4:8] if family == socket.AF_INET else name[8:24]
        to = socket.inet_ntop(family, packed), port
        found.sendto(self.rows[number, :size].tobytes(), to)

    def _receive_each(self, found: socket.socket) -> int:
        for number in range(self.count):
            try:
                size, source = found.recvfrom_into(self.rows[number].data)
            except OSError:
                return number
            self.lengths[number] = size if size < STRIDE else STRIDE + 1
            self.names[number] = np.frombuffer(sockaddr(source[0], source[1]), np.uint8)
        return self.count


def sockaddr(host: str, port: int) -> bytes:
    """struct sockaddr_in or sockaddr_in6 of an address without scope, padded to `NAME`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    packed = socket.inet_pton(family, host)
    head = int(family).to_bytes(2, "little") + port.to_bytes(2)
    body = packed if family == socket.AF_INET else bytes(4) + packed
    return (head + body).ljust(NAME, b"\0")
