"""What a device says is read as a person reads it; what it does not say stays unknown."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import cli_answers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.profiles import SHIPPED, load, load_all, reading
from collector.profiles.schema import WORDS

NAMES = sorted(path.stem for path in SHIPPED.glob("*.yaml"))


class Example(NamedTuple):
    """A make, what it says, and what a person reads there."""

    name: str
    said: dict[str, str]
    states: dict[str, str]
    version: str
    model: str
    uptime_s: float


EXAMPLES = [
    Example(
        "huawei_vrp", cli_answers.HUAWEI, cli_answers.HUAWEI_STATES,
        "5.170", "S5731-H24T4XC", 3 * 604800 + 2 * 86400 + 4 * 3600 + 5 * 60,
    ),
    Example(
        "h3c_comware", cli_answers.H3C, cli_answers.H3C_STATES,
        "7.1.070, Release 6326P02", "S5130S-28S-EI", 86400 + 120,
    ),
    Example(
        "ruijie_rgos", cli_answers.RUIJIE, cli_answers.RUIJIE_STATES,
        "S29_RGOS 11.4(1)B42P35", "S2910-24GT4XS-E", 12 * 86400 + 3 * 3600 + 4 * 60 + 5,
    ),
]  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
@pytest.mark.parametrize("notice", ["", "Info: the license expires in 30 days.\n"])
def test_answers_are_read_even_with_a_line_in_them_that_nobody_documented(
    example: Example, notice: str
) -> None:
    profile = load(example.name)
    assert profile.ssh is not None
    commands = profile.ssh.commands

    facts = reading.facts(profile, "version", notice + example.said[commands["version"]])
    states = reading.interfaces(profile, notice + example.said[commands["interfaces"]])

    assert (example.version, example.model) == (facts["version"], facts["model"])
    assert example.uptime_s == reading.uptime(facts)
    assert example.states == states


@pytest.mark.parametrize(
    ("state", "expected"),
    [("up", "up"), ("UP", "up"), ("up(s)", "up"), ("^down", "dormant"), ("frobnicated", "unknown")],
)
def test_a_word_we_do_not_know_is_unknown_and_not_down(
    tmp_path: Path, state: str, expected: str
) -> None:
    text = (
        "extends: huawei_vrp\nvendor: X\nssh: {read: {interfaces: "
        "{patterns: ['^(?P<interface>\\S+) (?P<state>\\S+)$']}}}\n"
    )
    folders = [tmp_path]
    (tmp_path / "mine.yaml").write_text(text)

    profile = load("mine", folders)

    assert {"eth0": expected} == reading.interfaces(profile, f"eth0 {state}\n")


def test_what_is_not_said_is_not_there() -> None:
    for profile in load_all().values():
        assert reading.facts(profile, "version", "% Unknown command\n") == {}
        assert reading.interfaces(profile, "% Unknown command\n") == {}
    assert reading.uptime({}) is None
    assert reading.uptime({"uptime": "a while"}) is None


@given(st.text(max_size=400), st.sampled_from(NAMES))
def test_no_answer_whatever_crashes_the_reader(text: str, name: str) -> None:
    profile = load(name)

    assert set(reading.interfaces(profile, text).values()) <= WORDS
    uptime_s = reading.uptime(reading.facts(profile, "version", text))
    assert uptime_s is None or uptime_s >= 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "line",
    [
        pytest.param("A" * 4000, id="letters"),
        pytest.param("A1 " * 1500, id="words"),
        pytest.param(" " * 4000, id="spaces"),
        pytest.param("(a)" * 1500, id="brackets"),
        pytest.param("HUAWEI " + "a uptime is " * 400, id="uptime"),
        pytest.param("Interface " + "is up, " * 600, id="interface"),
        pytest.param("System description:" + "(x" * 2000, id="description"),
        pytest.param("1 day " * 800, id="days"),
    ],
)
def test_a_hostile_answer_costs_bounded_time(name: str, line: str) -> None:
    profile = load(name)
    text = "\n".join([line] * 400)
    began = time.process_time()

    reading.interfaces(profile, text)
    reading.uptime(reading.facts(profile, "version", text))

    assert time.process_time() - began < 5
