"""What does Prometheus read: exact, escaped, absent where nothing is known?"""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from daemons import binary
from painted import ALIAS, HUGE, NOW, Painted, client
from prometheus_client.parser import text_string_to_metric_families

from edunet.metrics import FAMILIES, NAMES

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def source(tmp_path: Path) -> Painted:
    return Painted(tmp_path)


@pytest.fixture
async def api(source: Painted) -> AsyncIterator[httpx.AsyncClient]:
    async with client(source) as asking:
        yield asking


async def read(api: httpx.AsyncClient, query: str = "") -> Series:
    """Every series as prometheus-client's own parser reads it; each must come once."""
    found: Series = {}
    for family in text_string_to_metric_families((await api.get(f"/metrics{query}")).text):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def of(series: Series, name: str, **labels: str) -> dict[frozenset[tuple[str, str]], float]:
    """The series of a name that have these labels."""
    wanted = set(labels.items())
    return {key[1]: v for key, v in series.items() if key[0] == name and wanted <= key[1]}


def one(series: Series, name: str, **labels: str) -> float | None:
    found = of(series, name, **labels)
    assert len(found) <= 1, found
    return next(iter(found.values()), None)


async def test_the_content_is_text_format_0_0_4(api: httpx.AsyncClient) -> None:
    answer = await api.get("/metrics")

    assert "text/plain; version=0.0.4; charset=utf-8" == answer.headers["Content-Type"]
    assert answer.text.endswith("\n")


async def test_up_is_one_zero_or_absent_and_never_a_guess(api: httpx.AsyncClient) -> None:
    series = await read(api)

    assert {"s0": None, "s1": 1, "s2": 1, "s3": 0, "s4": 0} == {
        site: one(series, "edunet_school_up", site=site) for site in ("s0", "s1", "s2", "s3", "s4")
    }
    assert {"core-c1": 1, "core-c2": 0, "core-s0": None} == {
        link: one(series, "edunet_link_up", link=link) for link in ("core-c1", "core-c2", "core-s0")
    }
    assert {"core": 1, "c1-agg": 1, "c2-agg": 0, "s1-sw": None} == {
        device: one(series, "edunet_device_up", device=device)
        for device in ("core", "c1-agg", "c2-agg", "s1-sw")
    }
    assert None is one(series, "edunet_interface_up", device="c2-agg", interface="GE9")


async def test_of_a_school_s_five_states_exactly_one_holds(api: httpx.AsyncClient) -> None:
    series = await read(api)
    for site in ("s0", "s1", "s2", "s3", "s4"):
        values = of(series, "edunet_school_state", site=site)
        assert (5, 1.0) == (len(values), sum(values.values()))
    assert 1 == one(series, "edunet_school_state", site="s0", state="unknown")


async def test_what_is_not_known_has_no_series(api: httpx.AsyncClient) -> None:
    series = await read(api)

    assert {} == of(series, "edunet_probe_rtt_seconds", device="c2-agg")
    assert 1 == one(series, "edunet_probe_loss_ratio", device="c2-agg")
    assert 0.05 in of(series, "edunet_probe_loss_ratio").values(), "the last minute's"
    assert {} == of(series, "edunet_interface_receive_bytes_total", device="c2-agg")
    assert {} == of(series, "edunet_link_download_bits_per_second", link="c2-s3")
    assert {} == of(series, "edunet_link_committed_bits_per_second", link="core-s0")
    assert {} == of(series, "edunet_device_uptime_seconds", device="s1-sw")
    assert {} == of(series, "edunet_school_classes", site="s3")
    text = (await api.get("/metrics")).text
    assert not re.search(r"(?i) (nan|none|[+-]?inf)\b", text)


async def test_empty_labels_are_left_out(api: httpx.AsyncClient) -> None:
    text = (await api.get("/metrics")).text
    series = await read(api)
    (nowhere,) = of(series, "edunet_school_up", site="s3")

    assert '=""' not in text
    assert frozenset({("site", "s3"), ("county", "c2")}) == nowhere
    (info,) = of(series, "edunet_school_info", site="s4")
    assert {"site", "county", "name", "kind"} == dict(info).keys()


