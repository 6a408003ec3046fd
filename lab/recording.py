"""What did a real device answer, when somebody walked it and kept the answers?"""

from __future__ import annotations

import bz2
import os
import stat
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, NamedTuple

from edunet.errors import LabError
from lab import ber, snmprec
from lab.numeric import Moving

MAX_OBJECTS: Final = 1_000_000
_MAX_BYTES: Final = 256 << 20
_MAX_LINE: Final = 128 << 10
_SHOWN: Final = 20  # broken lines, of a file that may be all broken


class Recording(NamedTuple):
    """The objects in the order of their OIDs. `keys` are sortable; a moving value is no bytes.

    Of an OID recorded twice the first value counts; `repeated` tells how often that was.
    """

    file: str
    edition: tuple[int, int]
    keys: list[bytes]
    values: list[bytes | Moving]
    repeated: int

    def played(self, seconds: float) -> Played:
        """As it answers so many seconds after the city began."""
        return Played(self, seconds)


class Played:
    """A recording at one moment: only what it says to move has moved."""

    def __init__(self, recording: Recording, seconds: float) -> None:
        self._keys, self._values = recording.keys, recording.values
        self._seconds = seconds

    def exact(self, name: bytes) -> int | None:
        key = snmprec.sortable(ber.subids(name))
        place = bisect_left(self._keys, key)
        return place if place < len(self._keys) and self._keys[place] == key else None

    def after(self, name: bytes) -> int:
        return bisect_right(self._keys, snmprec.sortable(ber.subids(name)))

    def follow(self, place: int) -> int:
        return place + 1

    def at(self, place: int) -> tuple[bytes, bytes] | None:
        if place >= len(self._keys):
            return None
        value = self._values[place]
        if isinstance(value, Moving):
            value = value.value(self._seconds)
        return ber.element(ber.OID, ber.name(snmprec.numbers(self._keys[place]))), value

    def missing(self, name: bytes) -> bytes:
        """An object some other instance of which was recorded lacks this instance alone."""
        parent = snmprec.sortable(ber.subids(name)[:-1])
        place = bisect_right(self._keys, parent)
        known = place < len(self._keys) and self._keys[place].startswith(parent)
        return ber.NO_SUCH_INSTANCE if known else ber.NO_SUCH_OBJECT


def edition(path: Path) -> tuple[int, int]:
    """By what a file is known to be the same still.

    Raises:
        LabError: there is no such file, or it is something else than a file.
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        said = error.strerror if isinstance(error, OSError) else "no name of a file"
        raise LabError(f"{path}: {said}") from None
    if not stat.S_ISREG(found.st_mode):
        raise LabError(f"{path}: this is no file")
    return found.st_mtime_ns, found.st_size


def load(path: Path) -> Recording:
    """Read a recording; one whose name ends in .bz2 is unpacked on the way.

    Raises:
        LabError: it cannot be read, is too large, or has broken lines: each is named.
    """
    known = edition(path)
    try:
        with _open(path) as lines:
            keys, values, repeated = _sorted(_objects(path, lines))
    except (OSError, EOFError) as error:
        said = error.strerror if isinstance(error, OSError) else None
        raise LabError(f"{path}: {said or 'not whole, or not packed by bzip2'}") from None
    if not keys:
        raise LabError(f"{path}: no object is recorded here")
    return Recording(str(path), known, keys, values, repeated)


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes] | bz2.BZ2File]:
    # Not blocking: what was a file a moment ago may have become a pipe.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as raw:
        yield bz2.BZ2File(raw) if path.suffix == ".bz2" else raw


def _objects(path: Path, lines: IO[bytes] | bz2.BZ2File) -> Iterator[tuple[bytes, bytes | Moving]]:
    wrong: list[str] = []
    read = count = 0
    for number, text in enumerate(iter(lambda: lines.readline(_MAX_LINE), b""), 1):
        read += len(text)
        line = text.rstrip(b"\r\n")
        count += bool(line)
        if read > _MAX_BYTES or count > MAX_OBJECTS:
            raise LabError(f"{path}:{number}: more than {MAX_OBJECTS:,} objects or 256 MiB")
        if not line or line.startswith(b"#"):
            continue
        if len(text) == _MAX_LINE:
            raise LabError(f"{path}:{number}: longer than {_MAX_LINE >> 10} KiB")
        try:
            yield snmprec.line(line)
        except ValueError as error:
            wrong.append(f"{path}:{number}: {error}")
            if len(wrong) == _SHOWN:
                break
    if wrong:
        raise LabError("\n".join(wrong))


def _sorted(
    objects: Iterator[tuple[bytes, bytes | Moving]],
) -> tuple[list[bytes], list[bytes | Moving], int]:
    seen: dict[bytes, bytes | Moving] = {}
    repeated = 0
    for key, value in objects:
        repeated += key in seen
        seen.setdefault(key, value)
    keys = sorted(seen)
    return keys, [seen[key] for key in keys], repeated
