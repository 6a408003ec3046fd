"""Who answers on the wire: one UDP socket for all the agents that share a port."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from ipaddress import IPv4Address
from random import Random
from typing import Final

from edunet.errors import LabError
from edunet.inventory.model import Device, Inventory
from edunet.mmsg import able
from lab.agent import Agent
from lab.city import City
from lab.desk import Desk
from lab.mmsg import IP_PKTINFO, Batch, Out

PKTINFO: Final = struct.Struct("=i4s4s")  # interface, local address, address asked
_BUFFER: Final = 8 << 20
_SO_RCVBUFFORCE: Final = 33  # asm-generic/socket.h
_PER_WAKE: Final = 256  # datagrams answered before the control socket gets its turn
_MAX_DATAGRAM: Final = 65_535
_MAX_WAITING: Final = 20_000  # late answers under way; more are lost, as in any full queue

_Agents = dict[bytes, Agent]  # by the address in the order of the wire


class Agents:
    """Every agent of the city, found by the address that was asked."""

    def __init__(
        self,
        city: City,
        inventory: Inventory,
        communities: Mapping[str, str],
        dice: Random | None = None,
    ) -> None:
        """`communities`: the community of each credential an SNMP device may name.

        Raises:
            LabError: a device lives outside 127.0.0.0/8, or two share address and port.
        """
        self._by_port: dict[int, _Agents] = defaultdict(dict)
        for device in inventory.devices:
            if device.address is not None:
                address = loopback(device).packed
                community = communities.get(device.snmp or "")
                if community is not None:
                    agents = self._by_port[device.port]
                    if address in agents:
                        raise LabError(
                            f"{device.id} and {agents[address].device} share one address"
                        )
                    agents[address] = Agent(city, device.id, community)
        self._city = city
        self._dice = dice or Random()  # noqa: S311 (loss, not secrets)
        self._batch, self._out = Batch(_PER_WAKE), Out(_PER_WAKE)
        self._waiting = 0
        self._sockets: list[socket.socket] = []
        self.asked = 0
        self.answered = 0

    def __len__(self) -> int:
        return sum(len(agents) for agents in self._by_port.values())

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Listen, on the loopback interface alone.

        Raises:
            LabError: a port is taken, or needs rights we lack.
        """
        for port, agents in self._by_port.items():
            udp = _listen(port)
            self._sockets.append(udp)
            if able():
                desk = Desk(self._city, agents, self._dice)
                loop.add_reader(udp, self._drain_many, loop, udp, agents, desk)
            else:
                loop.add_reader(udp, self._drain, loop, udp, agents)

    def close(self, loop: asyncio.AbstractEventLoop) -> None:
        for udp in self._sockets:
            loop.remove_reader(udp)
            udp.close()
        self._sockets.clear()

    def _drain(self, loop: asyncio.AbstractEventLoop, udp: socket.socket, agents: _Agents) -> None:
        for _ in range(_PER_WAKE):
            try:
                packet, notes, _flags, asker = udp.recvmsg(_MAX_DATAGRAM, 64)
            except BlockingIOError:
                return
            except OSError:
                continue  # an earlier answer found nobody listening (ECONNREFUSED)
            self.asked += 1
            asked = _asked_address(notes)
            if agent := agents.get(asked):
                self._heed(loop, agent, packet, partial(self._send, udp, asked, asker))

    def _drain_many(
        self, loop: asyncio.AbstractEventLoop, udp: socket.socket, agents: _Agents, desk: Desk
    ) -> None:
        batch = self._batch
        came = batch.receive(udp)
        self.asked += came
        if not came:
            return
        found = desk.sort(batch, came)
        self.answered += self._out.send(udp, batch, found.rows, found.replies, found.sizes)
        for row, seconds, reply in found.late:
            asked, asker = batch.whom(row)
            send = partial(self._send, udp, asked, asker, reply)
            self._when(loop, seconds, agents[asked], send)
        for row in found.alone:
            asked, asker = batch.whom(row)
            send_it = partial(self._send, udp, asked, asker)
            self._heed(loop, agents[asked], batch.packet(row), send_it)

    def _heed(
        self,
        loop: asyncio.AbstractEventLoop,
        agent: Agent,
        packet: bytes,
        send: Callable[[bytes], None],
    ) -> None:
        """Let one agent answer one question."""
        if reply := agent.answer(packet):
            late = self._city.way(agent.device).draw(self._dice)
            if late is not None:
                self._when(loop, late + agent.kind.delay_s, agent, partial(send, reply))

    def _when(
        self, loop: asyncio.AbstractEventLoop, late: float, agent: Agent, send: Callable[[], None]
    ) -> None:
        if late == 0:
            send()
        elif self._waiting < _MAX_WAITING:
            self._waiting += 1
            loop.call_later(late, self._at_last, agent, send)

    def _at_last(self, agent: Agent, send: Callable[[], None]) -> None:
        self._waiting -= 1
        if self._city.answers(agent.device):  # a link may have been cut in the meantime
            send()

    def _send(self, udp: socket.socket, asked: bytes, asker: tuple[str, int], reply: bytes) -> None:
        note = (socket.IPPROTO_IP, IP_PKTINFO, PKTINFO.pack(0, asked, b""))
        with suppress(OSError):  # a full queue, a gone asker, a closed socket: UDP promises nothing
            udp.sendmsg([reply], [note], 0, asker)
            self.answered += 1


def loopback(device: Device) -> IPv4Address:
    """The address of a device of the city.

    Raises:
        LabError: it is not in 127.0.0.0/8; the city must never speak for a real device.
    """
    address = device.address
    if not isinstance(address, IPv4Address) or not address.is_loopback:
        raise LabError(
            f"{device.id} has address {address}; the virtual city lives in 127.0.0.0/8 alone"
        )
    return address


def _asked_address(notes: list[tuple[int, int, bytes]]) -> bytes:
    for level, kind, note in notes:
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO and len(note) == PKTINFO.size:
            return bytes(PKTINFO.unpack(note)[2])
    return b""


def _listen(port: int) -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    try:
        # Nothing outside this machine may ever reach the agents.
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
        udp.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        with suppress(OSError):  # beyond the system's limit, where we may
            udp.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        udp.bind(("0.0.0.0", port))  # noqa: S104 (the line above keeps it to lo)
    except OSError as error:
        udp.close()
        raise LabError(
            f"udp port {port} on lo: {error.strerror}; end what uses it, or change `port`"
        ) from None
    udp.setblocking(False)
    return udp
