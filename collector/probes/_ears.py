"""When is read what comes: not each reply for itself, and before the receive buffer is full."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final, NamedTuple

from collector.probes._echoes import PLACES, Inbox
from collector.probes._icmp import Replies, replies

PAUSE_S: Final = 0.002  # between echoes and the next: the queues on the way are finite as well
_GATHER: Final = 5  # pauses from the first reply to reading: the kernel has dated each by then
_MOST_AT_ONCE: Final = 256  # echoes sent before others in the event loop have their turn
_FEWEST: Final = 16
_REPLY_BYTES: Final = 4096  # of the receive buffer, that one reply may take whatever the driver
_READS: Final = 8  # of the inbox in a row, before others have their turn
_ALL_READS: Final = 64  # more than a buffer holds; whoever floods us with replies is left waiting


class Pace(NamedTuple):
    """How many echoes leave before replies are read, and how long replies may gather unread."""

    many: int
    gather_s: float

    @classmethod
    def of(cls, found: socket.socket) -> Pace:
        """What the socket's receive buffer has room for; never less than sixteen at a time."""
        room = found.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // _REPLY_BYTES
        many = min(max(room // 2, _FEWEST), _MOST_AT_ONCE)
        return cls(many, PAUSE_S * min(max(room // many - 1, 0), _GATHER))


class Ears:
    """Listens at sockets, in the running event loop; what is heard, family and replies, is told."""

    def __init__(self, heard: Callable[[int, Replies], None]) -> None:
        self._heard, self._inbox = heard, Inbox()
        self._gathering: dict[socket.socket, asyncio.TimerHandle] = {}

    def listen(self, found: socket.socket) -> None:
        """Read when something has come, but not each for itself."""
        loop = asyncio.get_running_loop()
        self._gathering.pop(found, None)
        loop.add_reader(found.fileno(), self._gather, found)

    def _gather(self, found: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(found.fileno())
        pause_s = Pace.of(found).gather_s
        self._gathering[found] = loop.call_later(pause_s, self._gathered, found)

    def _gathered(self, found: socket.socket) -> None:
        self.read(found)
        self.listen(found)

    def read(self, found: socket.socket, most: int = _READS) -> None:
        """Take what has come, so many inboxes of it at most."""
        for _ in range(most):
            came = self._inbox.receive(found)
            if came:
                self._heard(int(found.family), replies(found, self._inbox, came))
            if came < PLACES:
                return

    def empty(self, found: socket.socket) -> None:
        """Take all that has come."""
        self.read(found, _ALL_READS)

    def close(self, found: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(found.fileno())
        if timer := self._gathering.pop(found, None):
            timer.cancel()
        found.close()
