"""What text do the bytes of a table hold, as Excel and WPS write it, and where are its rows?"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from edunet.inventory.source import Unreadable

DELIMITERS: Final = (",", ";", "\t", "，", "|")
# Controls, and the marks that turn the direction of what follows: they hide what is written.
_HIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028-\u202e\u2066-\u2069]")
_INVISIBLE: Final = re.compile("[\u200b-\u200d\ufeff]")
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_SAVE: Final = "save the file as CSV UTF-8"


def decode(raw: bytes) -> str:
    """The text of UTF-8, UTF-16 or GB18030 (so also GBK and GB 2312).

    Raises:
        Unreadable: it is none of them, two of them, or may be either; with the line.
    """
    if raw.startswith(_WORKBOOKS):
        raise Unreadable(1, "this is a workbook, not a table of text; save the sheet as CSV UTF-8")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = _utf16(raw)
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = _gb18030(raw)
        else:
            _not_by_chance(raw, text)
    if hidden := _HIDDEN.search(text):
        line = _line(text, hidden.start())
        raise Unreadable(line, f"a control character is in the text; remove it, or {_SAVE}")
    return _INVISIBLE.sub("", text)


def _utf16(raw: bytes) -> str:
    try:
        return raw.decode("utf-16")
    except UnicodeDecodeError:
        raise Unreadable(1, f"the UTF-16 text is broken; {_SAVE}") from None


def _gb18030(raw: bytes) -> str:
    """GB18030 throughout: one line of UTF-8 in it means that two files were joined."""
    utf8, gbk = 0, 0
    for number, line in enumerate(raw.splitlines(), 1):
        if line.isascii():
            continue
        try:
            if re.search("[\u4e00-\u9fff]", line.decode("utf-8-sig")):
                utf8 = utf8 or number
        except UnicodeDecodeError:
            gbk = gbk or number
        if utf8 and gbk:
            text = f"line {utf8} is UTF-8 and line {gbk} is not; {_SAVE}"
            raise Unreadable(max(utf8, gbk), text)
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError as error:
        line_number = raw.count(b"\n", 0, error.start) + 1
        raise Unreadable(line_number, f"this is neither UTF-8 nor GBK text; {_SAVE}") from None


def _not_by_chance(raw: bytes, text: str) -> None:
    """Refuses what may be GBK as well: a lone 路 is the · of UTF-8, as any letter of two bytes."""
    if raw.startswith(b"\xef\xbb\xbf") or text.isascii() or re.search("[\u0800-\U0010ffff]", text):
        return
    at = next(place for place, letter in enumerate(text) if not letter.isascii())
    raise Unreadable(_line(text, at), f"this may be UTF-8 or GBK; {_SAVE}, which has a mark")


def _line(text: str, at: int) -> int:
    return len(re.findall("\r\n|\r|\n", text[:at])) + 1


def rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Every row that is not blank, with the line it begins on.

    Raises:
        Unreadable: a quotation mark stands where it makes no sense.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise Unreadable(line, _words(error)) from None
        if row is None:
            return
        if any(row) and not (line == 1 and row[0].startswith("sep=")):
            yield line, row
        line = reader.line_num + 1


def _words(error: csv.Error) -> str:
    said = str(error)
    if "expected after" in said:
        return 'text follows a closing quotation mark; write "" for a mark within text'
    if "field larger" in said:
        return "a cell is over 131072 characters; shorten it, or close its quotation mark"
    return "a quotation mark is opened in this row and not closed; close it"
