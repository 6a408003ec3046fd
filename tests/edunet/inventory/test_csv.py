"""Is a table read as it was meant, however Excel, WPS and staff wrote it?"""

from __future__ import annotations

import csv
import io
from datetime import date
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from edunet.inventory import Inventory, examine, load
from edunet.inventory.csv_columns import (
    chinese_word,
    columns,
    find_column,
    fold,
    table_named,
    vocabulary,
    words,
)
from edunet.inventory.csv_table import parse_table
from edunet.inventory.model import TABLES
from edunet.inventory.records import LISTS

ROOT = """\
network: {name: 示例市教育城域网}
credentials: {snmp: {ro: {version: 2c, community: "${C}"}}}
sites:
  - {id: city, kind: city, name: 示例市}
  - {id: c1, kind: county, parent: city, name: 城东区}
devices:
  - {id: core, site: city, address: 10.0.0.1}
  - {id: agg, site: c1, address: 10.0.0.2}
carriers: [{id: gdtv, name: 广电网络}]
"""
HEADER = ["编号", "类别", "学校名称", "上级", "接入方式"]
ROW = ["s1", "小学", "城东实验小学", "c1", "无"]


def with_table(folder: Path, name: str, raw: bytes) -> Inventory:
    (folder / "inventory.yaml").write_text(ROOT + f"include: [{name}]\n", encoding="utf-8")
    (folder / name).write_bytes(raw)
    return load(folder / "inventory.yaml", strict=True)


