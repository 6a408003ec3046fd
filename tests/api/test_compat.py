"""Do dashboards made for snmp_exporter find what they look for, and nothing that is not known?"""

from __future__ import annotations

import dataclasses
import gzip
import re
import subprocess
from pathlib import Path
from typing import Final

import httpx
import pytest
from daemons import binary
from painted import ALIAS, HUGE, NOW, Painted, client
from prometheus_client.parser import text_string_to_metric_families as families

from api.scope import Scope

PORT_NAMES: Final = {
    "ifHCInOctets", "ifHCOutOctets", "ifInErrors", "ifOutErrors", "ifInDiscards", "ifOutDiscards",
    "ifAdminStatus", "ifOperStatus", "ifHighSpeed", "ifSpeed",
}  # fmt: skip
Series = dict[str, list[tuple[dict[str, str], float]]]


@pytest.fixture
def source(tmp_path: Path) -> Painted:
    return Painted(tmp_path)


async def ask(source: Painted, scope: Scope | None = None, **params: str) -> httpx.Response:
    async with client(source, scope) as api:
        return await api.get("/metrics/compat", params=params)


async def read(source: Painted, scope: Scope | None = None, **params: str) -> Series:
    answer = await ask(source, scope, **params)
    assert 200 == answer.status_code, answer.text
    # A counter without `_total` is what snmp_exporter writes, and no OpenMetrics.
    text = answer.text.replace(" counter\n", " gauge\n")
    return {
        family.name: [(sample.labels, sample.value) for sample in family.samples]
        for family in families(text)
    }


async def test_names_and_labels_are_those_of_if_mib(source: Painted) -> None:
    told = await read(source)

    assert PORT_NAMES | {"sysUpTime"} == told.keys()
    for name in PORT_NAMES:
        for labels, _ in told[name]:
            assert {"instance", "ifIndex", "ifName", "device", "site"} <= labels.keys()
    (first,) = (v for v in told["ifHCInOctets"] if v[0].get("ifAlias") and v[0]["device"] == "core")
    assert {
        "instance": "127.8.0.1", "device": "core", "site": "city", "ifIndex": "1", "ifName": "GE1",
        "ifAlias": ALIAS,
    } == first[0]  # fmt: skip


async def test_counters_are_told_to_the_last_digit(source: Painted) -> None:
    text = (await ask(source)).text

    assert "# TYPE ifHCInOctets counter" in text
    assert re.search(rf'^ifHCInOctets{{[^}}]*ifName="GE1"[^}}]*}} {HUGE}$', text, re.MULTILINE)


async def test_values_are_scaled_as_the_mib_has_it(source: Painted) -> None:
    told = await read(source)

    assert {1000.0} == {value for _, value in told["ifHighSpeed"]}
    assert {1e9} == {value for _, value in told["ifSpeed"]}
    assert {1.0} == {value for _, value in told["ifOperStatus"]}
    assert {"core": 8_640_000.0, "c1-agg": 1000.0} == {
        labels["device"]: value for labels, value in told["sysUpTime"]
    }


async def test_a_speed_beyond_32_bits_is_told_by_its_largest_value(source: Painted) -> None:
    table = source.shown.table("interface")
    speed = table.columns["speed"] * 10
    columns = {**table.columns, "speed": speed}
    tables = {**source.shown.tables, "interface": dataclasses.replace(table, columns=columns)}
    source.shown = dataclasses.replace(source.shown, tables=tables)
    told = await read(source)

    assert {10_000.0} == {value for _, value in told["ifHighSpeed"]}
    assert {4294967295.0} == {value for _, value in told["ifSpeed"]}


async def test_what_is_not_known_is_left_out(source: Painted) -> None:
    """c2-agg is silent, and of s1-sw's clock nothing is known."""
    told = await read(source)

    for name in PORT_NAMES:
        assert "c2-agg" not in {labels["device"] for labels, _ in told[name]}
    assert {"core", "c1-agg"} == {labels["device"] for labels, _ in told["sysUpTime"]}


