"""Is traffic seen from the school, at the right end, and unknown where nothing fresh was read?"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from edunet.catalog import Catalog
from edunet.frame import Frame, Reason
from edunet.inventory.model import Inventory
from edunet.latest import EMPTY, Latest, Table
from edunet.topology import Topology, compile_topology
from edunet.traffic import Ports, link_frame

NOW = 1_790_000_000_000
PERIOD = 10_000


def end(device: str, interface: str) -> dict[str, str]:
    return {"device": device, "interface": interface}


LINKS: list[dict[str, object]] = [
    {"id": "both", "a": end("up", "1"), "b": end("down", "1")},
    {"id": "leaf", "a": end("up", "2"), "b": {"site": "bare"}},
    {"id": "egress", "a": {"carrier": "tel"}, "b": end("up", "3")},
]
MEGA = 1e6


def network(**rates: str) -> Topology:
    """Three links; the keywords are fields of the first one."""
    links = [{**link, "role": "school_access"} for link in LINKS]
    links[0] |= rates
    return compile_topology(
        Inventory.model_validate(
            {
                "network": {"name": "n"},
                "carriers": [{"id": "tel", "name": "Tel"}],
                "sites": [
                    {"id": "city", "kind": "city", "name": "City"},
                    {"id": "school", "kind": "school", "name": "School", "parent": "city"},
                    {"id": "bare", "kind": "school", "name": "Bare", "parent": "city"},
                ],
                "devices": [{"id": "up", "site": "city"}, {"id": "down", "site": "school"}],
                "links": links,
            }
        )
    )


class Bench:
    """Readings of ports by name, and the traffic they come to."""

    def __init__(self, **rates: str) -> None:
        self.catalog = Catalog()
        self.catalog.slot("interface", "somebody", "else")
        self.topology = network(**rates)
        self.ports = Ports(self.topology, lambda d, i: self.catalog.slot("interface", d, i))
        self.latest = Latest()

    def read(
        self, port: str, received: float, sent: float, age: float = 0, speed: float = 1000 * MEGA
    ) -> Bench:
        device, interface = port.split("/")
        columns = {"in_bps": received, "out_bps": sent, "speed": speed}
        self.latest.update(
            Frame(
                "interface",
                np.array([self.catalog.slot("interface", device, interface)], np.int32),
                np.array([NOW - round(age * 1000)], np.int64),
                {name: np.array([value]) for name, value in columns.items()},
            )
        )
        return self

    def duplex(self, port: str, code: int, reason: Reason = Reason.GOOD) -> Bench:
        device, interface = port.split("/")
        slot = self.catalog.slot("interface", device, interface)
        self.latest.update(
            Frame(
                "interface",
                np.array([slot], np.int32),
                np.array([NOW], np.int64),
                {"duplex": np.array([code], np.int16)},
                {"duplex": np.array([reason], np.uint8)},
            )
        )
        return self

    def of(self, link: str) -> tuple[float | None, float | None, float | None, int]:
        """(download, upload, utilization, measured) of one link; unknown = None."""
        table: Table = self.latest.tables().get("interface", EMPTY)
        found = self.ports.traffic(table, NOW, PERIOD)
        row = self.topology.link[link]
        down, up, busy = (
            float(found[name][row]) for name in ("download_bps", "upload_bps", "utilization")
        )
        told = [None if math.isnan(value) else value for value in (down, up, busy)]
        return told[0], told[1], told[2], int(found["measured"][row])


def test_at_the_upstream_end_what_is_sent_is_the_download() -> None:
    bench = Bench(committed="100M").read("up/1", received=10 * MEGA, sent=40 * MEGA)
    assert (40 * MEGA, 10 * MEGA, 0.4, 0) == bench.of("both")


def test_at_the_school_s_end_what_is_received_is_the_download() -> None:
    bench = Bench(committed="100M").read("down/1", received=40 * MEGA, sent=10 * MEGA)
    assert (40 * MEGA, 10 * MEGA, 0.4, 1) == bench.of("both")


def test_when_both_ends_are_fresh_the_upstream_end_is_read() -> None:
    bench = Bench(committed="100M").read("up/1", 1 * MEGA, 2 * MEGA)
    bench.read("down/1", 9 * MEGA, 8 * MEGA)
    assert (2 * MEGA, 1 * MEGA, 0.02, 0) == bench.of("both")


def test_when_the_upstream_reading_is_stale_the_other_end_is_read() -> None:
    bench = Bench(committed="100M").read("up/1", 1 * MEGA, 2 * MEGA, age=36)
    bench.read("down/1", 9 * MEGA, 8 * MEGA)
    assert (9 * MEGA, 8 * MEGA, 0.09, 1) == bench.of("both")


def test_when_the_upstream_rate_is_unknown_the_other_end_is_read() -> None:
    bench = Bench(committed="100M").read("up/1", math.nan, math.nan)
    bench.read("down/1", 9 * MEGA, 8 * MEGA)
    assert (9 * MEGA, 8 * MEGA, 0.09, 1) == bench.of("both")


@pytest.mark.parametrize(("age", "known"), [(0, True), (35, True), (35.001, False), (3600, False)])
def test_a_reading_serves_for_three_and_a_half_periods(age: float, known: bool) -> None:
    bench = Bench().read("up/2", 1 * MEGA, 2 * MEGA, age=age)
    assert known == (bench.of("leaf")[0] is not None)


def test_without_a_reading_everything_is_unknown_and_nothing_is_zero() -> None:
    bench = Bench(committed="100M")
    for link in ("both", "leaf", "egress"):
        assert (None, None, None, -1) == bench.of(link)
    assert 0.0 == bench.ports.traffic(EMPTY, NOW, PERIOD)["read_at"][0]


def test_a_line_from_a_carrier_is_read_at_its_only_port() -> None:
    bench = Bench().read("up/3", received=300 * MEGA, sent=50 * MEGA)
    assert (300 * MEGA, 50 * MEGA, 0.3, 1) == bench.of("egress")


def test_a_site_without_gear_is_read_at_the_port_towards_it() -> None:
    bench = Bench().read("up/2", received=5 * MEGA, sent=20 * MEGA, speed=100 * MEGA)
    assert (20 * MEGA, 5 * MEGA, 0.2, 0) == bench.of("leaf")


@pytest.mark.parametrize(
    ("rates", "speed", "expected"),
    [
        pytest.param({"committed": "50M", "capacity": "1G"}, 1e9, 0.8, id="committed"),
        pytest.param({"capacity": "80M"}, 1e9, 0.5, id="capacity"),
        pytest.param({}, 400e6, 0.1, id="negotiated speed"),
        pytest.param({}, math.nan, None, id="nothing known"),
        pytest.param({}, 0.0, None, id="speed 0 is unknown"),
    ],
)
def test_utilization_is_of_what_was_promised(
    rates: dict[str, str], speed: float, expected: float | None
) -> None:
    bench = Bench(**rates).read("up/1", 10 * MEGA, 40 * MEGA, speed=speed)
    assert expected == bench.of("both")[2]


def test_utilization_is_that_of_the_busier_direction() -> None:
    assert 0.6 == Bench(committed="100M").read("up/1", 60 * MEGA, 40 * MEGA).of("both")[2]
    assert 0.6 == Bench(committed="100M").read("up/1", 40 * MEGA, 60 * MEGA).of("both")[2]


def test_rule_10_a_port_in_half_duplex_is_used_by_both_directions() -> None:
    """By the last word of the end that was measured; what is not known is full."""
    bench = Bench(committed="100M").read("up/1", 60 * MEGA, 30 * MEGA)
    bench.read("down/1", 30 * MEGA, 60 * MEGA).duplex("down/1", 2)
    assert 0.6 == bench.of("both")[2]
    assert 0.9 == bench.duplex("up/1", 2).of("both")[2]
    assert 0.9 == bench.read("up/1", 60 * MEGA, 30 * MEGA).of("both")[2]  # kept from before
    assert 0.6 == bench.duplex("up/1", 3).of("both")[2]
    assert 0.6 == bench.duplex("up/1", 2, Reason.MISSING).of("both")[2]


def test_rule_10_at_the_school_s_end_it_is_that_end_s_duplex() -> None:
    bench = Bench(committed="100M").read("down/1", 30 * MEGA, 60 * MEGA).duplex("down/1", 2)
    assert 0.9 == bench.of("both")[2]


@pytest.mark.parametrize(
    ("rates", "slower", "expected"),
    [
        pytest.param({}, 100 * MEGA, 0.4, id="lower before"),
        pytest.param({}, 1000 * MEGA, 0.04, id="the same"),
        pytest.param({}, math.nan, 0.04, id="not told before"),
        pytest.param({"capacity": "80M"}, 10 * MEGA, 0.5, id="a promise is a promise"),
    ],
)
def test_rule_6_where_nothing_was_promised_the_lower_speed_of_the_interval_is_the_base(
    rates: dict[str, str], slower: float, expected: float
) -> None:
    bench = Bench(**rates).read("up/1", 10 * MEGA, 40 * MEGA)
    asked: list[list[int]] = []

    def lowest(slots: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
        asked.append(slots.tolist())
        return np.full(len(slots), slower)

    table = bench.latest.tables()["interface"]
    found = bench.ports.traffic(table, NOW, PERIOD, lowest)
    assert expected == found["utilization"][0]
    assert 1000 * MEGA == found["speed"][0]
    assert bench.ports.slots[0, 0] == asked[0][0]


def test_capacities_are_those_of_polled_ports_by_contract() -> None:
    bench = Bench(capacity="80M", committed="50M")
    slots, capacity = bench.ports.capacities()
    assert bench.ports.slots[0].tolist() == slots.tolist()
    assert [80 * MEGA, 80 * MEGA] == capacity.tolist()
    assert [0, 0] == [len(each) for each in Bench(committed="50M").ports.capacities()]


def test_more_than_was_promised_is_more_than_one() -> None:
    assert 2.0 == Bench(committed="30M").read("up/1", 0.0, 60 * MEGA).of("both")[2]


def test_a_network_without_links_has_no_traffic() -> None:
    inventory = Inventory.model_validate(
        {"network": {"name": "n"}, "sites": [{"id": "city", "kind": "city", "name": "City"}]}
    )
    found = Ports(compile_topology(inventory), lambda d, i: 0).traffic(EMPTY, NOW, PERIOD)
    assert {0} == {len(column) for column in found.values()}


def test_the_link_frame_has_a_row_for_each_link_and_keeps_nothing_alive() -> None:
    bench = Bench(committed="100M").read("up/1", 10 * MEGA, 40 * MEGA)
    found = bench.ports.traffic(bench.latest.tables()["interface"], NOW, PERIOD)
    states = np.array([1, 0, 3], np.int16)
    frame = link_frame(np.array([7, 8, 9], np.int32), NOW, found, states)

    assert ("link", [7, 8, 9], [NOW] * 3) == (
        frame.kind, frame.slots.tolist(), frame.times.tolist(),
    )  # fmt: skip
    assert 40 * MEGA == frame.columns["download_bps"][0]
    assert [1, 0, 3] == frame.columns["state"].tolist()
    found["download_bps"][0] = 0  # ours to change: the frame has its own
    assert 40 * MEGA == frame.columns["download_bps"][0]
