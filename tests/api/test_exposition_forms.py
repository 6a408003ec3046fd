"""Does a scraper get the form, the groups and the ports it asks for?"""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import httpx
import pytest
from painted import Painted, client
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families as text_families

from api.exposition import GROUPS
from api.prom import accept
from api.prom.words import labels
from api.scope import Scope
from edunet.facts import Port
from edunet.metrics import FAMILIES

OPENMETRICS: Final = {"Accept": "application/openmetrics-text; version=1.0.0"}
PROMETHEUS_2: Final = (  # 2.42, as it asks
    "application/openmetrics-text;version=1.0.0,"
    "application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3: Final = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)
BROWSER: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def source(tmp_path: Path) -> Painted:
    return Painted(tmp_path)


@pytest.fixture
async def api(source: Painted) -> AsyncIterator[httpx.AsyncClient]:
    async with client(source) as asking:
        yield asking


async def text(api: httpx.AsyncClient, query: str = "") -> Series:
    answer = await api.get(f"/metrics{query}")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_families(answer.text)
        for sample in family.samples
    }


async def openmetrics(api: httpx.AsyncClient, query: str = "") -> Series:
    answer = await api.get(f"/metrics{query}", headers=OPENMETRICS)
    assert accept.OPENMETRICS == answer.headers["Content-Type"]
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in openmetrics_families(answer.text)  # type: ignore[no-untyped-call]
        for sample in family.samples
    }


def told(series: Series) -> set[str]:
    """Which kinds of things there are series of: the second word of a name."""
    return {name.split("_")[1] for name, _ in series}


def ports(series: Series) -> set[tuple[str, str]]:
    named = (dict(labels) for name, labels in series if name.startswith("edunet_interface"))
    return {(each["device"], each["interface"]) for each in named}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        (BROWSER, False),
        ("text/plain", False),
        (PROMETHEUS_2, True),
        (PROMETHEUS_3, True),
        ("application/openmetrics-text", True),
        ('Application/OpenMetrics-Text; Version="1.0.0"; charset=utf-8', True),
        ("application/openmetrics-text;version=0.0.1", False),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;q=much", False),
        ("application/openmetrics-text;q=0.4,text/plain;q=0.5", False),
        (" ,;=,application/openmetrics-text;;q", False),
    ],
)
def test_openmetrics_is_for_those_who_ask_for_it(header: str | None, expected: bool) -> None:
    assert expected is accept.openmetrics(header)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, False), ("gzip", True), ("br, GZip;q=0.5", True), ("identity", False), ("*", True),
        ("gzip;q=0", False), ("*, gzip;q=0", False), ("x-gzip", True),
    ],
)  # fmt: skip
def test_gzip_is_for_those_who_can_open_it(header: str | None, expected: bool) -> None:
    assert expected is accept.gzipped(header)


@pytest.mark.parametrize("query", ["", "?county=c1", "?ports=all", "?collect[]=links"])
async def test_both_forms_say_the_same(api: httpx.AsyncClient, query: str) -> None:
    assert await text(api, query) == await openmetrics(api, query)


async def test_openmetrics_names_families_types_and_units_by_its_rules(
    api: httpx.AsyncClient, source: Painted
) -> None:
    source.health.rejected.labels("reset").inc()
    body = (await api.get("/metrics", headers=OPENMETRICS)).text
    types = dict(re.findall(r"(?m)^# TYPE (\S+) (\S+)$", body))
    units = dict(re.findall(r"(?m)^# UNIT (\S+) (\S+)$", body))

    assert body.endswith("\n# EOF\n")
    assert 1 == body.count("# EOF")
    assert not [name for name in types if name.endswith(("_total", "_info"))]
    assert "counter" == types["edunet_interface_receive_bytes"] == types["edunet_samples_rejected"]
    assert ("info", "gauge") == (types["edunet_school"], types["edunet_school_state"])
    assert "bytes" == units["edunet_interface_receive_bytes"]
    assert "bits_per_second" == units["edunet_link_download_bits_per_second"]
    assert all(name.endswith(f"_{unit}") for name, unit in units.items())
    assert re.findall(r"(?m)^# HELP (\S+) ", body) == list(types)


async def test_what_a_county_sees_in_openmetrics_has_an_end_too(source: Painted) -> None:
    async with client(source, Scope("county", "c1")) as c1:
        body = (await c1.get("/metrics", headers=OPENMETRICS)).text

    assert body.endswith("\n# EOF\n")
    assert "edunet_poll" not in body


