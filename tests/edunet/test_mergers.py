"""Which schools are there on a day: opened, closed, merged into another?"""

from __future__ import annotations

from datetime import date

import pytest

from edunet.catalog import Catalog
from edunet.inventory import Inventory
from edunet.slots import place, retire
from edunet.topology import compile_topology

AUTUMN = {
    "network": {"name": "n"},
    "sites": [
        {"id": "c", "kind": "city", "name": "C"},
        {"id": "old", "kind": "school", "name": "Old", "parent": "c", "closed": "2026-08-31",
         "merged_into": "new"},
        {"id": "new", "kind": "school", "name": "New", "parent": "c", "opened": "2026-09-01"},
        {"id": "gone", "kind": "school", "name": "Gone", "parent": "c", "merged_into": "new"},
        {"id": "same", "kind": "school", "name": "Same", "parent": "c"},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("day", "there"),
    [
        pytest.param(date(2026, 8, 30), ["old", "same"], id="the day before"),
        pytest.param(date(2026, 8, 31), ["same"], id="the day it is closed"),
        pytest.param(date(2026, 9, 1), ["new", "same"], id="the day it is opened"),
        pytest.param(None, ["old", "new", "gone", "same"], id="whatever the day"),
    ],
)
def test_a_school_counts_from_its_opening_to_its_closing(
    day: date | None, there: list[str]
) -> None:
    inventory = Inventory.model_validate(AUTUMN)
    topology = compile_topology(inventory, day)
    assert there == [inventory.sites[row].id for row in topology.schools]


def test_a_closed_school_s_series_ends_and_its_history_stays() -> None:
    """The number is not the new school's: year on year nothing is mixed."""
    inventory, catalog = Inventory.model_validate(AUTUMN), Catalog()
    before = compile_topology(inventory, date(2026, 8, 30))
    after = compile_topology(inventory, date(2026, 9, 1))
    place(catalog, before)
    old = catalog.slot("school", "old")
    retire(catalog, after, before)
    place(catalog, after)
    assert old != catalog.slot("school", "new")
    assert ("old", "") == catalog.key("school", old)
    (span,) = catalog.spans("school", "old")
    assert span.end is not None
