"""Which form of the exposition does a scraper take? Its Accept headers, read as RFC 9110 has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
# A header is the caller's to fill: what a scraper sends is far shorter.
_LONGEST: Final = 1000


def openmetrics(accept: str | None) -> bool:
    """Whether OpenMetrics 1.0.0 is asked for by name, and no less than plain text is.

    Whoever takes anything gets the text every parser knows.
    """
    ours = theirs = 0.0
    for kind, parameters, weight in _wishes(accept):
        if kind == "application/openmetrics-text":
            if parameters.get("version", "1.0.0").strip('"') == "1.0.0":
                ours = max(ours, weight)
        elif kind == "text/plain":
            theirs = max(theirs, weight)
    return ours > 0 and ours >= theirs


def gzipped(accept_encoding: str | None) -> bool:
    """Whether the answer may be compressed by gzip."""
    weights = {coding: weight for coding, _, weight in _wishes(accept_encoding)}
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def _wishes(header: str | None) -> Iterator[tuple[str, dict[str, str], float]]:
    """Each thing that is acceptable, its parameters and its weight; an odd weight is none."""
    for wish in (header or "")[:_LONGEST].lower().split(","):
        name, *rest = (part.strip() for part in wish.split(";"))
        parameters = {
            key.strip(): value.strip() for key, _, value in (p.partition("=") for p in rest)
        }
        try:
            weight = float(parameters.pop("q", "1"))
        except ValueError:
            weight = 0.0
        yield name, parameters, weight
