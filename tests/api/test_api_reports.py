"""What people say of schools nobody watches: taken, kept, shown with its age, and checked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from painted import INVENTORY, NOW, Painted, client

from api.scope import Scope
from edunet.books import Books
from edunet.reports import Report, Reports

OURS = {"Host": "127.0.0.1:8080"}
PASSIVE = INVENTORY.replace("name: 临江中学,", "name: 临江中学, watch: reported,").replace(
    "name: Sunshine 幼儿园}", "name: Sunshine 幼儿园, access: none}"
)
HOUR_MS = 3_600_000


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    with Books.open(tmp_path / "books.db") as books:
        yield books


@pytest.fixture
def source(tmp_path: Path, books: Books) -> Painted:
    assert INVENTORY.count("\n") == PASSIVE.count("\n")
    source = Painted(tmp_path, PASSIVE)
    source.reports = Reports(books)
    return source


@pytest.fixture
async def api(source: Painted) -> AsyncIterator[httpx.AsyncClient]:
    async with client(source) as asking:
        yield asking


async def report(api: httpx.AsyncClient, school: str, body: Any, **headers: str) -> httpx.Response:
    path = f"/api/v1/schools/{school}/report?lang=en"
    how = {"content": body} if isinstance(body, (str, bytes)) else {"json": body}
    return await api.post(path, headers={**OURS, **headers}, **how)


async def school(api: httpx.AsyncClient, name: str) -> Any:
    return (await api.get(f"/api/v1/schools/{name}?lang=en")).json()


async def test_before_anybody_reports_it_says_so(api: httpx.AsyncClient) -> None:
    for name in ("s3", "s4"):
        found = await school(api, name)
        assert found["reported"] is None
        assert found["age_s"] is None
        assert "It is not watched, and nobody has reported how it is." == found["reason"]


async def test_a_report_is_kept_and_its_age_is_shown(
    api: httpx.AsyncClient, source: Painted, books: Books
) -> None:
    told = await report(api, "s3", {"state": "up", "at": "2026-09-21T20:13:20+08:00",
                                    "note": "打过电话"})  # fmt: skip

    assert 200 == told.status_code, told.text
    found = await school(api, "s3")
    assert told.json() == found
    assert {"state": "up", "at": "2026-09-21T20:13:20.000+08:00", "age_s": 7200.0,
            "note": "打过电话"} == found["reported"]  # fmt: skip
    assert 7200 == found["age_s"]
    assert "It is not watched; last reported up." == found["reason"]
    assert {"s3": Report("s3", "up", NOW - 2 * HOUR_MS, "local", "打过电话")} == dict(
        Reports(books).newest
    ), "and a restart knows it"
    listed = {s["id"]: s for s in (await api.get("/api/v1/schools?lang=en")).json()["items"]}
    assert found == listed["s3"]


async def test_the_newest_moment_counts_whenever_it_is_told(api: httpx.AsyncClient) -> None:
    await report(api, "s3", {"state": "down"})
    late = await report(api, "s3", {"state": "up", "at": "2026-09-01T08:00:00Z"})

    assert ("down", 0.0) == (late.json()["reported"]["state"], late.json()["reported"]["age_s"])
    again = await report(api, "s3", {"state": "degraded"})
    assert "degraded" == again.json()["reported"]["state"]


async def test_of_a_watched_school_the_measurement_counts(api: httpx.AsyncClient) -> None:
    before = await school(api, "s1")
    refused = await report(api, "s1", {"state": "down"})

    assert 409 == refused.status_code
    assert "s1 is watched: what is measured counts" in refused.json()["detail"]
    assert "watch: reported" in refused.json()["detail"]
    assert before == await school(api, "s1")
    assert before["reported"] is None


async def test_a_report_of_a_school_that_is_watched_again_is_shown_no_more(
    api: httpx.AsyncClient, source: Painted, books: Books
) -> None:
    source.reports = Reports(books)
    source.reports.put(Report("s1", "down", NOW, "local"))

    found = await school(api, "s1")
    assert found["reported"] is None
    assert "up" == found["state"]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        pytest.param({}, "state", id="nothing"),
        pytest.param({"state": "unknown"}, "state", id="a state nobody can report"),
        pytest.param({"state": ["up"]}, "state", id="a list"),
        pytest.param({"state": None}, "state", id="null"),
        pytest.param({"state": "up", "at": "yesterday"}, "at", id="no moment"),
        pytest.param({"state": "up", "at": "2026-09-01T08:00:00"}, "at", id="without offset"),
        pytest.param({"state": "up", "at": 1_790_000_000}, "at", id="a number"),
        pytest.param({"state": "up", "at": "2026-09-01T08:00:00Z" + " " * 40}, "at", id="long"),
        pytest.param({"state": "up", "at": "2026-09-21T23:13:20+08:00"}, "at", id="to come"),
        pytest.param({"state": "up", "at": "9999-12-31T23:59:59-23:59"}, "at", id="far to come"),
        pytest.param({"state": "up", "at": "0001-01-01T00:00:00+23:59"}, "at", id="before all"),
        pytest.param({"state": "up", "note": "x" * 501}, "note", id="a long note"),
        pytest.param({"state": "up", "note": "a\x00b"}, "note", id="a control character"),
        pytest.param({"state": "up", "note": {}}, "note", id="a note that is none"),
        pytest.param({"state": "up", "by": "me"}, "by", id="a key there is not"),
        pytest.param("[]", "", id="no object"),
        pytest.param("{", "", id="no JSON"),
        pytest.param(b'{"state": "\xff"}', "", id="no text"),
        pytest.param('{"state": "up", "note": "\\ud800"}', "note", id="half a character"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused_and_changes_nothing(
    api: httpx.AsyncClient, source: Painted, body: Any, wrong: str
) -> None:
    refused = await report(api, "s3", body, **{"Content-Type": "application/json"})

    assert 400 == refused.status_code, refused.text
    assert "application/problem+json" == refused.headers["content-type"]
    assert wrong in refused.json()["detail"]
    assert source.reports is not None
    assert {} == dict(source.reports.newest)


@pytest.mark.parametrize("name", ["nobody", "c1", "core", "%2e%2e", "s3%00"])
async def test_who_is_no_school_is_not_found(api: httpx.AsyncClient, name: str) -> None:
    assert 404 == (await report(api, name, {"state": "up"})).status_code


async def test_who_sees_another_county_only_does_not_find_it(source: Painted) -> None:
    async with client(source, Scope("county", "c1")) as api:
        assert 404 == (await report(api, "s3", {"state": "up"})).status_code


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}],
    ids=str,
)
async def test_only_this_machine_may_report(
    api: httpx.AsyncClient, source: Painted, headers: dict[str, str]
) -> None:
    assert 403 == (await report(api, "s3", {"state": "up"}, **headers)).status_code
    assert source.reports is not None
    assert {} == dict(source.reports.newest)


async def test_the_words_are_the_reader_s(api: httpx.AsyncClient) -> None:
    await report(api, "s3", {"state": "down"})
    chinese = (await api.get("/api/v1/schools/s3?lang=zh")).json()

    assert "未做主动监测；最近一次上报：中断。" == chinese["reason"]
