"""Does a list show what was asked for: filtered, searched, and page by page each item once?"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from painted import INVENTORY, LISTS, Painted, client

MANY = INVENTORY.replace(
    "devices:",
    "".join(
        f"  - {{id: n{n}, kind: school, parent: c2, name: 第{n}小学, code: '77{n:03}'}}\n"
        for n in range(250)
    )
    + "devices:",
    1,
)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client(Painted(tmp_path)) as asking:
        yield asking


async def ids(api: httpx.AsyncClient, path: str, **params: Any) -> list[str]:
    answer = await api.get(f"/api/v1/{path}", params=params)
    assert 200 == answer.status_code, answer.text
    return [item["id"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["s0", "s1", "s2", "s3", "s4"]),
        ({"county": "c1"}, ["s1", "s2"]),
        ({"county": "none"}, ["s0"]),
        ({"county": "c9"}, []),
        ({"state": "unreachable"}, ["s4"]),
        ({"state": "unknown"}, ["s0"]),
        ({"area": "urban"}, ["s1", "s3"]),
        ({"area": "rural", "county": "c1"}, ["s2"]),
        ({"area": "rural", "county": "c2"}, []),
        ({"q": "实验"}, ["s1"]),
        ({"q": "cdsyxx"}, ["s1"]),
        ({"q": "SYXX"}, ["s1"]),
        ({"q": "zx"}, ["s0", "s3"]),
        ({"q": "1001"}, ["s1"]),
        ({"q": "10"}, ["s1", "s2"]),
        ({"q": "001"}, []),
        ({"q": "s3"}, ["s3"]),
        ({"q": "临江 zx"}, ["s3"]),
        ({"q": "sunshine"}, ["s4"]),
        ({"q": "  "}, ["s0", "s1", "s2", "s3", "s4"]),
        ({"q": "%"}, []),
        ({"q": "zx", "state": "down"}, ["s3"]),
    ],
    ids=str,
)
async def test_schools_are_filtered_and_found(
    api: httpx.AsyncClient, params: dict[str, str], expected: list[str]
) -> None:
    assert expected == await ids(api, "schools", **params)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["al-core-c2", "al-c1-s2"]),
        ({"state": "firing"}, ["al-core-c2"]),
        ({"state": "pending"}, ["al-c1-s2"]),
        ({"state": "resolved"}, ["al-core-c1"]),
        ({"severity": "critical"}, ["al-core-c2"]),
        ({"severity": "info"}, []),
        ({"county": "c1"}, ["al-c1-s2"]),
        ({"county": "none", "state": "resolved"}, ["al-core-c1"]),
    ],
    ids=str,
)
async def test_alerts_are_filtered(
    api: httpx.AsyncClient, params: dict[str, str], expected: list[str]
) -> None:
    assert expected == await ids(api, "alerts", **params)


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
@pytest.mark.parametrize("path", LISTS)
async def test_page_by_page_every_item_comes_once(
    api: httpx.AsyncClient, path: str, limit: int
) -> None:
    whole = (await api.get(f"/api/v1/{path}")).json()
    found: list[Any] = []
    params: dict[str, Any] = {"limit": limit}
    while True:
        page = (await api.get(f"/api/v1/{path}", params=params)).json()
        assert len(page["items"]) <= limit
        found += page["items"]
        if page["next"] is None:
            break
        params["cursor"] = page["next"]

    assert whole["next"] is None
    assert whole["items"] == found


async def test_a_list_without_a_limit_stops_at_a_hundred_and_goes_on(tmp_path: Path) -> None:
    async with client(Painted(tmp_path, MANY)) as api:
        first = (await api.get("/api/v1/schools")).json()
        second = (await api.get("/api/v1/schools", params={"cursor": first["next"]})).json()
        third = (await api.get("/api/v1/schools", params={"cursor": second["next"]})).json()
        most = await api.get("/api/v1/schools", params={"limit": 1000})

    assert [100, 100, 55] == [len(page["items"]) for page in (first, second, third)]
    assert third["next"] is None
    parts = [*first["items"], *second["items"], *third["items"]]
    assert [item["id"] for item in most.json()["items"]] == [item["id"] for item in parts]


async def test_a_cursor_holds_while_items_come_and_go(api: httpx.AsyncClient) -> None:
    """It names the last item shown: a filter that lets it through goes on behind it."""
    page = (await api.get("/api/v1/schools", params={"limit": 2})).json()

    assert ["s2"] == await ids(api, "schools", cursor=page["next"], county="c1")


def sealed(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "!!!!", "====", "a" * 200, "a" * 201, "a" * 9000, "城东", "\x00", "../../etc/passwd",
     sealed(b"nobody"), sealed(b"\xff\xfe"), sealed(b"city"), sealed(b"'; DROP TABLE alerts; --")],
)  # fmt: skip
@pytest.mark.parametrize("path", LISTS)
async def test_a_cursor_that_is_none_of_ours_is_refused(
    api: httpx.AsyncClient, path: str, cursor: str
) -> None:
    answer = await api.get(f"/api/v1/{path}", params={"cursor": cursor})

    assert 400 == answer.status_code
    assert "application/problem+json" == answer.headers["Content-Type"]
