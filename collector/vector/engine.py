"""Questions in flight: sent in batches, answered in batches, asked again once, then given up."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.snmp.wire import RECVERR, by_icmp
from collector.vector.decode import Heads, Values, heads, same_sender, same_text, values
from collector.vector.flight import MOST, Flight
from collector.vector.layout import Ints, Layout
from collector.vector.mmsg import Batch, sockaddr
from collector.vector.plan import Plans

_BATCH: Final = 256
_PER_REPLY: Final = 4096  # bytes of receive buffer one reply may take
_BUFFER: Final = 8 << 20
_RCVBUFFORCE: Final = 33
_GATHER_S: Final = 0.01  # after the first reply: what comes meanwhile is read with it
_WAITS_S: Final = (1.0, 2.0)  # for the first try, and for the second
_LOOK_S: Final = 0.1  # how often deadlines are looked at while anything is in flight
_FULL: Final = {errno.EAGAIN, errno.ENOBUFS}

Sizes: Final = {socket.AF_INET: 16, socket.AF_INET6: 28}


class Came(NamedTuple):
    """Answers of one layout that can be believed: questions by number, and their values."""

    layout: Layout
    questions: npt.NDArray[np.int64]
    values: Values
    renamed: npt.NDArray[np.bool_]  # bool[rows, m]: the row's name is not the one expected


class Lost(NamedTuple):
    """Questions that have no such answer: never one, an error, or one only a person could read."""

    questions: list[int]


Told = Callable[[list[Came], Lost], None]


class Engine:
    """Owned by one event loop. `told` hears, a batch at a time, what became of questions."""

    def __init__(self, plans: Plans, told: Told) -> None:
        self._plans, self._told = plans, told
        self._sockets: dict[int, socket.socket] = {}
        self._out: dict[int, Batch] = {}
        self._in: dict[int, Batch] = {}
        self.flight = Flight()
        self._waiting: deque[tuple[int, int]] = deque()  # question, tries so far
        self._pumping = False
        self._timer: asyncio.TimerHandle | None = None
        self.dropped: Counter[str] = Counter()

    def put(self, questions: Iterable[int]) -> None:
        """Ask them as soon as there is room."""
        self._waiting.extend((question, 0) for question in questions)
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
            failed = self._send_waiting()
        finally:
            self._pumping = False
        if failed:
            self._told([], Lost(failed))
        self._arm()

    def _send_waiting(self) -> list[int]:
        """Send; the questions that cannot leave this machine."""
        failed: list[int] = []
        while self._waiting and self.flight.left > 0:
            room = min(self.flight.left, _BATCH, len(self._waiting))
            some = [self._waiting.popleft() for _ in range(room)]
            questions = np.array([question for question, _ in some], np.int64)
            tries = np.array([tried for _, tried in some], np.int8)
            families = self._plans.addresses[questions, 0]
            full = False
            for family in np.unique(families).tolist():
                mine = families == family
                left, refused = self._send(int(family), questions[mine], tries[mine])
                failed += refused
                self._waiting.extendleft(left[::-1])
                full |= bool(left)
            if full:
                break
        return failed

    def _send(
        self, family: int, questions: Ints, tries: npt.NDArray[np.int8]
    ) -> tuple[list[tuple[int, int]], list[int]]:
        """Send these; those that found no room, and those that cannot leave this machine."""
        try:
            found = self._sockets.get(family) or self._open(family)
        except OSError:
            return [], questions.tolist()
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
        done, refused, left = 0, list[int](), list[tuple[int, int]]()
        try:
            done = batch.send(found, sizes)
        except OSError as error:
            # The socket may first tell of an error that some other question met.
            if not self._errors(family) and error.errno not in _FULL:
                refused = [int(questions[0])]
        now = asyncio.get_running_loop().time()
        until = now + np.array(_WAITS_S)[tries[:done]]
        self.flight.depart(places[:done], ids[:done], questions[:done], until, tries[:done] + 1)
        self.flight.give_back(places[done:])
        rest = done + len(refused)
        left = list(zip(questions[rest:].tolist(), tries[rest:].tolist(), strict=True))
        return left, refused

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
        count = _BATCH
        while count == _BATCH:
            count = batch.receive(found)
            if count:
                self._told(*self._read(batch, count))
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
            asked = self.flight.asked[lost].tolist()
            self.flight.land(lost)
            self._told([], Lost(asked))
        return any_error

    def _read(self, batch: Batch, count: int) -> tuple[list[Came], Lost]:
        """What these datagrams answer."""
        head = heads(batch, count)
        rows, places = self._claimed(batch, head, count)
        questions = self.flight.asked[places]
        self.flight.land(places)
        came: list[Came] = []
        lost: list[int] = []
        for number in np.unique(self._plans.layout[questions]).tolist():
            mine = self._plans.layout[questions] == number
            layout, asked, at = self._plans.layouts[number], questions[mine], rows[mine]
            template = self._plans.template[asked].astype(np.int64)
            said = values(batch, layout, template, head.values[at], head.end[at])
            good = said.plain
            lost += asked[~good].tolist()
            if good.any():
                came.append(self._named(batch, layout, asked[good], said.of(good)))
        return came, Lost(lost + self._broken(batch, head, count))

    def _named(self, batch: Batch, layout: Layout, asked: Ints, said: Values) -> Came:
        local = self._plans.local[asked]
        at, size = said.starts[layout.names], said.lengths[layout.names].astype(np.int64)
        words = layout.said[local].transpose(1, 0, 2)
        same = same_text(batch, at, size, words, layout.lengths[local].T)
        return Came(layout, asked, said, ~(same & (said.tags[layout.names] == 4)))

    def _claimed(self, batch: Batch, head: Heads, count: int) -> tuple[Ints, Ints]:
        """Which replies answer what is in flight, from the right place and once: rows, places."""
        places = (head.ids & np.uint32(MOST - 1)).astype(np.int64)
        known = head.plain & (self.flight.ids[places] == head.ids)
        self.dropped["unclaimed"] += int((head.plain & ~known).sum())
        asked = self.flight.asked[places]
        from_there = same_sender(batch.names[:count], self._plans.addresses[asked])
        self.dropped["foreign"] += int((known & ~from_there).sum())
        datagram = self._plans.datagram[asked]
        known &= from_there & same_text(
            batch, head.community, head.size,
            self._plans.communities[datagram], self._plans.community_sizes[datagram],
        )  # fmt: skip
        rows = np.flatnonzero(known)
        _, first = np.unique(head.ids[rows], return_index=True)  # a duplicate counts once
        rows = rows[np.sort(first)]
        return rows, places[rows]

    def _broken(self, batch: Batch, head: Heads, count: int) -> list[int]:
        """Questions whose answers are errors, or not plainly written: found by their id alone.

        Whoever sent such a thing has only brought the question to the scalar client sooner.
        """
        found: list[int] = []
        for row in np.flatnonzero(~head.plain).tolist():
            place = self._place_of(batch, row)
            if place is None:
                self.dropped["malformed"] += 1
                continue
            found.append(int(self.flight.asked[place]))
            self.flight.land(np.array([place]))
        return found

    def _place_of(self, batch: Batch, row: int) -> int | None:
        data = batch.rows[row, : int(batch.lengths[row])].tobytes()
        for start in range(min(len(data), 64)):
            if data[start : start + 2] == b"\x02\x04":
                number = int.from_bytes(data[start + 2 : start + 6])
                place = number & (MOST - 1)
                asked = int(self.flight.asked[place])
                if (
                    self.flight.ids[place] == number
                    and number
                    and same_sender(
                        batch.names[row : row + 1], self._plans.addresses[asked : asked + 1]
                    ).all()
                ):
                    return place
        return None

    def _arm(self) -> None:
        if self._timer is None and (self._waiting or not self.flight.empty):
            self._timer = asyncio.get_running_loop().call_later(_LOOK_S, self._look)

    def _look(self) -> None:
        """Ask again what was not answered in time; give up what was asked twice."""
        self._timer = None
        now = asyncio.get_running_loop().time()
        asked, tries = self.flight.late(now)
        again = tries < len(_WAITS_S)
        self._waiting.extend(zip(asked[again].tolist(), tries[again].tolist(), strict=True))
        if not again.all():
            self._told([], Lost(asked[~again].tolist()))
        self._pump()
