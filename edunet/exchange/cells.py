"""How does a value look in one cell, and what does a cell's text say? Text in, text out."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from pydantic_core import PydanticCustomError

from edunet.units import bits_per_second, seconds

_RATES: Final = (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3), ("", 1))
_TIMES: Final = (("d", 86400.0), ("h", 3600.0), ("m", 60.0), ("s", 1.0), ("ms", 1e-3))
_BETWEEN: Final = re.compile(r"[、;；|\n]")


def show_rate(rate: float) -> str:
    """`30M`, `2.5G`: bit/s, so that reading it gives the same number."""
    return _show(rate, _RATES, bits_per_second) or f"{rate:.6f}"


def show_time(time: float) -> str:
    """`4h`, `500ms`: seconds, so that reading it gives the same number."""
    return _show(time, _TIMES, seconds) or f"{time:.6f}s"


def _show(value: float, units: Sequence[tuple[str, float]], read: Any) -> str | None:
    found: list[str] = []
    for unit, scale in units:
        text = f"{value / scale:.6f}".rstrip("0").rstrip(".") + unit
        try:
            if read(text) == value:
                found.append(text)
        except PydanticCustomError:
            continue
    return min(found, key=len, default=None)


def show_number(value: float) -> str:
    """A number without exponent: reading it gives the same one."""
    if float(value).is_integer():
        return str(int(value))
    return format(Decimal(repr(value)), "f")


def show_list(values: Sequence[str]) -> str:
    """`d-1、d-2`; a JSON list where one of them holds a sign that stands between."""
    plain = all(one == one.strip() and one and not _BETWEEN.search(one) for one in values)
    if plain and "".join(values)[:1] not in {"[", "-", "—", "/", "="}:
        return "、".join(values)
    return json.dumps(list(values), ensure_ascii=False)


def read_json_list(text: str) -> list[str] | None:
    """The texts of a JSON list; None when it is none."""
    if text.startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return None
        if isinstance(found, list) and all(isinstance(one, str) for one in found):
            return found
    return None


def read_list(text: str) -> list[str]:
    """The parts of a cell that lists several things."""
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()]


def show_map(pairs: Mapping[str, Any]) -> str:
    """`key=value; key=value`, or JSON where that would be read differently."""
    if all(isinstance(value, str) for value in pairs.values()):
        text = "; ".join(f"{key}={value}" for key, value in pairs.items())
        if not text.startswith("{") and read_map(text) == dict(pairs):
            return text
    return json.dumps(dict(pairs), ensure_ascii=False) if pairs else ""


def read_map(text: str) -> dict[str, Any] | None:
    """The pairs of a cell; None when it holds anything else."""
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) and _shallow(found) else None
    pairs: dict[str, Any] = {}
    for part in re.split(r"[;；\n]", text):
        key, sign, value = part.partition("=")
        if part.strip():
            if not sign or key.strip() in pairs:
                return None
            pairs[key.strip()] = value.strip()
    return pairs


def _shallow(found: dict[str, Any]) -> bool:
    """Whether it holds text, and lists of text, alone."""
    return all(
        isinstance(value, str)
        or (isinstance(value, list) and all(isinstance(one, str) for one in value))
        for value in found.values()
    )


def clean(text: str) -> str:
    """Without the blanks around it, of whatever width."""
    return text.replace("\r\n", "\n").strip().strip("\u3000\ufeff\u200b").strip()


def narrow(text: str) -> str:
    """Full-width digits, letters and signs as ASCII: `１２` is 12."""
    return clean(unicodedata.normalize("NFKC", text))
