"""Quantities as network staff write them: `30M` of bandwidth, `60s` of time."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

_SCALE: Final = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SECONDS: Final = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def bits_per_second(text: object) -> float:
    """Bit/s of `30M`, `1G`, `2.5G`, `64k` or a bare number of bit/s.

    Raises:
        PydanticCustomError: anything else, zero included: a link of no rate is left out instead.
    """
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)([kMGT]?)", str(text))
    rate = float(match[1]) * _SCALE[match[2]] if match and not isinstance(text, bool) else 0.0
    if not rate:
        raise PydanticCustomError("unit", "{got} is not a bandwidth; write 30M or 1G", _got(text))
    return rate


def seconds(text: object) -> float:
    """Seconds of `500ms`, `60s`, `5m`, `4h`, `30d`.

    Raises:
        PydanticCustomError: anything else; a bare number has no unit and is refused.
    """
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)", str(text))
    time = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not time:
        raise PydanticCustomError("unit", "{got} is not a time; write 60s or 4h", _got(text))
    return time


def _got(text: object) -> dict[str, str]:
    """What was written, cut short: it may be a whole file."""
    return {"got": repr(text)[:40]}


def show_bps(rate: float | None) -> str:
    """`1G`, `37.2M`, `640k`: a rate as a person writes it; `–` when unknown."""
    if rate is None or rate != rate:  # noqa: PLR0124 (NaN is the one value unlike itself)
        return "–"
    for unit in ("T", "G", "M", "k"):
        if rate >= _SCALE[unit]:
            return f"{rate / _SCALE[unit]:.3g}{unit}"
    return f"{rate:.3g}"


BitRate = Annotated[
    float,
    BeforeValidator(bits_per_second),
    WithJsonSchema({"type": ["string", "number"], "pattern": r"^\d+(\.\d+)?[kMGT]?$"}),
]
Duration = Annotated[
    float,
    BeforeValidator(seconds),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?(ms|s|m|h|d)$"}),
]
