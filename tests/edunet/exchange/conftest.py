"""A small inventory with comments, and workbooks of it that somebody edited."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from edunet.exchange.export import write
from edunet.inventory import load

TEXT = """\
# The city's own words stay.
network: {name: 示例市教育城域网}
credentials:
  snmp: {ro: {version: 2c, community: "${SNMP_COMMUNITY}"}}
carriers: [{id: gdtv, name: 广电网络}]   # who is paid
sites:
  - {id: city, kind: city, name: 示例市}
  # 城东区 and what belongs to it
  - {id: c1, kind: county, parent: city, name: 城东区}
  - id: c1-s1          # the first school
    kind: school
    parent: c1
    name: 城东实验小学   # renamed in 2019
    code: "0033000001"
    classes: 24
  - {id: c1-s2, kind: school, parent: c1, name: 城东二小, classes: 12, tags: [exam_site]}
  - {id: c2, kind: county, parent: city, name: 城西区}
  - {id: c2-s1, kind: school, parent: c2, name: 城西一小, classes: 6}
devices:
  - {id: core, site: city, address: 10.0.0.1, snmp: ro}
  - {id: c1-agg, site: c1, address: 10.0.0.2, snmp: ro}
  - {id: c2-agg, site: c2, address: 10.0.0.3, snmp: ro}
links:
  - {id: core-c1, role: county_uplink, a: {device: core, interface: G1}, b: {device: c1-agg, interface: U}, carrier: gdtv}
  - {id: core-c2, role: county_uplink, a: {device: core, interface: G2}, b: {device: c2-agg, interface: U}, carrier: gdtv}
  - {id: a1, role: school_access, a: {device: c1-agg, interface: G1}, b: {site: c1-s1}, committed: 100M, carrier: gdtv}
  - {id: a2, role: school_access, a: {device: c1-agg, interface: G2}, b: {site: c1-s2}, committed: 100M, carrier: gdtv}
  - {id: a3, role: school_access, a: {device: c2-agg, interface: G1}, b: {site: c2-s1}, committed: 50M, carrier: gdtv}
"""  # noqa: E501 (as people write it)

Edit = Callable[[dict[str, "Table"]], None]


class Table:
    """A sheet by the names of its columns and the ids of its rows."""

    def __init__(self, sheet: Any) -> None:
        self.sheet = sheet
        self.columns = {
            str(cell.value).rstrip(" *"): cell.column for cell in sheet[1] if cell.value
        }

    def row(self, name: str) -> int:
        return next(row for row in range(2, 999) if self.sheet.cell(row, 1).value == name)

    def set(self, name: str, column: str, value: Any) -> None:
        self.sheet.cell(self.row(name), self.columns[column]).value = value

    def add(self, **values: Any) -> int:
        row = int(self.sheet.max_row) + 1
        for column, value in values.items():
            self.sheet.cell(row, self.columns[column]).value = value
        return row

    def drop(self, name: str) -> None:
        self.sheet.delete_rows(self.row(name))


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def edited(inventory: Path) -> Callable[..., Path]:
    """Exports, edits as Excel would, saves."""

    def make(edit: Edit, county: str | None = None) -> Path:
        path = inventory.with_name("县区.xlsx")
        write(load(inventory), path, county=county)
        book = openpyxl.load_workbook(path)
        edit({name: Table(book[name]) for name in book.sheetnames})
        book.save(path)
        return path

    return make
