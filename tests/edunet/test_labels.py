"""Is a series called the same towards Prometheus and InfluxDB, whatever its kind?"""

from __future__ import annotations

from pathlib import Path

import pytest
from painted import Painted

from edunet.labels import Names


@pytest.fixture
def painted(tmp_path: Path) -> Painted:
    return Painted(tmp_path)


@pytest.fixture
def names(painted: Painted) -> Names:
    return Names(painted.topology, painted.catalog)


CORE_C1 = {"link": "core-c1", "role": "county_uplink", "carrier": "gdtv"}


@pytest.mark.parametrize(
    ("kind", "element", "interface", "expected"),
    [
        ("device", "s1-sw", "", {"site": "s1", "county": "c1", "device": "s1-sw"}),
        ("probe", "core", "", {"site": "city", "device": "core"}),
        ("interface", "core", "spare", {"site": "city", "device": "core", "interface": "spare"}),
        (
            "interface", "core", "GE1",
            {"site": "city", "device": "core", "interface": "GE1", **CORE_C1},
        ),
        ("link", "core-c1", "", {"site": "c1", "county": "c1", **CORE_C1}),
        ("link", "core-s0", "", {"site": "s0", "link": "core-s0", "role": "school_access"}),
        ("school", "s2", "", {"site": "s2", "county": "c1"}),
        ("school", "s0", "", {"site": "s0"}),
    ],
)  # fmt: skip
def test_labels_are_those_of_the_contract_and_empty_ones_are_left_out(
    painted: Painted, names: Names, kind: str, element: str, interface: str,
    expected: dict[str, str],
) -> None:  # fmt: skip
    assert expected == names.of(kind, painted.catalog.slot(kind, element, interface))


@pytest.mark.parametrize("kind", ["device", "probe", "interface", "link", "school"])
def test_what_left_the_inventory_has_no_labels(painted: Painted, names: Names, kind: str) -> None:
    assert {} == names.of(kind, painted.catalog.slot(kind, "gone", "GE1"))


def test_a_slot_that_was_never_given_is_a_mistake(names: Names) -> None:
    with pytest.raises(KeyError, match="no link series has slot 999"):
        names.of("link", 999)
