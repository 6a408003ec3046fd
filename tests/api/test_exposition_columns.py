"""Is every series told that is known, to the last digit, and none besides, whatever was read?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from painted import INVENTORY, NOW, Painted

from alerts.picture import Picture
from api.exposition import Exposition, Wish
from api.queries.schools import schools
from api.scope import Scope
from edunet.labels import Names
from edunet.latest import Table

Told = dict[tuple[str, tuple[tuple[str, str], ...]], int | float]

COUNTERS: Final = {
    "in_octets": "edunet_interface_receive_bytes_total",
    "out_octets": "edunet_interface_transmit_bytes_total",
    "in_errors": "edunet_interface_receive_errors_total",
    "out_errors": "edunet_interface_transmit_errors_total",
    "in_discards": "edunet_interface_receive_discards_total",
    "out_discards": "edunet_interface_transmit_discards_total",
}
PROBE: Final = {
    "rtt_s": "edunet_probe_rtt_seconds",
    "jitter_s": "edunet_probe_jitter_seconds",
    "loss_60s": "edunet_probe_loss_ratio",
}
TRAFFIC: Final = {
    "download_bps": "edunet_link_download_bits_per_second",
    "upload_bps": "edunet_link_upload_bits_per_second",
    "utilization": "edunet_link_utilization_ratio",
}
UP: Final = {1: 1, 2: 1, 3: 0, 4: 0}  # up, degraded, down, unreachable; unknown is absent
STATES: Final = ("unknown", "up", "degraded", "down", "unreachable")
NETWORK: Final = ("interfaces", "links", "schools", "devices", "probes", "incidents")
KEPT: Final = Exposition()  # as a running house keeps it, from picture to picture
RATES: Final = st.floats() | st.sampled_from([0.0, 1e9, 1e22, 5e-324, math.nan])
VALUES: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "u": st.integers(0, 2**64 - 1) | st.sampled_from([2**53 + 1, 2**64 - 1]),
    "i": st.integers(-1, 8),
    "f": RATES,
}


def read(body: bytes) -> Told:
    """A strict reader of one sample a line; each series once."""
    found: Told = {}
    for line in body.decode().splitlines():
        if line.startswith("# "):
            continue
        match = re.fullmatch(r'([a-z_]+)\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)+)\} (\S+)', line)
        assert match, line
        pairs = re.findall(r'([a-z]+)="((?:[^"\\]|\\.)*)"', match[2])
        labels = {name: re.sub(r"\\(.)", r"\1", value) for name, value in pairs}
        key = match[1], tuple(sorted(labels.items()))
        assert key not in found
        found[key] = int(match[3]) if match[3].isdigit() else float(match[3])
    return found


class Oracle:
    """The same, a value at a time, by the rules of docs/api.md."""

    def __init__(self, picture: Picture, names: Names, scope: Scope, every_port: bool) -> None:
        self.picture, self.names, self.scope, self.every = picture, names, scope, every_port
        self.found: Told = {}
        self._devices()
        self._links()
        self._schools()

    def say(self, name: str, labels: Mapping[str, str], value: float | None) -> None:
        if value is not None and math.isfinite(value):
            told = {key: text for key, text in labels.items() if text}
            self.found[name, tuple(sorted(told.items()))] = value

    def value(self, kind: str, column: str, slot: int, fresh_s: float = math.inf) -> Any:
        table = self.picture.table(kind)
        if slot >= len(table.times) or not 0 < table.times[slot]:
            return None
        if self.picture.now - table.times[slot] > fresh_s * 1000:
            return None
        if column not in table.columns or table.reason[column][slot]:
            return None
        value = table.columns[column][slot].item()
        return None if table.columns[column].dtype == np.int16 and value < 0 else value

    def _devices(self) -> None:
        picture = self.picture
        for row, device in enumerate(picture.topology.inventory.devices):
            labels = self.names.device(device.id)
            if not self.scope.sees(labels.get("county")):
                continue
            self.say("edunet_device_up", labels, UP.get(int(picture.verdict.nodes[row])))
            uptime = self.value("device", "uptime_s", picture.slots["device", device.id])
            self.say("edunet_device_uptime_seconds", labels, uptime)
            for column, name in PROBE.items():
                slot = picture.slots["probe", device.id]
                self.say(name, labels, self.value("probe", column, slot, 60))
            for port in picture.facts[device.id].ports:
                if self.every or (device.id, port.name) in picture.topology.ports:
                    labels = self.names.interface(device.id, port.name)
                    self._port(labels, port.alias, port.slot)

    def _port(self, labels: Mapping[str, str], alias: str, slot: int) -> None:
        times = self.picture.table("interface").times
        if slot >= len(times) or not times[slot] or self.picture.now - times[slot] > 300_000:
            return
        for column, name in COUNTERS.items():
            self.say(name, labels, self.value("interface", column, slot))
        oper = self.value("interface", "oper", slot)
        self.say("edunet_interface_up", labels, None if oper in (None, 4) else int(oper == 1))
        speed = self.value("interface", "speed", slot)
        self.say("edunet_interface_speed_bits_per_second", labels, speed)
        self.say("edunet_interface_info", {**labels, "alias": alias}, 1 if alias else None)

    def _links(self) -> None:
        picture = self.picture
        for row, link in enumerate(picture.topology.inventory.links):
            if self.scope.sees(picture.topology.county_of_link(row)):
                labels = self.names.link(link.id)
                self.say("edunet_link_up", labels, UP.get(int(picture.verdict.links[row])))
                self.say("edunet_link_committed_bits_per_second", labels, link.committed)
                for column, name in TRAFFIC.items():
                    self.say(name, labels, float(picture.traffic[column][row]))

    def _schools(self) -> None:
        for site in self.picture.topology.inventory.sites:
            if site.kind == "county" and self.scope.sees(site.id):
                self.say("edunet_county_info", {"county": site.id, "name": site.name}, 1)
        for school in schools(self.picture, self.scope, "en"):
            labels = self.names.site(school["id"])
            state = STATES.index(school["state"])
            self.say("edunet_school_up", labels, UP.get(state))
            for number, word in enumerate(STATES):
                self.say("edunet_school_state", {**labels, "state": word}, int(number == state))
            info = {name: school[name] or "" for name in ("name", "code", "kind", "area", "town")}
            self.say("edunet_school_info", {**labels, **info}, 1)
            self.say("edunet_school_classes", labels, school["classes"])
            each = school["per_class_bps"]
            self.say("edunet_school_bits_per_second_per_class", labels, each)


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Painted:
    lonely = "  - {id: s5, kind: school, parent: c2, name: 无线路, classes: 3}\ndevices:"
    inventory = INVENTORY.replace("devices:", lonely, 1)
    return Painted(tmp_path_factory.mktemp("painted"), inventory)


@st.composite
def tables(draw: st.DrawFn, shown: Picture) -> dict[str, Table]:
    """Tables of the same columns, some of them lacking, as long as it happens."""
    made = {}
    for kind, table in shown.tables.items():
        rows = draw(st.integers(0, len(table.times) + 2))
        ages = st.sampled_from([0, 60_000, 60_001, 300_000, 300_001])
        times = draw(column(ages.map(lambda age: NOW - age) | st.just(0), rows, np.int64))
        lacking = draw(st.sampled_from([None, *table.columns]))
        kept = {name: held.dtype for name, held in table.columns.items() if name != lacking}
        made[kind] = Table(
            times,
            times,
            {name: draw(column(VALUES[dtype.kind], rows, dtype)) for name, dtype in kept.items()},
            {name: draw(column(st.sampled_from([0, 0, 0, 7]), rows, np.uint8)) for name in kept},
        )
    return made


def column(values: st.SearchStrategy[Any], n: int, dtype: Any) -> st.SearchStrategy[Any]:
    """Arrays of n such values."""
    return st.lists(values, min_size=n, max_size=n).map(lambda found: np.array(found, dtype))


@st.composite
def pictures(draw: st.DrawFn, shown: Picture) -> Picture:
    """The same plant, with whatever may be known of it."""
    n, m, s = (len(getattr(shown.verdict, name)) for name in ("nodes", "links", "sites"))
    states = st.integers(0, 4)
    verdict = replace(
        shown.verdict,
        nodes=draw(column(states, n, np.int8)),
        links=draw(column(states, m, np.int8)),
        sites=draw(column(states, s, np.int8)),
    )
    speeds = st.sampled_from([math.nan, 1e7, 1e9])
    traffic = {
        **shown.traffic,
        **{name: draw(column(RATES, m, np.float64)) for name in TRAFFIC},
        "speed": draw(column(speeds, m, np.float64)),
    }
    return replace(shown, tables=draw(tables(shown)), verdict=verdict, traffic=traffic, alerts=())


@given(st.data())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_what_is_told_is_what_is_known(painted: Painted, data: st.DataObject) -> None:
    picture = data.draw(pictures(painted.shown))
    county = data.draw(st.sampled_from([None, "c1", "c2"]))
    scope = Scope("viewer", data.draw(st.sampled_from([None, county])))
    wish = Wish(county, data.draw(st.booleans()), NETWORK)
    body = b"".join(KEPT.blocks(picture, painted.catalog, painted.health, scope, wish))

    names = Names(picture.topology, painted.catalog)
    expected = Oracle(picture, names, Scope("viewer", county), wish.every_port).found
    assert expected == read(body)
