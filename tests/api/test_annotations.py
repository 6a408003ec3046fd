"""Are outages told as marks for curves: of the time asked for, in sight, as Grafana takes them?"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import httpx
import pytest
from notices import T0, alert
from painted import Painted, client

from api.scope import Scope

HOUR = 3_600_000


@pytest.fixture
def source(tmp_path: Path) -> Painted:
    """One outage open since T0, one of an hour before that lasted ten minutes, one never told."""
    source = Painted(tmp_path)
    over = alert("core-c1", county=None, state="resolved", since=T0 - HOUR,
                 fired=T0 - HOUR + 2000, resolved=T0 - HOUR + 600_000)  # fmt: skip
    source.shown = dataclasses.replace(
        source.shown,
        alerts=(
            alert("core-c2", county="c2", since=T0, severity="critical"),
            alert("c1-s2", county="c1", state="pending", fired=None, since=T0),
        ),
        closed=(over, alert("brief", county="c1", state="resolved", fired=None, resolved=T0)),
    )
    return source


async def ask(source: Painted, scope: Scope | None = None, **params: Any) -> httpx.Response:
    async with client(source, scope) as api:
        return await api.get("/api/v1/annotations", params={"lang": "en", **params})


async def ids(source: Painted, scope: Scope | None = None, **params: Any) -> list[str]:
    answer = await ask(source, scope, **params)
    assert 200 == answer.status_code, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_each_is_what_grafana_takes(source: Painted) -> None:
    body = (await ask(source)).json()
    over, lasting = body["items"]

    assert body["next"] is None
    assert over == {
        "id": "inc-core-c1",
        "time": T0 - HOUR,
        "timeEnd": T0 - HOUR + 600_000,
        "title": "机房 — 云溪县",
        "text": "down",
        "tags": ["edunet", "major", "unknown", "link_down"],
    }
    assert (T0, None) == (lasting["time"], lasting["timeEnd"])
    assert ["edunet", "critical", "unknown", "link_down", "c2"] == lasting["tags"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        pytest.param({}, ["inc-core-c1", "inc-core-c2"], id="all that is remembered"),
        pytest.param({"from": str(T0 + HOUR)}, ["inc-core-c2"], id="still open then"),
        pytest.param({"to": str(T0 - 1)}, ["inc-core-c1"], id="not yet begun"),
        pytest.param({"from": str(T0 - HOUR + 600_000)}, ["inc-core-c1", "inc-core-c2"],
                     id="ended just then"),
        pytest.param({"from": str(T0 - HOUR + 600_001), "to": str(T0 - 1)}, [], id="in between"),
        pytest.param({"from": str((T0 - HOUR) // 1000), "to": str((T0 - 1) // 1000)},
                     ["inc-core-c1"], id="seconds"),
        pytest.param({"to": "2026-09-21T22:00:00+08:00"}, ["inc-core-c1"], id="RFC 3339"),
        pytest.param({"county": "c2"}, ["inc-core-c2"], id="a county"),
        pytest.param({"county": "none"}, ["inc-core-c1"], id="of no county"),
    ],
)  # fmt: skip
async def test_what_lasted_into_the_time_is_told(
    source: Painted, params: dict[str, Any], expected: list[str]
) -> None:
    assert expected == await ids(source, **params)


async def test_a_county_sees_its_own(source: Painted) -> None:
    assert ["inc-core-c2"] == await ids(source, Scope("county", "c2"))
    assert [] == await ids(source, Scope("county", "c1"))


@pytest.mark.parametrize(
    "moment", ["yesterday", "", "2026-09-21T21:00:00", "-1", "1e12", "9999-99-99T00:00:00Z"]
)
async def test_what_is_no_moment_is_refused_by_name(source: Painted, moment: str) -> None:
    asked: dict[str, Any] = {"from": moment}
    answer = await ask(source, **asked)
    body: dict[str, Any] = answer.json()

    assert (400, "application/problem+json") == (
        answer.status_code, answer.headers["Content-Type"]
    )  # fmt: skip
    assert "from" in body["detail"]


async def test_page_by_page(source: Painted) -> None:
    first = (await ask(source, limit="1")).json()
    second = (await ask(source, limit="1", cursor=first["next"])).json()

    assert ["inc-core-c1", "inc-core-c2"] == [
        item["id"] for page in (first, second) for item in page["items"]
    ]
    assert second["next"] is None
