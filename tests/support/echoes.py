"""Pinging in tests: a machine of our own, a pinger in it, and an ear on its line."""

from __future__ import annotations

import ctypes
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from ipaddress import ip_address
from typing import NamedTuple

import numpy as np
from netns import Namespace

from collector.probes.icmp import Pinger, Target
from edunet.frame import Frame

REQUEST, REPLY = 8, 0
_CAP_NET_RAW = 13


class Heard(NamedTuple):
    """An ICMP message that arrived: its type, ident and payload, and who sent it."""

    type: int
    ident: int
    payload: bytes
    source: str


@asynccontextmanager
async def pinger() -> AsyncIterator[Pinger]:
    opened = Pinger()
    opened.open()
    try:
        yield opened
    finally:
        opened.close()


def targets(*addresses: str) -> list[Target]:
    return [Target(slot, ip_address(address)) for slot, address in enumerate(addresses)]


def column(frame: Frame, name: str) -> list[float]:
    values: list[float] = np.asarray(frame.columns[name], np.float64).tolist()
    return values


def ear() -> socket.socket:
    """Hears every ICMP message that arrives at the machine it is opened on."""
    found = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    found.setblocking(False)
    return found


def heard(ear: socket.socket) -> list[Heard]:
    """Everything that came since the last look."""
    found: list[Heard] = []
    while True:
        try:
            data, source = ear.recvfrom(2048)
        except BlockingIOError:
            return found
        message = data[(data[0] & 15) * 4 :]
        found.append(Heard(message[0], int.from_bytes(message[4:6], "big"), message[8:], source[0]))


def reply(ident: int, payload: bytes, sequence: int = 7) -> bytes:
    """An echo reply (RFC 792), with a right checksum."""
    head = struct.pack("!BBHHH", REPLY, 0, 0, ident, sequence)
    total = sum(struct.unpack(f"!{(len(head) + len(payload)) // 2}H", head + payload))
    total = (total >> 16) + (total & 0xFFFF)
    check = ~(total + (total >> 16)) & 0xFFFF
    return struct.pack("!BBHHH", REPLY, 0, check, ident, sequence) + payload


@contextmanager
def without_raw_sockets() -> Iterator[None]:
    """This thread gives up CAP_NET_RAW, and takes it again."""
    libc = ctypes.CDLL(None, use_errno=True)
    head = struct.pack("=Ii", 0x20080522, 0)  # linux/capability.h: version 3, this thread
    before = ctypes.create_string_buffer(24)
    if libc.capget(head, before):
        raise OSError(ctypes.get_errno(), "capget")
    words = list(struct.unpack("=6I", before.raw))
    words[0] &= ~(1 << _CAP_NET_RAW)
    try:
        if libc.capset(head, struct.pack("=6I", *words)):
            raise OSError(ctypes.get_errno(), "capset")
        yield
    finally:
        libc.capset(head, before)


@contextmanager
def by_satellite(space: Namespace, *round_trips_s: float) -> Iterator[None]:
    """The machine answers its echoes that late, by turns; the kernel itself answers none."""
    space.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all")
    with space.entered():
        line = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    line.settimeout(0.05)
    over = threading.Event()

    def answer() -> None:
        count = 0
        while not over.is_set():
            try:
                data, source = line.recvfrom(2048)
            except TimeoutError:
                continue
            message = data[(data[0] & 15) * 4 :]
            if message[0] != REQUEST:
                continue
            ident, sequence = struct.unpack_from("!HH", message, 4)
            late = round_trips_s[count % len(round_trips_s)]
            count += 1
            packet = reply(ident, message[8:], sequence)
            threading.Timer(late, line.sendto, (packet, source)).start()

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(2)
        time.sleep(max(round_trips_s))  # what is on its way finds its socket open
        line.close()
