"""Many datagrams with one system call: sendmmsg(2) and recvmmsg(2), over arrays that numpy owns.

The sockets are whose who calls: only their file numbers come here.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any, Final

import numpy as np
import numpy.typing as npt

MSG: Final = np.dtype(  # struct mmsghdr, of 64 bits
    [
        ("name", "u8"), ("namelen", "u4"), ("iov", "u8"), ("iovlen", "u8"), ("control", "u8"),
        ("controllen", "u8"), ("flags", "i4"), ("pad", "u4"), ("len", "u4"),
    ],
    align=True,
)  # fmt: skip
IOV: Final = np.dtype([("base", "u8"), ("len", "u8")])
TRUNCATED: Final = 0x20  # a flag of a message that came: its place was too short
_DONTWAIT: Final = 0x40

_libc = ctypes.CDLL(None, use_errno=True)
_sendmmsg: Any = getattr(_libc, "sendmmsg", None)
_recvmmsg: Any = getattr(_libc, "recvmmsg", None)
_LAID_OUT_SO: Final = sys.platform == "linux" and ctypes.sizeof(ctypes.c_void_p) == 8
_ABLE = _LAID_OUT_SO and _sendmmsg is not None and _recvmmsg is not None
if _ABLE:
    _sendmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]
    _recvmmsg.argtypes = [
        ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p,
    ]  # fmt: skip


def able() -> bool:
    """Whether this system takes many datagrams at once."""
    return _ABLE


class Messages:
    """So many messages, each of one piece.

    Attributes:
        msg: MSG[count]. iov: IOV[count], where each piece lies and how long it is.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.iov, self.msg = np.zeros(count, IOV), np.zeros(count, MSG)
        self.msg["iov"], self.msg["iovlen"] = addresses(self.iov), 1

    def send(self, file: int, first: int, count: int) -> int:
        """Send so many from the first on, without waiting; how many have left.

        Raises:
            OSError: not even the first could be sent.
        """
        at = self.msg.ctypes.data + first * MSG.itemsize
        left = int(_sendmmsg(file, at, count, _DONTWAIT))
        if left <= 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        return left

    def receive(self, file: int) -> int:
        """Take what has come, at most `count`; 0 when nothing has."""
        at = self.msg.ctypes.data
        return max(0, int(_recvmmsg(file, at, self.count, _DONTWAIT, None)))


def addresses(rows: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """uint64[len(rows)], where in memory each row begins. The array must outlive their use."""
    steps = np.arange(len(rows), dtype=np.uint64) * np.uint64(rows.strides[0])
    return np.uint64(rows.ctypes.data) + steps
