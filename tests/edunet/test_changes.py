"""What is different between two inventories?"""

from __future__ import annotations

from edunet.changes import differences, tell
from edunet.inventory import Inventory


def inventory(**more: object) -> Inventory:
    base = {
        "network": {"name": "n"},
        "sites": [{"id": "c", "kind": "city", "name": "C"}],
        "standards": {"rural": {"uplink": "30M"}},
    }
    return Inventory.model_validate({**base, **more})


def test_the_same_twice_is_no_difference() -> None:
    assert {} == differences(inventory(), inventory())
    assert "nothing is different" == tell({})


def test_added_removed_and_changed_are_told_by_id() -> None:
    before = inventory(carriers=[{"id": "a", "name": "A"}, {"id": "b", "name": "B"}])
    after = inventory(
        carriers=[{"id": "b", "name": "BB"}, {"id": "d", "name": "D"}, {"id": "c", "name": "C"}],
        standards={"rural": {"uplink": "50M"}},
    )
    found = differences(before, after)

    assert {"carriers", "standards"} == found.keys()
    assert (("c", "d"), ("a",), ("b",)) == tuple(found["carriers"])
    assert ((), (), ("rural",)) == tuple(found["standards"])
    assert {"carriers +2 -1 ~1", "standards ~1"} == set(tell(found).split(", "))


def test_the_order_of_a_list_is_no_difference() -> None:
    a, b = {"id": "a", "name": "A"}, {"id": "b", "name": "B"}
    assert {} == differences(inventory(carriers=[a, b]), inventory(carriers=[b, a]))
