"""Does an inventory survive the way to Excel and back?"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inventories import inventories

from edunet.clock import ManualClock
from edunet.exchange.bring import apply, prepare
from edunet.exchange.export import write
from edunet.exchange.yamltext import flow
from edunet.inventory import load

LANGUAGES = st.sampled_from(["zh", "en"])


def saved(folder: Path, data: dict[str, Any]) -> Path:
    path = folder / "inventory.yaml"
    text = "".join(f"{section}: {flow(held)}\n" for section, held in data.items())
    path.write_text(text, encoding="utf-8")
    return path


@settings(max_examples=60, deadline=None)
@given(data=inventories(), lang=LANGUAGES)
def test_what_is_not_touched_does_not_differ(data: dict[str, Any], lang: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = saved(Path(folder), data)
        workbook = Path(folder) / "book.xlsx"
        write(load(path), workbook, lang=lang)
        found = prepare(path, workbook, remove=True)

    assert ([], [], []) == (found.mistakes, found.changes, found.notes)
    assert {} == found.files


@settings(max_examples=60, deadline=None)
@given(data=inventories(), lang=LANGUAGES)
def test_an_inventory_is_built_anew_from_its_workbook(data: dict[str, Any], lang: str) -> None:
    """Onto a stub that holds but the root, a workbook brings back everything it was made of."""
    stub = {"network": data["network"], "sites": data["sites"][:1]}
    with tempfile.TemporaryDirectory() as folder:
        path = saved(Path(folder), data)
        before = load(path)
        workbook = Path(folder) / "book.xlsx"
        write(before, workbook, lang=lang)
        saved(Path(folder), stub)
        found = prepare(path, workbook)
        assert [] == found.mistakes
        apply(path, found, ManualClock())
        after = load(path)

    assert before == after


def test_a_place_hardly_west_of_greenwich_is_a_number_and_no_formula(tmp_path: Path) -> None:
    """Spreadsheets tell small numbers with an exponent."""
    city = {"id": "city", "kind": "city", "name": "0"}
    school = {"id": "s", "kind": "school", "parent": "city", "name": "0", "lon": -1e-05}
    data: dict[str, Any] = {"network": {"name": "0"}, "sites": [city, school]}
    path = saved(tmp_path, data)
    before = load(path)
    write(before, tmp_path / "book.xlsx", lang="zh")
    saved(tmp_path, {**data, "sites": [city]})
    found = prepare(path, tmp_path / "book.xlsx")
    assert [] == found.mistakes
    apply(path, found, ManualClock())

    assert before == load(path)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_sample_city_survives(lang: str, tmp_path: Path) -> None:
    path = Path(__file__).parents[3] / "inventory.yaml"
    write(load(path), tmp_path / "book.xlsx", lang=lang)

    assert {} == prepare(path, tmp_path / "book.xlsx", remove=True).files
    openpyxl.load_workbook(tmp_path / "book.xlsx").save(tmp_path / "saved.xlsx")
    assert {} == prepare(path, tmp_path / "saved.xlsx", remove=True).files
