"""How is a mistake in a file said: where it is, what is wrong, and what to write instead?"""

from __future__ import annotations

import re
from typing import NamedTuple

SHOWN = 40
MOST = 1000  # more findings than these nobody reads


class Finding(NamedTuple):
    """One mistake, or with `warning` one doubt. Its `str` is the line that is printed."""

    file: str
    line: int
    text: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {'warning: ' if self.warning else ''}{self.text}"


def quote(written: object) -> str:
    """What was written, fit for a message: short, and with its control characters escaped."""
    if written is None:
        return "nothing"
    if isinstance(written, dict):
        return "a mapping"
    if isinstance(written, list | tuple):
        return "a list"
    text = str(written)
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")


def spell(keys: tuple[int | str, ...]) -> str:
    """The path of a value as a person reads it: `sites[3].contacts[0].name`."""
    path = ""
    for key in keys:
        if isinstance(key, int):
            path += f"[{key}]"
        else:
            plain = re.fullmatch(rf"[A-Za-z0-9_-]{{1,{SHOWN}}}", key)
            path += ("." if path else "") + (key if plain else quote(key))
    return path
