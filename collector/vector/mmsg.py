"""Many datagrams with one system call: sendmmsg(2) and recvmmsg(2), over buffers that numpy owns.

Where the system has neither, the same arrays are filled by plain socket calls.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
from typing import Any, Final

import numpy as np
import numpy.typing as npt

STRIDE: Final = 1536  # bytes of one datagram's place: a reply that is longer is not for us
ROOM: Final = 32  # bytes before the first place, so that a window may begin before any byte of it
TAIL: Final = 4096  # and behind the last, so that a lying length leads nowhere
WINDOW: Final = 32  # bytes that are looked at together
NAME: Final = 32  # bytes of an address, as struct sockaddr_in and sockaddr_in6 need

_MSG: Final = np.dtype(
    [
        ("name", "u8"), ("namelen", "u4"), ("pad0", "u4"), ("iov", "u8"), ("iovlen", "u8"),
        ("control", "u8"), ("controllen", "u8"), ("flags", "i4"), ("pad1", "u4"), ("len", "u4"),
        ("pad2", "u4"),
    ]
)  # fmt: skip
_IOV: Final = np.dtype([("base", "u8"), ("len", "u8")])
_DONTWAIT: Final = 0x40
_TRUNCATED: Final = 0x20

_libc = ctypes.CDLL(None, use_errno=True)
_sendmmsg: Any = getattr(_libc, "sendmmsg", None)
_recvmmsg: Any = getattr(_libc, "recvmmsg", None)
if _sendmmsg is not None and _recvmmsg is not None:
    _sendmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]
    _recvmmsg.argtypes = [
        ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p,
    ]  # fmt: skip

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
        self._iov, self._msg = np.zeros(count, _IOV), np.zeros(count, _MSG)
        numbers = np.arange(count, dtype=np.uint64)
        self._iov["base"] = self.rows.ctypes.data + numbers * np.uint64(STRIDE)
        self._iov["len"] = STRIDE
        self._msg["name"] = self.names.ctypes.data + numbers * np.uint64(NAME)
        self._msg["iov"] = self._iov.ctypes.data + numbers * np.uint64(_IOV.itemsize)
        self._msg["iovlen"] = 1
        self._msg["namelen"] = name_size

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
        self._iov["len"][:count] = sizes
        while sent < count:
            if _sendmmsg is None:
                left, code = self._send_one(found, sent)
            else:
                at = self._msg.ctypes.data + sent * _MSG.itemsize
                left = _sendmmsg(found.fileno(), at, count - sent, _DONTWAIT)
                code = ctypes.get_errno()
            if left <= 0:
                if sent == 0:
                    raise OSError(code, os.strerror(code))
                break
            sent += left
        return sent

    def receive(self, found: socket.socket) -> int:
        """Take what has come, at most `count`; 0 when nothing has."""
        if _recvmmsg is None:
            return self._receive_each(found)
        self._iov["len"] = STRIDE
        self._msg["namelen"] = self._name_size
        came = _recvmmsg(found.fileno(), self._msg.ctypes.data, self.count, _DONTWAIT, None)
        if came <= 0:
            return 0
        whole = (self._msg["flags"][:came] & _TRUNCATED) == 0
        self.lengths[:came] = np.where(whole, self._msg["len"][:came], STRIDE + 1)
        return int(came)

    def _send_one(self, found: socket.socket, number: int) -> tuple[int, int]:
        """How many have left, one or none; and why not."""
        size = int(self._iov["len"][number])
        name = self.names[number].tobytes()
        family = int.from_bytes(name[:2], "little")
        port = int.from_bytes(name[2:4])
        packed = name[4:8] if family == socket.AF_INET else name[8:24]
        try:
            found.sendto(
                self.rows[number, :size].tobytes(),
                (socket.inet_ntop(family, packed), port),
            )
        except OSError as error:
            return 0, error.errno or errno.EIO
        return 1, 0

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