async def test_an_exposition_is_compressed_for_those_who_ask(api: httpx.AsyncClient) -> None:
    plain = await api.get("/metrics", headers={"Accept-Encoding": "identity"})
    async with api.stream("GET", "/metrics", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])

    assert "Content-Encoding" not in plain.headers
    assert "gzip" == answer.headers["Content-Encoding"]
    assert str(len(raw)) == answer.headers["Content-Length"]
    assert {"accept", "accept-encoding"} == set(answer.headers["Vary"].lower().split(", "))
    assert len(raw) < len(plain.content) / 4
    without_cpu = re.compile(rb"(?m)^edunet_poll.*\n")
    assert without_cpu.sub(b"", plain.content) == without_cpu.sub(b"", gzip.decompress(raw))


async def test_each_group_is_told_alone_and_all_together_are_the_whole(
    api: httpx.AsyncClient,
) -> None:
    whole, parts = await text(api), Series()
    for group in GROUPS:
        part = await text(api, f"?collect[]={group}")
        assert part, group
        assert not part.keys() & parts.keys(), group
        parts |= part

    assert whole.keys() == parts.keys()
    both = await text(api, "?collect[]=links&collect[]=probes")
    assert {"link", "probe"} == told(both)


async def test_an_unknown_group_is_refused_and_the_known_are_named(api: httpx.AsyncClient) -> None:
    answer = await api.get("/metrics?collect[]=links&collect[]=lnks")
    (error,) = answer.json()["errors"]

    assert 400 == answer.status_code
    assert "application/problem+json" == answer.headers["Content-Type"]
    assert all(f"'{group}'" in error["message"] for group in GROUPS)
    assert 400 == (await api.get("/metrics?ports=none")).status_code


def test_the_manual_names_every_group_and_no_other() -> None:
    manual = (Path(__file__).parents[2] / "docs/api.md").read_text("utf-8")
    table = manual.partition("| group | families |")[2].partition("\n\n")[0]

    assert list(GROUPS) == re.findall(r"(?m)^\| `(\w+)` \|", table)


async def test_every_port_is_told_to_those_who_want_all(api: httpx.AsyncClient) -> None:
    short, full = ports(await text(api)), ports(await text(api, "?ports=all"))

    assert short < full
    assert {"spare"} == {interface for _, interface in full - short}
    assert {"core", "c1-agg", "s1-sw"} == {device for device, _ in full - short}
    c1 = ports(await text(api, "?county=c1"))
    assert c1 == {port for port in full if port[0] in ("c1-agg", "s1-sw")}
    assert ports(await text(api, "?county=c1&ports=uplinks")) == c1 & short


async def test_what_a_device_says_of_itself_anew_is_told_anew(
    api: httpx.AsyncClient, source: Painted
) -> None:
    before = ports(await text(api, "?ports=all"))
    said = source.shown.facts["core"]
    slot = said.ports[0].slot
    only = (Port(1, "XGE7", "XGE7", "", slot),)
    source.shown = replace(
        source.shown, facts={**source.shown.facts, "core": said._replace(ports=only)}
    )
    after = ports(await text(api, "?ports=all"))

    assert {("core", "XGE7")} == after - before
    assert {"core"} == {device for device, _ in before - after}


async def test_another_inventory_is_told_by_its_own_names(
    api: httpx.AsyncClient, source: Painted, tmp_path: Path
) -> None:
    before = await text(api)
    (tmp_path / "other").mkdir()
    other = Painted(tmp_path / "other")
    links = [
        link.model_copy(update={"carrier": "unicom"}) for link in other.topology.inventory.links
    ]
    inventory = other.topology.inventory.model_copy(update={"links": links})
    source.shown = replace(source.shown, topology=replace(other.topology, inventory=inventory))
    after = await text(api)

    assert {"gdtv"} == carriers(before)
    assert {"unicom"} == carriers(after)


def carriers(series: Series) -> set[str]:
    return {dict(labels)["carrier"] for _, labels in series if "carrier" in dict(labels)}


def test_a_name_that_is_no_unicode_spoils_no_scrape() -> None:
    assert b'{device="a?"} ' == labels({"device": "a\ud800", "site": ""})
    assert b" " == labels({"site": ""})


def test_no_help_needs_escaping() -> None:
    assert not [family for family in FAMILIES if set(family.help) & set('\\"\n')]
