"""Does any table, however hostile, end in things or in findings, soon and in little memory?"""

from __future__ import annotations

import os
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edunet.inventory import csv_table, examine
from edunet.inventory.check import judge
from edunet.inventory.csv_columns import columns
from edunet.inventory.csv_table import parse_table
from edunet.inventory.finding import MOST
from edunet.inventory.model import TABLES
from edunet.inventory.source import MAX_BYTES, parse

ROOT = b"""network: {name: x}
sites: [{id: city, kind: city, name: x}]
"""
HEADER = "编号,类别,学校名称,上级,班级数,签约带宽\n"
NAMES = sorted({name for one in TABLES for c in columns(one).values() for name in c.chinese})
CELLS = st.text(max_size=12) | st.sampled_from(
    [
        "=1+1",
        "-",
        "１２",
        "1,080",
        '"',
        '""',
        "小学",
        "100M",
        "2026/9/1",
        "\x00",
        "是",
        "a\nb",
        "s1",
    ]
)


def survives(raw: bytes, table: str = "sites") -> None:
    """Judging this table ends as it must: an inventory, or findings that say why there is none."""
    inventory, findings = judge(parse(ROOT, "i.yaml"), parse_table(raw, "f.csv", table))

    assert (inventory is None) == any(not finding.warning for finding in findings)
    for finding in findings:
        assert str(finding).isprintable()
        assert 0 < finding.line <= len(raw) + 2
        assert len(str(finding)) < 1500
        assert "pydantic" not in str(finding)
        assert "Input should" not in str(finding)


@given(st.binary(max_size=300), st.sampled_from(TABLES))
def test_random_bytes_never_crash(raw: bytes, table: str) -> None:
    survives(raw, table)


@given(st.binary(max_size=100), st.sampled_from(TABLES), st.sampled_from(["utf-8", "gbk"]))
def test_random_bytes_below_a_header_never_crash(raw: bytes, table: str, encoding: str) -> None:
    header = ",".join(column.chinese[0] for column in columns(table).values())
    survives(header.encode(encoding) + b"\n" + raw, table)


@given(
    st.lists(st.sampled_from(NAMES) | CELLS, min_size=1, max_size=8),
    st.lists(st.lists(CELLS, max_size=10), max_size=6),
    st.sampled_from(TABLES),
    st.sampled_from([",", ";", "\t", "，"]),
)
@settings(max_examples=300)
def test_random_tables_never_crash(
    header: list[str], rows: list[list[str]], table: str, delimiter: str
) -> None:
    text = "\r\n".join(delimiter.join(row) for row in [header, *rows])
    survives(text.encode(errors="replace"), table)


@given(st.sampled_from("=+@＝＋＠"), st.text(min_size=1, max_size=12))
def test_no_formula_gets_through(sign: str, rest: str) -> None:
    cell = (sign + rest + "(").replace('"', "")
    raw = f'编号,类别,学校名称,上级\ns1,小学,"{cell}",city\n'.encode(errors="replace")
    inventory, _ = judge(parse(ROOT, "i.yaml"), parse_table(raw, "f.csv", "sites"))

    assert inventory is None


