"""What was accepted, and from where has each reader still to read?

One sequence of segments holds the frames of all kinds, so that one cursor says how far a sink has
come, one fsync makes a whole round durable and the order in which things became known is kept.
A frame is accepted when `sync` has returned; readers see nothing before.
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from edunet.durable import sync_folder, write_at
from edunet.errors import ConfigError
from edunet.frame import Frame
from edunet.log.bounds import FULL, MAX_AGE_S, MAX_BYTES, SEGMENT_BYTES, Bounds
from edunet.log.record import encode
from edunet.log.segments import Position, Segment, listed, name, records, title, whole

log = logging.getLogger(__name__)

END: Final = Position(1 << 62, 0)


class Counts(NamedTuple):
    """Since the log was opened: what was dropped (for its bounds, for a full disk), what readers
    could not read, and what a crash had torn off its end.
    """

    dropped_segments: int = 0
    dropped_bytes: int = 0
    damaged_bytes: int = 0
    torn_bytes: int = 0


class FrameLog:
    """The log of one folder: one thread appends and syncs, any number of threads read."""

    def __init__(self, folder: Path, segments: list[Segment], bounds: Bounds) -> None:
        self.folder = folder
        self.bounds = bounds
        self.counts = Counts()
        # Replaced, never changed: a reader takes it as it is and needs no lock.
        self._view: tuple[Segment, ...] = tuple(segments)
        self._fd = -1
        self._written = 0  # log offset after the last append; the view ends at the last sync
        self._born = 0.0  # when the segment was begun, and for how long it has been written to
        self._span = 0.0
        self._writing = threading.Lock()
        self._news = threading.Condition()
        self._damage: set[tuple[int, int]] = set()

    @classmethod
    def open(
        cls,
        path: Path,
        max_bytes: int = MAX_BYTES,
        segment_bytes: int = SEGMENT_BYTES,
        max_age_s: float = MAX_AGE_S,
    ) -> FrameLog:
        """The log in the folder `path`, created if need be; a torn last record is cut off.

        Appending always begins a new segment: an offset once told to a reader never comes to
        mean other bytes.

        Raises:
            ConfigError: the folder is out of reach.
        """
        torn = 0
        try:
            path.mkdir(parents=True, exist_ok=True)
            segments = listed(path)
            if segments:
                before, segments[-1] = segments[-1].end, _mended(segments[-1])
                torn = before - segments[-1].end
        except OSError as error:
            why = (error.strerror or "unreadable").lower()
            raise ConfigError(
                f"cannot open the log {path}: {why}; make it writable or change data:"
            ) from None
        opened = cls(path, segments, Bounds(max_bytes, segment_bytes, max_age_s))
        opened.counts = Counts(torn_bytes=torn)
        return opened

    @property
    def end(self) -> Position:
        """The position after the last accepted frame."""
        return Position(self._view[-1].number, self._view[-1].end) if self._view else Position()

    def append(self, frame: Frame) -> None:
        """Write a frame; it is accepted by the next `sync`.

        A full disk costs the oldest segments, as the bound of the log does: what is measured now is
        worth more than what nobody has fetched for long.

        Raises:
            OSError: the disk refused; nothing of the frame stays.
            ValueError: the frame cannot be logged.
        """
        record = encode(frame)
        with self._writing:
            while True:
                try:
                    self._append(record)
                except OSError as error:
                    if error.errno not in FULL or not self._make_room():
                        raise
                else:
                    return

    def sync(self) -> None:
        """Accept what was appended: it is on the disk when this returns, and readers see it.

        Raises:
            OSError: the disk refused; nothing more was accepted.
        """
        with self._writing:
            self._sync()

    def read(
        self, position: Position, limit: int = 10_000, until: Position = END
    ) -> tuple[list[Frame], Position]:
        """Accepted frames from a position on, at least `limit` rows if there are, and what is next.

        Nothing that begins at or after `until` is among them.

        A position before the oldest kept segment goes on there (see `lost`), one nobody ever got
        goes on at the end. Damage is skipped and counted.
        """
        frames: list[Frame] = []
        rows = 0
        for segment in self._view:
            if segment.number < position.segment:
                continue
            start = position.offset if segment.number == position.segment else segment.base
            position = Position(segment.number, max(min(start, segment.end), segment.base))
            try:
                for read in records(segment, position.offset, segment.end):
                    self._count_damage(segment, read.end, read.skipped)
                    position = Position(segment.number, read.end)
                    if read.frame is not None:
                        frames.append(read.frame)
                        rows += len(read.frame)
                    if rows >= limit or position >= until:
                        return frames, position
            except FileNotFoundError:
                pass  # dropped by the size bound while we were looking
            position = Position(segment.number, segment.end)
        return frames, min(position, self.end)

    def lost(self, position: Position) -> int:
        """Bytes a reader at this position will never see: the size bound has dropped them."""
        if not self._view or position.segment >= self._view[0].number:
            return 0
        return max(0, self._view[0].base - position.offset)

    def wait(self, position: Position, seconds: float) -> bool:
        """Whether something lies beyond a position, waiting for it if need be."""
        with self._news:
            return self._news.wait_for(lambda: self.end > position, seconds)

    def close(self) -> None:
        """Accept what was appended, and let go of the file."""
        with self._writing:
            if self._fd >= 0:
                self._sync()
                os.close(self._fd)
                self._fd = -1

    def _append(self, record: bytes) -> None:
        if self._fd < 0 or self.bounds.full(self._written - self._view[-1].base, self._span):
            self._rotate()
        at = self._written - self._view[-1].base
        try:
            write_at(self._fd, record, at)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._fd, at)
            raise
        self._written += len(record)

    def _sync(self) -> None:
        if self._fd < 0 or self._written == self._view[-1].end:
            return
        try:
            os.fdatasync(self._fd)
        except OSError:
            # After a failed fsync the kernel may call the lost pages clean, so a second one would
            # lie: https://wiki.postgresql.org/wiki/Fsync_Errors. The segment ends where it was.
            fd, self._fd = self._fd, -1
            with suppress(OSError):
                os.ftruncate(fd, self._view[-1].end - self._view[-1].base)
            os.close(fd)
            raise
        self._span = os.fstat(self._fd).st_mtime - self._born
        self._publish((*self._view[:-1], self._view[-1]._replace(end=self._written)))

    def _publish(self, view: tuple[Segment, ...]) -> None:
        with self._news:
            self._view = view
            self._news.notify_all()

    def _rotate(self) -> None:
        if self._fd >= 0:
            self._sync()
        last = self._view[-1] if self._view else Segment(0, self.folder, 0, 0)
        number, base = last.number + 1, last.end
        path = self.folder / name(number)
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            head = title(number, base)
            write_at(fd, head, 0)
            os.fdatasync(fd)
            sync_folder(self.folder)
        except OSError:
            os.close(fd)
            path.unlink(missing_ok=True)
            raise
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._written = fd, base + len(head)
        self._born, self._span = os.fstat(fd).st_mtime, 0.0
        self._publish((*self._view, Segment(number, path, base, self._written)))
        large, old = self.bounds.over(self._view)
        self._drop(large, f"the log is over its {self.bounds.max_bytes} bytes")
        self._drop(old - large, f"older than {self.bounds.max_age_s / 86_400:g} days")

    def _make_room(self) -> bool:
        """Drop the oldest segment for a new frame; false if there is only the newest."""
        return self._drop(min(1, len(self._view) - 1), "the disk is full")

    def _drop(self, count: int, why: str) -> bool:
        """Drop so many of the oldest segments; whether any went."""
        gone = 0
        for segment in self._view[: max(0, count)]:
            try:
                segment.path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("cannot drop %s: %s", segment.path, error.strerror)
                break
            gone += 1
            self.counts = self.counts._replace(
                dropped_segments=self.counts.dropped_segments + 1,
                dropped_bytes=self.counts.dropped_bytes + segment.end - segment.base,
            )
            log.warning("%s: dropped %s", why, segment.path.name)
        if gone:
            self._publish(self._view[gone:])
        return gone > 0

    def _count_damage(self, segment: Segment, end: int, skipped: int) -> None:
        if skipped and (segment.number, end) not in self._damage:  # once, however many readers
            self._damage.add((segment.number, end))
            self.counts = self.counts._replace(damaged_bytes=self.counts.damaged_bytes + skipped)
            log.warning("skipped %d damaged bytes in %s", skipped, segment.path)


def _mended(segment: Segment) -> Segment:
    """The last segment without the record a crash has torn."""
    end = whole(segment)
    if end < segment.end:
        torn = segment.end - end
        os.truncate(segment.path, end - segment.base)
        log.warning("cut a torn record of %d bytes off %s", torn, segment.path)
    return segment._replace(end=end)
