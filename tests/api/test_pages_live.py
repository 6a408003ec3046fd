"""Do the real application and the real inventory make the page: nothing invented in between?"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx
import numpy as np
import pytest

from alerts.picture import Picture
from alerts.verdict import Verdict
from api.app import create_app
from edunet.catalog import Catalog
from edunet.clock import ManualClock
from edunet.health import Health
from edunet.inventory import load
from edunet.latest import EMPTY, Table
from edunet.reloading import Reloading
from edunet.reports import Reports
from edunet.states import Because, State
from edunet.topology import Topology, compile_topology
from edunet.traffic import Ports

ROOT: Final = Path(__file__).parents[2]


class Still:
    """A source whose picture changes only when a test changes it."""

    reloading: Reloading | None = None
    reports: Reports | None = None

    def __init__(self, topology: Topology, now: int) -> None:
        self.catalog, self.health = Catalog(), Health()
        self.shown = Picture(
            time=now,
            topology=topology,
            verdict=Verdict.unknown(topology, now),
            tables={},
            traffic=Ports(topology, lambda _device, _name: -1).traffic(EMPTY, now, 60_000),
            slots={
                (kind, device.id): self.catalog.slot(kind, device.id)
                for device in topology.inventory.devices
                for kind in ("device", "probe")
            },
        )

    def picture(self) -> Picture:
        return self.shown

    def ready(self) -> bool:
        return True

    def read(self, when: int) -> None:
        """Something was last read at that time."""
        times = np.array([when], np.int64)
        table = Table(times, times, {}, {})
        self.shown = dataclasses.replace(self.shown, tables={"device": table})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> Still:
    monkeypatch.setenv("SNMP_COMMUNITY", "public")
    return Still(compile_topology(load(ROOT / "inventory.yaml")), clock.now())


@pytest.fixture
async def browser(source: Still, clock: ManualClock) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(source)
    app.state.clock = clock
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://edunet") as client:
        yield client


async def test_every_school_of_the_inventory_is_there_and_unknown_before_anything_was_read(
    browser: httpx.AsyncClient, source: Still
) -> None:
    page = (await browser.get("/")).text
    total = sum(site.is_school for site in source.shown.topology.inventory.sites)

    assert total == len(re.findall('<i class="cell unknown"', page))
    assert f"{total} 所学校" in page
    assert "尚无数据：以下内容不代表当前情况。" in page


async def test_a_school_cut_off_upstream_is_shown_with_its_reason(
    browser: httpx.AsyncClient, source: Still, clock: ManualClock
) -> None:
    topology, verdict = source.shown.topology, source.shown.verdict
    row = topology.schools[0]
    verdict.sites[:] = State.UP
    verdict.because[:] = Because.NONE
    verdict.sites[row], verdict.because[row] = State.UNREACHABLE, Because.UPSTREAM
    source.read(clock.now() - 2_000)
    page = (await browser.get("/?lang=en")).text

    name = topology.inventory.sites[row].name
    reason = "The break is further up; the school itself may be well."
    assert f'title="{name}&#10;unreachable&#10;{reason}"' in page
    assert "<span data-age-text>2</span>" in page
    assert "is-stale" not in page


async def test_a_picture_nobody_paints_any_more_grows_stale_by_itself(
    browser: httpx.AsyncClient, source: Still, clock: ManualClock
) -> None:
    source.read(clock.now() - 2_000)
    fresh = await browser.get("/fragments/overview")
    clock.advance(600)
    old = await browser.get("/fragments/overview")

    assert ("2.0", "602.0") == tuple(a.headers["edunet-data-age"] for a in (fresh, old))
    assert "数据停滞 · " in old.text


async def test_carriers_are_called_by_their_names(
    browser: httpx.AsyncClient, source: Still
) -> None:
    inventory = source.shown.topology.inventory
    names = {carrier.id: carrier.name for carrier in inventory.carriers}
    ends = [link.a.carrier for link in inventory.links if link.role == "idc_egress"]
    page = (await browser.get("/")).text

    assert ends
    for carrier in ends:
        assert f"</i>{names[carrier or '']}" in page


async def test_the_manual_lists_every_call_of_the_api_and_fetches_nothing_from_outside(
    browser: httpx.AsyncClient,
) -> None:
    page = (await browser.get("/docs")).text
    paths = (await browser.get("/openapi.json")).json()["paths"]

    assert paths
    assert all(path in page for path in paths)
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)


async def test_every_link_of_the_page_leads_somewhere(browser: httpx.AsyncClient) -> None:
    for page in ("/", "/docs"):
        text = (await browser.get(page)).text
        for target in set(re.findall(r'(?:href|src)="(/[^"]*)"', text)):
            assert (await browser.get(target)).status_code == 200, target
