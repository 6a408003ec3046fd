"""Where in the log is a sink: at what is new, and behind it at what an outage left.

A sink far behind goes on at the end of the log; what it jumped over is its backlog, delivered
whenever nothing new is waiting. One cursor is kept: all before it was delivered. After a restart
the backlog is all that lies behind the cursor, some of it delivered already.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from edunet.errors import DeliveryError
from edunet.frame import Frame
from edunet.log import Position


class Lane:
    """A place in the log that moves on; `settled` trails behind what was delivered."""

    def __init__(self, at: Position) -> None:
        self.at = at
        self.settled = at
        self.oldest: int | None = None  # time of the oldest row read and not delivered
        self.attempts = 0  # how often in a row what comes next was refused
        self.said: type[DeliveryError] | None = None  # what was last complained about
        self._delivered: deque[tuple[int, Position]] = deque()

    @property
    def unsettled(self) -> bool:
        """Whether a server that dies may forget something of it."""
        return bool(self._delivered)

    def read(self, frames: Sequence[Frame]) -> None:
        """These come next."""
        self.oldest = min((int(f.times.min(initial=1 << 62)) for f in frames), default=None)

    def go(self, ticks: int, after: Position) -> None:
        """What comes before `after` was delivered."""
        self.at = after
        self._delivered.append((ticks, after))

    def skip(self, after: Position) -> None:
        """There was nothing before `after`."""
        self.at = after
        if self._delivered:
            self._delivered[-1] = (self._delivered[-1][0], after)
        else:
            self.settled = after

    def settle(self, ticks: int) -> None:
        """What was delivered until then is safe."""
        while self._delivered and self._delivered[0][0] <= ticks:
            self.settled = self._delivered.popleft()[1]

    def rewind(self) -> None:
        """Go back to what is safe."""
        self.at = self.settled
        self._delivered.clear()


class Lanes:
    """The lane of what is new, and that of the backlog while there is one, up to `until`."""

    def __init__(self, at: Position) -> None:
        self.live = Lane(at)
        self.backlog: Lane | None = None
        self.until = at

    @property
    def settled(self) -> Position:
        """All before it was delivered, and is safe."""
        return (self.backlog or self.live).settled

    @property
    def oldest(self) -> int | None:
        """Time of the oldest row not delivered, of those that were looked at."""
        ages = [lane.oldest for lane in (self.behind, self.live) if lane]
        return min((age for age in ages if age is not None), default=None)

    @property
    def each(self) -> tuple[Lane, ...]:
        return (self.live, self.backlog) if self.backlog else (self.live,)

    @property
    def unsettled(self) -> bool:
        """Whether a server that dies may forget something."""
        return any(lane.unsettled for lane in self.each)

    @property
    def behind(self) -> Lane | None:
        """The backlog, if something of it is still to be delivered."""
        return self.backlog if self.backlog and self.backlog.at < self.until else None

    def split(self, end: Position) -> None:
        """Go on with what comes after `end`; what is before it becomes the backlog.

        A backlog that is there already grows: what came in between is delivered twice, which is
        cheaper than to remember every gap over a restart.
        """
        self.backlog = self.backlog or self.live
        self.until = end
        self.live = Lane(end)

    def forgive(self, lane: Lane) -> None:
        """It delivers again; what was complained about is over, in the other lane too."""
        said, lane.attempts = lane.said, 0
        for each in self.each:
            if each.said is said:
                each.said = None

    def settle(self, ticks: int) -> None:
        """What was delivered until then is safe; a backlog all of which is safe is over."""
        self.live.settle(ticks)
        if self.backlog:
            self.backlog.settle(ticks)
            if self.backlog.settled >= self.until:
                self.backlog = None

    def rewind(self) -> None:
        """Go back to what is safe."""
        for lane in self.each:
            lane.rewind()
