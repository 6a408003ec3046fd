"""Does any file, however hostile, end in an inventory or in findings, soon and in little memory?"""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from edunet.inventory import source
from edunet.inventory.check import judge
from edunet.inventory.finding import MOST
from edunet.inventory.source import MAX_BYTES, parse, read

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")
WORDS = sorted(
    {word for word in GOOD.replace(":", " ").replace(",", " ").split() if word.isascii()}
)
KEYS = st.sampled_from([word for word in WORDS if word.isidentifier()]) | st.text(max_size=8)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates()
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)


def survives(raw: bytes) -> None:
    """Judging these bytes ends as it must: an inventory, or findings that say why there is none."""
    inventory, findings = judge(parse(raw, "f.yaml"))

    assert (inventory is None) == any(not finding.warning for finding in findings)
    for finding in findings:
        assert str(finding).isprintable()
        assert 0 < finding.line <= raw.count(b"\n") + raw.count(b"\r") + len(raw) + 1
        assert len(str(finding)) < 600
        assert "pydantic" not in str(finding)
        assert "Input should" not in str(finding)


@given(st.binary(max_size=300))
def test_random_bytes_never_crash(raw: bytes) -> None:
    survives(raw)


@given(st.dictionaries(KEYS, VALUES, max_size=8))
@settings(max_examples=150)
def test_random_structures_never_crash(data: dict[str, Any]) -> None:
    survives(yaml.safe_dump(data, allow_unicode=True).encode(errors="replace"))


@given(st.data())
@settings(max_examples=300)
def test_a_good_file_with_one_word_exchanged_never_crashes(data: st.DataObject) -> None:
    old = data.draw(st.sampled_from(WORDS))
    new = data.draw(
        st.sampled_from(WORDS) | st.text(max_size=10) | st.sampled_from("[]{}&*!|>%@`-?:")
    )
    survives(GOOD.replace(old, new, data.draw(st.integers(1, 3))).encode(errors="replace"))


@given(st.integers(0, len(GOOD)), st.integers(0, 40))
@settings(max_examples=200)
def test_a_good_file_with_a_hole_never_crashes(at: int, size: int) -> None:
    survives((GOOD[:at] + GOOD[at + size :]).encode())


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("bomb", "said"),
    [
        pytest.param(LAUGHS, "an alias is not read", id="billion laughs"),
        pytest.param("a: &a [*a]", "an alias is not read", id="a list that holds itself"),
        pytest.param("a: " + "[" * 200_000, "nested deeper than 20", id="deep lists"),
        pytest.param("{a: " * 200_000, "nested deeper than 20", id="deep mappings"),
        pytest.param("- " * 200_000, "nested deeper than 20", id="deep rows"),
        pytest.param("? " * 200_000, "a key is a list or a mapping", id="keys of keys"),
        pytest.param("a: {b: *x}\n" * 50_000, "an alias is not read", id="many aliases"),
        pytest.param(
            "".join(f"a{i}: 1\n" for i in range(50_000)), "more than are shown", id="many keys"
        ),
        pytest.param("a: 1\n" * 50_000, "500 mistakes up to here", id="one key many times"),
        pytest.param("a: '" + "x" * 2_000_000 + "'", "unknown key", id="long text"),
        pytest.param("? '" + "x" * 200_000 + "'\n: 1", "unknown key", id="long key"),
        pytest.param(
            "network: {name: x, labels: {" + "".join(f"a{i}: [], " for i in range(50_000)) + "}}",
            "50000 values in here are wrong",
            id="many wrong values",
        ),
        pytest.param(
            "sites: [" + "1," * 50_000 + "]", "more than are shown", id="many things that are none"
        ),
    ],
)
def test_a_bomb_is_refused_soon_and_in_little_memory(bomb: str, said: str) -> None:
    raw = bomb.encode()
    tracemalloc.start()
    started = time.process_time()
    inventory, findings = judge(parse(raw, "f.yaml"))
    spent = time.process_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert inventory is None
    assert len(findings) <= MOST + 1
    assert any(said in finding.text for finding in findings)
    assert all(len(str(finding)) < 600 for finding in findings)
    assert spent < 10
    assert peak < 200 * 2**20


def test_a_file_of_more_than_64_mb_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "inventory.yaml"
    with file.open("wb") as large:
        large.truncate(MAX_BYTES + 1)

    assert ["the file is over 64 MB; split it"] == [finding.text for finding in read(file).findings]


def test_a_file_that_is_not_utf8_names_the_line() -> None:
    document = parse("network:\n  name: 教育\n".encode("gbk"), "f.yaml")

    assert ["f.yaml:2: this is not UTF-8 text; save the file as UTF-8"] == [
        *map(str, document.findings)
    ]


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert {"a": "1"} == parse(b"\xef\xbb\xbfa: 1\n", "f.yaml").data


def test_a_control_character_is_named_with_its_line() -> None:
    said = [*map(str, parse(b"a: 1\nb: \x01\n", "f.yaml").findings)]

    assert ["f.yaml:2: a control character is in the text; remove it"] == said


def test_a_file_of_too_many_values_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_VALUES", 5)

    assert parse(b"a: [1, 2]\n", "f.yaml").findings == []
    assert ["f.yaml:2: more than 5 values in one file; split it"] == [
        *map(str, parse(b"a: [1,\n2, 3, 4]\n", "f.yaml").findings)
    ]