def table(*rows: list[str], delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


def cell(header: str, written: str, section: str = "sites") -> Any:
    """What the document holds for one cell below one header, next to an id."""
    raw = table(["id", header], ["x", written]).encode()
    data = parse_table(raw, "f.csv", section).data
    assert data is not None
    return {key: value for key, value in data[section][0].items() if key != "id"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_encoding_and_delimiter_of_a_spreadsheet_is_read(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    raw = table(HEADER, ROW, delimiter=delimiter).encode(encoding)

    school = with_table(tmp_path, "sites.csv", raw).sites[2]

    assert ("s1", "school", "城东实验小学", "c1", "none") == (
        school.id, school.kind, school.name, school.parent, school.access,
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\ufeff" + table(HEADER, ROW), id="a byte order mark"),
        pytest.param("sep=;\r\n" + table(HEADER, ROW, delimiter=";"), id="Excel's own first line"),
        pytest.param("城东区学校一览表,,,,\r\n" + table(HEADER, ROW), id="a title above"),
        pytest.param(table(HEADER, ROW).replace("\r\n", "\r"), id="lines of an old Mac"),
        pytest.param(table(HEADER, ROW) + ",,,,\r\n" * 5000, id="blank rows below"),
        pytest.param(table([*HEADER, "", ""], [*ROW, "", " "]), id="blank columns beside"),
        pytest.param(table(HEADER, [], ["", "", "", "", ""], ROW), id="blank rows between"),
        pytest.param(table(HEADER, [f"　{one} " for one in ROW]), id="blanks around"),
        pytest.param(table([f" {one}*" for one in HEADER], ROW), id="headers with a star"),
        pytest.param(table(["序号", *HEADER], ["1", *ROW]), id="a running number"),
        pytest.param(table(HEADER, ["ｓ１", *ROW[1:]]), id="a full-width id"),
        pytest.param(table(HEADER, ROW).replace(",", "，"), id="a full-width comma between"),
        pytest.param(table(HEADER, ["s1\u200b", *ROW[1:]]), id="an invisible blank"),
    ],
)
def test_the_form_does_not_matter(tmp_path: Path, text: str) -> None:
    school = with_table(tmp_path, "sites.csv", text.encode()).sites[2]

    assert ("s1", "school", "城东实验小学") == (school.id, school.kind, school.name)


@pytest.mark.parametrize(
    ("header", "written", "read"),
    [
        ("班级数", "１２", "12"),
        ("班级数", "1,080", "1080"),
        ("学生数", "１，０８０", "1080"),
        ("班级数", "24.0", "24"),
        ("学校代码", "3333000001", "3333000001"),
        ("城乡", "农村", "rural"),
        ("area", "Urban", "urban"),
        ("类别", "幼儿园", "kindergarten"),
        ("类别", "教学点", "teaching_point"),
        ("接入方式", "光纤", "fibre"),
        ("启用日期", "2026/9/1", "2026-09-01"),
        ("启用日期", "2026年9月1日", "2026-09-01"),
        ("启用日期", "2026/9/1 0:00:00", "2026-09-01"),
        ("学校名称", "第一\n小学", "第一 小学"),
        ("经度", "-0.5", "-0.5"),
    ],
)
def test_a_cell_means_what_its_writer_meant(header: str, written: str, read: str) -> None:
    assert [read] == list(cell(header, written).values())


@pytest.mark.parametrize("written", ["-", "—", "/", "无", "N/A"])
def test_a_sign_for_nothing_is_nothing(written: str) -> None:
    assert {} == cell("班级数", written)


@pytest.mark.parametrize(
    ("header", "written", "read"),
    [
        ("签约带宽", "100M", "100M"),
        ("签约带宽", "100 Mbps", "100M"),
        ("签约带宽", "１００兆", "100M"),
        ("签约带宽", "千兆", "1G"),
        ("签约带宽（M）", "100", "100M"),
        ("签约带宽(Gbps)", "2.5", "2.5G"),
        ("签约带宽", "100000000", "100000000"),
        ("签约带宽", "1,000M", "1000M"),
    ],
)
def test_a_bandwidth_is_read_with_its_unit(header: str, written: str, read: str) -> None:
    assert {"committed": read} == cell(header, written, "links")


def test_ends_contacts_and_labels_are_put_together(tmp_path: Path) -> None:
    sites = table(
        [*HEADER, "标签", "考点", "联系人", "联系电话", "备注", "labels.楼"],
        [*ROW, "寄宿；百年", "是", "王老师", "+86 577 8888", "在山上", "三"],
    )
    school = with_table(tmp_path, "学校.csv", sites.encode("gbk")).sites[2]

    assert ("寄宿", "百年", "exam_site") == school.tags
    assert [("王老师", "+86 577 8888")] == [(one.name, one.phone) for one in school.contacts]
    assert {"note": "在山上", "楼": "三"} == school.labels


def test_a_link_is_read_from_flat_columns(tmp_path: Path) -> None:
    header = "编号,链路角色,甲端设备,甲端端口,乙端设备,乙端端口,端口带宽,签约带宽,承载商,介质"
    raw = f"{header}\nup,县级上联,core,GE1,agg,XGE1,万兆,1G,gdtv,光纤\n".encode()

    link = with_table(tmp_path, "链路.csv", raw).links[0]

    assert ("county_uplink", "fibre", 1e10, 1e9) == (
        link.role, link.medium, link.capacity, link.committed,
    )  # fmt: skip
    assert ("core", "GE1", "agg", "XGE1") == (
        link.a.device, link.a.interface, link.b.device, link.b.interface,
    )  # fmt: skip


def test_every_table_can_be_a_file(tmp_path: Path) -> None:
    files = {
        "vantage.csv": "编号,所在设备\nnoc,core\n",
        "运营商.csv": "编号,名称,报障电话,可用率,修复时限\nunicom,联通,10010,99.9%,4小时\n",
        "standards.csv": "编号,每班带宽,最低带宽\nrural,1M,30M\n",
        "power_zones.csv": "编号,名称\npz-3,城东变三线\n",
        "ducts.csv": '编号,名称,长度,产权\nd-1,管道,"3,200",gdtv\nd-2,管道,,\n',
        "devices.csv": "编号,所属站点,管理地址,snmp凭据,安装日期\nsw,c1,10.0.0.9,ro,2026.9.1\n",
        "services.csv": "编号,类型,目标,expect.status\nportal,https,https://a/,200\n",
    }
    text = ROOT + f"include: [{', '.join(files)}]\n"
    (tmp_path / "inventory.yaml").write_text(text, encoding="utf-8")
    for name, rows in files.items():
        (tmp_path / name).write_text(rows, encoding="utf-8")

    inventory = load(tmp_path / "inventory.yaml", strict=True)

    assert (0.999, 14400) == tuple(dict(inventory.carriers[1].sla).values())
    assert 30e6 == inventory.standards["rural"].required(12)
    assert (3200, "gdtv") == (inventory.ducts[0].length_m, inventory.ducts[0].owner)
    assert (IPv4Address("10.0.0.9"), date(2026, 9, 1)) == (
        inventory.devices[2].address,
        inventory.devices[2].installed,
    )
    assert {"status": "200"} == inventory.services[0].expect
    assert ("noc", "pz-3") == (inventory.vantage[0].id, inventory.power_zones[0].id)


def test_a_table_without_rows_is_no_mistake(tmp_path: Path) -> None:
    assert 2 == len(with_table(tmp_path, "sites.csv", table(HEADER).encode()).sites)


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("sites.csv", "sites"),
        ("Devices-2026.csv", "devices"),
        ("学校名单.csv", "sites"),
        ("带宽标准.csv", "standards"),
        ("power_zones.csv", "power_zones"),
        ("list.csv", None),
        ("credentials.csv", None),
    ],
)
def test_the_name_of_a_file_tells_its_table(name: str, section: str | None) -> None:
    assert section == table_named(name)


