"""Small things every answer needs: times, numbers, tallies of states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from alerts.alert import stamp
from alerts.picture import Picture
from edunet.states import State

Answer = dict[str, Any]


def zone(picture: Picture) -> ZoneInfo:
    """The network's time zone."""
    return ZoneInfo(picture.topology.inventory.network.timezone)


def when(picture: Picture, ms: int | None) -> str | None:
    """RFC 3339 with the network's offset, or None."""
    return stamp(None if ms is None else int(ms), zone(picture))


def number(value: float | None) -> float | None:
    """The number, or None for NaN: JSON has no NaN, and unknown is null."""
    return None if value is None or value != value else float(value)  # noqa: PLR0124


def milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1e3, 3)


def tally(states: Iterable[int]) -> Answer:
    """`total` and how many are in each of the five states."""
    counts = Counter(int(state) for state in states)
    order = (State.UP, State.DEGRADED, State.DOWN, State.UNREACHABLE, State.UNKNOWN)
    return {"total": sum(counts.values()), **{state.word: counts[state] for state in order}}
