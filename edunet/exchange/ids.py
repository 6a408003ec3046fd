"""Which id does a name get: readable, well-formed, unique, and the same every time?"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 60  # an id has 64 places; a number may have to follow


def slug(name: str) -> str:
    """Small letters, digits and hyphens; Chinese by its pinyin. Empty if nothing is left."""
    text = unicodedata.normalize("NFKC", name)[:200]
    if not text.isascii():
        from pypinyin import lazy_pinyin  # it loads its dictionary

        text = "-".join(lazy_pinyin(text))
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-")


class Ids:
    """The ids of one section. Ask in a fixed order, and the same names get the same ids."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, *names: str, otherwise: str) -> str:
        """An id of the first name that yields one, else `otherwise`; a number makes it unique."""
        base = next((made for name in names if (made := slug(name))), otherwise)
        made, number = base, 1
        while made in self._taken:
            number += 1
            made = f"{base}-{number}"
        self._taken.add(made)
        return made
