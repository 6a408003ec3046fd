"""Which of the oldest segments have to go: for their size, or for their age?"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from edunet.log.segments import Segment

MAX_BYTES: Final = 4 << 30
MAX_AGE_S: Final = 30 * 86_400.0
SEGMENT_BYTES: Final = 64 << 20
FULL: Final = {errno.ENOSPC, errno.EDQUOT}
_AT_ONCE: Final = 2  # a clock that leaps for a moment must not cost the whole log
_PARTS: Final = 16  # a segment spans so much of the longest age at most


class Bounds(NamedTuple):
    """How much a log may hold, and for how long."""

    max_bytes: int = MAX_BYTES
    segment_bytes: int = SEGMENT_BYTES
    max_age_s: float = MAX_AGE_S

    def full(self, size: int, span_s: float) -> bool:
        """Whether a segment of this size, begun so long ago, is to be followed by another."""
        return size >= self.segment_bytes or span_s >= self.max_age_s / _PARTS

    def over(self, view: Sequence[Segment]) -> tuple[int, int]:
        """How many of the oldest have to go for the bytes, and how many for their age.

        Room for one more segment is kept within the bytes. A segment is as old as its file, against
        that of the newest: frames may tell other times, a replay does.
        """
        held = sum(segment.end - segment.base for segment in view) + self.segment_bytes
        large = 0
        while large < len(view) - 1 and held > self.max_bytes:
            held -= view[large].end - view[large].base
            large += 1
        newest = _written(view[-1]) if view else 0.0
        most = min(len(view) - 1, _AT_ONCE)
        old = 0
        while old < most and newest - _written(view[old]) > self.max_age_s:
            old += 1
        return large, old


def _written(segment: Segment) -> float:
    """When it was last written to; one that cannot be asked is as new as can be."""
    with suppress(OSError):
        return segment.path.stat().st_mtime
    return float("inf")
