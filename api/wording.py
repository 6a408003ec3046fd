"""How are a rate, a duration, a share and a moment written for a reader?"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from api.i18n import Translator

_SCALES: Final = ((1e12, "Tbit/s"), (1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s"))
UNKNOWN: Final = "–"


def rate(bps: float | None) -> tuple[str, str]:
    """Number and unit of a rate in bit/s, three figures: `("941", "Mbit/s")`."""
    if bps is None:
        return UNKNOWN, ""
    for scale, unit in _SCALES:
        if bps >= scale * 0.9995:  # 999.6 M would round to 1000 M
            number = bps / scale
            places = 0 if number >= 99.95 else 1 if number >= 9.995 else 2
            text = f"{number:,.{places}f}"
            return text.rstrip("0").rstrip(".") if places else text, unit
    return f"{bps:.0f}", "bit/s"


def share(ratio: float | None) -> str:
    """A ratio as a percentage: `8.1%`, `41%`."""
    if ratio is None:
        return UNKNOWN
    return f"{ratio:.1%}" if ratio < 0.0995 else f"{ratio:.0%}"


def duration(seconds: float, say: Translator) -> str:
    """A duration in its two largest units: `18 minutes`, `3 hours 5 min`, `2 days 4 h`."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return say("under a minute")
    if minutes < 60:
        return say.plural("{n} minute", "{n} minutes", minutes)
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return say("{hours} h {minutes} min", hours=hours, minutes=minutes)
    days, hours = divmod(hours, 24)
    return say("{days} d {hours} h", days=days, hours=hours)


def moment(when: datetime, now: datetime) -> str:
    """Clock time of today, else with its date; in the offset the moment itself carries."""
    same = when.date() == now.astimezone(when.tzinfo).date()
    return when.strftime("%H:%M" if same else "%m-%d %H:%M")


def states(say: Translator) -> dict[str, str]:
    """The word for each state, and for a school that was meant to be away."""
    return {
        "up": say("up"),
        "degraded": say("degraded"),
        "down": say("down"),
        "unreachable": say("unreachable"),
        "unknown": say("unknown"),
        "planned": say("planned"),
    }


def severities(say: Translator) -> dict[str, str]:
    """The word for each severity."""
    return {
        "critical": say("critical"),
        "major": say("major"),
        "minor": say("minor"),
        "info": say("info"),
    }


def counted(state: str, count: int, say: Translator) -> str:
    """So many schools in one state, as a clause: `12 down`."""
    clauses = {
        "down": say("{n} down", n=f"{count:,}"),
        "unreachable": say("{n} unreachable", n=f"{count:,}"),
        "degraded": say("{n} degraded", n=f"{count:,}"),
        "unknown": say("{n} unknown", n=f"{count:,}"),
    }
    return clauses[state]
