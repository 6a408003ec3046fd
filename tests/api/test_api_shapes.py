"""Does every route answer with the contract's fields, null where nothing is known?"""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from painted import ALIAS, GETS, HUGE, LISTS, STATES, Painted, client

from edunet.states import Because

TALLY = {"total", "up", "degraded", "down", "unreachable", "unknown"}
FIELDS = {
    "network": {"name", "time", "data_age_s", "schools", "links", "devices", "incidents_open",
                "inventory"},
    "schools": {"id", "name", "kind", "county", "state", "flags", "since", "reason", "reason_code",
                "incident", "uplinks", "rtt_ms", "loss", "jitter_ms", "classes", "students",
                "per_class_bps", "compliance", "coverage"},
    "links": {"id", "role", "state", "flags", "since", "a", "b", "download_bps", "upload_bps",
              "utilization", "measured_at", "capacity_bps", "committed_bps", "carrier", "circuit"},
    "devices": {"id", "site", "county", "address", "vendor", "model", "state", "flags", "since",
                "uptime_s", "cpu", "memory", "temperature_c", "rtt_ms", "loss"},
    "devices/core/interfaces": {"name", "alias", "index", "admin", "oper", "speed_bps", "in_bps",
                                "out_bps", "in_octets", "out_octets", "in_errors", "out_errors",
                                "in_discards", "out_discards", "link"},
    "alerts": {"id", "rule", "subject", "county", "severity", "state", "acknowledged", "silenced",
               "since", "fired", "resolved", "value", "summary", "incident"},
}  # fmt: skip


@pytest.fixture
def source(tmp_path: Path) -> Painted:
    return Painted(tmp_path)


@pytest.fixture
async def api(source: Painted) -> AsyncIterator[httpx.AsyncClient]:
    async with client(source) as asking:
        yield asking


async def get(api: httpx.AsyncClient, path: str) -> Any:
    """The JSON of an answer; NaN and Infinity are no JSON."""
    answer = await api.get(f"/api/v1/{path}")
    assert 200 == answer.status_code, answer.text
    assert "application/json" == answer.headers["Content-Type"]

    def refuse(word: str) -> None:
        pytest.fail(f"{word} in {path}")

    return json.loads(answer.content, parse_constant=refuse)


@pytest.mark.parametrize("path", FIELDS)
async def test_the_fields_of_the_contract_are_all_there(api: httpx.AsyncClient, path: str) -> None:
    body = await get(api, path)
    for item in body["items"] if path != "network" else [body]:
        assert FIELDS[path] <= item.keys()


@pytest.mark.parametrize("path", [p for p in LISTS if "/" not in p])
async def test_one_is_what_the_list_says_of_it(api: httpx.AsyncClient, path: str) -> None:
    body = await get(api, path)
    assert {"items", "next"} == body.keys()
    for item in body["items"]:
        one = await get(api, f"{path}/{item['id']}")
        assert item == {key: one[key] for key in item}


async def test_the_network_is_counted_as_it_was_painted(api: httpx.AsyncClient) -> None:
    body = await get(api, "network")

    assert {**dict.fromkeys(TALLY, 1), "total": 5} == body["schools"]
    assert {"total": 7, "up": 5, "down": 1, "unknown": 1, "degraded": 0, "unreachable": 0} == body[
        "links"
    ]
    assert {"total": 4, "up": 2, "down": 1, "unknown": 1, "degraded": 0, "unreachable": 0} == body[
        "devices"
    ]
    assert (1, 0.5) == (body["incidents_open"], body["data_age_s"])
    assert {"loaded", "error"} == body["inventory"].keys()


async def test_a_county_counts_its_own_schools(api: httpx.AsyncClient) -> None:
    counties = {item["id"]: item["schools"] for item in (await get(api, "counties"))["items"]}

    assert {"c1": 2, "c2": 2} == {id_: tally["total"] for id_, tally in counties.items()}
    assert (1, 1) == (counties["c1"]["up"], counties["c1"]["degraded"])
    assert (1, 1) == (counties["c2"]["down"], counties["c2"]["unreachable"])


async def test_each_school_is_told_with_its_reason(api: httpx.AsyncClient) -> None:
    schools = {item["id"]: item for item in (await get(api, "schools"))["items"]}

    assert {id_: state.word for id_, (state, _) in STATES.items()} == {
        id_: school["state"] for id_, school in schools.items()
    }
    for id_, (_, because) in STATES.items():
        school = schools[id_]
        assert because.word == school["reason_code"]
        assert (because is Because.NONE) is (school["reason"] is None)
    assert "inc-core-c2" == schools["s4"]["incident"]
    assert schools["s1"]["incident"] is None  # its alert is over


async def test_what_a_school_is_owed_stands_beside_what_its_link_is_good_for(
    api: httpx.AsyncClient,
) -> None:
    school = await get(api, "schools/s1")

    assert 100e6 / 24 == school["per_class_bps"]
    assert [
        {"standard": "rural", "rule": "per_class", "required": 1e6, "actual": 100e6 / 24,
         "pass": True},
        {"standard": "rural", "rule": "uplink", "required": 30e6, "actual": 100e6, "pass": True},
    ] == school["compliance"]  # fmt: skip
    assert ["c1-s1"] == [link["id"] for link in school["uplinks"]]


