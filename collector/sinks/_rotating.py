"""A file that is appended to, put away when it is full or of yesterday, and bounded in all."""

from __future__ import annotations

import logging
import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from edunet.durable import sync_folder, write_at

log = logging.getLogger(__name__)

TAIL: Final = 32 << 20  # so far back an append that broke off is looked for
_TIME: Final = re.compile(rb'^(?:\{"time":)?(\d{1,14}),', re.MULTILINE)  # of the first line


class Rotating:
    """`NAME.jsonl` is written to; `NAME.2026-10-05.0001.jsonl` was, on that day (UTC)."""

    def __init__(self, path: Path, header: bytes, size: int, keep: int) -> None:
        self.path = path
        self.dropped = 0
        self._header, self._size, self._keep = header, size, keep
        self._fd = -1
        self._at = 0  # bytes in the file; what a failed write left behind is cut off
        self._day = ""
        self._tail: bytes | None = b""

    def append(self, lines: bytes, newest_ms: int) -> None:
        """Lines are on the disk when this returns; those an earlier run has written are left out.

        Raises:
            OSError: the disk refused; nothing of them stays.
        """
        if self._fd < 0:
            self._open()
        lines = self._news(lines)
        if not lines:
            return
        day = _day(newest_ms)
        begun = self._at > len(self._header)
        if begun and (self._at + len(lines) > self._size or day > self._day):
            self._put_away()
        self._day = max(self._day, day)
        try:
            write_at(self._fd, (b"" if self._at else self._header) + lines, self._at)
            os.fdatasync(self._fd)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._fd, self._at)
            self.close()  # after a failed sync a second one may lie
            raise
        self._at = os.fstat(self._fd).st_size

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
        try:
            size = os.fstat(fd).st_size
            tail = os.pread(fd, TAIL, max(0, size - TAIL))
            torn = len(tail) - (tail.rfind(b"\n") + 1)
            if torn:
                os.ftruncate(fd, size - torn)
                log.warning("cut a torn line of %d bytes off %s", torn, self.path)
            sync_folder(self.path.parent)
        except OSError:
            os.close(fd)
            raise
        self._fd, self._at = fd, size - torn
        if self._tail is not None:
            self._tail = self._put_away_before(tail[: len(tail) - torn])
        first = _TIME.search(os.pread(fd, 1000, 0))
        if first and not self._day:
            self._day = _day(int(first[1]))

    def _put_away_before(self, tail: bytes) -> bytes:
        """The newest lines, with those that were put away before this file was begun."""
        for _, _, path in reversed(self._away()):
            if len(tail) >= TAIL:
                break
            tail = path.read_bytes() + tail.removeprefix(self._header)
        return tail[-TAIL:]

    def _news(self, lines: bytes) -> bytes:
        """What of the first lines of this run is not in the file already.

        The cursor trails behind, so a restart brings the same lines again, in the same order.
        """
        tail, self._tail = self._tail, None
        first = lines[: lines.find(b"\n") + 1]
        if not tail or not first:
            self._tail = tail
            return lines
        at = tail.find(first)
        if at < 0:
            return lines
        if tail.startswith(lines, at):
            self._tail = tail[at + len(lines) :] or None
            return b""
        return lines[len(tail) - at :] if lines.startswith(tail[at:]) else lines

    def _put_away(self) -> None:
        numbers = [int(n) for day, n, _ in self._away() if day == self._day]
        number = max(numbers, default=0) + 1
        name = f"{self.path.stem}.{self._day}.{number:04}{self.path.suffix}"
        self.path.rename(self.path.with_name(name))
        self.close()
        self._day = ""
        self._tail = None
        self._open()
        self._trim()

    def _away(self) -> list[tuple[str, str, Path]]:
        """Day, number and path of the files that were put away, oldest first."""
        form = re.compile(
            re.escape(self.path.stem)
            + r"\.(\d{4}-\d\d-\d\d)\.(\d{4,})"
            + re.escape(self.path.suffix)
        )
        found = ((form.fullmatch(path.name), path) for path in self.path.parent.iterdir())
        return sorted((match[1], match[2], path) for match, path in found if match)

    def _trim(self) -> None:
        files = [path for _, _, path in self._away()]
        total = sum(path.stat().st_size for path in files) + self._size
        for path in files:
            if total <= self._keep:
                return
            total -= path.stat().st_size
            path.unlink()
            self.dropped += 1
            log.warning("%s is over its bound: dropped %s", self.path, path.name)


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d")
