"""Bursts of ICMP echoes to many addresses at once: loss, round trip, jitter."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import secrets
import socket
import struct
import time
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from edunet.errors import ProbeError
from edunet.frame import Frame

_ECHO: Final[dict[int, tuple[int, int]]] = {
    socket.AF_INET: (8, 0),
    socket.AF_INET6: (128, 129),
}  # request, reply: RFC 792, 4443
_SO_TIMESTAMPNS: Final = getattr(socket, "SO_TIMESTAMPNS", 35)
_SOL_RAW, _ICMP_FILTER = 255, 1  # linux/icmp.h: a raw socket sees every ICMP message of the machine
_HEADER: Final = struct.Struct("!BBHHH")
_TOKEN: Final = struct.Struct("!QIH")  # this run's secret, target number, echo number
_BUFFER: Final = 4 << 20
_OUR_FAULT: Final = {errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM}  # a full queue of this machine
_PAUSE_AFTER: Final = 64  # echoes sent before the replies are read: the receive buffer is finite


class Target(NamedTuple):
    """Whom to ask: the slot of the `probe` series and the address."""

    slot: int
    address: IPv4Address | IPv6Address


class _Sweep:
    """One round under way: int64[targets, echoes] of nanoseconds, 0 = not sent, not back."""

    def __init__(self, targets: Sequence[Target], count: int) -> None:
        self.targets = targets
        self.names = [str(target.address) for target in targets]
        self.ident = secrets.randbits(16)
        self.sent = np.zeros((len(targets), count), np.int64)
        self.back = np.zeros((len(targets), count), np.int64)
        self.missing = len(targets) * count
        self.complete = asyncio.Event()
        self.began = time.time_ns()

    def take(self, number: int, echo: int, at: int, source: str) -> None:
        """Count one reply, if it comes from whom we asked and is the first."""
        if number >= len(self.targets) or echo >= self.back.shape[1]:
            return
        if self.names[number] == source.split("%")[0] and not self.back[number, echo]:
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
    """Owns one socket for each address family, in the event loop it was opened in.

    Sweeps may overlap: each has a secret of its own, which its replies must carry.
    """

    def __init__(self) -> None:
        self._sockets: dict[int, socket.socket] = {}
        self._sweeps: dict[int, _Sweep] = {}

    def open(self) -> None:
        """Take the sockets.

        Raises:
            ProbeError: the right to send echoes is missing; says how to grant it.
        """
        for family, protocol in (
            (socket.AF_INET, socket.IPPROTO_ICMP),
            (socket.AF_INET6, socket.IPPROTO_ICMPV6),
        ):
            try:
                found = _socket(family, protocol)
            except PermissionError:
                raise ProbeError(
                    "no right to send ICMP echoes; run as root, grant CAP_NET_RAW, widen "
                    "net.ipv4.ping_group_range, or write reach: snmp"
                ) from None
            except OSError:  # a machine without IPv6
                continue
            self._sockets[family] = found
            asyncio.get_running_loop().add_reader(found.fileno(), self._read, family)

    def close(self) -> None:
        for found in self._sockets.values():
            asyncio.get_running_loop().remove_reader(found.fileno())
            found.close()
        self._sockets.clear()

    async def sweep(
        self, targets: Sequence[Target], *, count: int, gap_s: float, wait_s: float
    ) -> Frame:
        """Send each target `count` echoes `gap_s` apart; count what is back `wait_s` later.

        Returns:
            A `probe` frame, a row for each target, dated when its first echo left: `sent`,
            `received`, `rtt_s` (median), `jitter_s` (mean difference of neighbouring round trips,
            NaN for fewer than two) and `loss` (0..1, NaN when nothing could be sent).
        """
        secret, sweep = secrets.randbits(64), _Sweep(targets, count)
        self._sweeps[secret] = sweep
        loop = asyncio.get_running_loop()
        start = loop.time()
        try:
            for echo in range(count):
                await asyncio.sleep(max(0.0, start + echo * gap_s - loop.time()))
                for number in range(len(targets)):
                    self._send(secret, sweep, number, echo)
                    if number % _PAUSE_AFTER == _PAUSE_AFTER - 1:
                        await asyncio.sleep(0)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await sweep.complete.wait()
        finally:
            del self._sweeps[secret]
        return summary([target.slot for target in targets], sweep.sent, sweep.back, sweep.began)

    def _send(self, secret: int, sweep: _Sweep, number: int, echo: int) -> None:
        four = sweep.targets[number].address.version == 4
        found = self._sockets.get(socket.AF_INET if four else socket.AF_INET6)
        if found is None:  # this machine does not speak IPv6
            sweep.unsent(number, echo)
            return
        request = _ECHO[socket.AF_INET if four else socket.AF_INET6][0]
        payload = _TOKEN.pack(secret, number, echo)
        fields = sweep.ident, number & 0xFFFF
        check = _checksum(_HEADER.pack(request, 0, 0, *fields) + payload) if four else 0
        packet = _HEADER.pack(request, 0, check, *fields) + payload
        sweep.sent[number, echo] = time.time_ns()
        try:
            found.sendto(packet, (sweep.names[number], 0))
        except OSError as error:
            if error.errno in _OUR_FAULT:
                sweep.unsent(number, echo)
            # Else there is no route: the echo did not come back, which is the truth.

    def _read(self, family: int) -> None:
        found = self._sockets[family]
        for _ in range(256):
            try:
                data, extra, _, source = found.recvmsg(256, 64)
            except OSError:
                return
            self._take(family, data, _stamp(extra), source[0])

    def _take(self, family: int, data: bytes, at: int, source: str) -> None:
        if data and family == socket.AF_INET and self._sockets[family].type == socket.SOCK_RAW:
            data = data[(data[0] & 15) * 4 :]  # only a raw IPv4 socket shows the IP header
        if len(data) < _HEADER.size + _TOKEN.size or data[0] != _ECHO[family][1]:
            return
        secret, number, echo = _TOKEN.unpack_from(data, _HEADER.size)
        if sweep := self._sweeps.get(secret):
            sweep.take(number, echo, at, source)


def summary(
    slots: Sequence[int],
    sent: npt.NDArray[np.int64],
    back: npt.NDArray[np.int64],
    began: int = 0,
) -> Frame:
    """The `probe` frame of one sweep: int64[targets, echoes] of nanoseconds, 0 = never.

    `began` dates the rows of those to whom nothing could be sent.
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


def _socket(family: int, protocol: int) -> socket.socket:
    """A raw socket where we may, else a datagram one (Linux: net.ipv4.ping_group_range)."""
    try:
        found = socket.socket(family, socket.SOCK_RAW, protocol)
        if family == socket.AF_INET:
            only_replies = struct.pack("=I", ~(1 << _ECHO[socket.AF_INET][1]) & 0xFFFFFFFF)
            found.setsockopt(_SOL_RAW, _ICMP_FILTER, only_replies)
    except PermissionError:
        found = socket.socket(family, socket.SOCK_DGRAM, protocol)
    found.setblocking(False)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
    found.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    return found


def _stamp(extra: Sequence[tuple[int, int, bytes]]) -> int:
    """When the kernel took the packet, nanoseconds since the epoch; else now."""
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= 16:
            seconds, nanoseconds = struct.unpack("@qq", data[:16])
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return time.time_ns()


def _checksum(packet: bytes) -> int:
    """RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def able() -> bool:
    """Whether this process may send echoes."""
    try:
        _socket(socket.AF_INET, socket.IPPROTO_ICMP).close()
    except OSError:
        return False
    return True
