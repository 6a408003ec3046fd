"""Is a YAML file changed rightly, however it is written?"""

from __future__ import annotations

from typing import Any, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from inventories import texts

from edunet.exchange.edit import YamlFile
from edunet.exchange.plan import Step
from edunet.exchange.yamltext import flow

BLOCK = (
    "sites:\n  - id: a\n    x: one  # why\n    y: two\n  # between\n  - id: b\n    x: one\nend: 1\n"
)
TIGHT = "sites:\n- id: a\n  x: one\n- {id: b, x: one}\nend: 1\n"
FLOW = "sites: [{id: a, x: one, y: two}, {id: b, x: one}]   # all\nend: 1\n"
JSON = '{"sites": [{"id": "a", "x": "one"}, {"id": "b", "x": "one"}], "end": "1"}'
DASHED = "sites:\n  -\n    id: a\n    x: |\n      one\n      more\n\n  -\n    id: b\n    x: one\n"
FORMS = {"block": BLOCK, "tight": TIGHT, "flow": FLOW, "json": JSON, "dashed": DASHED}
FORMS |= {name + " crlf": text.replace("\n", "\r\n") for name, text in FORMS.items()}


def step(action: Literal["add", "change", "remove"], name: str, **fields: Any) -> Step:
    return Step(action, "sites", name, {"id": name, **fields} if action == "add" else fields)


def read(text: str) -> Any:
    return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (it makes texts only)


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([step("change", "a", x="new")], id="a value"),
        pytest.param([step("change", "b", z=["1", "2"], w={"k": "v"})], id="new fields"),
        pytest.param([step("change", "a", x=None)], id="no field"),
        pytest.param([step("change", "a", x=None, z="3"), step("change", "b", x="4")], id="both"),
        pytest.param([step("remove", "a")], id="the first gone"),
        pytest.param([step("remove", "b")], id="the last gone"),
        pytest.param([step("remove", "b"), step("add", "c", x="9")], id="the last replaced"),
        pytest.param(
            [step("remove", "a"), step("remove", "b"), step("add", "c")], id="all replaced"
        ),
        pytest.param([step("remove", "a"), step("remove", "b")], id="all gone"),
        pytest.param([step("add", "c"), step("add", "d", x="- #:")], id="two new"),
        pytest.param([step("change", "b", z="1"), step("add", "c")], id="changed and new"),
    ],
)
def test_every_form_says_afterwards_what_was_asked(text: str, steps: list[Step]) -> None:
    wanted = read(text)
    things = {thing["id"]: thing for thing in wanted["sites"]}
    for one in steps:
        if one.action == "remove":
            del things[one.id]
            continue
        thing = things.setdefault(one.id, {})
        for key, value in one.fields.items():
            thing.pop(key, None)
            if value is not None:
                thing[key] = value

    after = YamlFile(text).changed(steps)

    found = read(after)
    assert (found.pop("sites") or []) == list(things.values())
    wanted.pop("sites")
    assert wanted == found
    assert ("\r\n" in text) == ("\r\n" in after) or "\n" not in text
    assert after.count("\r") == after.count("\r\n")


@pytest.mark.parametrize(
    "text",
    ["", "# nothing yet\n", "end: 1", "end: 1\n", "sites:\n", "sites: \nend: 1\n", "sites: []\n",
     "{}", "end: {a: 1}\n...\n", '{"end": "1"}'],
)  # fmt: skip
def test_a_section_that_is_not_there_is_made(text: str) -> None:
    after = YamlFile(text).changed([step("add", "a", x="1")])

    assert (read(text) or {}) | {"sites": [{"id": "a", "x": "1"}]} == read(after)


def test_one_vantage_that_is_no_list_becomes_one() -> None:
    add = Step("add", "vantage", "b", {"id": "b", "device": "d"})

    after = YamlFile("vantage: {id: a, device: c}\n").changed([add])

    assert {"vantage": [{"id": "a", "device": "c"}, {"id": "b", "device": "d"}]} == read(after)


@pytest.mark.parametrize("text", ["standards:\n  a: {x: 1}\n", "standards: {a: {x: 1}}\n"])
def test_standards_are_named_by_their_keys(text: str) -> None:
    add = Step("add", "standards", "b", {"id": "b", "x": "2"})
    change = Step("change", "standards", "a", {"y": "3"})

    after = YamlFile(text).changed([add, change])

    assert {"standards": {"a": {"x": "1", "y": "3"}, "b": {"x": "2"}}} == read(after)


@settings(max_examples=300)
@given(value=texts, key=st.sampled_from(["name", "classes", "code"]))
def test_any_text_is_written_so_that_it_is_read_again(value: str, key: str) -> None:
    assert {"a": [{key: value}]} == read(f"a: [{flow({key: value})}]\n")
