"""What the pipeline makes of what the counters told beside their rates."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from alerts.engine import Engine
from collector.pipeline import Pipeline
from edunet.catalog import Catalog
from edunet.frame import Frame
from edunet.health import Health
from edunet.inventory.model import Inventory
from edunet.settings import Intervals
from edunet.topology import Topology, compile_topology

NOW = 1_790_000_000_000
GIGA, MEGA, NAN = 1e9, 1e6, float("nan")


def network(**rates: str) -> Topology:
    return compile_topology(
        Inventory.model_validate(
            {
                "network": {"name": "n"},
                "sites": [
                    {"id": "city", "kind": "city", "name": "City"},
                    {"id": "school", "kind": "school", "name": "School", "parent": "city"},
                ],
                "devices": [{"id": "c1-agg", "site": "city"}],
                "links": [
                    {
                        "id": "leaf",
                        "role": "school_access",
                        "a": {"device": "c1-agg", "interface": "GE0/0/7"},
                        "b": {"site": "school"},
                        **rates,
                    }
                ],
            }
        )
    )


class Line:
    """A pipeline and the one port it hears of."""

    def __init__(self, **rates: str) -> None:
        self.catalog, self.health = Catalog(), Health()
        topology = network(**rates)
        self.pipeline = Pipeline(
            topology, self.catalog, self._engine(topology), Intervals(), self.health, NOW
        )
        self.time = NOW

    def _engine(self, topology: Topology) -> Engine:
        return Engine(topology, self.catalog, Intervals(), (), NOW)

    def replant(self, **rates: str) -> None:
        topology = network(**rates)
        self.pipeline.replant(topology, self._engine(topology), self.time)

    def read(self, octets: int, speed: float, duplex: int = 1) -> Frame:
        """Ten seconds later."""
        self.time += 10_000
        slot = self.catalog.slot("interface", "c1-agg", "GE0/0/7")
        count = np.array([octets], np.uint64)
        raw = Frame(
            "interface",
            np.array([slot], np.int32),
            np.array([self.time], np.int64),
            {
                "in_octets": count,
                "out_octets": count,
                "speed": np.array([speed]),
                "duplex": np.array([duplex], np.int16),
                "oper": np.array([1], np.int16),
            },
            uptime=np.array([(self.time - NOW) // 10], np.uint32),
        )
        _, out = self.pipeline.take([raw], self.time)
        return out[0]

    @property
    def utilization(self) -> float:
        return float(self.pipeline.picture.traffic["utilization"][0])


def test_a_speed_that_changed_is_told_once_by_name_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "collector.pipeline")
    line = Line()
    for speed in (GIGA, GIGA, NAN, 100 * MEGA, 100 * MEGA, GIGA, GIGA):
        line.read(0, speed)

    assert [
        ("WARNING", "c1-agg GE0/0/7: speed fell from 1G to 100M"),
        ("INFO", "c1-agg GE0/0/7: speed rose from 100M to 1G"),
    ] == [(record.levelname, record.getMessage()) for record in caplog.records]
    assert {"fell": 1, "rose": 1} == line.pipeline.speed_changes


def test_while_the_speed_changes_utilization_is_of_the_lower() -> None:
    line = Line()
    line.read(0, GIGA)
    line.read(62_500_000, 100 * MEGA)  # 50 Mbit/s
    assert 0.5 == line.utilization
    line.read(125_000_000, GIGA)
    assert 0.5 == line.utilization
    line.read(187_500_000, GIGA)
    assert 0.05 == line.utilization


def test_in_half_duplex_both_directions_share_the_line() -> None:
    line = Line(committed="100M")
    line.read(0, 100 * MEGA, duplex=2)
    line.read(37_500_000, 100 * MEGA, duplex=2)
    assert 0.6 == line.utilization


def test_a_port_that_tells_no_speed_is_bound_by_its_contract_and_by_the_next_one() -> None:
    line = Line(capacity="100M")
    line.read(0, NAN)
    assert {"impossible": 2} == line.read(10**9, NAN).rejected()
    line.replant(capacity="1G")
    assert 8e8 == line.read(2 * 10**9, NAN).columns["in_bps"][0]
    rejected = line.health.registry.get_sample_value(
        "edunet_samples_rejected_total", {"reason": "impossible"}
    )
    assert 2 == rejected
