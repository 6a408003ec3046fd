"""In which language does this reader want it, and how is it said there?"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("zh-CN", "en")
LOCALE: Final = Path(__file__).parent / "locale"
# A header is the caller's to fill: what a browser sends is far shorter.
_LONGEST: Final = 200
_RANGE: Final = re.compile(r"([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]*)?(?:;q=([01](?:\.\d{0,3})?))?")


class Translator:
    """Says an English sentence in one language; values are filled in by name, never glued on."""

    def __init__(self, lang: str, catalogue: gettext.NullTranslations) -> None:
        self.lang = lang
        self._catalogue = catalogue

    def __call__(self, msgid: str, **values: object) -> str:
        """The sentence with `{name}` replaced by the value of that name."""
        return self._catalogue.gettext(msgid).format(**values)

    def plural(self, one: str, many: str, count: int, **values: object) -> str:
        """The sentence for so many, `{n}` being the number with thousands separated."""
        said = self._catalogue.ngettext(one, many, count)
        return said.format(n=f"{count:,}", **values)


@cache
def translator(lang: str) -> Translator:
    """The translator of one of `LANGUAGES`.

    Raises:
        ValueError: the language is none of ours.
    """
    if lang not in LANGUAGES:
        raise ValueError(f"no language {lang!r}; choose one of {', '.join(LANGUAGES)}")
    if lang == "en":  # the sentences themselves are English
        return Translator(lang, gettext.NullTranslations())
    return Translator(
        lang, gettext.translation("messages", LOCALE, languages=[lang.replace("-", "_")])
    )


def spoken(tag: str | None) -> str | None:
    """Which of `LANGUAGES` a tag such as `zh`, `zh_CN`, `en-GB` means, or None."""
    primary = re.split(r"[-_]", (tag or "")[:_LONGEST].strip().lower(), maxsplit=1)[0]
    return {"zh": "zh-CN", "en": "en"}.get(primary)


def accepted(header: str | None) -> str | None:
    """The best of `LANGUAGES` by an Accept-Language header (RFC 9110, 12.5.4), or None."""
    wishes = sorted(_wishes((header or "")[:_LONGEST]), key=lambda wish: -wish[0])
    return next((lang for weight, lang in wishes if weight > 0), None)


def _wishes(header: str) -> Iterator[tuple[float, str]]:
    for part in header.split(","):
        match = _RANGE.fullmatch(part.replace(" ", ""))
        if match and (lang := spoken(match[1])):
            yield float(match[2] or 1), lang


def negotiate(query: str | None, cookie: str | None, header: str | None, default: str) -> str:
    """One of `LANGUAGES`: what was asked for here, else once before, else usually, else ours."""
    return spoken(query) or spoken(cookie) or accepted(header) or spoken(default) or LANGUAGES[0]
