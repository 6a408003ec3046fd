"""Bursts of ICMP echoes to many addresses at once: loss, round trip, jitter."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from collector.probes._echoes import PLACES, Inbox, Names, Nanoseconds, Outbox
from collector.probes._icmp import (
    FAMILIES,
    NO_ROUTE,
    Letters,
    Replies,
    open_socket,
    replies,
    requests,
)
from collector.probes._sweep import Ignored, Rosters, Sweep, Target
from edunet.errors import ProbeError
from edunet.frame import Frame

__all__ = ["NO_RIGHT", "Burst", "Ignored", "Pinger", "Target", "able", "summary"]

NO_RIGHT: Final = (
    "no right to send ICMP echoes; run as root, grant CAP_NET_RAW, widen "
    "net.ipv4.ping_group_range, or write reach: snmp"
)
_SAME_MOMENT_NS: Final = 50_000_000  # sweeps that begin together need not see each other's first
_MOST_AT_ONCE: Final = 256  # echoes sent before others in the event loop have their turn
_PAUSE_S: Final = 0.002  # and before the next are sent: the queues on the way are finite as well
_GATHER_S: Final = 0.01  # from the first reply to reading: the kernel has dated each by then
_REPLY_BYTES: Final = 4096  # of the receive buffer, that one reply may take whatever the driver
_FEWEST: Final = 16
_READS: Final = 4  # of the inbox in a row
_REMEMBERED: Final = 64  # sweeps that are over, whose late replies are known as such


class Burst(NamedTuple):
    """One round, over: int64[targets, echoes] of nanoseconds, 0 = not sent, not back.

    `began` dates the rows of those to whom nothing could be sent.
    """

    slots: Sequence[int]
    sent: Nanoseconds
    back: Nanoseconds
    began: int = 0


class Pinger:
    """Owns the sockets, in the event loop it was opened in; never opened, it sends nothing.

    Sweeps may overlap: each has an ident of its own, which stateful things on the way tell it by,
    and a secret, which its replies must carry. Raw sockets are shared; a datagram socket is its
    ident, so each sweep has its own.

    Attributes:
        ignored: the replies that counted for nothing since it was made.
    """

    def __init__(self) -> None:
        self._sockets: dict[int, socket.socket] = {}
        self._datagram: list[int] = []
        self._sweeps: dict[int, Sweep] = {}
        self._over: deque[int] = deque(maxlen=_REMEMBERED)
        self._gathering: dict[socket.socket, asyncio.TimerHandle] = {}
        self._ident = secrets.randbits(16)
        self._left: dict[int, int] = {}  # family -> when an echo last left this machine
        self._rosters, self._outbox, self._inbox = Rosters(), Outbox(), Inbox()
        self.ignored = Ignored()

    def open(self) -> None:
        """Take the sockets.

        Raises:
            ProbeError: the right to send echoes is missing; says how to grant it.
        """
        for family in FAMILIES:
            try:
                found = open_socket(family)
            except PermissionError:
                raise ProbeError(NO_RIGHT) from None
            except OSError:  # a machine without IPv6
                continue
            if found.type == socket.SOCK_RAW:
                self._sockets[family] = found
                self._listen(found)
            else:
                found.close()
                self._datagram.append(family)

    def close(self) -> None:
        for found in self._sockets.values():
            self._close(found)
        self._sockets.clear()

    async def sweep(
        self, targets: Sequence[Target], *, count: int, gap_s: float, wait_s: float
    ) -> Frame:
        """The `probe` frame of a burst: see `summary`."""
        return summary(*await self.burst(targets, count=count, gap_s=gap_s, wait_s=wait_s))

    async def burst(
        self, targets: Sequence[Target], *, count: int, gap_s: float, wait_s: float
    ) -> Burst:
        """Send each target `count` echoes `gap_s` apart; take what is back `wait_s` later."""
        self._ident = (self._ident + 1) & 0xFFFF
        sweep = Sweep(self._rosters.of(targets), count, self._ident)
        self._sweeps[sweep.secret] = sweep
        loop = asyncio.get_running_loop()
        start = loop.time()
        try:
            with self._lent(sweep):
                for echo in range(count):
                    await asyncio.sleep(max(0.0, start + echo * gap_s - loop.time()))
                    await self._send_all(sweep, echo)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await sweep.complete.wait()
                for found in sweep.sockets.values():  # what came in time, and is not read yet
                    self._read(found)
        finally:
            del self._sweeps[sweep.secret]
            self._over.append(sweep.secret)
        return Burst(sweep.roster.slots, sweep.sent, sweep.back, sweep.began)

    @contextlib.contextmanager
    def _lent(self, sweep: Sweep) -> Iterator[None]:
        """Give a sweep its sockets, and take back those that are its alone."""
        own: list[socket.socket] = []
        for family in self._datagram:
            with contextlib.suppress(OSError):  # out of descriptors: nothing is sent
                own.append(open_socket(family))
                self._listen(own[-1])
        sweep.sockets = {**self._sockets, **{int(found.family): found for found in own}}
        try:
            yield
        finally:
            for found in own:
                self._close(found)

    async def _send_all(self, sweep: Sweep, echo: int) -> None:
        """One echo to everybody.

        For want of a route to all of a family, nothing was sent: we are cut off. For want of a
        route to some, those echoes do not come back, which is the truth about those.
        """
        since = time.time_ns() - _SAME_MOMENT_NS
        for family, (numbers, names) in sweep.roster.parties.items():
            found = sweep.sockets.get(family)
            if found is None:  # this machine does not speak IPv6, or we may not send
                sweep.unsent(numbers, echo)
                continue
            letters = requests(family, sweep.ident, sweep.secret, echo, numbers)
            nowhere, many = [], at_once(found)
            for first in range(0, len(numbers), many):
                if first:
                    await asyncio.sleep(_PAUSE_S)
                some = slice(first, first + many)
                nowhere += self._send(sweep, found, letters[some], names[some])
                self._read(found)
            if nowhere and self._left.get(family, 0) < since:
                sweep.unsent(np.array(nowhere), echo)

    def _send(
        self, sweep: Sweep, found: socket.socket, letters: Letters, names: Names
    ) -> list[int]:
        """Send these; the numbers of those to whom there was no route.

        What else stops one is our own fault. When each left is taken to be evenly spread over the
        system call that sent it.
        """
        nowhere: list[int] = []
        numbers, echo = letters["number"].astype(np.int64), int(letters["echo"][0])
        at = 0
        while at < len(letters):
            began = time.time_ns()
            try:
                left = self._outbox.send(found, letters[at:], names[at:])
            except OSError as error:
                if error.errno in NO_ROUTE:
                    sweep.sent[numbers[at], echo] = began
                    nowhere.append(int(numbers[at]))
                else:
                    sweep.unsent(numbers[at], echo)
                at += 1
                continue
            took = time.time_ns() - began
            sweep.sent[numbers[at : at + left], echo] = began + took * np.arange(left) // left
            self._left[int(found.family)] = began
            at += left
        return nowhere

    def _listen(self, found: socket.socket) -> None:
        """Read when something has come, but not each for itself."""
        loop = asyncio.get_running_loop()
        self._gathering.pop(found, None)
        loop.add_reader(found.fileno(), self._gather, found)

    def _gather(self, found: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(found.fileno())
        self._gathering[found] = loop.call_later(_GATHER_S, self._gathered, found)

    def _gathered(self, found: socket.socket) -> None:
        self._read(found)
        self._listen(found)

    def _read(self, found: socket.socket) -> None:
        for _ in range(_READS):
            came = self._inbox.receive(found)
            if came:
                self._take(int(found.family), replies(found, self._inbox, came))
            if came < PLACES:
                return

    def _take(self, family: int, came: Replies) -> None:
        self.ignored.misshapen += came.misshapen
        rest = came.secret
        for secret, sweep in self._sweeps.items():
            its = came.secret == secret
            if its.any():
                sweep.take(family, came.of(its), self.ignored)
                rest = rest[rest != secret]
        late = np.isin(rest, np.array(self._over, np.uint64))
        self.ignored.late += int(late.sum())
        self.ignored.stranger += len(rest) - int(late.sum())

    def _close(self, found: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(found.fileno())
        if timer := self._gathering.pop(found, None):
            timer.cancel()
        found.close()


def at_once(found: socket.socket) -> int:
    """How many echoes may be out before their replies are read: half of what the buffer holds."""
    room = found.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // _REPLY_BYTES
    return min(max(room // 2, _FEWEST), _MOST_AT_ONCE)


def summary(slots: Sequence[int], sent: Nanoseconds, back: Nanoseconds, began: int = 0) -> Frame:
    """The `probe` frame of one burst, a row for each target, dated when its first echo left.

    `sent`, `received`, `rtt_s` (median), `jitter_s` (mean difference of neighbouring round trips,
    NaN for fewer than two) and `loss` (0..1, NaN when nothing could be sent).
    """
    tried, came = sent > 0, (sent > 0) & (back > 0)
    rtt = np.where(came, (back - sent) / 1e9, np.nan)
    received = came.sum(axis=1)
    step = np.abs(np.diff(rtt, axis=1))
    pairs = (~np.isnan(step)).sum(axis=1)
    ordered = np.sort(rtt, axis=1)  # NaN sorts last
    rows = np.arange(len(rtt))
    low, high = np.maximum((received - 1) // 2, 0), np.maximum(received // 2, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        median = (ordered[rows, low] + ordered[rows, np.minimum(high, rtt.shape[1] - 1)]) / 2
        jitter = np.nansum(step, axis=1) / np.where(pairs > 0, pairs, np.nan)
        loss = 1 - received / np.where(tried.any(axis=1), tried.sum(axis=1), np.nan)
    first = np.where(tried, sent, np.iinfo(np.int64).max).min(axis=1)
    return Frame(
        "probe",
        np.array(slots, np.int32),
        np.where(tried.any(axis=1), first, began) // 1_000_000,
        {
            "sent": tried.sum(axis=1).astype(np.int16),
            "received": received.astype(np.int16),
            "rtt_s": np.where(received > 0, median, np.nan),
            "jitter_s": jitter,
            "loss": loss,
        },
    )


def able() -> bool:
    """Whether this process may send echoes."""
    try:
        open_socket(socket.AF_INET).close()
    except OSError:
        return False
    return True
