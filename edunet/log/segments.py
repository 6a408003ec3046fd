"""Which files make up the log, and which records does each of them hold?"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from edunet.frame import Frame
from edunet.log.record import HEADER, MAGIC, DamagedError, decode, length

TITLE: Final = struct.Struct("<8sQQI")  # magic, number, base, crc32
SEGMENT: Final = b"EdunetL1"
CHUNK: Final = 1 << 16


class Position(NamedTuple):
    """A place in the log. `offset` counts bytes since the log's first day, not within a file:
    what lies between two positions, or was lost there, is then a subtraction.
    """

    segment: int = 0
    offset: int = 0


class Segment(NamedTuple):
    """One file; `base` is the log's offset of its first byte, `end` that after its last."""

    number: int
    path: Path
    base: int
    end: int


class Read(NamedTuple):
    """A record found, and how many damaged bytes had to be skipped before it."""

    frame: Frame | None  # None: only damage up to the end
    end: int
    skipped: int


def name(number: int) -> str:
    return f"{number:010}.seg"


def title(number: int, base: int) -> bytes:
    """The first bytes of a segment's file."""
    head = TITLE.pack(SEGMENT, number, base, 0)[:-4]
    return head + struct.pack("<I", zlib.crc32(head))


def listed(folder: Path) -> list[Segment]:
    """The segments of a folder, oldest first; other files are none of our business."""
    segments: list[Segment] = []
    for path in sorted(folder.glob("[0-9]" * 10 + ".seg")):
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(TITLE.size)
        # A damaged title still has a place: after its predecessor.
        base = segments[-1].end if segments else 0
        if len(head) == TITLE.size and head == title(int(path.stem), TITLE.unpack(head)[2]):
            told = TITLE.unpack(head)[2]
            if len(segments) == 1 and base < told:  # the oldest has none: before its successor
                segments = [segments[0]._replace(base=told - base, end=told)]
            base = max(base, told)
        segments.append(Segment(int(path.stem), path, base, base + size))
    return segments


def records(segment: Segment, start: int, end: int) -> Iterator[Read]:
    """The whole records between two log offsets; damage is skipped up to the next one.

    `start` may lie anywhere: what is no record there is searched for the next that is.
    """
    fd = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        at = max(start - segment.base, TITLE.size)
        last = end - segment.base
        skipped = 0
        while at < last:
            try:
                size = length(os.pread(fd, HEADER.size, at))
                if at + size > last:
                    raise DamagedError("cut short")
                frame = decode(os.pread(fd, size, at))
            except DamagedError:
                found = _next_magic(fd, at + 1, last)
                skipped += found - at
                at = found
                continue
            at += size
            yield Read(frame, segment.base + at, skipped)
            skipped = 0
        if skipped:
            yield Read(None, segment.base + last, skipped)
    finally:
        os.close(fd)


def _next_magic(fd: int, at: int, last: int) -> int:
    """Where the next record may begin, or `last`."""
    while at < last:
        chunk = os.pread(fd, min(CHUNK, last - at), at)
        found = chunk.find(MAGIC)
        if found >= 0:
            return at + found
        if at + len(chunk) >= last or not chunk:
            return last
        at += len(chunk) - len(MAGIC) + 1
    return last


def whole(segment: Segment) -> int:
    """The log offset after the last whole record: what follows was torn by a crash."""
    end = segment.base + min(TITLE.size, segment.end - segment.base)
    for read in records(segment, segment.base, segment.end):
        if read.frame is not None:
            end = read.end
    return end