@pytest.mark.parametrize("section", TABLES)
def test_every_field_of_the_schema_has_its_column(section: str) -> None:
    if section == "standards":
        fields = {"id", "per_class", "uplink"}
    else:
        fields = set(LISTS[section].model_fields) - {"labels", "expect"}

    assert fields == {str(column.path[0]) for column in columns(section).values()} - {"labels"}


@pytest.mark.parametrize("section", TABLES)
def test_no_header_means_two_columns(section: str) -> None:
    names = [
        (fold(name), column.name)
        for column in columns(section).values()
        for name in {column.name, *column.chinese}
    ]

    assert len({name for name, _ in names}) == len(set(names))
    for name, meant in names:
        found = find_column(section, name)
        assert found is not None
        assert meant == found.name


def test_every_word_of_the_data_is_one_of_the_schema() -> None:
    for place, said in vocabulary()["words"].items():
        section, column = place.split(".")
        allowed = set(LISTS[section].model_json_schema()["properties"][column].get("enum", ()))
        allowed |= {
            word
            for part in LISTS[section].model_json_schema()["properties"][column].get("anyOf", ())
            for word in part.get("enum", ())
        }
        assert allowed == set(said)
        assert len(words(section, column)) == sum(
            len({fold(one) for one in (word, *more)}) for word, more in said.items()
        )


def test_a_broken_table_leaves_the_others_findings_whole(tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text(ROOT + "include: [sites.csv, devices.csv]\n")
    (tmp_path / "sites.csv").write_bytes(b"PK\x03\x04")
    (tmp_path / "devices.csv").write_text("id,site,addres\n")

    said = [(Path(one.file).name, one.line) for one in examine(tmp_path / "inventory.yaml")[1]]

    assert [("sites.csv", 1), ("devices.csv", 1)] == said


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\xff\xfei", "1: the UTF-16 text is broken; save the file as CSV UTF-8"),
        (
            b"id,kind,name,parent\ns1,school," + b"x" * 131_073,
            "2: a cell is over 131072 characters; shorten it, or close its quotation mark",
        ),
        (
            b"id,kind,name,parent\ns1,school,x\xc2\xb7y,c1",
            "2: this may be UTF-8 or GBK; save the file as CSV UTF-8, which has a mark",
        ),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(raw: bytes, said: str) -> None:
    assert [f"f.csv:{said}"] == [*map(str, parse_table(raw, "f.csv", "sites").findings)]


@pytest.mark.parametrize("text", ["第一·小学", "\ufeffx·y"])
def test_a_middle_dot_is_read_where_it_can_be_nothing_else(text: str) -> None:
    raw = table(["id", "name"], ["x", text.removeprefix("\ufeff")])
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    data = parse_table((mark + raw).encode(), "f.csv", "sites").data

    assert data is not None
    assert text.removeprefix("\ufeff") == data["sites"][0]["name"]


def test_a_word_of_the_schema_has_its_chinese() -> None:
    assert "教学点" == chinese_word("sites", "kind", "teaching_point")
    assert "primary" == chinese_word("sites", "stage", "primary")


def test_a_no_is_no_tag() -> None:
    assert [] == cell("考点", "否")["tags"]