async def test_hostile_names_come_back_as_they_were(api: httpx.AsyncClient) -> None:
    series = await read(api)
    (info,) = of(series, "edunet_school_info", site="s2")
    (alias,) = of(series, "edunet_interface_info", device="core")

    assert '柳湾"教学点\\' == dict(info)["name"]
    assert ALIAS == dict(alias)["alias"]


async def test_counters_are_written_to_the_last_digit(api: httpx.AsyncClient) -> None:
    text = (await api.get("/metrics")).text
    (line,) = (
        line for line in text.splitlines()
        if line.startswith("edunet_interface_receive_bytes_total{") and 'interface="GE1"' in line
        and 'device="core"' in line
    )  # fmt: skip

    assert str(HUGE) == line.rpartition(" ")[2]


async def test_an_interface_that_is_no_link_s_end_is_told_only_for_its_county(
    api: httpx.AsyncClient,
) -> None:
    name = "edunet_interface_speed_bits_per_second"
    short, full = await read(api), await read(api, "?county=c1")

    assert {} == of(short, name, interface="spare")
    assert {"c1-agg", "s1-sw"} == {dict(key)["device"] for key in of(full, name, interface="spare")}
    counties = {
        dict(key[1])["county"] for key in full if key[0].startswith(("edunet_school", name))
    }
    assert {"c1"} == counties


async def test_a_port_carries_its_circuit_s_labels(api: httpx.AsyncClient) -> None:
    series = await read(api)
    (labels,) = of(series, "edunet_interface_up", device="core", interface="GE1")

    assert {
        "site": "city", "device": "core", "interface": "GE1", "link": "core-c1",
        "role": "county_uplink", "carrier": "gdtv",
    } == dict(labels)  # fmt: skip
    (labels,) = of(series, "edunet_link_up", link="core-c1")
    assert {
        "site": "c1", "county": "c1", "link": "core-c1", "role": "county_uplink", "carrier": "gdtv"
    } == dict(labels)  # fmt: skip


async def test_open_incidents_are_counted_by_severity_and_cause(api: httpx.AsyncClient) -> None:
    series = await read(api)

    assert {frozenset({("severity", "critical"), ("cause", "unknown")}): 1.0} == of(
        series, "edunet_incidents_open"
    )


async def test_the_series_of_what_no_longer_answers_end(
    api: httpx.AsyncClient, source: Painted
) -> None:
    """A counter that stands still would be drawn as a quiet line for ever."""
    source.shown = replace(source.shown, time=NOW + 301_000)
    series = await read(api)

    assert {} == of(series, "edunet_interface_receive_bytes_total")
    assert {} == of(series, "edunet_probe_loss_ratio")
    assert 1 == sum(of(series, "edunet_school_state", state="up").values())  # judged elsewhere


async def test_every_name_said_aloud_is_a_known_one_with_its_help(api: httpx.AsyncClient) -> None:
    text = (await api.get("/metrics")).text
    said = set(re.findall(r"(?m)^# HELP (\S+) ", text))
    types = dict(re.findall(r"(?m)^# TYPE (\S+) (\S+)", text))

    assert said <= NAMES
    assert {name: types[name] for name in said} == {
        family.name: "gauge" if family.type == "info" else family.type  # 0.0.4 knows no info
        for family in FAMILIES
        if family.name in said
    }


@pytest.mark.daemon
@pytest.mark.parametrize("query", ["", "?county=c1"])
async def test_promtool_finds_nothing_but_the_bits(
    api: httpx.AsyncClient, source: Painted, query: str
) -> None:
    for metric in (source.health.cycle, source.health.lateness):
        metric.labels("links").set(1)
    source.health.rejected.labels("reset").inc()
    source.health.sink_lag.labels("tsdb").set(0)
    body = (await api.get(f"/metrics{query}")).content
    argv = [binary("promtool"), "check", "metrics"]
    found = await asyncio.to_thread(subprocess.run, argv, input=body, capture_output=True)
    findings = (found.stdout + found.stderr).decode().splitlines()

    assert body
    assert [] == [
        line for line in findings
        if not re.fullmatch(r'\S+_bits_per_second\S* use base unit "bytes" instead of "bits"', line)
    ]  # fmt: skip
