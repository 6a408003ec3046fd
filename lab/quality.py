"""How well does a way carry packets?"""

from __future__ import annotations

import math
from random import Random
from typing import Final, NamedTuple

from edunet.errors import LabError

MAX_DELAY_S: Final = 60.0


class Quality(NamedTuple):
    """What a ping over this way would show: the share lost, and seconds on top of the round trip.

    `jitter_s`: the delay varies by as much, up and down.
    """

    loss: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0

    def then(self, other: Quality) -> Quality:
        """Both ways in a row: losses combine, delays add up."""
        return Quality(
            self.loss + other.loss - self.loss * other.loss,
            self.delay_s + other.delay_s,
            self.jitter_s + other.jitter_s,
        )

    def draw(self, dice: Random) -> float | None:
        """How late one packet comes, in seconds; None: it is lost."""
        if dice.random() < self.loss:
            return None
        return max(0.0, self.delay_s + self.jitter_s * dice.uniform(-1, 1))


WHOLE: Final = Quality()


def quality(loss: object = 0.0, delay_s: object = 0.0, jitter_s: object = 0.0) -> Quality:
    """What an order says, which may say anything.

    Raises:
        LabError: a loss beyond 0..1, or a time beyond 0..60 s.
    """
    return Quality(
        _within("loss", loss, 1.0),
        _within("delay_s", delay_s, MAX_DELAY_S),
        _within("jitter_s", jitter_s, MAX_DELAY_S),
    )


def _within(name: str, value: object, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise LabError(f"{name} is no number; write one from 0 to {most:g}")
    if not 0 <= value <= most:
        raise LabError(f"{name} lies from 0 to {most:g}")
    return float(value)
