"""Is every mistake found, said in exactly these words, and nothing else?"""

from __future__ import annotations

from pathlib import Path

import pytest

from edunet.inventory import examine

HERE = Path(__file__).parent / "wrong"
WRONG = sorted([*HERE.glob("*.yaml"), *HERE.glob("*/inventory.yaml")])


def case(path: Path) -> str:
    return path.stem if path.parent == HERE else path.parent.name


def expected(path: Path) -> list[str]:
    """The lines that a wrong file expects, in its first comments.

    Of a file alone `LINE: ...`; of a folder `FILE:LINE: ...`, where a line's path to the folder is
    written `~/`.
    """
    lines = path.read_text(encoding="utf-8").split("\n")
    mark = "# expect: "
    said = [line.removeprefix(mark) for line in lines if line.startswith(mark)]
    if path.parent == HERE:
        return [f"{path}:{line}" for line in said]
    return [f"{path.parent}/{line}".replace("~/", f"{path.parent}/") for line in said]


@pytest.mark.parametrize("path", WRONG, ids=case)
def test_a_mistake_is_named_with_its_line_and_its_remedy(path: Path) -> None:
    inventory, findings = examine(path)

    assert expected(path) == [str(finding) for finding in findings]
    assert all(finding.warning for finding in findings) == (inventory is not None)


def test_every_wrong_file_expects_something() -> None:
    assert len(WRONG) >= 200
    assert all(expected(path) for path in WRONG)


def test_no_finding_shows_a_secret() -> None:
    said = [str(finding) for path in WRONG for finding in examine(path)[1]]

    assert not [line for line in said if "hunter2" in line]
