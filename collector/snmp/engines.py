"""Which SNMPv3 engine did each device have, and what did its clock say, before this run?

Engine ids, boots and times are no secrets; keys are never written down.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from collector.snmp.engine import MOST

MAX_BYTES: Final = 16 << 20
_APART_S: Final = 15  # what is recalled may be wrong by so much: a tenth of the time window
_SPARE_LINES: Final = 1000
_LINE: Final = re.compile(
    r"([a-z0-9][a-z0-9-]{0,254}) ((?:[0-9a-f]{2}){5,32}) (\d{1,10}) (\d{1,10}) (\d{1,14})", re.ASCII
)

log = logging.getLogger(__name__)


class Heard(NamedTuple):
    """What an authentic message said: engine id, boots, seconds since; and when (ms UTC)."""

    id: bytes
    boots: int
    time: int
    at: int

    def outdates(self, other: Heard) -> bool:
        """Whether the same engine said the other before this."""
        return self.id == other.id and (other.boots, other.time) < (self.boots, self.time)

    def foretells(self, other: Heard) -> bool:
        """Whether the other is what one would expect, knowing this one."""
        passed = (other.at - self.at) / 1e3
        same = (self.id, self.boots) == (other.id, other.boots)
        return same and abs(other.time - self.time - passed) <= _APART_S


Place = tuple[object, int]
"""The address and port that a device answers at."""


class Engines:
    """The engines of all devices: one object for all clients of a house, used by one at a time.

    Of one engine the boots only grow, and the time within them: what is older is not remembered.
    A file that cannot be written costs a discovery of each device at the next start, no more.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Recall what is in the file; None = this run alone."""
        self._path = path
        self._known: dict[str, Heard] = {}
        self._owners: dict[bytes, tuple[str, Place]] = {}  # those heard in this run
        self._twins: set[bytes] = set()  # ids of several devices: said once
        self._lines = 0
        if path is not None:
            self._load(path)

    def recall(self, device: str) -> Heard | None:
        """What was last heard of it."""
        return self._known.get(device)

    def hear(self, device: str, place: Place, heard: Heard) -> None:
        """An authentic message of the device came from this place."""
        owner = self._owners.setdefault(heard.id, (device, place))
        if owner[0] != device:
            self._shared(heard.id, owner, (device, place))
        known = self._known.get(device)
        if known is not None and (known.outdates(heard) or known.foretells(heard)):
            return
        self._known[device] = heard
        self._append(device, heard)

    def _shared(self, engine: bytes, one: tuple[str, Place], other: tuple[str, Place]) -> None:
        """Two devices go by one engine id; at one place they are one device by two names."""
        if one[1] == other[1]:
            self._owners[engine] = other
        elif engine not in self._twins:
            self._twins.add(engine)
            log.warning(
                "%s and %s have the same SNMPv3 engine id %s, as after cloning a configuration; "
                "give each its own, else their keys are the same",
                one[0],
                other[0],
                engine.hex(),
            )

    def _load(self, path: Path) -> None:
        try:
            text = _trusted(path)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            log.warning("%s: %s; what it says of SNMPv3 engines is ignored", path, why)
            self._rewrite(path)
            return
        *lines, rest = text.decode("ascii", "replace").split("\n")
        lines += [rest] * bool(rest)  # the last one, cut short or not, has no end
        said = [found for line in lines if (found := _read(line))]
        self._known.update(said)
        if len(said) < len(lines):
            many = len(lines) - len(said)
            log.warning("%s: %d lines are not about SNMPv3 engines; they are ignored", path, many)
        self._lines = len(lines)
        if len(said) < len(lines) or rest:
            self._rewrite(path)

    def _append(self, device: str, heard: Heard) -> None:
        """Without waiting for the disk: a line lost is a discovery more."""
        if self._path is None:
            return
        self._lines += 1
        if self._lines > 4 * len(self._known) + _SPARE_LINES:
            self._rewrite(self._path)
            return
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
            handle = os.open(self._path, flags, 0o600)
            try:
                os.write(handle, _line(device, heard))
            finally:
                os.close(handle)
        except OSError as error:
            self._lost(error)

    def _rewrite(self, path: Path) -> None:
        """A line a device; a reader, or a power cut, sees the old file or the new one."""
        try:
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
            try:
                with os.fdopen(handle, "wb") as file:  # mkstemp makes it 0600
                    file.writelines(_line(*each) for each in self._known.items())
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(temporary, path)  # noqa: PTH105 - the same call, named as in POSIX
            except BaseException:  # whatever ends it, also the program: no half file stays
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            self._lost(error)
        self._lines = len(self._known)

    def _lost(self, error: OSError) -> None:
        log.warning("%s: %s; SNMPv3 engines are not remembered", self._path, error.strerror)
        self._path = None


def _trusted(path: Path) -> bytes:
    """What is in the file.

    Raises:
        OSError, ValueError: it cannot be read, or others may have written it.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("no regular file")
        if status.st_mode & 0o022:
            raise ValueError("others may write it")
        if status.st_size > MAX_BYTES:
            raise ValueError(f"over {MAX_BYTES >> 20} MiB")
        return file.read()


def _line(device: str, heard: Heard) -> bytes:
    return f"{device} {heard.id.hex()} {heard.boots} {heard.time} {heard.at}\n".encode()


def _read(line: str) -> tuple[str, Heard] | None:
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    device, engine, *numbers = found.groups()
    boots, time, at = map(int, numbers)
    # At its last count of boots an engine is believed no more: then nothing is lost with it.
    if boots >= MOST or time > MOST:
        return None
    return device, Heard(bytes.fromhex(engine), boots, time, at)