async def test_what_is_not_known_is_null_and_never_zero(api: httpx.AsyncClient) -> None:
    nowhere = await get(api, "schools/s4")
    dark = await get(api, "links/core-c2")
    mute = await get(api, "devices/s1-sw")
    port = (await get(api, "devices/c2-agg/interfaces"))["items"][0]

    for name in ("rtt_ms", "loss", "jitter_ms", "students", "area", "per_class_bps"):
        assert nowhere[name] is None, name
    assert dark["download_bps"] is not None  # read at a, which answers
    for name in ("uptime_s", "cpu", "memory", "temperature_c", "rtt_ms", "model"):
        assert mute[name] is None, name
    for name in FIELDS["devices/core/interfaces"] - {"name", "index", "alias", "link"}:
        assert port[name] is None, name


async def test_rates_are_seen_from_the_school_and_told_where_they_were_read(
    api: httpx.AsyncClient,
) -> None:
    link = await get(api, "links/core-c1")
    ports = {p["name"]: p for p in (await get(api, "devices/core/interfaces"))["items"]}

    assert ports["GE1"]["out_bps"] == link["download_bps"]
    assert ports["GE1"]["in_bps"] == link["upload_bps"]
    assert "a" == link["measured_at"]
    assert math.isclose(link["download_bps"] / 1e9, link["utilization"])
    assert {"device": "core", "interface": "GE1"} == link["a"]
    blind = await get(api, "links/c2-s3")
    assert [None, None, None, None] == [
        blind[name] for name in ("download_bps", "upload_bps", "utilization", "measured_at")
    ]


async def test_counters_are_exact_to_the_last_of_64_bits(api: httpx.AsyncClient) -> None:
    ports = (await get(api, "devices/core/interfaces"))["items"]

    assert [HUGE - n for n in range(len(ports))] == [port["in_octets"] for port in ports]
    assert [2**53 + n for n in range(len(ports))] == [port["out_octets"] for port in ports]
    assert ALIAS == ports[0]["alias"]
    assert ["core-c1", "core-c2", "core-s0", None] == [port["link"] for port in ports]


async def test_one_device_tells_what_it_said_of_itself(api: httpx.AsyncClient) -> None:
    core, lost = await get(api, "devices/core"), await get(api, "devices/c2-agg")

    assert ("S6730", 86_400.0, 1.5, 0.0) == (
        core["model"], core["uptime_s"], core["rtt_ms"], core["loss"]
    )  # fmt: skip
    assert ("huawei", "core", None) == (core["vendor"], core["sys_name"], core["trouble"])
    assert ("no answer within 2 s", 1.0) == (lost["trouble"], lost["loss"])


async def test_alerts_open_and_closed(api: httpx.AsyncClient) -> None:
    shown = {item["id"]: item for item in (await get(api, "alerts"))["items"]}
    closed = (await get(api, "alerts?state=resolved"))["items"]

    assert {"al-core-c2", "al-c1-s2"} == shown.keys()
    assert {"type": "link", "id": "core-c2", "name": "机房 — 云溪县"} == shown["al-core-c2"][
        "subject"
    ]
    assert (None, False, None) == tuple(
        shown["al-core-c2"][name] for name in ("acknowledged", "silenced", "resolved")
    )
    assert shown["al-c1-s2"]["fired"] is None
    assert ["al-core-c1"] == [item["id"] for item in closed]
    assert "al-core-c1" == (await get(api, "alerts/al-core-c1"))["id"]


@pytest.mark.parametrize("path", [p for p in GETS if p.startswith("/api/")])
async def test_every_time_has_the_network_s_offset(api: httpx.AsyncClient, path: str) -> None:
    times = ("time", "since", "fired", "resolved", "measured", "loaded")

    def look(value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                look(item)
        if isinstance(value, dict):
            for name in times:
                if isinstance(value.get(name), str):
                    offset = datetime.fromisoformat(value[name]).utcoffset()
                    assert offset is not None, name
                    assert 8 * 3600 == offset.total_seconds(), name
            for item in value.values():
                look(item)

    look(await get(api, path.removeprefix("/api/v1/")))


async def test_the_manual_for_programs_lists_every_route(api: httpx.AsyncClient) -> None:
    paths = (await api.get("/openapi.json")).json()["paths"]

    assert {
        "/healthz", "/readyz", "/metrics", "/metrics/compat", "/api/v1/network",
        "/sd/snmp", "/sd/icmp", "/sd/http", "/api/v1/annotations",
        "/api/v1/counties", "/api/v1/counties/{county}",
        "/api/v1/schools", "/api/v1/schools/{school}",
        "/api/v1/links", "/api/v1/links/{link}",
        "/api/v1/devices", "/api/v1/devices/{device}", "/api/v1/devices/{device}/interfaces",
        "/api/v1/alerts", "/api/v1/alerts/{alert}",
    } <= paths.keys()  # fmt: skip
    for path, item in paths.items():
        for told in item.values():
            assert told["description"], path


async def test_nothing_in_between_keeps_an_answer(api: httpx.AsyncClient) -> None:
    for path in GETS:
        assert "no-store" == (await api.get(path)).headers["Cache-Control"], path


async def test_readyz_says_503_until_every_device_was_asked(
    api: httpx.AsyncClient, source: Painted
) -> None:
    source.asked = False
    early = await api.get("/readyz")
    source.asked = True

    assert (503, {"status": "starting"}) == (early.status_code, early.json())
    assert 200 == (await api.get("/readyz")).status_code
    assert {"status": "ok"} == (await api.get("/healthz")).json()
