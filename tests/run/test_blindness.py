"""When the collector's own way out is dead: does it say so, and hold its tongue about the others?

Real cables between namespaces, a whole edunet in one of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hook import Hook, actions
from house import eventually
from wired import DEVICES, PERIOD_S, SCHOOLS, Wired, inventory, wired

# 3.5 periods without news, and a look of the judge a second.
BLIND_S = 3.5 * PERIOD_S + 1.5


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Wired, Hook]]:
    with wired(tmp_path_factory.mktemp("wired") / "noc") as city:
        hook = Hook()
        hook.up()  # in the namespace of edunet
        city.run(inventory(), channels={"duty": {"kind": "webhook", "url": hook.url}})
        yield city, hook
        hook.over.set()
        hook.down()


@pytest.fixture
def city(running: tuple[Wired, Hook]) -> Iterator[Wired]:
    city, hook = running
    city.well()
    hook.calls.clear()
    yield city
    city.well()


@pytest.fixture
def hook(running: tuple[Wired, Hook]) -> Hook:
    return running[1]


def our_end(city: Wired) -> None:
    city.pull("noc", "up0")


def their_end(city: Wired) -> None:
    city.pull("core", "to-noc")


def no_route(city: Wired) -> None:
    city.noc.ip("route", "del", "default")
    city.noc.ip("addr", "del", "10.7.0.2/30", "dev", "up0")


def firewall(city: Wired) -> None:
    rules = "type filter hook output priority 0; policy accept;\nicmp type echo-request drop"
    city.noc.run("nft", f"table inet t {{\nchain c {{\n{rules}\n}}\n}}")


def heal(city: Wired) -> None:
    city.noc.run("sh", "-c", "nft delete table inet t 2>/dev/null || true")
    city.noc.ip("addr", "replace", "10.7.0.2/30", "dev", "up0")
    city.cable("core", "noc")


@pytest.mark.parametrize("breaks", [our_end, their_end, no_route, firewall])
def test_cut_off_ourselves_we_know_nothing_and_tell_nobody(
    city: Wired, hook: Hook, breaks: object
) -> None:
    assert callable(breaks)
    breaks(city)
    seen = list(city.watched(BLIND_S + 3))

    for passed, states in seen:
        assert {"up", "unknown"} >= set(states.values()), (passed, states)
        if passed > BLIND_S:
            assert {"unknown"} == set(states.values()), (passed, states)
    network = city.get("network")
    assert network["blind"] is True
    assert network["data_age_s"] > 3 or breaks is their_end  # echoes leave there, unanswered
    assert [] == city.get("alerts")["items"]

    heal(city)
    for passed, states in city.watched(6):
        assert {"up", "unknown"} >= set(states.values()), (passed, states)
    city.well()
    assert city.get("network")["blind"] is False
    assert city.get("network")["data_age_s"] < 3
    assert [] == city.get("alerts")["items"]
    assert [] == hook.calls


def test_a_real_cut_beyond_the_core_is_one_alert_also_after_a_blindness(
    city: Wired, hook: Hook
) -> None:
    our_end(city)
    time.sleep(BLIND_S + 1)
    heal(city)
    city.well()
    assert [] == hook.calls
    began = time.monotonic()
    city.pull("core", "to-c1")
    eventually(lambda: actions(hook.calls), lambda seen: seen, "the notice")
    took = time.monotonic() - began

    city.until({"core": "up", "c1": "down", "s1": "unreachable", "s2": "unreachable", "c2": "up",
                "s3": "up"})  # fmt: skip
    (alert,) = city.get("alerts")["items"]
    assert ("link", "core-c1") == (alert["subject"]["type"], alert["subject"]["id"])
    assert ["c1", "s1", "s2"] == alert["sites"]
    for _ in city.watched(4):
        assert ["open"] == actions(hook.calls)
    assert took < 6

    city.cable("core", "c1")
    city.well()
    eventually(lambda: actions(hook.calls), lambda seen: len(seen) > 1, "the end of it")
    for _ in city.watched(3):
        assert ["open", "resolve"] == actions(hook.calls)


def test_ages_are_told_of_everything(city: Wired) -> None:
    for what in ("devices", "schools"):
        for item in city.get(what)["items"]:
            assert 0 <= item["age_s"] < 3, item
    device = city.get("devices/s1")
    assert "icmp" == device["reach"]
    assert 0 < device["rtt_p50_ms"] <= device["rtt_p95_ms"] <= device["rtt_p99_ms"] < 1000
    assert 0 <= device["loss_60s"] < 1
    assert 3 <= device["echoes_60s"] <= 180
    assert len(DEVICES) == len(city.states()) == len(SCHOOLS) + 3
