"""A receiver that refuses, hangs or wants to be left alone: is everything delivered at last?"""

from __future__ import annotations

import time

import pytest
from hook import HANG, Hook, actions
from house import Build, House, eventually

CUT, SECOND = "core-c3", "city-s01-up"


@pytest.mark.parametrize(
    ("plan", "retry_after"),
    [
        pytest.param((500, 500, 204), None, id="it stumbles"),
        pytest.param((429, 204), "2", id="it wants to be left alone"),
        pytest.param((401, 401, 204), None, id="it does not know us yet"),
        pytest.param((302, 204), None, id="it sends us elsewhere"),
    ],
)
def test_a_refusal_is_tried_again_until_it_is_taken(
    shared: House, shared_hook: Hook, plan: tuple[int, ...], retry_after: str | None
) -> None:
    hook = shared_hook
    hook.calls.clear()
    hook.answer(*plan)
    hook.retry_after = retry_after
    try:
        shared.order("cut", SECOND)
        eventually(lambda: actions(hook.taken), lambda seen: seen == ["open"], "the open", 60)
        hook.retry_after = None
        shared.order("heal")
        eventually(lambda: len(hook.taken), lambda seen: seen == 2, "the resolve", 60)
    finally:
        shared.order("heal")
        hook.answer(204)
        hook.retry_after = None

    tried = hook.calls[: len(plan)]
    assert list(plan) == [call.status for call in tried]
    assert 1 == len({call.key for call in tried})
    assert tried[0].body == tried[-1].body
    assert ["open", "resolve"] == actions(hook.taken)
    if retry_after:
        assert hook.calls[1].at - hook.calls[0].at >= float(retry_after) - 0.1


def test_one_receiver_that_hangs_delays_no_other_and_no_ending(build: Build, hook: Hook) -> None:
    other = Hook()
    other.answer(HANG)
    other.up()
    urls = {"well": hook.url, "hanging": other.url}
    channels = {name: {"kind": "webhook", "url": url} for name, url in urls.items()}
    house = build(channels=channels)
    try:
        house.start()
        house.order("cut", CUT)
        eventually(lambda: len(hook.calls), lambda seen: seen == 1, "the one that listens")
        eventually(lambda: len(other.calls), lambda seen: seen == 1, "the one that hangs")
        house.order("heal", CUT)
        eventually(lambda: len(hook.calls), lambda seen: seen == 2, "the one that listens")
        assert ["open", "resolve"] == actions(hook.calls)

        asked = time.monotonic()
        assert 0 == house.end()
        assert time.monotonic() - asked < 5

        other.answer(204)
        house.start()
        eventually(lambda: actions(other.taken), lambda seen: len(seen) == 2, "both at last", 60)
        assert ["open", "resolve"] == actions(other.taken)
        assert 2 == len({call.key for call in other.calls})
        assert ["open", "resolve"] == actions(hook.calls)
    finally:
        other.over.set()
        other.down()


def test_a_sink_that_is_down_delays_no_notice_and_no_answer(build: Build, hook: Hook) -> None:
    house = build(
        channels={"duty": {"kind": "webhook", "url": hook.url}},
        sinks={"gone": {"kind": "influx", "url": "http://127.0.0.1:9"}},
    )
    house.start()
    cut = time.monotonic()
    house.order("cut", CUT)
    eventually(lambda: len(hook.calls), lambda seen: seen == 1, "the notice", 15)

    assert hook.calls[0].at - cut < 10
    lag = eventually(
        lambda: house.ask("/metrics").text,
        lambda text: 'edunet_sink_lag_seconds{sink="gone"}' in text,
        "the sink's lag",
    )
    (line,) = (one for one in lag.splitlines() if one.startswith("edunet_sink_lag_seconds{"))
    assert float(line.split()[1]) > 0
    assert 0 == house.end()


def test_routes_decide_who_is_told(build: Build, hook: Hook) -> None:
    other = Hook()
    other.up()
    try:
        house = build(
            channels={
                "city": {"kind": "webhook", "url": other.url},
                "county": {"kind": "webhook", "url": hook.url, "headers": {"X-Key": "${HOOK_KEY}"}},
            },
            oncall={
                "routes": [
                    {"match": {"county": "c3", "severity": ["critical"]}, "channels": ["county"]},
                    {"channels": ["city"]},
                ]
            },
            env={"HOOK_KEY": "sesame-9"},
        )
        house.start()
        house.order("cut", CUT)
        eventually(lambda: len(hook.calls), lambda seen: seen == 1, "the county's notice")
        house.order("cut", SECOND)
        eventually(lambda: len(other.calls), lambda seen: seen == 1, "the city's notice")

        assert "sesame-9" == hook.calls[0].headers["X-Key"]
        assert "sesame-9" not in house.words
        assert [CUT] == [call.notice["root"]["id"] for call in hook.calls]
        assert [SECOND] == [call.notice["root"]["id"] for call in other.calls]
    finally:
        other.down()
