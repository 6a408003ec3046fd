"""What stands in the cells of a workbook, as Excel and WPS write it?"""

from __future__ import annotations

import posixpath
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from edunet.exchange.archive import MAX_PARTS, Archive
from edunet.exchange.sheet import MAX_ROWS, Cell, Sheet, SheetReader, unescape

MAX_SHEETS: Final = 64
MAX_STRINGS: Final = 2_000_000
_DATES: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})


def read(path: Path) -> list[Sheet]:
    """Every sheet of a workbook, hidden rows and hidden sheets included.

    Raises:
        ConfigError: it cannot be read, or is larger than an inventory can be.
    """
    return _Book(Archive(path)).sheets()


class _Book:
    """The parts that say how cells are to be read."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.epoch = date(1899, 12, 30)
        self.strings: list[str] = []
        self.dates: dict[int, str] = {}  # the style of a cell -> date or time

    def sheets(self) -> list[Sheet]:
        main = next(
            (to for kind, to in self._relations("", "").values() if kind == "officeDocument"), ""
        )
        if main not in self.archive.names:
            raise self.archive.refusal("is no workbook; save it as .xlsx")
        folder, name = posixpath.split(main)
        parts = self._relations(folder, name)
        for kind, part in parts.values():
            if kind == "styles":
                self._read_styles(part)
            elif kind == "sharedStrings":
                self._read_strings(part)
        listed = [(title, parts.get(key, ("", ""))) for title, key in self._listed(main)]
        return [
            SheetReader(self.archive, title, self.cell).read(part)
            for title, (kind, part) in listed
            if kind == "worksheet"
        ]

    def _relations(self, folder: str, name: str) -> dict[str, tuple[str, str]]:
        """The kind and the part of everything that a part refers to, by its keys."""
        found: dict[str, tuple[str, str]] = {}

        def start(element: str, attributes: dict[str, str]) -> None:
            if element == "Relationship" and len(found) < MAX_PARTS:
                kind = attributes.get("Type", "").rpartition("/")[2]
                part = posixpath.join("/", folder, attributes.get("Target", ""))
                found[attributes.get("Id", "")] = (kind, posixpath.normpath(part).lstrip("/"))

        self.archive.walk(posixpath.join(folder, "_rels", f"{name}.rels"), start)
        return found

    def _listed(self, main: str) -> list[tuple[str, str]]:
        """The name of every sheet, and the key of its part."""
        found: list[tuple[str, str]] = []

        def start(element: str, attributes: dict[str, str]) -> None:
            if element == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
                self.epoch = date(1904, 1, 1)
            if element == "sheet" and len(found) <= MAX_SHEETS:
                key = next((v for k, v in attributes.items() if k.endswith(" id")), "")
                found.append((attributes.get("name", ""), key))

        self.archive.walk(main, start)
        if len(found) > MAX_SHEETS:
            raise self.archive.refusal(f"has over {MAX_SHEETS} sheets; keep only the tables")
        return found

    def _read_strings(self, part: str) -> None:
        pieces: list[str] = []
        state = {"in": False, "phonetic": False}

        def start(name: str, _: dict[str, str]) -> None:
            if name == "rPh":
                state["phonetic"] = True
            state["in"] = name == "t" and not state["phonetic"]

        def end(name: str) -> None:
            state["in"] = False
            if name == "rPh":
                state["phonetic"] = False
            elif name == "si":
                self.strings.append(unescape("".join(pieces)))
                pieces.clear()
                if len(self.strings) > MAX_STRINGS:
                    raise self.archive.refusal("holds too many texts; keep only the rows you need")

        def text(said: str) -> None:
            if state["in"]:
                pieces.append(said)

        self.archive.walk(part, start, end, text)

    def _read_styles(self, part: str) -> None:
        formats: dict[str, str] = {}
        styles: list[str] = []
        state = {"cells": False}

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == "numFmt" and len(formats) < MAX_ROWS:
                formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            elif name in {"cellXfs", "cellStyleXfs"}:
                state["cells"] = name == "cellXfs"
            elif name == "xf" and state["cells"] and len(styles) < MAX_ROWS:
                styles.append(attributes.get("numFmtId", "0"))

        def end(name: str) -> None:
            state["cells"] = state["cells"] and name != "cellXfs"

        self.archive.walk(part, start, end)
        for index, number in enumerate(styles):
            code = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.|_.', "", formats.get(number, "")).lower()
            builtin = number.isdigit() and int(number) in _DATES and number not in formats
            if builtin or (code != "general" and re.search("[ymdhs]", code)):
                day = "date" if builtin or re.search("[yd]", code) else "time"
                clock = number in {"18", "19", "20", "21", "45", "46", "47"}
                self.dates[index] = "time" if clock and builtin else day

    def cell(self, kind: str, text: str, style: int) -> Cell:
        """A value as it is stored, in the form a person would type."""
        if kind == "s":
            index = int(text) if text.isdigit() and len(text) < 9 else -1
            return Cell(self.strings[index] if 0 <= index < len(self.strings) else "")
        if kind in {"inlineStr", "str"}:
            return Cell(unescape(text))
        if kind == "b":
            return Cell("true" if text.strip() == "1" else "false")
        if kind == "e":
            return Cell(text, "error")
        if kind == "d":
            return Cell(text[:10], "date")
        return self._number(text.strip(), style)

    def _number(self, text: str, style: int) -> Cell:
        try:
            number = float(text)
        except ValueError:
            return Cell(text)
        shown = self.dates.get(style)
        if shown and 0 < number < 2_958_466:
            return self._moment(number, shown)
        if number != number or abs(number) >= 1e15:  # noqa: PLR0124 (NaN)
            return Cell(text, "long")
        return Cell(str(int(number)) if number.is_integer() else repr(number), "number")

    def _moment(self, number: float, shown: str) -> Cell:
        days = int(number)
        if self.epoch.year == 1899 and days < 60:
            days += 1  # Excel believes in a 29 February 1900
        day = self.epoch + timedelta(days=days)
        if number == int(number) and shown == "date":
            return Cell(day.isoformat(), "date")
        return Cell(f"{day.isoformat()} and a time of day", "time")
