"""The rules of the house, kept by a machine."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import lab
from alerts import rule
from edunet.metrics import FAMILIES
from lab import echo

ROOT = Path(__file__).parents[1]
OURS = ("edunet", "collector", "alerts", "api", "lab")
SOURCES = [path for name in OURS for path in sorted((ROOT / name).rglob("*.py"))]
TEXTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROMISE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_file_fits_in_a_head(path: Path) -> None:
    """At most 300 lines, and a first sentence that says what the file answers."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    if text.strip():
        assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("name", OURS)
def test_nobody_else_ships_our_names(name: str) -> None:
    """`import collector` means ours: no installed distribution brings a package of that name."""
    assert set(packages_distributions().get(name, ["edunet"])) <= {"edunet"}


def test_every_metric_has_its_own_name_and_says_what_it_is() -> None:
    """Names are unique, in the house's namespace; counters end in _total."""
    names = [family.name for family in FAMILIES]
    assert len(names) == len(set(names))
    for family in FAMILIES:
        assert family.name.startswith("edunet_")
        assert family.help.endswith(".")
        assert family.name.endswith("_total") == (family.type == "counter")


def test_every_rule_speaks_both_languages() -> None:
    """What is told can be told in Chinese and in English."""
    rules = rule.load()
    assert rules
    for each in rules:
        assert set(each.summary) == {"zh-CN", "en"}


def test_every_promise_names_a_test_that_exists() -> None:
    """`docs/promises.md` cannot promise what nobody checks."""
    text = (ROOT / "docs/promises.md").read_text(encoding="utf-8")
    promises = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert promises
    for promise in promises:
        named = PROMISE.findall(promise)
        assert named, promise.splitlines()[0]
        for file, function in named:
            assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8"), function


@pytest.mark.parametrize("path", TEXTS, ids=_name)
def test_a_page_leads_nowhere_that_is_not_there(path: Path) -> None:
    """Every relative link in the documentation resolves."""
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_what_we_depend_on_is_pinned_with_hashes() -> None:
    """Every direct dependency stands in the lock, and every line of the lock has a hash."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    pinned = {name.lower() for name in re.findall(r"^([\w.-]+)==", lock, flags=re.MULTILINE)}
    for requirement in wanted:
        name = re.split(r"[><=\[ ]", requirement)[0].lower()
        assert name in pinned, name
    for block in re.split(r"^(?=[\w.-]+==)", lock, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_floors_hold() -> None:
    """No floor leans on one beside it or above it, and the ground opens no socket."""
    tool = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


def test_nothing_here_can_set_anything() -> None:
    """No code calls what writes to a device: SNMP SET, or a library's configuring commands."""
    writes = {
        "set_cmd", "send_set", "snmpset", "send_config_set", "send_config_from_file", "config_mode",
        "save_config", "commit", "enable",
    }  # fmt: skip
    for path in SOURCES:
        if path.relative_to(ROOT).parts[0] != "collector":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.attr if isinstance(called, ast.Attribute) else None
            assert name not in writes, f"{_name(path)} calls {name}"


@pytest.mark.skipif(os.environ.get("CI") != "true", reason="elsewhere a test says what it lacks")
def test_in_ci_no_test_is_skipped_for_want_of_a_component() -> None:
    """Some tests skip without a program or a right; here every one of them has to be there."""
    folders = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/lib/frr"
    programs = (
        "snmpd", "snmpbulkwalk", "sshd", "zebra", "vtysh", "victoria-metrics", "prometheus",
        "promtool", "influxd", "chromium", "nft", "ip", "ping", "msgfmt", "setpriv",
        "prometheus-snmp-exporter", "fping", "gcc",
    )  # fmt: skip
    assert [] == [name for name in programs if not shutil.which(name, path=folders)]
    folder = os.environ.get("EDUNET_RECORDINGS")
    assert not folder or any(Path(folder).glob("*.snmprec")), "recordings were named, none is there"
    assert os.geteuid() == 0
    assert lab.able()
    assert echo.able()
