"""Can every text be read on its ground, by day and by night, and is nothing vendored unlisted?"""

from __future__ import annotations

import hashlib
import re
import tomllib
from typing import Final

import pytest

from api.assets import STATIC

VENDOR: Final = STATIC / "vendor"
TEXT: Final = [
    ("ink", "paper"), ("ink", "surface"), ("ink-2", "paper"), ("ink-2", "surface"),
    ("ink-2", "sunken"), ("ink-3", "paper"), ("ink-3", "surface"), ("down-ink", "paper"),
    ("down-ink", "surface"), ("down-ink", "down-soft"), ("degraded-ink", "paper"),
    ("degraded-ink", "surface"), ("degraded-ink", "degraded-soft"), ("up-ink", "surface"),
    ("accent", "surface"), ("accent", "paper"), ("paper", "ink"),
]  # fmt: skip
SHAPES: Final = ["down", "degraded", "unknown", "maintenance"]


def tokens(theme: str) -> dict[str, str]:
    names = ["tokens.css"] if theme == "light" else ["tokens.css", "dark.css"]
    pairs = [re.findall(r"--([\w-]+): (#[0-9a-f]{6});", (STATIC / n).read_text()) for n in names]
    return {name: value for found in pairs for name, value in found}


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.1."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def test_contrast_is_what_the_standard_says() -> None:
    assert 21 == pytest.approx(contrast("#000000", "#ffffff"))
    assert 1 == contrast("#c23321", "#c23321")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_can_be_read(theme: str, text: str, ground: str) -> None:
    colours = tokens(theme)

    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("shape", SHAPES)
def test_marks_of_trouble_can_be_seen(theme: str, shape: str) -> None:
    colours = tokens(theme)

    assert contrast(colours[shape], colours["surface"]) >= 3


def test_night_changes_colours_that_exist_and_all_of_them() -> None:
    assert tokens("light").keys() == tokens("dark").keys()
    night = re.findall(r"--([\w-]+):", (STATIC / "dark.css").read_text())
    assert sorted(tokens("light")) == sorted(night)


def test_every_token_used_is_defined_and_every_one_defined_is_used() -> None:
    sheets = "".join((STATIC / name).read_text() for name in ("tokens.css", "console.css"))
    local = {"side", "thin", "wide"}

    assert set(re.findall(r"--([\w-]+):", sheets)) - local == (
        set(re.findall(r"var\(--([\w-]+)\)", sheets)) - local
    )


def test_no_sheet_but_the_tokens_names_a_colour() -> None:
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", (STATIC / "console.css").read_text())


def test_what_was_made_elsewhere_is_listed_with_its_licence_and_sum() -> None:
    listed = tomllib.loads((VENDOR / "VENDOR.toml").read_text())["file"]

    there = {path.name for path in VENDOR.iterdir()} - {"VENDOR.toml"}
    assert there == {name for entry in listed for name in (entry["path"], entry["licence_file"])}
    for entry in listed:
        body = (VENDOR / entry["path"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(body).hexdigest()
        assert entry["source"].startswith("npm:")
        assert f"@{entry['version']}/" in entry["source"]
