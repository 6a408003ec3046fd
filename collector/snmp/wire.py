"""Which datagram answers which question, and is nobody there at all?

One UDP socket for each address family serves every device: an answer must come from the address
and port that was asked, and be claimed by the question it answers. The kernel's error queue
(ip(7), IPRECVERR) tells at once when nobody listens, or when a router says that the host is gone.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final, Generic, NamedTuple, TypeVar

from collector.snmp.ber import MalformedError
from edunet.errors import ProbeError

T = TypeVar("T")
Address = IPv4Address | IPv6Address
Claim = Callable[[bytes], T | None]

RECVERR: Final = {
    socket.AF_INET: (socket.IPPROTO_IP, 11),
    socket.AF_INET6: (socket.IPPROTO_IPV6, 25),
}
_SO_RCVBUFFORCE: Final = 33
_BUFFER: Final = 8 << 20  # a reply takes about twice its size of it
_MOST_BYTES: Final = 65_535
_PER_WAKE: Final = (
    16  # datagrams taken before the rest of the loop gets its turn: a few milliseconds
)
_STALE_ERRORS: Final = 64
_EXTENDED: Final = struct.Struct("=IBBBBII")  # struct sock_extended_err, linux/errqueue.h
_BY_ICMP: Final = {2, 3}
_FULL: Final = {errno.EAGAIN, errno.ENOBUFS}
_ROOM_S: Final = 0.002  # from one look to the next whether there is room again


class NoAnswerError(ProbeError):
    """Nothing that could be believed came in time."""


class NobodyThereError(ProbeError):
    """The device, or a router on the way, says that nobody is there."""


class UnsentError(ProbeError):
    """The question did not leave this machine: that says nothing about whom it was for."""


class _Peer(NamedTuple):
    host: str
    port: int


class _Question(Generic[T]):
    """One question under way. `claim` answers what a datagram says, None when it is another's."""

    def __init__(self, claim: Claim[T], answer: asyncio.Future[T]) -> None:
        self.claim, self.answer = claim, answer
        self.broken = ""  # why the last datagram from the right place could not be read


