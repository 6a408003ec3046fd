"""Do the commands say, ask, exit and refuse as a person and a script rely on?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edunet.cli import app

Edited = Callable[..., Path]


def edunet(*words: str | Path, answer: str = "") -> Result:
    return CliRunner().invoke(app, ["inventory", *map(str, words)], input=answer)


def more(sheets: dict[str, object]) -> None:
    sheets["站点"].set("c1-s1", "班级数", 25)  # type: ignore[attr-defined]


def wrong(sheets: dict[str, object]) -> None:
    sheets["站点"].set("c1-s1", "班级数", "二十")  # type: ignore[attr-defined]


def test_export_says_what_it_wrote(inventory: Path, tmp_path: Path) -> None:
    ended = edunet("export", tmp_path / "x.xlsx", "--inventory", inventory, "--county", "c1")

    said = f"{tmp_path / 'x.xlsx'}: 3 sites, 1 devices, 3 links, 0 power zones, 0 ducts\n"
    assert (0, said) == (ended.exit_code, ended.stdout)


def test_an_import_is_shown_applied_and_undone(inventory: Path, edited: Edited) -> None:
    workbook = edited(more)
    before = inventory.read_bytes()

    shown = edunet("import", workbook, "--inventory", inventory, "--dry-run")
    assert (0, before) == (shown.exit_code, inventory.read_bytes())
    assert [
        "~ sites c1-s1 城东实验小学", "    班级数: 24 > 25", "0 added, 1 changed, 0 removed",
    ] == shown.stdout.splitlines()  # fmt: skip

    done = edunet("import", workbook, "--inventory", inventory, "--yes")
    assert 0 == done.exit_code
    assert before != inventory.read_bytes()
    assert "nothing differs\n" == edunet("import", workbook, "--inventory", inventory).stdout

    undone = edunet("undo", "--inventory", inventory)
    assert (0, before) == (undone.exit_code, inventory.read_bytes())
    assert 2 == edunet("undo", "--inventory", inventory).exit_code


def test_without_a_terminal_nothing_is_changed_unasked(inventory: Path, edited: Edited) -> None:
    before = inventory.read_bytes()
    ended = edunet("import", edited(more), "--inventory", inventory, answer="y\n")

    assert before == inventory.read_bytes()
    assert "nothing was changed; say --yes to change it\n" == ended.stderr


def test_mistakes_end_with_two_and_change_nothing(inventory: Path, edited: Edited) -> None:
    before = inventory.read_bytes()
    workbook = edited(wrong)
    ended = edunet("import", workbook, "--inventory", inventory, "--yes")

    assert (2, before) == (ended.exit_code, inventory.read_bytes())
    said = f"{workbook} sheet 站点 row 4, 班级数: '二十' is not a whole number; write digits only\n"
    assert said == ended.stdout


def test_a_program_gets_json(inventory: Path, edited: Edited) -> None:
    told = json.loads(edunet("import", edited(more), "--inventory", inventory, "--json").stdout)

    assert (True, False) == (told["ok"], told["applied"])
    assert [{"field": "班级数", "before": "24", "after": "25"}] == told["changes"][0]["fields"]


@pytest.mark.parametrize("command", ["from-netbox", "from-librenms", "from-csv"])
def test_an_importer_refuses_nonsense_with_two(command: str, tmp_path: Path) -> None:
    for name in ("sites.json", "sites.csv"):
        (tmp_path / name).write_text("{\x00", encoding="utf-8")

    ended = edunet(command, tmp_path)
    assert 2 == ended.exit_code
    assert str(tmp_path) in ended.stderr


def test_a_draft_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text("id,kind,name\na,city,A\n", encoding="utf-8")
    new = tmp_path / "inventory.yaml"

    assert 0 == edunet("from-csv", tmp_path / "sites.csv", "-o", new).exit_code
    first = new.read_text(encoding="utf-8")
    again = edunet("from-csv", tmp_path / "sites.csv", "-o", new)
    assert (2, first) == (again.exit_code, new.read_text(encoding="utf-8"))
    assert f"{new} is already there; name a new file\n" == again.stderr
