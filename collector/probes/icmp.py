"""Bursts of ICMP echoes to many addresses at once: loss, round trip, jitter."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from collector.probes._icmp import (
    FAMILIES,
    NO_ROUTE,
    open_socket,
    packets,
    stamp,
    token_of,
)
from edunet.errors import ProbeError
from edunet.frame import Frame

Nanoseconds = npt.NDArray[np.int64]

NO_RIGHT: Final = (
    "no right to send ICMP echoes; run as root, grant CAP_NET_RAW, widen "
    "net.ipv4.ping_group_range, or write reach: snmp"
)
_PAUSE_AFTER: Final = 64  # echoes sent before the replies are read: the receive buffer is finite
_SAME_MOMENT_NS: Final = 50_000_000  # sweeps that begin together need not see each other's first


class Target(NamedTuple):
    """Whom to ask: the slot of the `probe` series and the address."""

    slot: int
    address: IPv4Address | IPv6Address

    @property
    def family(self) -> int:
        return socket.AF_INET if self.address.version == 4 else socket.AF_INET6


class Burst(NamedTuple):
    """One round, over: int64[targets, echoes] of nanoseconds, 0 = not sent, not back.

    `began` dates the rows of those to whom nothing could be sent.
    """

    slots: Sequence[int]
    sent: Nanoseconds
    back: Nanoseconds
    began: int = 0


class _Sweep:
    """One round under way, with the sockets it is sent through."""

    def __init__(self, targets: Sequence[Target], count: int, ident: int) -> None:
        self.names = [str(target.address) for target in targets]
        self.places = [(name, 0) for name in self.names]
        self.families = [target.family for target in targets]
        self.ident, self.secret = ident, secrets.randbits(64)
        self.sockets: dict[int, socket.socket] = {}
        self.sent = np.zeros((len(targets), count), np.int64)
        self.back = np.zeros((len(targets), count), np.int64)
        self.missing = len(targets) * count
        self.complete = asyncio.Event()
        self.began = time.time_ns()

    def take(self, number: int, echo: int, at: int, source: str) -> None:
        """Count one reply, if it comes from whom we asked and is the first."""
        if number >= len(self.names) or echo >= self.back.shape[1]:
            return
        if self.names[number] == source.partition("%")[0] and not self.back[number, echo]:
            self.back[number, echo] = max(at, self.sent[number, echo] + 1)
            self._less()

    def unsent(self, number: int, echo: int) -> None:
        """Take note that an echo never left us: that says nothing of whom it was for."""
        self.sent[number, echo] = 0
        self._less()

    def _less(self) -> None:
        self.missing -= 1
        if not self.missing:
            self.complete.set()


class Pinger:
    """Owns the sockets, in the event loop it was opened in; never opened, it sends nothing.

    Sweeps may overlap: each has an ident of its own, which stateful things on the way tell it by,
    and a secret, which its replies must carry. Raw sockets are shared; a datagram socket is its
    ident, so each sweep has its own.
    """

    def __init__(self) -> None:
        self._sockets: dict[int, socket.socket] = {}
        self._datagram: list[int] = []
        self._sweeps: dict[int, _Sweep] = {}
        self._ident = secrets.randbits(16)
        self._left: dict[int, int] = {}  # family -> when an echo last left this machine

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
                asyncio.get_running_loop().add_reader(found.fileno(), self._read, found)
            else:
                found.close()
                self._datagram.append(family)

    def close(self) -> None:
        for found in self._sockets.values():
            _closed(found)
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
        sweep = _Sweep(targets, count, self._ident)
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
        finally:
            del self._sweeps[sweep.secret]
        return Burst([target.slot for target in targets], sweep.sent, sweep.back, sweep.began)

    @contextlib.contextmanager
    def _lent(self, sweep: _Sweep) -> Iterator[None]:
        """Give a sweep its sockets, and take back those that are its alone."""
        own: list[socket.socket] = []
        for family in self._datagram:
            with contextlib.suppress(OSError):  # out of descriptors: nothing is sent
                own.append(open_socket(family))
                asyncio.get_running_loop().add_reader(own[-1].fileno(), self._read, own[-1])
        sweep.sockets = {**self._sockets, **{int(found.family): found for found in own}}
        try:
            yield
        finally:
            for found in own:
                _closed(found)

    async def _send_all(self, sweep: _Sweep, echo: int) -> None:
        """One echo to everybody.

        For want of a route to all of a family, nothing was sent: we are cut off. For want of a
        route to some, those echoes do not come back, which is the truth about those.
        """
        since = time.time_ns() - _SAME_MOMENT_NS
        nowhere, count = [], len(sweep.names)
        made = {
            family: packets(family, sweep.ident, sweep.secret, echo, count)
            for family in set(sweep.families)
        }
        for number, family in enumerate(sweep.families):
            if self._send(sweep, number, echo, made[family][number]):
                nowhere.append(number)
            if number % _PAUSE_AFTER == _PAUSE_AFTER - 1:
                await asyncio.sleep(0)
        for number in nowhere:
            if self._left.get(sweep.families[number], 0) < since:
                sweep.unsent(number, echo)

    def _send(self, sweep: _Sweep, number: int, echo: int, packet: bytes) -> bool:
        """Send one echo; whether there was no route for it. What else stops it is our own fault."""
        family = sweep.families[number]
        found = sweep.sockets.get(family)
        if found is None:  # this machine does not speak IPv6, or we may not send
            sweep.unsent(number, echo)
            return False
        sweep.sent[number, echo] = at = time.time_ns()
        try:
            found.sendto(packet, sweep.places[number])
        except OSError as error:
            if error.errno in NO_ROUTE:
                return True
            sweep.unsent(number, echo)
        else:
            self._left[family] = at
        return False

    def _read(self, found: socket.socket) -> None:
        for _ in range(256):
            try:
                data, extra, _, source = found.recvmsg(256, 64)
            except OSError:
                return
            token = token_of(found, data)
            if token and (sweep := self._sweeps.get(token[0])):
                sweep.take(token[1], token[2], stamp(extra), source[0])


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


def _closed(found: socket.socket) -> None:
    asyncio.get_running_loop().remove_reader(found.fileno())
    found.close()


def able() -> bool:
    """Whether this process may send echoes."""
    try:
        open_socket(socket.AF_INET).close()
    except OSError:
        return False
    return True
