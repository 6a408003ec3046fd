"""Is every refusal problem JSON in the reader's language, and does no question break us?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from painted import GETS, Painted, client

from api.app import create_app


@pytest.fixture
def source(tmp_path: Path) -> Painted:
    return Painted(tmp_path)


@pytest.fixture
async def api(source: Painted) -> AsyncIterator[httpx.AsyncClient]:
    async with client(source) as asking:
        yield asking


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem details of RFC 9457 that the answer must be."""
    assert status == answer.status_code, answer.text
    assert "application/problem+json" == answer.headers["Content-Type"]
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "instance"} <= body.keys()
    assert (status, answer.url.path) == (body["status"], unquote(body["instance"]))
    return body


@pytest.mark.parametrize(
    "path",
    ["schools/nobody", "links/nobody", "devices/nobody", "devices/nobody/interfaces",
     "counties/nobody", "counties/s1", "counties/city", "alerts/nobody", "schools/c1",
     "schools/%00", "schools/..%2f..", "schools/城东", "schools/S1"],
)  # fmt: skip
async def test_what_is_not_there_is_named_in_both_languages(
    api: httpx.AsyncClient, path: str
) -> None:
    english = problem(await api.get(f"/api/v1/{path}?lang=en"), 404)
    chinese = problem(await api.get(f"/api/v1/{path}"), 404)

    assert "There is no such thing" == english["title"]
    assert english["detail"].isascii() or "城东" in english["detail"]
    assert "没有" in chinese["detail"]
    assert english["title"] != chinese["title"]


async def test_a_path_there_is_not_and_a_method_that_is_not_served(api: httpx.AsyncClient) -> None:
    missing = problem(await api.get("/api/v2/schools?lang=en"), 404)
    wrong = await api.post("/api/v1/schools?lang=en")

    assert "There is no such path; /docs lists those there are." == missing["detail"]
    assert "This path can only be read." == problem(wrong, 405)["detail"]
    assert "GET" == wrong.headers["Allow"]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"limit": "0"}, ["limit"]),
        ({"limit": "1001"}, ["limit"]),
        ({"limit": "many"}, ["limit"]),
        ({"limit": "1e2"}, ["limit"]),
        ({"state": "broken"}, ["state"]),
        ({"area": "lunar", "limit": "-1"}, ["area", "limit"]),
        ({"q": "x" * 101}, ["q"]),
        ({"county": "x" * 65}, ["county"]),
    ],
    ids=str,
)
async def test_parameters_that_do_not_fit_are_named(
    api: httpx.AsyncClient, params: dict[str, str], names: list[str]
) -> None:
    chinese = problem(await api.get("/api/v1/schools", params=params), 400)
    english = problem(await api.get("/api/v1/schools", params={**params, "lang": "en"}), 400)

    assert names == sorted(error["parameter"] for error in english["errors"])
    for name in names:
        assert name in english["detail"]
        assert name in chinese["detail"]
    assert "参数不合要求" in chinese["detail"]
    assert "The request cannot be understood" == english["title"]


async def test_the_language_is_the_query_s_the_cookie_s_the_browser_s(
    api: httpx.AsyncClient,
) -> None:
    path = "/api/v1/schools/nobody"
    told = [
        await api.get(path, headers={"Accept-Language": "en-GB"}),
        await api.get(path, headers={"Accept-Language": "en", "Cookie": "lang=zh-CN"}),
        await api.get(f"{path}?lang=en", headers={"Cookie": "lang=zh-CN"}),
    ]

    assert [True, False, True] == ["no such thing" in answer.json()["title"] for answer in told]


async def test_a_mistake_of_ours_tells_the_reader_nothing_of_its_inside(
    api: httpx.AsyncClient, source: Painted
) -> None:
    source.fails = True
    answer = await api.get("/api/v1/network?lang=en")

    assert "Something went wrong here" == problem(answer, 500)["title"]
    assert "open-sesame" not in answer.text


WORDS = st.text(st.characters(codec="utf-8"), max_size=30)
PARAMETERS = st.dictionaries(
    st.sampled_from(["limit", "cursor", "county", "state", "area", "q", "severity", "lang"])
    | WORDS,
    st.sampled_from(["", "none", "c1", "0", "-1", "NaN", "99999999999999999999", "{id}", "%s"])
    | WORDS,
    max_size=5,
)


@pytest.fixture(scope="module")
def transport(tmp_path_factory: pytest.TempPathFactory) -> httpx.ASGITransport:
    app = create_app(Painted(tmp_path_factory.mktemp("painted")))
    return httpx.ASGITransport(app=app, raise_app_exceptions=False)


@settings(max_examples=150, deadline=None)
@given(
    path=st.sampled_from(GETS),
    tail=st.sampled_from(["", "/", "//", "/x"]) | WORDS,
    query=PARAMETERS.map(urlencode) | st.binary(max_size=40).map(lambda raw: quote(raw, "=&%+")),
    accept=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
)
def test_no_question_is_answered_with_a_mistake_of_ours(
    transport: httpx.ASGITransport, path: str, tail: str, query: str, accept: str
) -> None:
    async def ask() -> None:
        async with httpx.AsyncClient(transport=transport, base_url="http://edunet") as api:
            for asked in (path, path + quote(tail, "/")):
                answer = await api.get(
                    f"{asked}?{query}", headers={"Accept-Language": accept.strip()}
                )
                assert answer.status_code in (200, 307, 400, 404), answer.text
                if answer.status_code >= 400:
                    problem(answer, answer.status_code)

    asyncio.run(ask())
