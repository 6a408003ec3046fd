"""Is a hostile workbook refused in bounded time and memory, and in clear words?"""

from __future__ import annotations

import contextlib
import io
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edunet.errors import ConfigError
from edunet.exchange import workbook
from edunet.exchange.rows import read

NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
HEADER = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>编号</t></is></c>'
    '<c r="B1" t="inlineStr"><is><t>名称</t></is></c></row>'
)


LONG = f'<row r="1"><c r="A1" t="str"><v>{"x" * 70_000}</v></c></row>'
MERGED = "<mergeCells>" + '<mergeCell ref="A1:B2"/>' * 10_001 + "</mergeCells>"


def sheet_of(data: str, tail: str = "") -> bytes:
    return f"<worksheet {NS}><sheetData>{data}</sheetData>{tail}</worksheet>".encode()


def book(path: Path, sheet: bytes, **more: bytes) -> Path:
    """A workbook whose first sheet is 站点 and says this, with other parts replaced or added."""
    plain = openpyxl.Workbook()
    plain.active.title = "站点"
    saved = io.BytesIO()
    plain.save(saved)
    parts = {"xl/worksheets/sheet1.xml": sheet}
    parts |= {name.replace("__", "/"): raw for name, raw in more.items()}
    with zipfile.ZipFile(saved) as old:
        rels = old.read("xl/_rels/workbook.xml.rels").decode()
    if "sharedStrings" not in rels:
        kind = 'Type="http://x/sharedStrings" Target="/xl/sharedStrings.xml"'
        relation = f'<Relationship Id="strings" {kind}/></Relationships>'
        parts["xl/_rels/workbook.xml.rels"] = rels.replace("</Relationships>", relation).encode()
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, parts.pop(name) if name in parts else old.read(name))
        for name, raw in parts.items():
            new.writestr(name, raw)
    return path


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        workbook.read(path)
    return str(caught.value).removeprefix(str(path)).strip()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        pytest.param(b"", "is no workbook; save it as .xlsx", id="nothing"),
        pytest.param(b"id,name\n", "is no workbook; save it as .xlsx", id="csv"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
            "is an old or a locked workbook; save it as .xlsx without password", id="xls",
        ),
        pytest.param(
            b"PK\x03\x04" + bytes(99), "is damaged; open it in Excel or WPS and save it anew",
            id="broken zip",
        ),
        pytest.param(
            b"PK\x03\x04" + b"PK\x01\x02" * 3000, "has over 2000 parts; save only the tables",
            id="many parts",
        ),
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_said_so(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(raw)
    assert said == refused(path)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(
            lambda path: book(path, sheet_of(HEADER), **{"xl__vbaProject.bin": b"x"}),
            "holds macros; save it as .xlsx", id="macros",
        ),
        pytest.param(
            lambda path: book(path, sheet_of(HEADER), xl__externalLinks__link=b""),
            "links to other files; paste the values and break the links", id="links",
        ),
        pytest.param(
            lambda path: book(path, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
            "is too large in xl/worksheets/sheet1.xml; keep only the rows you need", id="entities",
        ),
        pytest.param(
            lambda path: book(path, b"<worksheet><sheetData>"),
            "is damaged; open it in Excel or WPS and save it anew", id="half a sheet",
        ),
        pytest.param(
            lambda path: book(path, sheet_of('<row r="1"><c r="XFD1"><v>1</v></c></row>')),
            "sheet 站点: cell XFD1 is far to the right; keep 256 columns", id="far right",
        ),
        pytest.param(
            lambda path: book(path, sheet_of(LONG)),
            "sheet 站点: cell A1 is longer than 32767 characters; shorten it", id="long text",
        ),
        pytest.param(
            lambda path: book(path, sheet_of(HEADER, MERGED)),
            "sheet 站点: has over 10000 merged cells; unmerge them", id="merged",
        ),
        pytest.param(
            lambda path: book(path, sheet_of(HEADER), **{"_rels__.rels": b"<a/>"}),
            "is no workbook; save it as .xlsx", id="a zip of something else",
        ),
    ],
)  # fmt: skip
def test_what_may_not_be_in_a_workbook_is_refused(
    tmp_path: Path, make: Callable[[Path], Path], said: str
) -> None:
    assert said == refused(make(tmp_path / "x.xlsx"))


