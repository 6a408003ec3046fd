"""Bursts of ICMP echoes to many addresses at once: loss, round trip, jitter."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from collector.probes._burst import Burst, summary
from collector.probes._ears import PAUSE_S, Ears, Pace
from collector.probes._echoes import Names, Nanoseconds, Outbox
from collector.probes._icmp import (
    FAMILIES,
    NO_ROUTE,
    Letters,
    Replies,
    open_socket,
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
_REMEMBERED: Final = 64  # sweeps that are over, whose late replies are known as such

Bools = npt.NDArray[np.bool_]
Further = Callable[[Nanoseconds, Nanoseconds], Bools]
"""Of int64[targets, echoes] sent and back so far, 0 = not: who gets another echo, bool[targets]."""


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
        self._ident = secrets.randbits(16)
        self._left: dict[int, int] = {}  # family -> when an echo last left this machine
        self._rosters, self._outbox, self._ears = Rosters(), Outbox(), Ears(self._take)
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
                self._ears.listen(found)
            else:
                found.close()
                self._datagram.append(family)

    def close(self) -> None:
        for found in self._sockets.values():
            self._ears.close(found)
        self._sockets.clear()

    async def sweep(
        self, targets: Sequence[Target], *, count: int, gap_s: float, wait_s: float
    ) -> Frame:
        """The `probe` frame of a burst: see `summary`."""
        return summary(*await self.burst(targets, count=count, gap_s=gap_s, wait_s=wait_s))

    async def burst(
        self,
        targets: Sequence[Target],
        *,
        count: int,
        gap_s: float,
        wait_s: float,
        further: Further | None = None,
    ) -> Burst:
        """Send each target `count` echoes `gap_s` apart; take what is back `wait_s` later.

        With `further`, the second echo and the next go only to those it names each time; it is
        over when nobody is named.
        """
        self._ident = (self._ident + 1) & 0xFFFF
        sweep = Sweep(self._rosters.of(targets), count, self._ident)
        self._sweeps[sweep.secret] = sweep
        loop = asyncio.get_running_loop()
        start = loop.time()
        try:
            with self._lent(sweep):
                whom = np.ones(len(sweep.sent), bool)
                for echo in range(count):
                    await asyncio.sleep(max(0.0, start + echo * gap_s - loop.time()))
                    if echo and further:
                        whom = further(sweep.sent, sweep.back)
                    sweep.spare(~whom, slice(echo, echo + 1 if whom.any() else count))
                    if not whom.any():
                        break
                    await self._send_all(sweep, echo, whom)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await sweep.complete.wait()
                for found in sweep.sockets.values():  # what came in time, and is not read yet
                    self._ears.empty(found)
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
                self._ears.listen(own[-1])
        sweep.sockets = {**self._sockets, **{int(found.family): found for found in own}}
        try:
            yield
        finally:
            for found in own:
                self._ears.close(found)

    async def _send_all(self, sweep: Sweep, echo: int, whom: Bools) -> None:
        """One echo to everybody of those.

        For want of a route to all of a family, nothing was sent: we are cut off. For want of a
        route to some, those echoes do not come back, which is the truth about those.
        """
        since = time.time_ns() - _SAME_MOMENT_NS
        for family, (numbers, names) in sweep.roster.of(whom).items():
            found = sweep.sockets.get(family)
            if found is None:  # this machine does not speak IPv6, or we may not send
                sweep.unsent(numbers, echo)
                continue
            letters = requests(family, sweep.ident, sweep.secret, echo, numbers)
            nowhere, many = [], Pace.of(found).many
            for first in range(0, len(numbers), many):
                if first:
                    await asyncio.sleep(PAUSE_S)
                some = slice(first, first + many)
                nowhere += self._send(sweep, found, letters[some], names[some])
                self._ears.read(found)
            if nowhere and self._left.get(family, 0) < since:
                sweep.unsent(np.array(nowhere), echo)

    def _send(
        self, sweep: Sweep, found: socket.socket, letters: Letters, names: Names
    ) -> list[int]:
        """Send these; the numbers of those to whom there was no route.

        What else stops one is our own fault.
        """
        nowhere: list[int] = []
        numbers, echo = letters["number"].astype(np.int64), int(letters["echo"][0])
        at = 0
        while at < len(letters):
            try:
                left = self._outbox.send(found, letters[at:], names[at:])
            except OSError as error:
                if error.errno in NO_ROUTE:
                    sweep.sent[numbers[at], echo] = time.time_ns()
                    nowhere.append(int(numbers[at]))
                else:
                    sweep.unsent(numbers[at], echo)
                at += 1
                continue
            sweep.sent[numbers[at : at + len(left)], echo] = left
            self._left[int(found.family)] = int(left[-1])
            at += len(left)
        return nowhere

    def _take(self, family: int, came: Replies) -> None:
        self.ignored.misshapen += came.misshapen
        rest = came.secret
        for secret, sweep in self._sweeps.items():
            its = came.secret == secret
            if its.any():
                sweep.take(family, came.of(its), self.ignored)
                rest = rest[rest != secret]
        if len(rest):
            late = int(np.isin(rest, np.array(self._over, np.uint64)).sum())
            self.ignored.late += late
            self.ignored.stranger += len(rest) - late


def able() -> bool:
    """Whether this process may send echoes."""
    try:
        open_socket(socket.AF_INET).close()
    except OSError:
        return False
    return True