class Wire:
    """Owned by one event loop; sockets are taken with the first question.

    Attributes:
        dropped: what came and was not believed, by reason: `foreign` (from an address nobody is
            asking now), `unclaimed` (late, a duplicate, or of another id), `malformed`.
        stranger: address and port of the last datagram from where nobody is asking now.
    """

    def __init__(self) -> None:
        self._sockets: dict[int, socket.socket] = {}
        self._waiting: dict[_Peer, list[_Question[Any]]] = defaultdict(list)
        self.dropped: Counter[str] = Counter()
        self.stranger: tuple[str, int] | None = None
        self._queue = asyncio.Lock()  # of those that wait for room to send

    async def ask(
        self, address: Address, port: int, packet: bytes, claim: Claim[T], seconds: float
    ) -> T:
        """Send the packet, and wait for the datagram that `claim` takes for its answer.

        Raises:
            UnsentError, NobodyThereError, NoAnswerError: in words fit to follow a device's name.
        """
        peer = _Peer(str(address).split("%")[0], port)
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        question = _Question(claim, answer)
        self._waiting[peer].append(question)
        try:
            await self._send(address, port, packet, seconds)
            async with asyncio.timeout(seconds) as limit:
                return await answer
        except TimeoutError:
            if not limit.expired():
                raise
            why = f"unreadable answer ({question.broken})" if question.broken else "no answer"
            raise NoAnswerError(f"{why} within {seconds:g} s") from None
        finally:
            self._waiting[peer].remove(question)
            if not self._waiting[peer]:
                del self._waiting[peer]

    def close(self) -> None:
        """Give the sockets back. The next question takes new ones."""
        loop = asyncio.get_running_loop()
        for found in self._sockets.values():
            loop.remove_reader(found)
            found.close()
        self._sockets.clear()

    async def _send(self, address: Address, port: int, packet: bytes, seconds: float) -> None:
        """Send it now; when this machine's own queue is full, as soon as there is room.

        Raises:
            UnsentError: it cannot be sent, or not within so many seconds.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        code = errno.EAGAIN if self._queue.locked() else self._unsent(address, port, packet)
        if code in _FULL:
            async with self._queue:
                while (code := self._unsent(address, port, packet)) in _FULL:
                    if loop.time() >= until:
                        break
                    await asyncio.sleep(_ROOM_S)
        if code:
            raise UnsentError(f"cannot send: {_words(code)}")

    def _unsent(self, address: Address, port: int, packet: bytes) -> int:
        """Send it; the number of the error why it could not be sent, or 0."""
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        try:
            found = self._sockets.get(family) or self._open(family)
        except OSError as error:
            return error.errno or errno.EIO
        for _ in range(_STALE_ERRORS):
            try:
                found.sendto(packet, (str(address), port))
            except OSError as error:
                # The socket may first tell of an error some other question met.
                if not self._errors(family):
                    return error.errno or errno.EIO
            else:
                return 0
        return errno.ENOBUFS

    def _open(self, family: int) -> socket.socket:
        made = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        made.setblocking(False)
        made.setsockopt(*RECVERR[socket.AddressFamily(family)], 1)
        try:
            made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        except OSError:  # not root: as much as net.core.rmem_max allows
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        asyncio.get_running_loop().add_reader(made, self._drain, family)
        self._sockets[family] = made
        return made

    def _drain(self, family: int) -> None:
        self._errors(family)
        for _ in range(_PER_WAKE):
            try:
                data, source = self._sockets[family].recvfrom(_MOST_BYTES)
            except BlockingIOError:
                return
            except OSError:
                self._errors(family)
                continue
            self._take(data, _Peer(source[0].split("%")[0], source[1]))

    def _take(self, data: bytes, peer: _Peer) -> None:
        waiting = self._waiting.get(peer)
        if not waiting:
            self.stranger = peer
            known = any(each.host == peer.host for each in self._waiting)
            self.dropped["unclaimed" if known else "foreign"] += 1
            return
        for question in waiting:
            if question.answer.done():
                continue
            try:
                said = question.claim(data)
            except MalformedError as error:
                question.broken = str(error)
                self.dropped["malformed"] += 1
                return
            except ProbeError as error:  # an answer, and a refusal
                question.answer.set_exception(error)
                return
            if said is not None:
                question.answer.set_result(said)
                return
        self.dropped["unclaimed"] += 1

    def _errors(self, family: int) -> bool:
        """Tell those who wait for somebody who is not there; whether the kernel had any error."""
        any_error = False
        for _ in range(_STALE_ERRORS):
            try:
                _, notes, _, peer = self._sockets[family].recvmsg(0, 512, socket.MSG_ERRQUEUE)
            except OSError:
                break
            any_error = True
            for level, kind, note in notes:
                if peer and by_icmp(family, level, kind, note):
                    self._failed(_Peer(peer[0].split("%")[0], peer[1]), note)
        return any_error

    def _failed(self, peer: _Peer, note: bytes) -> None:
        code, *_ = _EXTENDED.unpack_from(note)
        who = _offender(note[_EXTENDED.size :])
        if code == errno.ECONNREFUSED:
            words = "nobody listens there"
        else:
            words = f"{_words(code)}, says {who}" if who else _words(code)
        for question in self._waiting.get(peer, ()):
            if not question.answer.done():
                question.answer.set_exception(NobodyThereError(words))


def by_icmp(family: int, level: int, kind: int, note: bytes) -> bool:
    """Whether a note of the error queue is an ICMP message that somebody is not there."""
    if (level, kind) != RECVERR[socket.AddressFamily(family)] or len(note) < _EXTENDED.size:
        return False
    code, origin, *_ = _EXTENDED.unpack_from(note)
    # A path narrower than the packet is no absence: the next one will go in pieces.
    return origin in _BY_ICMP and code != errno.EMSGSIZE


def _offender(address: bytes) -> str:
    """Who sent the ICMP error: a struct sockaddr."""
    with suppress(ValueError):
        family = int.from_bytes(address[:2], "little")
        if family == socket.AF_INET:
            return str(ip_address(address[4:8]))
        if family == socket.AF_INET6:
            return str(ip_address(address[8:24]))
    return ""


def _words(code: int) -> str:
    return os.strerror(code).lower()