def bomb(path: Path) -> Path:
    """A part that unpacks to 300 MB of one endless attribute, in a file of 300 kB."""
    return book(path, b"<a b='" + b"x" * (300 * 2**20) + b"'/>")


def one_value(path: Path) -> Path:
    """Below the limit of size, but one value of 100 MB, which a parser would keep whole."""
    return book(path, b"<a b='" + b"x" * (100 * 2**20) + b"'/>")


def strings(path: Path) -> Path:
    return book(
        path,
        sheet_of(HEADER),
        **{"xl__sharedStrings.xml": b"<sst>" + b"<si><t>x</t></si>" * 2_500_000 + b"</sst>"},
    )


def blanks(path: Path) -> Path:
    """Every row Excel has, each with a blank formatted cell."""
    rows = (f'<row r="{row}"><c r="A{row}" s="0"/></row>' for row in range(2, 1_048_577))
    return book(path, sheet_of(HEADER + "".join(rows)))


def lying(path: Path) -> Path:
    """The directory says 10 bytes, the data are 200 MB."""
    book(path, sheet_of(" " * (200 * 2**20)))
    raw = bytearray(path.read_bytes())
    at = raw.rfind(b"PK\x01\x02", 0, raw.rfind(b"xl/worksheets/sheet1.xml"))
    raw[at + 24 : at + 28] = (10).to_bytes(4, "little")
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (bomb, "unpacks to over 256 MB"),
        (one_value, "is too large in xl/worksheets/sheet1.xml"),
        (strings, "holds too many texts"),
        (lying, "is damaged"),
        (blanks, ""),
    ],
    ids=["bomb", "one value", "strings", "lying", "a million blank rows"],
)
def test_a_bomb_costs_little(tmp_path: Path, make: Callable[[Path], Path], said: str) -> None:
    """In a process of its own that may not use more memory than 400 MB above its start."""
    path = make(tmp_path / "x.xlsx")
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from edunet.exchange.rows import read\n"
        "from edunet.errors import ConfigError\n"
        "pages = int(Path('/proc/self/statm').read_text().split()[0]) * 4096\n"
        "resource.setrlimit(resource.RLIMIT_AS, (pages + 400 * 2**20,) * 2)\n"
        "try:\n    read(Path(sys.argv[1]))\nexcept ConfigError as error:\n    print(error)\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    ran = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, timeout=60, check=False
    )
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before

    assert (0, "") == (ran.returncode, ran.stderr)
    assert said in ran.stdout
    assert spent < 15


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_workbook_is_read_or_refused_and_nothing_else(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.xlsx"
    if not path.exists():
        book(path, sheet_of(HEADER + '<row r="2"><c r="A2" t="s"><v>0</v></c></row>'))
        path.with_suffix(".good").write_bytes(path.read_bytes())
    raw = bytearray(path.with_suffix(".good").read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=8)):
        raw[at] = data.draw(st.integers(0, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    with contextlib.suppress(ConfigError):
        read(path)


def test_shared_rich_and_phonetic_text_is_read_as_wps_writes_it(tmp_path: Path) -> None:
    """Runs of one text are joined; how it is pronounced is not part of it."""
    shared = (
        "<sst><si><t>编号</t></si><si><r><t>名</t></r><r><t>称</t></r><rPh><t>míngchēng</t></rPh></si>"
        "<si><t>a</t></si><si><t xml:space='preserve'>甲_x000D_</t></si></sst>"
    )
    rows = (
        '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>'
        '<row><c t="s"><v>2</v></c><c t="s"><v>3</v></c></row>'
    )
    path = book(tmp_path / "x.xlsx", sheet_of(rows), **{"xl__sharedStrings.xml": shared.encode()})

    (sheet,) = workbook.read(path)

    texts = [[cell.text for cell in row.values()] for row in sheet.rows.values()]
    assert [["编号", "名称"], ["a", "甲\r"]] == texts