BOMBS = {
    "one long cell": HEADER + "s1,小学," + "x" * 3_000_000 + ",city\n",
    "an open quotation mark": HEADER + 's1,小学,"' + "x\n" * 1_500_000,
    "many quotation marks": HEADER + '"' * 3_000_000,
    "many columns": "编号" + ",a" * 1_000_000,
    "many columns in a row": HEADER + "," * 3_000_000 + "x\n",
    "many blank rows": HEADER + ",,,,,\n" * 1_048_576 + "s1,小学,=1+1,city\n",
    "many unknown columns": "编号," + ",".join(f"甲{i}" for i in range(900)),
    "many formulas": HEADER + "s1,小学,=1+1,city\n" * 100_000,
    "many of one id": HEADER + "s1,小学,x,city,6\n" * 60_000,
    "many misspelt parents": HEADER + "".join(f"s{i},小学,x,citi{i}\n" for i in range(60_000)),
    "many misspelt kinds": HEADER + "".join(f"s{i},校{i},x,city\n" for i in range(60_000)),
    "many separators in a cell": "编号,类别,学校名称,上级,标签\ns1,小学,x,city," + "；" * 100_000,
    "a long blank in a list": "编号,类别,学校名称,上级,标签\ns1,小学,x,city,a"
    + " " * 130_000
    + "b",
    "a long blank in a date": "编号,类别,学校名称,上级,启用日期\ns1,小学,x,city,a"
    + " " * 130_000
    + "b",
    "many brackets in a header": HEADER + "s1,小学,x,city,6\n编号,签约带宽" + "(" * 100_000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_ends_soon_and_in_little_memory(bomb: str) -> None:
    raw = bomb.encode()
    started = time.process_time()
    inventory, findings = judge(parse(ROOT, "i.yaml"), parse_table(raw, "f.csv", "sites"))

    assert inventory is None
    assert 0 < len(findings) <= MOST + 1
    assert all(len(str(finding)) < 1500 for finding in findings)
    assert time.process_time() - started < 10


def test_reading_takes_a_few_times_the_memory_of_the_file() -> None:
    raw = (HEADER + "".join(f"s{i},小学,第{i}小学,city,6\n" for i in range(20_000))).encode()
    tracemalloc.start()
    document = parse_table(raw, "f.csv", "sites")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert document.data is not None
    assert peak < 40 * len(raw)


def test_a_file_of_a_gigabyte_is_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_bytes(ROOT + b"include: [sites.csv]\n")
    with (tmp_path / "sites.csv").open("wb") as large:
        large.truncate(2**30)
    started = time.process_time()

    said = [finding.text for finding in examine(tmp_path / "inventory.yaml")[1]]

    assert ["include[0]: the files together are over 128 MB; include less"] == said
    assert time.process_time() - started < 1


def test_a_file_over_the_limit_of_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_bytes(ROOT + b"include: [sites.csv]\n")
    with (tmp_path / "sites.csv").open("wb") as large:
        large.truncate(MAX_BYTES + 1)

    said = [finding.text for finding in examine(tmp_path / "inventory.yaml")[1]]

    assert ["the file is over 64 MB; split it"] == said


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "MAX_ROWS", 2)
    raw = (HEADER + "s1,小学,x,city\ns2,小学,x,city\ns3,小学,x,city\n").encode()

    said = [*map(str, parse_table(raw, "f.csv", "sites").findings)]

    assert ["f.csv:4: more than 2 rows; split the file"] == said


def test_a_pipe_or_a_device_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_bytes(ROOT + b"include: [sites.csv]\n")
    os.mkfifo(tmp_path / "sites.csv")

    said = [finding.text for finding in examine(tmp_path / "inventory.yaml")[1]]

    assert ["include[0]: 'sites.csv' is not a file; write the name of one"] == said


@pytest.mark.parametrize("target", ["/etc/passwd", "sites.csv", "../elsewhere.csv"])
def test_a_symbolic_link_does_not_lead_out(tmp_path: Path, target: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "elsewhere.csv").write_text("id\n")
    (home / "inventory.yaml").write_bytes(ROOT + b"include: [sites.csv]\n")
    (home / "sites.csv").symlink_to(target)

    said = [finding.text for finding in examine(home / "inventory.yaml")[1]]

    assert 1 == len(said)
    assert "leads out of the folder" in said[0] or "no file" in said[0]


def test_more_files_than_a_thousand_are_refused(tmp_path: Path) -> None:
    names = [f"sites-{number}.csv" for number in range(1001)]
    for name in names:
        (tmp_path / name).write_text("id,kind,name,parent\n")
    (tmp_path / "inventory.yaml").write_bytes(ROOT + f"include: [{', '.join(names)}]\n".encode())

    said = [finding.text for finding in examine(tmp_path / "inventory.yaml")[1]]

    assert "include[1000]: more than 1000 files are included; join some of them" in said
