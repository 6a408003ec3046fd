"""What does a cell mean, however Excel, WPS and staff write it?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from edunet.inventory.csv_columns import Column, fold, vocabulary, words
from edunet.inventory.finding import quote

Read = Callable[[str], Any]
_SIGNS: Final = "=+-@＝＋－＠"
_NUMBER: Final = re.compile(r"[+-]?[\d,]+(\.\d+)?(e[+-]?\d+)?%?", re.IGNORECASE)
_PHONE: Final = re.compile(r"\+\d[\d -]{2,30}")
_THOUSANDS: Final = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
_ROUNDED: Final = re.compile(r"\d(\.\d+)?E[+-]?\d+", re.IGNORECASE)
_SEPARATORS: Final = re.compile("[、;；|\n]")
LONGEST: Final = 5000  # no field takes more, and no pattern is tried on more
FEWEST_BPS: Final = 10_000  # a bare 100 is never meant as 100 bit/s


class Refused(ValueError):  # noqa: N818 (it never leaves the readers)
    """The cell cannot be read; the text says why and what to write."""


def reader(table: str, column: Column, unit: str = "") -> Read:
    """What reads the cells of a column. `unit` is what the header says of bare numbers.

    The cell comes without blanks around it and is not empty; `None` comes back if it says nothing.
    It raises `Refused` for a formula, and for what no spelling of this kind is.
    """
    inner = _readers().get(column.kind, _text)
    if column.kind == "word":
        known = words(table, column.name)

        def inner(cell: str) -> Any:
            return known.get(fold(cell), cell)

    elif column.kind == "rate" and (scale := vocabulary()["rates"].get(_half(unit).lower())):

        def inner(cell: str) -> Any:
            return _rate(cell + scale if re.fullmatch(r"[\d,.]+", _half(cell)) else cell)

    return _careful(inner, words_first=column.kind == "word")


def _careful(inner: Read, *, words_first: bool) -> Read:
    nothing = frozenset(vocabulary()["nothing"])
    seen: dict[str, Any] = {}

    def read(cell: str) -> Any:
        if cell in seen:
            return seen[cell]
        if len(cell) > LONGEST:
            raise Refused(f"{quote(cell)} is longer than {LONGEST} characters; shorten it")
        made = inner(cell) if words_first else None
        if made is None or made == cell:
            made = None
            if cell not in nothing:
                refuse_formula(cell)
                made = inner(cell)
        if len(seen) < 10_000:
            seen[cell] = made
        return made

    return read


def refuse_formula(cell: str) -> None:
    """Raises `Refused` if a spreadsheet would compute this cell rather than show it."""
    if cell[0] not in _SIGNS:
        return
    plain = _half(cell)
    if not _NUMBER.fullmatch(plain) and not _PHONE.fullmatch(plain):
        raise Refused(f"{quote(cell)} is a formula; write its value, beginning with another sign")


@cache
def _readers() -> dict[str, Read]:
    return {
        "id": _id,
        "ids": lambda cell: [_id(part) for part in _parts(cell)],
        "text": _text,
        "texts": _parts,
        "code": _id,
        "phone": _id,
        "number": _number,
        "decimal": _number,
        "percent": _percent,
        "rate": _rate,
        "duration": _duration,
        "day": _day,
        "flag": _flag,
        "address": _half,
        "addresses": lambda cell: [_half(part) for part in _parts(cell)],
    }


def _half(cell: str) -> str:
    """Full-width digits, letters and signs as half-width ones."""
    return cell if cell.isascii() else unicodedata.normalize("NFKC", cell).strip()


def _text(cell: str) -> str:
    return " ".join(part.strip() for part in cell.splitlines()) if "\n" in cell else cell


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in _SEPARATORS.split(cell) if part.strip()]


def _id(cell: str) -> str:
    text = _half(cell)
    if text[:1].isdigit() and _ROUNDED.fullmatch(text):
        raise Refused(
            f"{quote(cell)} was rounded by the spreadsheet; format the column as text and write it"
        )
    return text


def _number(cell: str) -> str:
    text = _half(cell)
    if text.isdigit():
        return text
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    return re.sub(r"(?<=\d)\.0+$", "", text)


def _percent(cell: str) -> str:
    text = _half(cell)
    if match := re.fullmatch(r"(\d{1,3}(?:\.\d{1,9})?)\s*%", text):
        return f"{float(match[1]) / 100:.12g}"
    return text


def _rate(cell: str) -> str:
    text = _half(cell).replace(" ", "")
    said = vocabulary()
    if known := said["round_rates"].get(text):
        return str(known)
    match = re.fullmatch(r"([\d,]+(?:\.\d+)?)(.*)", text)
    if match is None:
        return cell
    number, unit = _number(match[1]), match[2]
    if not unit and float(number.replace(",", "") or 0) < FEWEST_BPS:
        raise Refused(f"{quote(cell)} has no unit; write {number}M or {number}G")
    return number + str(said["rates"].get(unit.lower(), unit))


def _duration(cell: str) -> str:
    text = _half(cell).replace(" ", "")
    match = re.fullmatch(r"([\d.]+)(.+)", text)
    return match[1] + vocabulary()["times"].get(match[2].lower(), match[2]) if match else cell


def _day(cell: str) -> str:
    text = re.sub(r"\s+00?:00(:00)?$", "", _half(cell))
    match = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text)
    return f"{match[1]}-{match[2]:0>2}-{match[3]:0>2}" if match else text


def _flag(cell: str) -> bool:
    said = vocabulary()
    if cell.lower() in said["yes"]:
        return True
    if cell.lower() in said["no"]:
        return False
    raise Refused(f"{quote(cell)} is neither yes nor no; write 是 or 否")
