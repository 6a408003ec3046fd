"""Another inventory while everything goes on: what is kept, what ends, what is refused."""

from __future__ import annotations

import re
import signal
from typing import Any

import httpx
import pytest
from hook import Hook, actions
from house import Build, House, eventually


@pytest.fixture
def house(build: Build, hook: Hook) -> House:
    """A house whose city is played beside it: what it watches is not what it is told."""
    house: House = build(city=False, channels={"duty": {"kind": "webhook", "url": hook.url}})
    house.start()
    return house


def edit(house: House, old: str, new: str) -> None:
    path = house.folder / "inventory.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def take_out(house: House, *ids: str) -> None:
    """Remove list items by id."""
    path = house.folder / "inventory.yaml"
    items = re.split(r"(?m)^(?=  - \{)", path.read_text("utf-8"))
    left = [item for item in items if not any(f"{{id: {gone}," in item for gone in ids)]
    assert len(items) == len(left) + len(ids)
    path.write_text("".join(left), "utf-8")


def reload(house: House, **headers: str) -> httpx.Response:
    return httpx.post(f"{house.url}/api/v1/reload", headers=headers, timeout=60, trust_env=False)


def test_what_is_still_there_goes_on_and_what_is_gone_is_gone(house: House, hook: Hook) -> None:
    """States, rates and the open alert survive; a renamed school has its new name."""
    house.order("cut", "core-c3")
    eventually(lambda: actions(hook.calls), lambda seen: seen == ["open"], "the open notice")
    house.until({"c3-s01": "unreachable", "c1-s01": "up"})
    (before,) = house.get("alerts")["items"]
    uptime = house.get("devices/c1-agg")["since"]
    edit(house, "示例市第一中学", "示例市第一高级中学")
    take_out(house, "c3-s04", "c3-s04-up")

    done = reload(house)

    assert 200 == done.status_code, done.text
    empty: dict[str, Any] = {"added": [], "removed": [], "changed": []}
    assert done.json() == {
        "changed": {
            "sites": {**empty, "removed": ["c3-s04"], "changed": ["city-s01"]},
            "links": {**empty, "removed": ["c3-s04-up"]},
        },
        "notes": [],
    }
    assert "示例市第一高级中学" == house.get("schools/city-s01")["name"]
    assert 404 == house.ask("schools/c3-s04").status_code
    states = house.states()  # at once: nothing has to be learnt anew
    assert "c3-s04" not in states
    assert {"unreachable", "up"} == set(states.values())
    assert uptime == house.get("devices/c1-agg")["since"]
    assert before["id"] == house.get("alerts")["items"][0]["id"]
    house.order("heal")
    eventually(lambda: actions(hook.calls), lambda seen: len(seen) == 2, "the resolve notice")
    assert ["open", "resolve"] == actions(hook.calls)


def test_the_alert_of_what_was_taken_out_is_resolved(house: House, hook: Hook) -> None:
    house.order("cut", "c3-s04-up")
    eventually(lambda: actions(hook.calls), lambda seen: seen == ["open"], "the open notice")
    take_out(house, "c3-s04", "c3-s04-up")

    assert 200 == reload(house).status_code

    eventually(lambda: actions(hook.calls), lambda seen: len(seen) == 2, "the resolve notice")
    assert "removed" == hook.calls[-1].notice["reason"]
    assert [] == house.get("alerts")["items"]


def test_a_wrong_inventory_is_refused_with_its_lines_and_the_good_one_stays(house: House) -> None:
    good = (house.folder / "inventory.yaml").read_text("utf-8")
    edit(house, "kind: kindergarten, parent: c3", "kind: kindergarden, parent: c3")

    refused = reload(house)

    assert 422 == refused.status_code
    assert "application/problem+json" == refused.headers["content-type"]
    assert re.search(r"inventory\.yaml:\d+: .*kindergarden", refused.json()["detail"])
    assert "kindergarden" in house.get("network")["inventory"]["error"]
    assert 61 == house.get("network")["schools"]["total"]
    (house.folder / "inventory.yaml").write_text(good, "utf-8")
    assert 200 == reload(house).status_code
    assert house.get("network")["inventory"]["error"] is None


def test_a_signal_reloads_too(house: House) -> None:
    edit(house, "示例市第一中学", "示例市第一高级中学")
    assert house._process
    house._process.send_signal(signal.SIGHUP)
    eventually(
        lambda: house.get("schools/city-s01")["name"],
        lambda name: name == "示例市第一高级中学",
        "the new name",
    )


def test_settings_that_changed_are_told_to_need_a_restart(house: House) -> None:
    house.settings["queue"] = 500
    house.write()
    assert ["edunet.yaml has changed; restart edunet to use it"] == reload(house).json()["notes"]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "http://evil.example"}, id="a page of another site"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="a browser that says so"),
        pytest.param({"Host": "rebound.example"}, id="a name rebound to this machine"),
        pytest.param({"Host": "[::1"}, id="a host that is none"),
    ],
)
def test_only_this_machine_may_ask_for_it(shared: House, headers: dict[str, str]) -> None:
    assert 403 == reload(shared, **headers).status_code
