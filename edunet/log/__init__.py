"""What was measured, kept before anybody is told: the append-only log of frames."""

from edunet.log.framelog import FrameLog
from edunet.log.segments import Position

__all__ = ["FrameLog", "Position"]
