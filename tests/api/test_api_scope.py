"""Does a county's own administrator see that county, in every route, and nothing else?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from painted import LISTS, Painted, client
from prometheus_client.parser import text_string_to_metric_families as families

from api.scope import Scope


@pytest.fixture
def source(tmp_path: Path) -> Painted:
    return Painted(tmp_path)


@pytest.fixture
async def everything(source: Painted) -> AsyncIterator[httpx.AsyncClient]:
    async with client(source, Scope("viewer")) as asking:
        yield asking


@pytest.fixture
async def c1(source: Painted) -> AsyncIterator[httpx.AsyncClient]:
    async with client(source, Scope("county", "c1")) as asking:
        yield asking


async def items(api: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await api.get(f"/api/v1/{path}")
    return {item["id"]: item for item in answer.json()["items"]}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("counties", {"c1"}),
        ("schools", {"s1", "s2"}),
        ("links", {"core-c1", "c1-s1", "c1-s2"}),
        ("devices", {"c1-agg", "s1-sw"}),
        ("alerts", {"al-c1-s2"}),
        ("alerts?state=resolved", set()),
        ("schools?county=c2", set()),
        ("schools?county=none", set()),
        ("schools?q=zx", set()),
    ],
)
async def test_lists_hold_what_is_the_county_s(
    c1: httpx.AsyncClient, path: str, expected: set[str]
) -> None:
    assert expected == set(await items(c1, path))


@pytest.mark.parametrize("path", [p for p in LISTS if "/" not in p])
async def test_what_is_out_of_sight_is_told_as_what_is_not_there(
    everything: httpx.AsyncClient, c1: httpx.AsyncClient, path: str
) -> None:
    hidden = set(await items(everything, path)) - set(await items(c1, path))
    assert hidden
    nothing = (await c1.get(f"/api/v1/{path}/nobody")).json()
    for id_ in hidden:
        answer = await c1.get(f"/api/v1/{path}/{id_}")
        told = {**nothing, "detail": nothing["detail"].replace("nobody", id_),
                "instance": f"/api/v1/{path}/{id_}"}  # fmt: skip
        assert (404, told) == (answer.status_code, answer.json())


async def test_ports_of_another_county_s_device_are_out_of_sight(c1: httpx.AsyncClient) -> None:
    answers = [
        await c1.get(f"/api/v1/devices/{d}/interfaces") for d in ("c1-agg", "c2-agg", "core")
    ]

    assert [200, 404, 404] == [answer.status_code for answer in answers]


async def test_the_network_is_counted_within_the_county(c1: httpx.AsyncClient) -> None:
    body = (await c1.get("/api/v1/network")).json()

    assert (2, 3, 2, 0) == (
        body["schools"]["total"], body["links"]["total"], body["devices"]["total"],
        body["incidents_open"],
    )  # fmt: skip


async def test_no_series_of_another_county_and_none_of_the_house_itself(
    c1: httpx.AsyncClient,
) -> None:
    found = list(families((await c1.get("/metrics")).text))
    labels = [sample.labels for family in found for sample in family.samples]

    assert labels
    assert {"c1"} == {label["county"] for label in labels}
    assert not any(family.name.startswith("edunet_poll") for family in found)


@pytest.mark.parametrize("county", ["c2", "c9", "none", "city", "s3"])
async def test_metrics_of_a_county_out_of_sight_are_not_there(
    c1: httpx.AsyncClient, county: str
) -> None:
    assert 404 == (await c1.get("/metrics", params={"county": county})).status_code


async def test_the_page_shows_no_school_of_another_county(c1: httpx.AsyncClient) -> None:
    page = (await c1.get("/")).text

    assert "城东实验小学" in page
    for name in ("临江中学", "Sunshine", "示例市第一中学"):
        assert name not in page
