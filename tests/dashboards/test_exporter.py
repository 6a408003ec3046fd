"""Does `/metrics/compat` say of a device what snmp_exporter itself says of it?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import daemons
import httpx
import pytest
from house import COMMUNITY
from prometheus_client.parser import text_string_to_metric_families as families
from watched_city import City

from edunet.inventory import Device

pytestmark = pytest.mark.daemon

DEVICE: Final = "c1-agg"
_IF, _IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
# As in snmp_exporter's own module if_mib: name -> column, type.
COUNTERS: Final = {
    "ifHCInOctets": f"{_IFX}.6", "ifHCOutOctets": f"{_IFX}.10", "ifInErrors": f"{_IF}.14",
    "ifOutErrors": f"{_IF}.20", "ifInDiscards": f"{_IF}.13", "ifOutDiscards": f"{_IF}.19",
}  # fmt: skip
GAUGES: Final = {
    "ifAdminStatus": f"{_IF}.7", "ifOperStatus": f"{_IF}.8", "ifHighSpeed": f"{_IFX}.15",
    "ifSpeed": f"{_IF}.5",
}  # fmt: skip
NAMES: Final = {"ifAlias": f"{_IFX}.18", "ifDescr": f"{_IF}.2", "ifName": f"{_IFX}.1"}
SAMPLES = dict[tuple[str, frozenset[tuple[str, str]]], float]


def module() -> dict[str, Any]:
    lookups = [
        {"labels": ["ifIndex"], "labelname": name, "oid": oid, "type": "DisplayString"}
        for name, oid in NAMES.items()
    ]
    metrics = [
        {
            "name": name, "oid": oid, "type": kind, "help": name, "lookups": lookups,
            "indexes": [{"labelname": "ifIndex", "type": "gauge"}],
        }
        for kind, columns in (("counter", COUNTERS), ("gauge", GAUGES))
        for name, oid in columns.items()
    ]  # fmt: skip
    clock = {"name": "sysUpTime", "oid": "1.3.6.1.2.1.1.3", "type": "gauge", "help": "sysUpTime"}
    return {
        "walk": [*NAMES.values(), *COUNTERS.values(), *GAUGES.values()],
        "get": ["1.3.6.1.2.1.1.3.0"],
        "metrics": [clock, *metrics],
        "version": 2,
        "auth": {"community": COMMUNITY},
    }


@pytest.fixture
def exporter(tmp_path: Path) -> Iterator[str]:
    port = daemons.free_port()
    config = tmp_path / "snmp.yml"
    config.write_text(json.dumps({"if_mib": module()}), "utf-8")  # JSON is YAML
    argv = [
        "prometheus-snmp-exporter",
        f"--config.file={config}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    daemon = daemons.Daemon(argv, f"http://127.0.0.1:{port}", "/", tmp_path)
    try:
        daemon.start()
        yield daemon.url
    finally:
        daemon.kill()


def read(text: str) -> SAMPLES:
    """What both of them tell: by name, and the labels of the MIB; an empty one is none."""
    known = {*COUNTERS, *GAUGES, "sysUpTime"}
    return {
        (sample.name, frozenset((k, v) for k, v in sample.labels.items() if k[:2] == "if" and v)):
            sample.value
        for family in families(text.replace(" counter\n", " gauge\n"))
        for sample in family.samples
        if sample.name in known
    }  # fmt: skip


def test_names_labels_and_values_are_those_of_snmp_exporter(city: City, exporter: str) -> None:
    device: Device = next(d for d in city.house.inventory.devices if d.id == DEVICE)
    where = {"module": "if_mib", "target": f"{device.address}:{device.port}"}

    before = read(city.house.ask("/metrics/compat", target=DEVICE).text)
    asked = httpx.get(f"{exporter}/snmp", params=where, trust_env=False)
    assert asked.is_success, asked.text
    theirs = read(asked.text)

    def after() -> SAMPLES:
        return read(city.house.ask("/metrics/compat", target=DEVICE).text)

    assert theirs.keys() == before.keys()
    # Read once more since: then no counter of ours is behind theirs.
    daemons.until(
        lambda: all(after()[key] >= value for key, value in theirs.items() if key[0] in COUNTERS),
        "the next reading of every port",
    )
    for key, value in theirs.items():
        if key[0] in GAUGES:
            assert value == before[key], key
        elif key[0] in COUNTERS:
            assert before[key] <= value, key


def test_a_device_behind_the_cut_fails_its_scrape_as_it_used_to(city: City) -> None:
    daemons.until(
        lambda: city.house.ask("/metrics/compat", target="c3-agg").status_code == 503,
        "c3-agg to be a 503",
    )


def test_both_find_the_devices_that_are_listed(city: City) -> None:
    """What `/sd/snmp` lists is what `?target=` takes."""
    targets = [group["targets"][0] for group in city.house.ask("/sd/snmp").json()]

    assert len(targets) == len([d for d in city.house.inventory.devices if d.snmp])
    for target in targets:
        assert city.house.ask("/metrics/compat", target=target).status_code in (200, 503)
