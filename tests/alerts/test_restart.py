"""Does a new engine that was handed the open alerts repeat, lose or invent anything?"""

from __future__ import annotations

import pytest
from physics import Watch, plant

from alerts.alert import Alert, record, restore
from edunet.states import State

CITY = "core-a core-b a-s1 a-s2 a=v1 b-s3"
RING = "core-a core-b a-s1 s1-s2 b-s2 a=v1 @-core"


def _again(watch: Watch, links: str) -> Watch:
    """A new process after the old one: the same world, the alerts as the books kept them."""
    kept: list[Alert] = [
        restore(record(alert)) for alert in watch.engine.open_alerts if alert.fired is not None
    ]
    return Watch(plant(links), firing=kept, now=watch.now, world=watch.world)


@pytest.mark.parametrize(
    "fault",
    ["link:core-a", "link:a-v1", "link:s1-s2", "link:egress-core", "hang:s1", "power:s1"],
)
def test_a_restart_neither_repeats_the_open_nor_loses_the_resolve(fault: str) -> None:
    before = Watch(plant(RING)).run(30).breaks(fault).run(30)
    (opened,) = before.notices

    after = _again(before, RING).run(60)
    assert [] == after.told
    after.heals().run(60)
    (resolved,) = after.notices
    assert "resolve" == resolved.action
    assert opened.alert.id == resolved.alert.id
    assert opened.key != resolved.key
    assert opened.alert.seq + 1 == resolved.alert.seq
    assert () == after.engine.open_alerts


def test_what_healed_while_nobody_looked_is_resolved_after_the_restart() -> None:
    before = Watch(plant(CITY)).run(30).breaks("link:core-a").run(30)
    before.heals()
    after = _again(before, CITY).run(30)

    assert ["resolve link:core-a"] == after.told


def test_a_restart_in_the_dark_tells_nothing_until_it_sees() -> None:
    before = Watch(plant(CITY)).run(30).breaks("link:core-a").run(30)
    before.breaks("eyes:noc")
    after = _again(before, CITY).run(60)
    assert [] == after.told

    after.heals().run(60)
    assert ["resolve link:core-a"] == after.told


def test_the_alert_of_something_no_longer_in_the_inventory_is_resolved() -> None:
    before = Watch(plant(CITY)).run(30).breaks("link:b-s3", "hang:s2").run(30)
    assert {"open link:b-s3", "open device:s2"} == set(before.told)

    after = _again(before, "core-a core-b a-s1 a=v1").run(30)
    assert ["resolve device:s2", "resolve link:b-s3"] == after.told
    assert () == after.engine.open_alerts


def test_what_was_dark_at_the_start_is_told_as_if_it_had_been_seen_up() -> None:
    watch = Watch(plant(CITY)).breaks("link:core-a").run(30)

    assert ["open link:core-a"] == watch.told
    assert ("a", "s1", "s2", "v1") == watch.notices[0].alert.sites
    assert State.DOWN is watch.state("site:a")
    assert State.UNREACHABLE is watch.state("site:v1")
