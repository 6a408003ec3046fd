"""What is told, and how often, when the monitor itself ends in the middle of an outage?"""

from __future__ import annotations

import signal

import pytest
from city_facts import cut_off, schools
from hook import Hook, actions
from house import Build, House, eventually

CUT = "core-c3"


def channels(hook: Hook) -> dict[str, object]:
    return {"duty": {"kind": "webhook", "url": hook.url}}


def outage(house: House) -> dict[str, str]:
    gone = cut_off(house.inventory, {CUT})
    return {id_: "unreachable" if id_ in gone else "up" for id_ in schools(house.inventory)}


def told(hook: Hook, *expected: str) -> None:
    """Wait for so many calls that were taken; they must be these."""
    eventually(
        lambda: actions(hook.taken), lambda seen: len(seen) >= len(expected), f"{expected}", 60
    )
    assert list(expected) == actions(hook.taken)


def pending(house: House) -> float:
    """The notices accepted and not delivered, as /metrics has them."""
    lines = house.ask("/metrics").text.splitlines()
    return float(
        next(line for line in lines if line.startswith("edunet_outbox_pending ")).split()[1]
    )


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["asked", "killed"])
def test_a_restart_during_an_outage_repeats_nothing_and_loses_no_resolve(
    build: Build, hook: Hook, how: signal.Signals
) -> None:
    house = build(city=False, channels=channels(hook))
    house.start()
    house.order("cut", CUT)
    told(hook, "open")
    house.end(how)

    house.start()
    house.until(outage(house))
    (alert,) = house.get("alerts")["items"]
    assert hook.calls[0].notice["alert"] == alert["id"]
    told(hook, "open")
    house.order("heal", CUT)
    told(hook, "open", "resolve")
    house.until(dict.fromkeys(schools(house.inventory), "up"))

    assert ["open", "resolve"] == actions(hook.calls)
    assert 1 == len({call.notice["alert"] for call in hook.calls})


def test_an_outage_that_ended_while_nobody_watched_is_resolved_once(
    build: Build, hook: Hook
) -> None:
    house = build(city=False, channels=channels(hook))
    house.start()
    house.order("cut", CUT)
    told(hook, "open")
    house.end()
    house.order("heal", CUT)

    house.start()
    told(hook, "open", "resolve")
    assert [] == house.get("alerts")["items"]
    assert ["resolved"] == [a["state"] for a in house.get("alerts", state="resolved")["items"]]


def test_killed_while_the_receiver_is_down_it_still_tells_each_notice_once_and_in_order(
    build: Build, hook: Hook
) -> None:
    house = build(city=False, channels=channels(hook))
    house.start()
    hook.down()
    house.order("cut", CUT)
    eventually(lambda: pending(house), lambda count: count == 1, "one notice in the outbox")
    house.kill()

    house.start()
    house.until(outage(house))
    house.order("heal", CUT)
    eventually(lambda: pending(house), lambda count: count == 2, "two notices in the outbox")
    house.kill()
    house.start()
    assert [] == hook.calls
    hook.up()

    told(hook, "open", "resolve")
    eventually(lambda: pending(house), lambda count: count == 0, "an empty outbox")
    assert ["open", "resolve"] == actions(hook.calls)
    assert 2 == len({call.key for call in hook.calls})
