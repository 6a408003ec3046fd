"""How much may one conversation cost: a socket that ends at a deadline or after so many bytes."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class BoundedSocket(socket.socket):
    """A connected TCP socket that reports a closed connection once its time or budget is spent.

    SSH libraries wait in many places, some without a limit; all of them end when the socket does.
    """

    deadline: float
    budget: int

    @classmethod
    def connect_to(cls, address: str, port: int, *, deadline: float, budget: int) -> BoundedSocket:
        """Connect; `deadline` in seconds of time.monotonic(), `budget` in bytes received.

        Raises:
            OSError: nothing listens there, or not in time.
        """
        timeout = max(deadline - time.monotonic(), 0.001)
        plain = socket.create_connection((address, port), timeout=timeout)
        bounded = cls(plain.family, plain.type, plain.proto, fileno=plain.detach())
        bounded.settimeout(timeout)
        bounded.deadline = deadline
        bounded.budget = budget
        return bounded

    @property
    def spent(self) -> str | None:
        """Which bound was reached, in words; None while neither was."""
        if self.budget <= 0:
            return "said too much"
        return "took too long" if time.monotonic() >= self.deadline else None

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        if self.spent:
            return b""
        # The other side says how much is to come, and as much would be allocated at once.
        received = super().recv(min(bufsize, 65_536), flags)
        self.budget -= len(received)
        return received

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        if self.spent:
            raise BrokenPipeError("the conversation is over")
        return super().send(data, flags)
