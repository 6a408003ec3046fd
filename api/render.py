"""How does a page become HTML: the templates, and the words they may use."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from api import wording
from api.assets import shipped
from api.i18n import translator
from api.manual import calls
from api.overview import STALE_S, TROUBLE, Cell, Overview

TEMPLATES: Final = Path(__file__).parent / "templates"

# A storm of thousands is told by the sentence and the grid; a list of them helps nobody.
MOST: Final = 30


@cache
def environment() -> Environment:
    """The templates: what is not ours is escaped, what is missing is an error."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def whole(page: Overview, lang: str, theme: str | None) -> str:
    """The overview as a document; `theme` is `light`, `dark` or None for the system's own."""
    context = _context(page, lang) | {"theme": theme, "age": page.age_s}
    return environment().get_template("overview.html").render(context)


def fragment(page: Overview, lang: str) -> str:
    """What stands in `<main>`, without the age of the data: that changes when nothing else does."""
    context = _context(page, lang) | {"age": None if page.age_s is None else ""}
    return environment().get_template("parts/overview.html").render(context)


def manual(name: str, lang: str, theme: str | None, openapi: Mapping[str, Any]) -> str:
    """The calls of the API as a document, under the name of the network."""
    context = {"_": translator(lang), "lang": lang, "theme": theme, "url": shipped().url}
    more = {"network": name, "groups": calls(openapi)}
    return environment().get_template("docs.html").render(context | more)


def tile(cell: Cell, words: dict[str, str]) -> Markup:
    """One cell of the grid; its title is name, state and reason, one a line.

    Not in a template: a thousand of them are most of the page, and this is a quarter of the cost.
    """
    look = "cell" if cell.state == "up" else f"cell {cell.state}"
    said = words[cell.state]
    if cell.planned:
        look, said = f"{look} planned", f"{said} · {words['planned']}"
    if cell.reason and cell.state != "up":
        said = f"{said}&#10;{escape(cell.reason)}"
    return Markup(f'<i class="{look}" title="{escape(cell.name)}&#10;{said}"></i>')  # noqa: S704


def _context(page: Overview, lang: str) -> dict[str, Any]:
    say = translator(lang)
    words = wording.states(say)
    return {
        "_": say,
        "ngettext": say.plural,
        "lang": lang,
        "network": page.name,
        "page": page,
        "url": shipped().url,
        "limit": STALE_S,
        "most": MOST,
        "trouble": TROUBLE,
        "counties": {row.id: row.name for row in page.rows},
        "words": words,
        "tile": partial(tile, words=words),
        "severities": wording.severities(say),
        "counted": partial(wording.counted, say=say),
        "duration": partial(wording.duration, say=say),
        "moment": wording.moment,
        "rate": wording.rate,
        "share": wording.share,
        "unknown": wording.UNKNOWN,
    }
