"""Does this school match what somebody typed?"""

from __future__ import annotations

from functools import lru_cache

from edunet.inventory.model import Site


def matches(query: str, school: Site) -> bool:
    """Every word is part of the name or its pinyin initials, or begins the code or the id."""
    name, code = school.name.lower(), (school.code or "").lower()
    return all(
        word in name
        or word in initials(name)
        or code.startswith(word)
        or school.id.startswith(word)
        for word in query.lower().split()
    )


@lru_cache(maxsize=65_536)
def initials(name: str) -> str:
    """`cdsyxx` for 城东实验小学; what is not Chinese stays as it is."""
    from pypinyin import Style, lazy_pinyin  # its dictionary costs 30 MB: only who searches

    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
