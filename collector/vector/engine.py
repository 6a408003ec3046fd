"""Questions in flight: sent in batches, answered in batches, asked again once, then given up."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import numpy as np
import numpy.typing as npt

from collector.snmp.wire import RECVERR, by_icmp
from collector.vector.batch import Batch, sockaddr
from collector.vector.flight import Flight
from collector.vector.layout import Ints
from collector.vector.plan import Plans
from collector.vector.replies import Came, Lost, Replies

_BATCH: Final = 256
_DRAINS: Final = 16  # batches read before others have their turn
_PER_REPLY: Final = 4096  # bytes of receive buffer one reply may take
_BUFFER: Final = 8 << 20
_RCVBUFFORCE: Final = 33
_GATHER_S: Final = 0.01  # after the first reply: what comes meanwhile is read with it
_WAITS_S: Final = np.array([1.0, 2.0])  # for the first try, and for the second
ONCE_S: Final = float(_WAITS_S[-1])  # for the only try
_LOOK_S: Final = 0.1  # how often deadlines are looked at while anything is in flight
_FULL: Final = {errno.EAGAIN, errno.ENOBUFS}

Sizes: Final = {socket.AF_INET: 16, socket.AF_INET6: 28}


Tries = npt.NDArray[np.int8]
Told = Callable[[list[Came], Lost], None]
Drop = Callable[[str, int], None]


class Engine:
    """Owned by one event loop. `told` hears, a batch at a time, what became of questions.

    `drop` hears of datagrams that were not taken: the reason, and how many.
    """

    def __init__(self, plans: Plans, told: Told, drop: Drop) -> None:
        self._plans, self._told = plans, told
        self._sockets: dict[int, socket.socket] = {}
        self._out: dict[int, Batch] = {}
        self._in: dict[int, Batch] = {}
        self.flight = Flight()
        self._waiting: deque[tuple[Ints, Tries]] = deque()  # questions, how often each was put
        self._pumping = False
        self._timer: asyncio.TimerHandle | None = None
        self._replies = Replies(plans, self.flight, drop)
        self.dropped = self._replies.dropped

    def put(self, questions: Ints, once: bool = False) -> None:
        """Ask them as soon as there is room; `once`: and do not ask again."""
        if len(questions):
            tried = len(_WAITS_S) - 1 if once else 0
            self._waiting.append((questions, np.full(len(questions), tried, np.int8)))
        if not self._pumping:
            self._pump()

    def close(self) -> None:
        """Give the sockets back; what is in flight is forgotten."""
        loop = asyncio.get_running_loop()
        for found in self._sockets.values():
            loop.remove_reader(found)
            found.close()
        self._sockets.clear()
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _pump(self) -> None:
        """Send what waits, while there is room in flight."""
        self._pumping = True
        try:
            unsent = self._send_waiting()
        finally:
            self._pumping = False
        if unsent:
            self._told([], Lost(unsent=np.concatenate(unsent)))
        self._arm()

    def _send_waiting(self) -> list[Ints]:
        """Send; the questions that cannot leave this machine."""
        failed: list[Ints] = []
        while self._waiting and self.flight.left > 0:
            questions, tries = self._next(min(self.flight.left, _BATCH))
            families = self._plans.addresses[questions, 0]
            full = False
            for family in np.unique(families).tolist():
                mine = np.flatnonzero(families == family)
                done, unsent = self._send(int(family), questions[mine], tries[mine])
                failed += [questions[mine[done : done + unsent]]] if unsent else []
                left = mine[done + unsent :]
                if len(left):
                    self._waiting.appendleft((questions[left], tries[left]))
                    full |= not unsent
            if full:
                break
        return failed

    def _next(self, most: int) -> tuple[Ints, Tries]:
        """The questions to be put next, at most so many."""
        some: list[tuple[Ints, Tries]] = []
        while self._waiting and most > 0:
            questions, tries = self._waiting.popleft()
            some.append((questions[:most], tries[:most]))
            if len(questions) > most:
                self._waiting.appendleft((questions[most:], tries[most:]))
            most -= len(questions)
        return np.concatenate([q for q, _ in some]), np.concatenate([t for _, t in some])

    def _send(self, family: int, questions: Ints, tries: Tries) -> tuple[int, int]:
        """Send these; how many have left, and how many after them cannot leave this machine."""
        try:
            found = self._sockets.get(family) or self._open(family)
        except OSError:
            return 0, len(questions)
        plans, batch, count = self._plans, self._out[family], len(questions)
        datagrams = plans.datagram[questions]
        sizes = plans.sizes[datagrams]
        most = int(sizes.max())
        places, ids = self.flight.places(count)
        batch.rows[:count, :most] = plans.bodies[datagrams, :most]
        rows, holes = np.arange(count), plans.holes[datagrams]
        for byte in range(4):
            batch.rows[rows, holes + byte] = (ids >> np.uint32(24 - 8 * byte)).astype(np.uint8)
        batch.names[:count] = plans.addresses[questions]
        done = unsent = 0
        try:
            done = batch.send(found, sizes)
        except OSError as error:
            # The socket may first tell of an error that some other question met.
            unsent = int(not self._errors(family) and error.errno not in _FULL)
        now = asyncio.get_running_loop().time()
        until = now + _WAITS_S[tries[:done]]
        self.flight.depart(places[:done], ids[:done], questions[:done], until, tries[:done] + 1)
        self.flight.give_back(places[done:])
        return done, unsent

    def _open(self, family: int) -> socket.socket:
        made = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        made.setblocking(False)
        made.setsockopt(*RECVERR[socket.AddressFamily(family)], 1)
        for option in (_RCVBUFFORCE, socket.SO_RCVBUF):
            with suppress(OSError):
                made.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
                break
        held = made.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        self.flight.room = max(64, min(self.flight.room, held // _PER_REPLY))
        size = Sizes[socket.AddressFamily(family)]
        self._out[family], self._in[family] = Batch(_BATCH, size), Batch(_BATCH, size)
        self._sockets[family] = made
        asyncio.get_running_loop().add_reader(made, self._gather, family)
        return made

    def _gather(self, family: int) -> None:
        """Something came: wait a little, and read it together with what comes meanwhile."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._sockets[family])
        loop.call_later(_GATHER_S, self._drain, family, self._sockets[family])

    def _drain(self, family: int, found: socket.socket) -> None:
        if self._sockets.get(family) is not found:
            return  # closed meanwhile
        self._errors(family)
        batch = self._in[family]
        for _ in range(_DRAINS):  # a flood shall not keep everybody else waiting
            count = batch.receive(found)
            if count:
                self._told(*self._replies.read(batch, count))
            if count < _BATCH:
                break
        asyncio.get_running_loop().add_reader(found, self._gather, family)
        self._pump()

    def _errors(self, family: int) -> bool:
        """Give up what was put to those who are not there; whether the kernel had any error."""
        gone = set[bytes]()
        any_error = False
        for _ in range(_BATCH):
            try:
                _, notes, _, peer = self._sockets[family].recvmsg(0, 512, socket.MSG_ERRQUEUE)
            except OSError:
                break
            any_error = True
            if peer and any(by_icmp(family, *note) for note in notes):
                gone.add(sockaddr(peer[0].split("%")[0], peer[1]))
        if gone:
            flying = self.flight.flying()
            there = self._plans.addresses[self.flight.asked[flying]]
            lost = flying[[row.tobytes() in gone for row in there]]
            asked = self.flight.asked[lost]
            self.flight.land(lost)
            self._told([], Lost(late=asked))
        return any_error

    def _arm(self) -> None:
        if self._timer is None and (self._waiting or not self.flight.empty):
            self._timer = asyncio.get_running_loop().call_later(_LOOK_S, self._look)

    def _look(self) -> None:
        """Ask again what was not answered in time; give up what was asked twice."""
        self._timer = None
        now = asyncio.get_running_loop().time()
        asked, tries = self.flight.late(now)
        again = tries < len(_WAITS_S)
        if again.any():
            self._waiting.append((asked[again], tries[again]))
        if not again.all():
            self._told([], Lost(late=asked[~again]))
        self._pump()
