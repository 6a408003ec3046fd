"""Is the page what a browser may be given: safe, bilingual, cacheable, and honest?"""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser

import answers
import httpx
import pytest
from fastapi import FastAPI

from api import pages
from api.overview import overview


class Town:
    """What the pages under test are about; a test may change it at any time."""

    def __init__(self) -> None:
        self.answers = answers.troubled(60)


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
async def browser(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(pages.router)
    app.dependency_overrides[pages.shown] = lambda: overview(*town.answers)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://edunet") as client:
        yield client


class Tags(HTMLParser):
    """Every element with its attributes, and the text outside of tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of_class(self, name: str) -> list[dict[str, str | None]]:
        return [given for _, given in self.found if name in (given.get("class") or "").split()]


async def sentence(browser: httpx.AsyncClient, path: str = "/", **headers: str) -> str:
    page = (await browser.get(path, headers=headers)).text
    said = re.search(r"<h1>(.*?)</h1>", page, re.DOTALL)
    assert said
    return re.sub(r"<[^>]+>", "", said[1])


async def test_the_page_begins_with_one_sentence_in_chinese(browser: httpx.AsyncClient) -> None:
    assert "60 所学校，1 所中断，10 所不可达，2 所降级，1 所情况不明。" == await sentence(browser)


async def test_the_same_sentence_stands_in_english(browser: httpx.AsyncClient) -> None:
    said = await sentence(browser, "/?lang=en")
    assert "60 schools, 1 down, 10 unreachable, 2 degraded, 1 unknown." == said


async def test_a_healthy_city_is_said_to_be_healthy(browser: httpx.AsyncClient, town: Town) -> None:
    town.answers = answers.quiet(1101)

    assert "1,101 所学校全部正常。" == await sentence(browser)
    assert "All 1,101 schools are up." == await sentence(browser, "/?lang=en")


async def test_schools_nobody_asked_are_unknown_not_up(
    browser: httpx.AsyncClient, town: Town
) -> None:
    town.answers = answers.of([answers.school(0, "c1", None, state="unknown")], data_age_s=None)

    assert "1 所学校，1 所情况不明。" == await sentence(browser)
    assert "尚无数据：以下内容不代表当前情况。" in (await browser.get("/")).text


async def test_an_empty_inventory_is_said_to_be_empty(
    browser: httpx.AsyncClient, town: Town
) -> None:
    town.answers = answers.of([])

    assert "清单中没有学校。" == await sentence(browser)


async def test_a_refused_inventory_is_told(browser: httpx.AsyncClient, town: Town) -> None:
    refused = {"loaded": None, "error": "inventory.yaml:7: <unknown key>"}
    town.answers = answers.of([answers.school(0, "c1", None)], inventory=refused)

    assert "inventory.yaml:7: &lt;unknown key&gt;" in (await browser.get("/")).text


async def test_there_are_as_many_cells_as_schools(browser: httpx.AsyncClient) -> None:
    tags = Tags((await browser.get("/")).text)

    assert 60 == len(tags.of_class("cell"))


async def test_every_row_of_cells_is_said_in_words(browser: httpx.AsyncClient) -> None:
    tags = Tags((await browser.get("/")).text)
    said = [given["aria-label"] for given in tags.of_class("cells")]

    assert "市直：6 所中 6 所正常" == said[0]
    assert "青石县：10 所不可达，18 所中 8 所正常" == said[2]


async def test_a_cell_tells_name_state_and_reason(browser: httpx.AsyncClient) -> None:
    tags = Tags((await browser.get("/")).text)

    assert "白沙乡初级中学\n中断\n接入链路中断" in [
        one.get("title") for one in tags.of_class("down")
    ]


@pytest.mark.parametrize("path", ["/", "/fragments/overview"])
async def test_hostile_names_are_shown_not_run(
    browser: httpx.AsyncClient, town: Town, path: str
) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    schools = [
        answers.school(0, "c1", None, name=evil, state="down", reason=evil, incident=evil),
        answers.school(1, None, None, name=evil),
    ]
    taken = {"by": evil, "at": None, "until": None}
    alerts = [answers.alert(evil, evil, county="c1", acknowledged=taken, severity=evil)]
    town.answers = answers.of(schools, alerts, name=evil)._replace(
        links=[answers.egress(evil, carrier=evil)]
    )
    page = (await browser.get(path)).text

    assert "<img" not in page
    assert "<script>" not in page
    assert not [given for _, given in Tags(page).found if "onerror" in given]


@pytest.mark.parametrize("path", ["/", "/fragments/overview", "/?theme=dark&lang=en"])
async def test_nothing_is_inline_and_nothing_comes_from_elsewhere(
    browser: httpx.AsyncClient, path: str
) -> None:
    tags = Tags((await browser.get(path)).text)

    for tag, given in tags.found:
        assert tag != "style"
        assert "style" not in given
        assert not [name for name in given if name.startswith("on")]
        assert tag != "script" or (given["src"] or "").startswith("/static/")
        for name in ("href", "src"):
            assert not re.match(r"(https?:)?//|data:|javascript:", given.get(name) or "")


async def test_every_answer_forbids_what_we_do_not_use(browser: httpx.AsyncClient) -> None:
    for path in ("/", "/fragments/overview", "/static/console.css"):
        headers = (await browser.get(path)).headers
        assert headers["content-security-policy"].startswith("default-src 'self'; ")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


async def test_the_language_is_asked_for_then_remembered(browser: httpx.AsyncClient) -> None:
    await browser.get("/?lang=en")

    assert "en" == browser.cookies["lang"]
    assert (await sentence(browser)).startswith("60 schools")


async def test_the_browser_s_own_language_is_respected(browser: httpx.AsyncClient) -> None:
    said = await sentence(browser, **{"Accept-Language": "fr, en;q=0.8, zh;q=0.5"})
    assert said.startswith("60 schools")


async def test_the_theme_is_asked_for_then_remembered(browser: httpx.AsyncClient) -> None:
    assert 'data-theme="dark"' in (await browser.get("/?theme=dark")).text
    assert 'data-theme="dark"' in (await browser.get("/")).text


async def test_a_theme_we_do_not_know_is_the_system_s_choice(browser: httpx.AsyncClient) -> None:
    page = (await browser.get('/?theme="><b>')).text

    assert "data-theme=" not in page
    assert 'media="(prefers-color-scheme: dark)"' in page


async def test_an_unchanged_fragment_is_not_sent_again_though_its_age_is(
    browser: httpx.AsyncClient, town: Town
) -> None:
    first = await browser.get("/fragments/overview")
    town.answers.network["data_age_s"] = 8.4
    again = await browser.get(
        "/fragments/overview", headers={"If-None-Match": first.headers["etag"]}
    )

    assert (304, b"") == (again.status_code, again.content)
    assert ("3.2", "8.4") == (first.headers["edunet-data-age"], again.headers["edunet-data-age"])


async def test_a_changed_school_changes_the_fragment(
    browser: httpx.AsyncClient, town: Town
) -> None:
    first = await browser.get("/fragments/overview")
    town.answers = answers.quiet(60)
    again = await browser.get(
        "/fragments/overview", headers={"If-None-Match": first.headers["etag"]}
    )

    assert 200 == again.status_code
    assert first.headers["etag"] != again.headers["etag"]


async def test_data_that_grew_old_changes_the_fragment(
    browser: httpx.AsyncClient, town: Town
) -> None:
    first = await browser.get("/fragments/overview")
    town.answers.network["data_age_s"] = 3600.0
    again = await browser.get("/fragments/overview")

    assert first.headers["etag"] != again.headers["etag"]


async def test_old_data_is_called_old_without_any_script(
    browser: httpx.AsyncClient, town: Town
) -> None:
    town.answers.network["data_age_s"] = 3600.0
    page = (await browser.get("/")).text

    assert '<main id="main" tabindex="-1" class="is-stale"' in page
    assert '<b role="status">数据停滞</b>' in page


async def test_files_are_kept_for_ever_by_version_and_never_by_name(
    browser: httpx.AsyncClient,
) -> None:
    tags = Tags((await browser.get("/")).text)
    wanted = [given.get("href") or given.get("src") or "" for _, given in tags.found]
    files = [name for name in wanted if name.startswith("/static/")]

    assert 5 == len(files)
    for name in files:
        answer = await browser.get(name)
        assert "public, max-age=31536000, immutable" == answer.headers["cache-control"]
        assert "no-cache" == (await browser.get(name.split("?")[0])).headers["cache-control"]


async def test_the_style_sheet_names_its_font_by_version(browser: httpx.AsyncClient) -> None:
    sheet = (await browser.get("/static/tokens.css")).text
    font = re.search(r'url\("(/static/vendor/inter\.woff2\?v=[0-9a-f]{12})"\)', sheet)

    assert font
    assert "font/woff2" == (await browser.get(font[1])).headers["content-type"]


@pytest.mark.parametrize(
    "path", ["../pages.py", "..%2fpages.py", "vendor/VENDOR.toml", "nothing.css", "%00"]
)
async def test_nothing_else_is_given_out(browser: httpx.AsyncClient, path: str) -> None:
    assert 404 == (await browser.get(f"/static/{path}")).status_code


async def test_a_browser_without_gzip_is_served_as_well(browser: httpx.AsyncClient) -> None:
    for path in ("/", "/static/console.css"):
        answer = await browser.get(path, headers={"Accept-Encoding": "gzip;q=0"})
        assert "content-encoding" not in answer.headers
        packed = await browser.get(path, headers={"Accept-Encoding": "gzip"})
        assert "gzip" == packed.headers["content-encoding"]


async def test_a_city_of_1101_schools_fits_in_24_kb(browser: httpx.AsyncClient, town: Town) -> None:
    town.answers = answers.troubled(1101)
    for number, school in enumerate(town.answers.schools):
        school["name"] = f"{chr(0x4E00 + number * 7)}{chr(0x5E00 + number * 3)}中心小学"
    files = ("/", "/static/tokens.css", "/static/dark.css", "/static/console.css",
             "/static/console.js")  # fmt: skip
    total = 0
    for path in files:
        total += len(gzip.compress((await browser.get(path)).content, 4))

    assert total < 24_000
