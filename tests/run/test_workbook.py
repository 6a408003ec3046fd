"""A county's list, out to Excel and back: corrected, it is live without a restart."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import httpx
import openpyxl
from house import EDUNET, Build, House


def edunet(house: House, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*EDUNET, *words], cwd=house.folder, env=house.env, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip


def write(path: Path, school: str, column: str, value: Any) -> None:
    """What somebody at the county does."""
    book = openpyxl.load_workbook(path)
    sheet = book["站点"]
    header = [str(cell.value).rstrip(" *＊") for cell in sheet[1]]
    row = next(row for row in sheet.iter_rows(min_row=2) if row[0].value == school)
    row[header.index(column)].value = value
    book.save(path)


def test_a_county_s_workbook_is_refused_corrected_and_live_and_undone(build: Build) -> None:
    house = build()
    house.start()
    before = house.get("schools/c3-s01")["classes"]
    book = house.folder / "c3.xlsx"
    assert 0 == edunet(house, "inventory", "export", "c3.xlsx", "--county", "c3").returncode

    write(book, "c3-s01", "班级数", "二十")
    refused = edunet(house, "inventory", "import", "c3.xlsx", "--yes")
    assert 2 == refused.returncode
    said = refused.stdout + refused.stderr
    assert "班级数: '二十' is not a whole number; write digits only" in said

    write(book, "c3-s01", "班级数", before + 7)
    done = edunet(house, "inventory", "import", "c3.xlsx", "--yes")
    assert 0 == done.returncode, done.stdout + done.stderr
    assert before == house.get("schools/c3-s01")["classes"]
    assert 200 == httpx.post(f"{house.url}/api/v1/reload", timeout=60).status_code
    assert before + 7 == house.get("schools/c3-s01")["classes"]

    assert 0 == edunet(house, "inventory", "undo").returncode
    assert 200 == httpx.post(f"{house.url}/api/v1/reload", timeout=60).status_code
    assert before == house.get("schools/c3-s01")["classes"]
