"""The agents of a city: Debian's snmpd, with a record of when nothing can have come from them."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import snmpd
from daemons import until

COMMUNITY: Final = snmpd.COMMUNITY
_HUSH: Final = """table inet hush {
 chain hear {
  type filter hook input priority 0
  iifname != "lo" udp dport 161 drop
 }
}
"""


class Agent(snmpd.Snmpd):
    """`silences`: (from, to) in epoch seconds, when it was dead or hung."""

    _fell: float | None = None
    _over: tuple[tuple[float, float], ...] = ()

    @property
    def silences(self) -> tuple[tuple[float, float], ...]:
        fell = self._fell
        return self._over if fell is None else (*self._over, (fell, math.inf))

    def start(self) -> None:
        with self._hushed():
            self._rise()
            super().start()

    def kill(self) -> None:
        if self.running:
            super().kill()
            self._fell = time.time()

    def hang(self) -> None:
        super().hang()
        assert self._process is not None
        stat = Path(f"/proc/{self._process.pid}/stat")
        until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "snmpd to stop")
        self._fell = time.time()

    def wake(self) -> None:
        self._rise()
        super().wake()

    def _answers(self) -> bool:
        """A question that comes too early costs a second."""
        heard = self.space.run("cat", "/proc/net/udp", "/proc/net/udp6")
        return f":{self.port:04X} " in heard and super()._answers()

    def _rise(self) -> None:
        if self._fell is not None:
            self._over, self._fell = (*self._over, (self._fell, time.time())), None

    @contextmanager
    def _hushed(self) -> Iterator[None]:
        """Nobody hears it before its cache is off: until then it tells what was a while ago."""
        with tempfile.NamedTemporaryFile("w", suffix=".nft") as rules:
            rules.write(_HUSH)
            rules.flush()
            self.space.run("nft", "-f", rules.name)
        yield
        self.space.run("nft", "delete", "table", "inet", "hush")
