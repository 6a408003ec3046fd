"""Does `edunet check` say and exit what a script relies on?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edunet.cli import app

INVENTORY = Path(__file__).parents[1] / "inventory"
GOOD = INVENTORY / "good.yaml"
THIN = INVENTORY / "wrong" / "warn-thin-contract.yaml"
WRONG = INVENTORY / "wrong" / "kind-misspelt.yaml"
HEAVY = {"numpy", "scipy", "fastapi", "httpx", "uvicorn", "gufo", "netmiko", "paramiko", "pandas"}


def edunet(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param([GOOD], 0, id="all is right"),
        pytest.param([GOOD, "--strict"], 0, id="all is right, strictly"),
        pytest.param([THIN], 0, id="a warning"),
        pytest.param([THIN, "--strict"], 1, id="a warning, strictly"),
        pytest.param([THIN, "--strict", "--json"], 1, id="a warning, strictly, for a program"),
        pytest.param([WRONG], 2, id="an error"),
        pytest.param([WRONG, "--json"], 2, id="an error, for a program"),
        pytest.param(["nowhere.yaml"], 2, id="no such file"),
        pytest.param([GOOD, "--stric"], 2, id="no such option"),
    ],
)
def test_the_exit_code_says_what_was_found(words: list[str | Path], code: int) -> None:
    assert code == edunet("check", "--inventory", *words).exit_code


def test_a_right_inventory_is_summed_up_in_one_line() -> None:
    said = edunet("check", "--inventory", GOOD).stdout

    assert "1 county, 1 school, 2 devices, 3 links: no errors, no warnings\n" == said


def test_findings_go_to_stdout_one_per_line() -> None:
    ended = edunet("check", "--inventory", WRONG)

    assert [f"{WRONG}:6"] == [line.rsplit(": ", 2)[0] for line in ended.stdout.splitlines()]
    assert "1 error, no warnings\n" == ended.stderr


def test_a_missing_file_is_named_on_stderr() -> None:
    ended = edunet("check", "--inventory", "nowhere.yaml")

    assert "" == ended.stdout
    assert "no file nowhere.yaml; write one, or name it by --inventory FILE\n" == ended.stderr


def test_a_program_reads_the_findings_as_json() -> None:
    answer = json.loads(edunet("check", "--inventory", THIN, "--json").stdout)

    assert (True, 0, 1) == (answer["ok"], answer["errors"], answer["warnings"])
    assert {"counties": 1, "schools": 1, "devices": 2, "links": 1} == answer["counts"]
    assert [("warning", 13, str(THIN))] == [
        (finding["severity"], finding["line"], finding["file"]) for finding in answer["findings"]
    ]


def test_the_schema_is_printed_as_draft_2020_12() -> None:
    schema = json.loads(edunet("check", "--schema").stdout)

    assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]
    assert {"network", "sites", "devices", "links"} <= schema["properties"].keys()
    assert schema["additionalProperties"] is False


def test_the_console_script_is_the_same_command() -> None:
    script = Path(sys.executable).with_name("edunet")
    ended = subprocess.run(
        [script, "check", "--inventory", WRONG], capture_output=True, text=True, check=False
    )

    assert (2, edunet("check", "--inventory", WRONG).stdout) == (ended.returncode, ended.stdout)


def test_a_check_loads_no_heavy_library() -> None:
    program = f"""
import sys
from edunet.cli import app
try:
    app(["check", "--inventory", {str(WRONG)!r}])
except SystemExit:
    print(*sorted({{name.split(".")[0] for name in sys.modules}}))
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert set() == HEAVY & set(ended.stdout.splitlines()[-1].split())
