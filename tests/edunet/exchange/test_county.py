"""Can one county correct its own lists, and only its own?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from edunet.errors import ConfigError
from edunet.exchange.bring import prepare
from edunet.exchange.export import write
from edunet.inventory import load

Edited = Callable[..., Path]


def test_a_county_gets_what_is_its_own(inventory: Path) -> None:
    path = inventory.with_name("c1.xlsx")
    counts = write(load(inventory), path, county="c1")

    assert {"sites": 3, "devices": 1, "links": 3, "power_zones": 0, "ducts": 0} == counts
    book = openpyxl.load_workbook(path)
    assert ["站点", "设备", "链路", "供电区", "管道", "edunet"] == book.sheetnames
    assert "hidden" == book["edunet"].sheet_state
    assert ["c1", "c1-s1", "c1-s2"] == [row[0].value for row in book["站点"].iter_rows(min_row=2)]


def test_removing_concerns_the_county_alone(inventory: Path, edited: Edited) -> None:
    def edit(sheets: dict[str, Any]) -> None:
        sheets["站点"].drop("c1-s2")
        sheets["链路"].drop("a2")

    found = prepare(inventory, edited(edit, county="c1"), remove=True)
    assert [] == found.mistakes
    assert [("remove", "c1-s2"), ("remove", "a2")] == [
        (one.action, one.id) for one in found.changes
    ]


def test_another_countys_school_is_refused(inventory: Path, edited: Edited) -> None:
    def edit(sheets: dict[str, Any]) -> None:
        sheets["站点"].add(编号="c2-s1", 名称="改名", 类别="学校", 上级="c2")
        sheets["站点"].add(编号="c2-s9", 名称="新的", 类别="学校", 上级="c2")
        sheets["站点"].set("c1-s1", "上级", "c2")

    workbook = edited(edit, county="c1")
    start = f"{workbook} sheet 站点"
    assert [
        f"{start} row 3: 'c1-s1' is not of county 'c1' alone; remove the row",
        f"{start} row 5: 'c2-s1' is not of county 'c1' alone; remove the row",
        f"{start} row 6: 'c2-s9' is not of county 'c1' alone; remove the row",
    ] == prepare(inventory, workbook).mistakes


def test_what_all_counties_share_is_not_one_countys_to_change(
    inventory: Path, edited: Edited
) -> None:
    workbook = edited(lambda sheets: sheets["承载商"].set("gdtv", "名称", "别家"))

    assert [
        f"{workbook} sheet {sheet}: this is not of one county; remove the sheet, and ask the city"
        for sheet in ("承载商",)
    ] == [one for one in prepare(inventory, workbook, county="c1").mistakes if "承载商:" in one]


def test_a_workbook_of_one_county_is_not_imported_as_anothers(
    inventory: Path, edited: Edited
) -> None:
    workbook = edited(lambda sheets: None, county="c1")

    with pytest.raises(ConfigError, match="is of county c1; import it with --county c1"):
        prepare(inventory, workbook, county="c2")


def test_an_unknown_county_is_said_with_the_known_ones(inventory: Path) -> None:
    with pytest.raises(ConfigError, match=r"no county 'c9' in the inventory; there are: c1, c2"):
        write(load(inventory), inventory.with_name("x.xlsx"), county="c9")


def test_an_old_export_says_that_it_is_old(inventory: Path, edited: Edited) -> None:
    workbook = edited(lambda sheets: None)
    text = inventory.read_text(encoding="utf-8")
    inventory.write_text(text.replace("classes: 6", "classes: 7"), encoding="utf-8")

    found = prepare(inventory, workbook)
    assert [("班级数", "7", "6")] == [field for one in found.changes for field in one.fields]
    assert [
        f"{workbook}: the inventory was changed after this was exported; look closely"
    ] == found.notes


def test_secrets_are_never_exported(inventory: Path) -> None:
    text = inventory.read_text(encoding="utf-8")
    inventory.write_text(text.replace("${SNMP_COMMUNITY}", "hunter22"), encoding="utf-8")
    path = inventory.with_name("x.xlsx")
    write(load(inventory), path)

    book = openpyxl.load_workbook(path)
    cells = {str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "ro" in cells
    assert not any("hunter22" in cell or "SNMP_COMMUNITY" in cell for cell in cells)


def test_text_that_looks_like_a_formula_is_text_in_excel(inventory: Path) -> None:
    text = inventory.read_text(encoding="utf-8")
    for name, hostile in (("城东二小", "=cmd|' /C calc'!A1"), ("城西一小", "@SUM(A1)")):
        text = text.replace(f"name: {name}", f'name: "{hostile}"')
    inventory.write_text(text, encoding="utf-8")
    path = inventory.with_name("x.xlsx")
    write(load(inventory), path)

    sheet = openpyxl.load_workbook(path)["站点"]
    types = {cell.value: cell.data_type for row in sheet.iter_rows() for cell in row}
    assert ("s", "s") == (types["=cmd|' /C calc'!A1"], types["@SUM(A1)"])
    assert "f" not in types.values()


def test_few_values_are_chosen_from_a_list(inventory: Path) -> None:
    path = inventory.with_name("x.xlsx")
    write(load(inventory), path)

    sheet = openpyxl.load_workbook(path)["站点"]
    lists = {
        str(one.sqref).split(":")[0]: one.formula1 for one in sheet.data_validations.dataValidation
    }
    assert '"城区,农村"' == lists["F2"]
    assert "C2" == sheet.freeze_panes
