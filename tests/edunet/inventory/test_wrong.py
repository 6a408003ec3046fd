"""Is every mistake found, said in exactly these words, and nothing else?"""

from __future__ import annotations

from pathlib import Path

import pytest

from edunet.inventory import examine

WRONG = sorted((Path(__file__).parent / "wrong").glob("*.yaml"))


def expected(path: Path) -> list[str]:
    """The lines that a wrong file expects of itself, in its first comments."""
    lines = path.read_text(encoding="utf-8").split("\n")
    mark = "# expect: "
    return [f"{path}:{line.removeprefix(mark)}" for line in lines if line.startswith(mark)]


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_mistake_is_named_with_its_line_and_its_remedy(path: Path) -> None:
    inventory, findings = examine(path)

    assert expected(path) == [str(finding) for finding in findings]
    assert all(finding.warning for finding in findings) == (inventory is not None)


def test_every_wrong_file_expects_something() -> None:
    assert len(WRONG) >= 30
    assert all(expected(path) for path in WRONG)


def test_no_finding_shows_a_secret() -> None:
    said = [str(finding) for path in WRONG for finding in examine(path)[1]]

    assert not [line for line in said if "hunter2" in line]
