"""Does an import change what it must, keep the rest as it was written, and can it be undone?"""

from __future__ import annotations

import difflib
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edunet.clock import ManualClock
from edunet.errors import ConfigError
from edunet.exchange import undo
from edunet.exchange.bring import apply, prepare
from edunet.exchange.undo import FOLDER, KEPT, Undo
from edunet.inventory import load

Edited = Callable[..., Path]


def difference(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


def bring(inventory: Path, workbook: Path, **options: Any) -> list[str]:
    """Imports; the lines that differ."""
    before = inventory.read_text(encoding="utf-8")
    found = prepare(inventory, workbook, **options)
    assert [] == found.mistakes
    apply(inventory, found, ManualClock())
    return difference(before, inventory.read_text(encoding="utf-8"))


def test_comments_and_form_stay_around_what_changes(inventory: Path, edited: Edited) -> None:
    def edit(sheets: dict[str, Any]) -> None:
        sheets["站点"].set("c1-s1", "名称", "城东第一小学")
        sheets["站点"].set("c1-s1", "学生数", 900)
        sheets["站点"].set("c1-s2", "城乡", "农村")
        sheets["站点"].set("c1-s2", "标签", None)
        sheets["承载商"].add(编号="unicom", 名称="中国联通")
        sheets["设备"].add(编号="c1-s1-sw", 站点="c1-s1", 管理地址="10.0.1.1", snmp凭据="ro")
        sheets["标准"].add(编号="rural", 每班带宽="1M")

    changed = bring(inventory, edited(edit))

    assert [
        "- carriers: [{id: gdtv, name: 广电网络}]   # who is paid",
        "+ carriers: [{id: gdtv, name: 广电网络},",
        "+     {id: unicom, name: 中国联通}]   # who is paid",
        "-     name: 城东实验小学   # renamed in 2019",
        "+     name: 城东第一小学   # renamed in 2019",
        "+     students: 900",
        "-   - {id: c1-s2, kind: school, parent: c1, name: 城东二小, classes: 12, "
        "tags: [exam_site]}",
        "+   - {id: c1-s2, kind: school, parent: c1, name: 城东二小, classes: 12, area: rural}",
        "+   - {id: c1-s1-sw, site: c1-s1, address: 10.0.1.1, snmp: ro}",
        "+ ",
        "+ standards:",
        "+   rural: {per_class: 1M}",
    ] == changed


def test_removal_needs_to_be_asked_for(inventory: Path, edited: Edited) -> None:
    def edit(sheets: dict[str, Any]) -> None:
        sheets["站点"].drop("c2-s1")
        sheets["链路"].drop("a3")

    workbook = edited(edit)
    assert [] == prepare(inventory, workbook).changes
    assert [
        "-   - {id: c2-s1, kind: school, parent: c2, name: 城西一小, classes: 6}",
        "-   - {id: a3, role: school_access, a: {device: c2-agg, interface: G1}, b: {site: c2-s1}, "
        "committed: 50M, carrier: gdtv}",
    ] == bring(inventory, workbook, remove=True)


def test_undo_brings_back_every_byte_and_only_once(inventory: Path, edited: Edited) -> None:
    before = inventory.read_bytes()
    inventory.chmod(0o640)
    bring(inventory, edited(lambda sheets: sheets["站点"].set("c1-s1", "班级数", 25)))
    assert 0o640 == stat.S_IMODE(inventory.stat().st_mode)

    kept = Undo(inventory)
    with kept.alone():
        assert ["inventory.yaml"] == kept.back()
    assert before == inventory.read_bytes()
    with kept.alone(), pytest.raises(ConfigError, match="nothing to undo"):
        kept.back()


def test_undo_refuses_to_lose_what_was_written_since(inventory: Path, edited: Edited) -> None:
    bring(inventory, edited(lambda sheets: sheets["站点"].set("c1-s1", "班级数", 25)))
    with inventory.open("a", encoding="utf-8") as file:
        file.write("# by hand\n")
    later = inventory.read_bytes()

    kept = Undo(inventory)
    with kept.alone(), pytest.raises(ConfigError, match="was changed after the import"):
        kept.back()
    assert later == inventory.read_bytes()


def test_twenty_imports_can_be_undone_and_no_more_are_kept(inventory: Path) -> None:
    kept = Undo(inventory)
    text = inventory.read_text(encoding="utf-8")
    with kept.alone():
        for number in range(KEPT + 3):
            kept.replace({inventory: f"{text}# {number}\n".encode()}, number)
        for _ in range(KEPT):
            kept.back()
        with pytest.raises(ConfigError, match="nothing to undo"):
            kept.back()
    assert f"{text}# 2\n" == inventory.read_text(encoding="utf-8")


def test_several_files_are_all_written_or_none(
    inventory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full at the second of them."""
    other = inventory.with_name("other.yaml")
    other.write_text("sites: []\n", encoding="utf-8")
    before = inventory.read_bytes()
    real = undo._write

    def full(path: Path, raw: bytes, like: Path | None) -> None:
        if path == other:
            raise OSError(28, "No space left on device", str(path))
        real(path, raw, like)

    kept = Undo(inventory)
    with kept.alone():
        monkeypatch.setattr(undo, "_write", full)
        with pytest.raises(ConfigError, match="no space left on device; nothing was changed"):
            kept.replace({inventory: b"x", other: b"y"}, 0)
    assert (before, b"sites: []\n") == (inventory.read_bytes(), other.read_bytes())


def test_a_killed_import_is_mended_by_the_next_command(
    inventory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = inventory.with_name("other.yaml")
    other.write_text("sites: []\n", encoding="utf-8")
    before = inventory.read_bytes()
    real = undo._write

    class Killed(BaseException):
        """Nothing catches a SIGKILL."""

    def killed(path: Path, raw: bytes, like: Path | None) -> None:
        if path == other:
            raise Killed
        real(path, raw, like)

    kept = Undo(inventory)
    with monkeypatch.context() as patch:
        patch.setattr(undo, "_write", killed)
        with kept.alone(), pytest.raises(Killed):
            kept.replace({inventory: b"x", other: b"y"}, 0)
    assert b"x" == inventory.read_bytes()

    with kept.alone():
        assert before == inventory.read_bytes()
        with pytest.raises(ConfigError, match="nothing to undo"):
            kept.back()


def test_two_imports_do_not_run_at_once(inventory: Path) -> None:
    kept = Undo(inventory)
    with kept.alone(), pytest.raises(ConfigError, match="another import"), Undo(inventory).alone():
        pass


def test_what_changed_between_preview_and_consent_is_not_overwritten(
    inventory: Path, edited: Edited
) -> None:
    found = prepare(inventory, edited(lambda sheets: sheets["站点"].set("c1-s1", "班级数", 25)))
    inventory.write_text(inventory.read_text(encoding="utf-8") + "# by hand\n", encoding="utf-8")

    with pytest.raises(ConfigError, match="was changed meanwhile"):
        apply(inventory, found, ManualClock())


def test_a_manifest_that_leads_elsewhere_is_not_followed(inventory: Path) -> None:
    entry = inventory.parent / FOLDER / "000001"
    entry.mkdir(parents=True)
    named = {"file": "../../etc/passwd", "before": "", "after": ""}
    text = json.dumps({"inventory": inventory.name, "state": "writing", "files": [named]})
    (entry / "manifest.json").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match="is damaged"), Undo(inventory).alone():
        pass


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_an_included_table_keeps_its_encoding_and_columns(
    inventory: Path, edited: Edited, encoding: str, delimiter: str
) -> None:
    table = inventory.with_name("学校.csv")
    rows = ["编号,学校名称,类别,上级,班级数", "c3,城南区,区,city,", "c3-s1,城南一小,小学,c3,9"]
    raw = "\r\n".join([*rows, ""]).replace(",", delimiter).encode(encoding)
    table.write_bytes(raw)
    with inventory.open("a", encoding="utf-8") as file:
        file.write("include: [学校.csv]\n")

    def edit(sheets: dict[str, Any]) -> None:
        sheets["站点"].set("c3-s1", "班级数", 10)
        sheets["站点"].set("c3-s1", "城乡", "农村")
        sheets["站点"].set("c1-s1", "班级数", 25)

    bring(inventory, edited(edit))

    rows = [
        "编号,学校名称,类别,上级,班级数,城乡",
        "c3,城南区,区,city,",
        "c3-s1,城南一小,小学,c3,10,rural",
    ]
    assert "\r\n".join([*rows, ""]).replace(",", delimiter).encode(encoding) == table.read_bytes()
    schools = {site.id: site for site in load(inventory).sites}
    assert (10, "rural", 25) == (
        schools["c3-s1"].classes, schools["c3-s1"].area, schools["c1-s1"].classes,
    )  # fmt: skip
    kept = Undo(inventory)
    with kept.alone():
        kept.back()
    assert raw == table.read_bytes()


def test_a_folder_that_may_not_be_written_is_said(inventory: Path, edited: Edited) -> None:
    found = prepare(inventory, edited(lambda sheets: sheets["站点"].set("c1-s1", "班级数", 25)))
    (inventory.parent / FOLDER).write_text("a file is in the way", encoding="utf-8")

    with pytest.raises(ConfigError, match="nothing was changed"):
        apply(inventory, found, ManualClock())
    assert "classes: 24" in inventory.read_text(encoding="utf-8")