async def test_ports_end_five_minutes_after_they_were_read(source: Painted) -> None:
    source.shown = dataclasses.replace(source.shown, looked=NOW + 290_000)
    assert PORT_NAMES <= (await read(source)).keys()

    source.shown = dataclasses.replace(source.shown, looked=NOW + 300_000)
    assert PORT_NAMES.isdisjoint(await read(source))


async def test_a_county_sees_its_own_and_may_be_asked_for(source: Painted) -> None:
    for told in (await read(source, Scope("county", "c1")), await read(source, county="c1")):
        devices = {labels["device"] for each in told.values() for labels, _ in each}
        assert {"c1-agg", "s1-sw"} == devices
    assert 404 == (await ask(source, Scope("county", "c1"), county="c2")).status_code


async def test_only_ends_of_links_are_told_to_who_wants_no_more(source: Painted) -> None:
    everything = {labels["ifName"] for labels, _ in (await read(source))["ifOperStatus"]}
    ends = {labels["ifName"] for labels, _ in (await read(source, ports="uplinks"))["ifOperStatus"]}

    assert {"spare"} == everything - ends


@pytest.mark.parametrize("target", ["127.8.0.1", "core"])
async def test_one_device_is_told_as_the_exporter_would(source: Painted, target: str) -> None:
    """Without `instance`: whoever scrapes puts it there."""
    told = await read(source, target=target)

    assert {"core"} == {labels["device"] for each in told.values() for labels, _ in each}
    assert not any("instance" in labels for each in told.values() for labels, _ in each)
    assert {"GE1", "GE2", "GE3", "spare"} == {v["ifName"] for v, _ in told["ifOperStatus"]}


async def test_a_silent_device_fails_its_scrape_and_an_unknown_one_is_not_there(
    source: Painted,
) -> None:
    for down_or_mute in ("127.8.0.3", "127.8.0.4"):
        assert 503 == (await ask(source, target=down_or_mute)).status_code
    assert 404 == (await ask(source, target="127.8.0.99")).status_code
    assert 404 == (await ask(source, Scope("county", "c1"), target="core")).status_code


async def test_it_is_compressed_for_who_asks(source: Painted) -> None:
    async with client(source) as api:
        async with api.stream(
            "GET", "/metrics/compat", headers={"Accept-Encoding": "gzip"}
        ) as packed:
            body = b"".join([part async for part in packed.aiter_raw()])
        plain = await api.get("/metrics/compat", headers={"Accept-Encoding": "identity"})

    assert "gzip" == packed.headers["Content-Encoding"]
    assert gzip.decompress(body) == plain.content
    assert "text/plain; version=0.0.4; charset=utf-8" == plain.headers["Content-Type"]


async def test_another_name_of_a_port_is_told_anew(source: Painted) -> None:
    await read(source)
    facts = dict(source.shown.facts)
    port = facts["core"].ports[0]
    renamed = (port._replace(alias="to the moon"), *facts["core"].ports[1:])
    facts["core"] = facts["core"]._replace(ports=renamed)
    source.shown = dataclasses.replace(source.shown, facts=facts)
    told = await read(source)

    assert "to the moon" in {v.get("ifAlias") for v, _ in told["ifOperStatus"]}
    assert ALIAS not in {v.get("ifAlias") for v, _ in told["ifOperStatus"] if v["device"] == "core"}


def found(body: bytes) -> list[str]:
    """What promtool has to say of an exposition."""
    done = subprocess.run(
        [binary("promtool"), "check", "metrics"], input=body, capture_output=True, check=False
    )
    return (done.stdout + done.stderr).decode().splitlines()


@pytest.mark.daemon
async def test_promtool_reads_it(source: Painted) -> None:
    """It dislikes the MIB's names, as it dislikes snmp_exporter's; it finds nothing else."""
    body = (await ask(source)).content
    findings = found(body)
    words = ("camelCase", 'should have "_total" suffix')

    assert findings
    assert [] == [line for line in findings if not any(word in line for word in words)]
