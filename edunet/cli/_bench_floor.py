"""The C program that only sends and counts: how it is compiled, fed and driven."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from collector.snmp import ber
from collector.snmp.community import V2C, sealed
from collector.snmp.pdu import GET, question
from collector.transports import Ask
from edunet.cli._bench_machine import GCC, peak_mb
from edunet.cli._bench_network import COMMUNITY
from edunet.cli._bench_ways import Round, questions
from edunet.errors import EdunetError

SOURCE: Final = Path(__file__).parents[2] / "bench/floor.c"
_ID: Final = 0x40414243  # four bytes that stand nowhere else before the names


class Floor:
    """The program, its questions read, waiting for turns."""

    def __init__(self, program: Path, asks: Sequence[Ask]) -> None:
        self._devices = len(asks)
        self._values: list[int] = []
        self._child = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        packed = list[bytes]()
        for ask in asks:
            for names in questions(ask):
                self._values.append(len(names))
                packed.append(_packed(ask, names))
        _pipe(self._child.stdin).write(struct.pack("=I", len(packed)) + b"".join(packed))
        _pipe(self._child.stdin).flush()
        self.before_mb = 0.0

    def turn(self) -> Round:
        """Raises: EdunetError: it ended, or some questions had no answer."""
        try:
            _pipe(self._child.stdin).write(b"g")
            _pipe(self._child.stdin).flush()
        except OSError:
            raise EdunetError("the floor ended before its time") from None
        told = _pipe(self._child.stdout).readline().split()
        if len(told) != 3:
            raise EdunetError("the floor ended before its time")
        came, cpu, wall = int(told[0]), float(told[1]), float(told[2])
        # It knows nothing of values: a reply counts for what was asked.
        values = sum(self._values) * came // len(self._values)
        return Round(self._devices, values, cpu, wall)

    @property
    def peak_mb(self) -> float:
        return peak_mb(self._child.pid)

    def close(self) -> None:
        for pipe in (self._child.stdin, self._child.stdout):
            _pipe(pipe).close()
        self._child.wait()


def compiled(folder: Path) -> Path | None:
    """The program; None: its source or gcc is not here.

    Raises:
        EdunetError: gcc refuses it.
    """
    if GCC.path is None or not SOURCE.exists():
        return None
    program = folder / "floor"
    ran = subprocess.run(
        [GCC.path, "-O2", "-o", program, SOURCE], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise EdunetError(f"gcc refuses {SOURCE.name}: {ran.stderr.strip()[:500]}")
    return program


def _packed(ask: Ask, names: Sequence[str]) -> bytes:
    pdu = question(GET, _ID, [ber.oid(name) for name in names])
    datagram = sealed(V2C, COMMUNITY.encode(), pdu)
    place = datagram.index(ber.integer(_ID)) + 2
    address = ask.device.address
    packed = b"" if address is None else address.packed
    to = packed + struct.pack("!H", ask.device.port)
    return to + struct.pack("=HH", len(datagram), place) + datagram


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise EdunetError("the floor was started without a pipe")
    return pipe
