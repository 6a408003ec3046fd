"""What the tests of the wire ask and answer with: sockets, words, and who claims them."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address

from collector.snmp.ber import MalformedError
from collector.snmp.wire import Claim
from edunet.errors import ProbeError

HERE, THERE, V6 = IPv4Address("127.90.0.1"), IPv4Address("127.90.0.2"), IPv6Address("::1")
Udp = socket.socket


def claims(word: bytes) -> Claim[bytes]:
    """Takes what begins with the word; `broken` is malformed, `refused` a refusal."""

    def claim(data: bytes) -> bytes | None:
        if data == b"broken":
            raise MalformedError("it is broken")
        if data == b"refused":
            raise ProbeError("go away")
        return data if data.startswith(word) else None

    return claim


def bound(address: IPv4Address | IPv6Address = HERE) -> Udp:
    udp = socket.socket(
        socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM
    )
    udp.setblocking(False)
    udp.bind((str(address), 0))
    return udp


def port_of(udp: Udp) -> int:
    return int(udp.getsockname()[1])


def dead_port(address: IPv4Address | IPv6Address = HERE) -> int:
    with bound(address) as udp:
        return port_of(udp)


async def asked(udp: Udp) -> tuple[bytes, tuple[str, int]]:
    data, source = await asyncio.get_running_loop().sock_recvfrom(udp, 65_535)
    return data, source
