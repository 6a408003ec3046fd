"""Many datagrams with one system call, each with its local address: recvmmsg(2), sendmmsg(2)."""

from __future__ import annotations

import ctypes
import socket
from typing import Any, Final

import numpy as np
import numpy.typing as npt

IP_PKTINFO: Final = 8  # linux/in.h; the socket module does not name it before Python 3.14
NAME: Final = 16  # bytes of a struct sockaddr_in
_MOST: Final = 65_535  # bytes of a datagram
_STRIDE: Final = 65_536 + 1_600  # no multiple of a page, lest all heads share one line of the cache

_MSG: Final = np.dtype(
    [
        ("name", "u8"), ("namelen", "u4"), ("pad0", "u4"), ("iov", "u8"), ("iovlen", "u8"),
        ("control", "u8"), ("controllen", "u8"), ("flags", "i4"), ("pad1", "u4"), ("len", "u4"),
        ("pad2", "u4"),
    ]
)  # fmt: skip
_IOV: Final = np.dtype([("base", "u8"), ("len", "u8")])
_NOTE: Final = np.dtype(  # struct cmsghdr with a struct in_pktinfo, padded
    [
        ("len", "u8"), ("level", "i4"), ("kind", "i4"),
        ("interface", "i4"), ("local", "u4"), ("asked", "u4"), ("pad", "u4"),
    ]
)  # fmt: skip
_NOTE_LEN: Final = 28  # without the padding
_DONTWAIT: Final = 0x40

_libc = ctypes.CDLL(None, use_errno=True)
_sendmmsg: Any = getattr(_libc, "sendmmsg", None)
_recvmmsg: Any = getattr(_libc, "recvmmsg", None)
if _sendmmsg is not None and _recvmmsg is not None:
    _sendmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]
    _recvmmsg.argtypes = [
        ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p,
    ]  # fmt: skip


def able() -> bool:
    """Whether this system takes many datagrams at once."""
    return _sendmmsg is not None and _recvmmsg is not None and ctypes.sizeof(ctypes.c_size_t) == 8


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
        self._msg = _messages(count, self.askers, self._notes)
        self._iov = np.zeros(count, _IOV)
        self._iov["base"] = self._buffer.ctypes.data + np.arange(count, dtype=np.uint64) * _STRIDE
        self._iov["len"] = _MOST
        self._msg["iov"] = self._iov.ctypes.data + _steps(count, _IOV.itemsize)
        self.sizes: npt.NDArray[np.uint32] = self._msg["len"]
        self.asked: npt.NDArray[np.uint32] = self._notes["asked"]

    def receive(self, udp: socket.socket) -> int:
        """Take what has come, at most `count`; 0 when nothing has."""
        self._msg["namelen"] = NAME
        self._msg["controllen"] = _NOTE.itemsize
        self._notes["asked"] = 0
        came = _recvmmsg(udp.fileno(), self._msg.ctypes.data, self.count, _DONTWAIT, None)
        return max(0, int(came))

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
        self._msg = _messages(count, self._askers, self._notes)
        self._msg["namelen"], self._msg["controllen"] = NAME, _NOTE.itemsize
        self._iov = np.zeros(count, _IOV)
        self._msg["iov"] = self._iov.ctypes.data + _steps(count, _IOV.itemsize)

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
        self._iov["base"][:count] = rows.ctypes.data + _steps(count, rows.strides[0])
        self._iov["len"][:count] = sizes
        at = sent = 0
        while at < count:
            left = _sendmmsg(
                udp.fileno(), self._msg.ctypes.data + at * _MSG.itemsize, count - at, _DONTWAIT
            )
            sent += max(0, left)
            at += max(1, left)
        return sent


def _messages(count: int, names: Any, notes: Any) -> Any:
    msg = np.zeros(count, _MSG)
    msg["name"] = names.ctypes.data + _steps(count, NAME)
    msg["control"] = notes.ctypes.data + _steps(count, _NOTE.itemsize)
    msg["iovlen"] = 1
    return msg


def _steps(count: int, size: int) -> npt.NDArray[np.uint64]:
    return np.arange(count, dtype=np.uint64) * np.uint64(size)
