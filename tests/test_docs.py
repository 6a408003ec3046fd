"""What the documentation tells people to type exists, and its examples are read."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from edunet.cli import app
from edunet.inventory import examine
from edunet.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)


def _blocks(language: str) -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
            if kind == language:
                yield page, text


def _commands() -> list[str]:
    """Every `edunet ...` line of a shell block, and every `edunet ...` in back quotes."""
    found: set[str] = set()
    for _, text in _blocks("sh"):
        for line in text.splitlines():
            command = line.split("  #")[0].strip().removeprefix(".venv/bin/")
            if command.startswith("edunet "):
                found.add(command)
    for page in PAGES:
        found |= set(re.findall(r"`(edunet [a-z][^`]*)`", page.read_text(encoding="utf-8")))
    return sorted(found)


@pytest.mark.parametrize("command", _commands())
def test_a_command_in_the_docs_exists_with_its_options(command: str) -> None:
    """`edunet WORDS --help` knows every word before the arguments, and every option."""
    words = shlex.split(command.replace("...", "").split("|")[0])[1:]
    names = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
    runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"})
    group = {"lab", "inventory", "bench"} & set(names[:1])
    told = runner.invoke(app, [*names[: 2 if group else 1], "--help"])
    assert told.exit_code == 0, told.output
    for option in re.findall(r"--[a-z-]+", command):
        assert option in told.output, option


@pytest.mark.parametrize(
    "text", [text for _, text in _blocks("yaml") if "sites:" in text], ids=lambda t: t[:40]
)
def test_an_inventory_in_the_docs_is_a_good_one(text: str, tmp_path: Path) -> None:
    """A reader who copies it gets no error."""
    path = tmp_path / "inventory.yaml"
    path.write_text(text, encoding="utf-8")
    inventory, findings = examine(path)
    assert inventory is not None, findings


@pytest.mark.parametrize(
    "text",
    [text for _, text in _blocks("yaml") if re.match(r"(sinks|channels|listen):", text)],
    ids=lambda t: t[:40],
)
def test_settings_in_the_docs_are_good_ones(text: str) -> None:
    """Every key is known and every value is of its type."""
    Settings.model_validate(yaml.safe_load(text))


def test_the_makefile_has_the_two_commands() -> None:
    """`make run` and `make test`, as the README promises."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("run", "test"):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)
