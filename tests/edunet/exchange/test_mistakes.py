"""Are mistakes in a workbook said all at once, in the words of the sheet?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from edunet.clock import ManualClock
from edunet.exchange.bring import apply, prepare
from edunet.inventory import load

Edited = Callable[..., Path]


def said(inventory: Path, workbook: Path) -> list[str]:
    start = f"{workbook} sheet "
    return [one.removeprefix(start) for one in prepare(inventory, workbook).mistakes]


def test_five_mistakes_are_five_sentences_and_corrected_they_are_applied(
    inventory: Path, edited: Edited
) -> None:
    def wrong(sheets: dict[str, Any]) -> None:
        sheets["站点"].set("c1-s1", "班级数", "二十")
        sheets["站点"].set("c1-s2", "上级", "c9")
        sheets["站点"].add(编号="c1-s2", 名称="又一个", 类别="学校", 上级="c1")
        sheets["链路"].set("a1", "签约带宽", "100")
        sheets["链路"].set("a2", "承载商", "gdtw")

    before = inventory.read_text(encoding="utf-8")
    assert [
        "站点 row 4, 班级数: '二十' is not a whole number; write digits only",
        "站点 row 5, 上级: no site 'c9'; write 'c1', or add it to sites",
        "站点 row 8, 编号: 'c1-s2' is already in row 5; write another",
        "链路 row 4, 签约带宽: '100' has no unit; write 100M or 100G",
        "链路 row 5, 承载商: no carrier 'gdtw'; write 'gdtv', or add it to carriers",
    ] == said(inventory, edited(wrong))
    assert before == inventory.read_text(encoding="utf-8")

    def right(sheets: dict[str, Any]) -> None:
        sheets["站点"].set("c1-s1", "班级数", 20)
        sheets["站点"].add(编号="c1-s3", 名称="又一个", 类别="小学", 上级="c1")
        sheets["链路"].set("a1", "签约带宽", "200M")

    found = prepare(inventory, edited(right))
    assert [] == found.mistakes
    apply(inventory, found, ManualClock())
    after = load(inventory)
    schools = {site.id: site for site in after.sites}
    assert 20 == schools["c1-s1"].classes
    assert "又一个" == schools["c1-s3"].name
    assert 200e6 == next(link.committed for link in after.links if link.id == "a1")


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        pytest.param("班级数", "=10+2", "cell H5 holds a formula; paste its value", id="formula"),
        pytest.param(
            "班级数", "#N/A", "cell H5 holds the error '#N/A'; write the value", id="error"
        ),
        pytest.param(
            "学校代码", date(2026, 1, 2),
            "cell E5 was made a date by Excel; format it as text and write it again", id="a date",
        ),
        pytest.param(
            "学校代码", 3333000000000000001,
            "cell E5 is a number of which Excel keeps 15 digits; "
            "format it as text and write it again", id="a long number",
        ),
        pytest.param(
            "启用日期", datetime(2026, 1, 2, 8, 30),  # noqa: DTZ001 (a cell has no zone)
            "cell S5 holds a time of day; write the day alone", id="a time",
        ),
        pytest.param(
            "启用日期", "去年", "'去年' is not a date; write one like 2026-09-01", id="no date"
        ),
        pytest.param(
            "类别", "大楼",
            "'大楼' is none of province, city, county, township, school, teaching_point, "
            "kindergarten, university, idc, centre; write one of them", id="no kind",
        ),
        pytest.param("类别", None, "nothing is written; fill it", id="no kind at all"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_read_is_named(
    inventory: Path, edited: Edited, column: str, value: Any, sentence: str
) -> None:
    workbook = edited(lambda sheets: sheets["站点"].set("c1-s2", column, value))

    assert [f"站点 row 5, {column}: {sentence}"] == said(inventory, workbook)


@pytest.mark.parametrize(
    ("column", "value", "field", "meant"),
    [
        ("班级数", "１２", "classes", 12),
        ("班级数", "1,080", "classes", 1080),
        ("班级数", 30.0, "classes", 30),
        ("班级数", " 30 ", "classes", 30),
        ("学校代码", 3333000001, "code", "3333000001"),
        ("学校代码", "0033", "code", "0033"),
        ("启用日期", date(2019, 9, 1), "opened", date(2019, 9, 1)),
        ("启用日期", "2019年9月1日", "opened", date(2019, 9, 1)),
        ("类别", "教学点", "kind", "teaching_point"),
        ("城乡", "农村", "area", "rural"),
        ("名称", "城东二小　", "name", "城东二小"),
        ("名称", "=城东", "name", "=城东"),
        ("标签", None, "tags", ()),
        ("标签", "a、b;c", "tags", ("a", "b", "c")),
        ("联系电话1", "010", "contacts", None),
    ],
)
def test_a_cell_is_read_as_it_was_meant(
    inventory: Path, edited: Edited, column: str, value: Any, field: str, meant: Any
) -> None:
    def edit(sheets: dict[str, Any]) -> None:
        if column == "联系电话1":
            sheets["站点"].set("c1-s2", "联系人", "张三")
            sheets["站点"].set("c1-s2", "联系电话", value)
            return
        sheets["站点"].set("c1-s2", column, value)
        if value == "=城东":  # text that looks like one is no formula
            cell = sheets["站点"].sheet.cell(5, sheets["站点"].columns[column])
            cell.data_type = "s"

    found = prepare(inventory, edited(edit))
    assert [] == found.mistakes
    if found.changes:
        apply(inventory, found, ManualClock())
    school = next(site for site in load(inventory).sites if site.id == "c1-s2")
    if meant is None:
        assert ("张三", "010") == (school.contacts[0].name, school.contacts[0].phone)
    else:
        assert meant == getattr(school, field)


def test_merged_cells_stand_for_each_row(inventory: Path, edited: Edited) -> None:
    def edit(sheets: dict[str, Any]) -> None:
        sheets["站点"].sheet.merge_cells("F4:F5")
        sheets["站点"].set("c1-s1", "城乡", "农村")

    found = prepare(inventory, edited(edit))
    assert [] == found.mistakes
    assert ["c1-s1", "c1-s2"] == [change.id for change in found.changes]


def test_merged_ids_and_cells_across_columns_are_refused_by_name(
    inventory: Path, edited: Edited
) -> None:
    def edit(sheets: dict[str, Any]) -> None:
        sheets["设备"].sheet.merge_cells("A2:A3")
        sheets["站点"].sheet.merge_cells("E4:F4")

    assert [
        "站点 row 4, 学校代码: the merged cells E4:F4 are not read; unmerge them",
        "设备 row 2, 编号: the merged cells A2:A3 are not read; unmerge them",
        "设备 row 3, 编号: nothing is written; write an id",
    ] == said(inventory, edited(edit))


def test_titles_above_hidden_rows_and_blank_rows_do_no_harm(
    inventory: Path, edited: Edited
) -> None:
    def edit(sheets: dict[str, Any]) -> None:
        sheets["站点"].set("c1-s2", "班级数", 13)
        sheets["站点"].sheet.row_dimensions[5].hidden = True
        sheets["站点"].sheet.insert_rows(1, 2)
        sheets["站点"].sheet["A1"] = "城东区学校信息表"
        sheets["站点"].sheet.merge_cells("A1:D1")
        sheets["站点"].sheet.insert_rows(5, 3)

    found = prepare(inventory, edited(edit))
    assert [] == found.mistakes
    assert [("班级数", "12", "13")] == [field for one in found.changes for field in one.fields]


def test_columns_are_known_by_many_names_and_unknown_ones_are_said(
    inventory: Path, edited: Edited
) -> None:
    def edit(sheets: dict[str, Any]) -> None:
        sheet = sheets["站点"].sheet
        sheet["B1"], sheet["H1"], sheet["G1"] = "学校名称", "教学班数", "学　段"
        sheet["AC1"], sheet["AC4"] = "班级属", 1
        sheet["AD4"] = "x"

    assert [
        "站点 row 1: unknown column '班级属'; write 班级",
        "站点 row 1: column AD has no header; write one, or clear the column",
    ] == said(inventory, edited(edit))


def test_what_a_removal_breaks_is_said(inventory: Path, edited: Edited) -> None:
    workbook = edited(lambda sheets: sheets["承载商"].drop("gdtv"))

    assert [] == prepare(inventory, workbook).changes
    found = prepare(inventory, workbook, remove=True)
    assert [] == found.changes
    assert (
        f"{inventory}:24: links[0].carrier: no carrier 'gdtv'; add it to carriers" in found.mistakes
    )
