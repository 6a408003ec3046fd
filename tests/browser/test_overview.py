"""Does the overview work in a real Chromium: quiet, complete, in its frame, never stale green?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

import answers
import daemons
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect, sync_playwright

from api import pages
from api.overview import overview

pytestmark = pytest.mark.browser

ARGS: Final = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
DEADLINE_S: Final = 20.0
Theme = Literal["light", "dark"]


class Server:
    """The pages of an invented city on a free port of this machine."""

    def __init__(self) -> None:
        self.answers = answers.troubled(60)
        app = FastAPI(docs_url=None, redoc_url=None)
        app.include_router(pages.router)
        app.dependency_overrides[pages.shown] = lambda: overview(*self.answers)
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        daemons.until(lambda: self._server.started, "the pages")
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def die(self) -> None:
        self._server.force_exit = self._server.should_exit = True
        self._thread.join(DEADLINE_S)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.die()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = daemons.binary("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()


class Tab:
    """One page, and everything it complained of or asked elsewhere."""

    def __init__(self, browser: Browser, url: str, theme: Theme, width: int, **more: Any) -> None:
        self.said: list[str] = []
        self.hosts: set[str] = set()
        context = browser.new_context(
            color_scheme=theme, locale="zh-CN", viewport={"width": width, "height": 900}, **more
        )
        self.page: Page = context.new_page()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("requestfailed", lambda asked: self.said.append(f"failed: {asked.url}"))
        self.page.on("request", lambda asked: self.hosts.add(asked.url.split("/")[2]))
        self.page.goto(url)

    def close(self) -> None:
        self.page.context.close()


@pytest.fixture
def open_tab(chromium: Browser, server: Server) -> Iterator[Callable[..., Tab]]:
    tabs: list[Tab] = []

    def open_one(path: str = "/", theme: Theme = "light", width: int = 1440, **more: Any) -> Tab:
        tabs.append(Tab(chromium, server.url + path, theme, width, **more))
        return tabs[-1]

    yield open_one
    for tab in tabs:
        tab.close()


@pytest.mark.parametrize(
    ("total", "width", "theme", "lang"),
    [
        (60, 1440, "light", "zh-CN"),
        (60, 1440, "dark", "en"),
        (60, 1024, "light", "en"),
        (60, 390, "dark", "zh-CN"),
        (60, 390, "light", "en"),
        (1101, 1440, "dark", "zh-CN"),
        (1101, 390, "light", "en"),
    ],
)
def test_the_page_is_quiet_and_stays_in_its_frame(
    open_tab: Callable[..., Tab], server: Server, total: int, width: int, theme: str, lang: str
) -> None:
    server.answers = answers.troubled(total)
    tab = open_tab(f"/?lang={lang}", theme, width)

    assert total == tab.page.locator(".heat .cell").count()
    assert width >= tab.page.evaluate("document.documentElement.scrollWidth")
    assert {server.url.split("/")[2]} == tab.hosts
    assert [] == tab.said


def test_names_of_any_length_stay_in_the_frame(
    open_tab: Callable[..., Tab], server: Server
) -> None:
    long = "长" * 200
    schools = [answers.school(0, "c1", None, name="x" * 200, state="down", reason="y" * 300)]
    taken = {"by": "z" * 100, "at": None, "until": None}
    alerts = [answers.alert("a", "w" * 300, county="c1", acknowledged=taken)]
    city = answers.of(schools, alerts, name=long)
    city.counties[0]["name"] = long
    server.answers = city._replace(links=[answers.egress("e" * 64, carrier="c" * 64)])

    for width in (390, 1440):
        assert width >= open_tab(width=width).page.evaluate("document.documentElement.scrollWidth")


def test_the_dark_page_is_dark_and_the_toggle_is_remembered(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(theme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert "rgb(16, 19, 21)" == tab.page.evaluate(ground)
    tab.page.locator("[data-theme-toggle]").click()
    assert "rgb(246, 246, 243)" == tab.page.evaluate(ground)
    tab.page.reload()

    assert "rgb(246, 246, 243)" == tab.page.evaluate(ground)


def test_pointing_at_a_school_tells_its_name_state_and_reason(
    open_tab: Callable[..., Tab],
) -> None:
    page = open_tab().page
    page.locator(".heat .cell.down").hover()

    assert "白沙乡初级中学" == page.locator(".tip b").inner_text()
    assert "中断\n接入链路中断" == page.locator(".tip small").inner_text()


def test_the_arrow_keys_walk_from_school_to_school(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().page
    page.locator(".heat").focus()
    names = []
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
        names.append(page.locator(".tip b").inner_text())

    assert names == [names[0], names[1], names[2], names[1], names[0]]
    assert 3 == len(set(names))
    page.keyboard.press("Escape")
    expect(page.locator(".tip")).to_be_hidden()


def test_an_alert_lights_up_exactly_its_schools(open_tab: Callable[..., Tab]) -> None:
    page = open_tab().page
    page.locator(".incidents li").first.hover()

    assert 10 == page.locator(".heat.dim .cell.lit").count()
    assert 10 == page.locator(".heat .cell.unreachable.lit").count()


def test_the_page_follows_the_city_without_being_asked(
    open_tab: Callable[..., Tab], server: Server
) -> None:
    tab = open_tab()
    server.answers = answers.quiet(60)

    expect(tab.page.locator("h1")).to_have_text("60 所学校全部正常。", timeout=DEADLINE_S * 1e3)
    expect(tab.page).to_have_title("总览 · 示例市教育城域网")
    expect(tab.page.locator("[data-live]")).to_have_text("实时")
    assert [] == tab.said


def test_when_the_server_dies_the_page_says_so_and_loses_its_colours(
    open_tab: Callable[..., Tab], server: Server
) -> None:
    page = open_tab().page
    expect(page.locator("[data-live]")).to_have_text("实时")
    server.die()

    expect(page.locator("[data-live]")).to_have_text("数据停滞", timeout=DEADLINE_S * 1e3)
    expect(page.locator("[data-stall]")).to_be_visible()
    assert "grayscale(1)" == page.evaluate(
        "getComputedStyle(document.querySelector('.overview')).filter"
    )


def test_when_the_data_stands_still_the_page_says_so(
    open_tab: Callable[..., Tab], server: Server
) -> None:
    page = open_tab("/?lang=en").page
    server.answers.network["data_age_s"] = 312.0

    expect(page.locator("[data-live]")).to_have_text("Data stalled", timeout=DEADLINE_S * 1e3)
    age = page.locator("[data-age-text]")
    daemons.until(lambda: int(age.inner_text()) >= 312, "the age to be told")


def test_without_script_the_page_can_be_read_and_its_theme_changed(
    open_tab: Callable[..., Tab],
) -> None:
    page = open_tab(java_script_enabled=False).page
    expect(page.locator("h1")).to_contain_text("10 所不可达")
    expect(page.locator("[data-stall]")).to_be_hidden()
    page.locator("[data-theme-toggle]").click()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
