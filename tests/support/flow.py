"""Traffic of a known pace: UDP from one namespace into another, where somebody swallows it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import Final

from netns import Namespace

_PORT: Final = 9  # discard
_SIZE: Final = 1000
_AROUND: Final = {4: 8 + 20 + 14, 6: 8 + 40 + 14}  # UDP, IP and Ethernet, as the kernel counts


def bits(address: str, packets_a_second: int) -> float:
    """The bit/s of such a flow on each cable it crosses."""
    return (_SIZE + _AROUND[ip_address(address).version]) * 8 * packets_a_second


@contextmanager
def flow(
    source: Namespace, target: Namespace, address: str, packets_a_second: int
) -> Iterator[None]:
    """While the block runs, as steadily as a thread can: what it missed it sends at once."""
    family = socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6
    begun, over = threading.Event(), threading.Event()

    def send() -> None:
        with source.entered(), socket.socket(family, socket.SOCK_DGRAM) as udp:
            started, sent = time.monotonic(), 0
            begun.set()
            while not over.wait(0.005):
                for _ in range(int((time.monotonic() - started) * packets_a_second) - sent):
                    sent += 1
                    with suppress(OSError):  # no route, for a moment
                        udp.sendto(bytes(_SIZE), (address, _PORT))

    # Unread, its buffer is soon full; but nobody answers that the port is unreachable.
    with target.entered():
        taker = socket.socket(family, socket.SOCK_DGRAM)
        taker.bind((address, _PORT))
    thread = threading.Thread(target=send, name="flow", daemon=True)
    thread.start()
    begun.wait(10)
    try:
        yield
    finally:
        over.set()
        thread.join()
        taker.close()
