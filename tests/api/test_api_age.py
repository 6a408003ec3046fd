"""How old is what is shown? Of everything, and never younger than it is."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from painted import NOW, Painted, client

from edunet.frame import Frame
from edunet.latest import Latest


@pytest.fixture
def source(tmp_path: Path) -> Painted:
    return Painted(tmp_path)


@pytest.fixture
async def api(source: Painted) -> AsyncIterator[httpx.AsyncClient]:
    async with client(source) as asking:
        yield asking


async def get(api: httpx.AsyncClient, path: str) -> Any:
    answer = await api.get(f"/api/v1/{path}")
    assert 200 == answer.status_code, answer.text
    return answer.json()


def shown(source: Painted, *frames: Frame, later_s: float = 0) -> None:
    """The picture with these frames alone, looked at so much later."""
    latest = Latest()
    for frame in frames:
        latest.update(frame)
    source.shown = dataclasses.replace(
        source.shown, tables=latest.tables(), looked=NOW + round(later_s * 1000)
    )


def probe(source: Painted, device: str, ms: int, sent: int = 3, **more: float) -> Frame:
    columns: dict[str, Any] = {
        "sent": np.array([sent], np.int16),
        "received": np.array([sent], np.int16),
        "rtt_s": np.array([0.002 if sent else np.nan]),
        "jitter_s": np.array([0.0005]),
        "loss": np.array([0.0 if sent else np.nan]),
        **{name: np.array([value]) for name, value in more.items() if name != "sent_60s"},
    }
    if "sent_60s" in more:
        columns["sent_60s"] = np.array([more["sent_60s"]], np.int16)
    slots = np.array([source.catalog.slot("probe", device)], np.int32)
    return Frame("probe", slots, np.array([ms], np.int64), columns)


def answered(source: Painted, device: str, ms: int, value: int) -> Frame:
    slots = np.array([source.catalog.slot("device", device)], np.int32)
    columns = {"answered": np.array([value], np.int16)}
    return Frame("device", slots, np.array([ms], np.int64), columns)


async def test_everything_has_an_age(api: httpx.AsyncClient) -> None:
    assert 0.5 == (await get(api, "network"))["data_age_s"]
    assert {0.5} == {d["age_s"] for d in (await get(api, "devices"))["items"]}
    ports = (await get(api, "devices/core/interfaces"))["items"]
    assert {1.0} == {port["age_s"] for port in ports}
    ages = {link["id"]: link["age_s"] for link in (await get(api, "links"))["items"]}
    assert 1.0 == ages["core-c1"]
    assert ages["c2-s3"] is None, "the only end of it that is polled does not answer"
    schools = {s["id"]: s["age_s"] for s in (await get(api, "schools"))["items"]}
    assert 0.5 == schools["s1"], "by its device"
    assert 1.0 == schools["s0"], "by the port near it"
    assert schools["s3"] is None


async def test_ages_grow_while_nothing_comes(api: httpx.AsyncClient, source: Painted) -> None:
    source.shown = dataclasses.replace(source.shown, looked=NOW + 90_000)

    assert 90.5 == (await get(api, "network"))["data_age_s"]
    assert 90.5 == (await get(api, "devices/core"))["age_s"]
    assert 91.0 == (await get(api, "links/core-c1"))["age_s"]
    assert 90.5 == (await get(api, "schools/s1"))["age_s"]


async def test_what_could_not_be_asked_makes_nothing_younger(
    api: httpx.AsyncClient, source: Painted
) -> None:
    shown(
        source,
        probe(source, "core", NOW - 40_000),
        probe(source, "core", NOW, sent=0),
        answered(source, "core", NOW - 30_000, 0),
        answered(source, "core", NOW, -1),
    )
    core = await get(api, "devices/core")

    assert 30 == core["age_s"], "silence is an answer, a question never put is not"
    assert core["measured"].endswith("+08:00")
    assert (None, None) == (core["rtt_ms"], core["loss"])
    assert 30 == (await get(api, "network"))["data_age_s"]
    assert (await get(api, "devices/c1-agg"))["age_s"] is None
    assert (await get(api, "devices/c1-agg"))["measured"] is None


async def test_a_minute_s_figures_are_those_of_a_minute_or_none(
    api: httpx.AsyncClient, source: Painted
) -> None:
    figures: dict[str, Any] = {
        "rtt_p50_s": 0.002,
        "rtt_p95_s": 0.003,
        "rtt_p99_s": 0.004,
        "loss_60s": 1 / 180,
    }
    names = ("rtt_p50_ms", "rtt_p95_ms", "rtt_p99_ms", "loss_60s", "echoes_60s")
    first = probe(source, "core", NOW - 9_000, **figures, sent_60s=180)
    shown(source, first, probe(source, "core", NOW - 1_000))
    core = await get(api, "devices/core")
    assert [2, 3, 4, 1 / 180, 180] == [core[name] for name in names]
    assert ("icmp", 0.5) == (core["reach"], core["jitter_ms"])

    shown(source, first, probe(source, "core", NOW - 1_000), later_s=60)
    core = await get(api, "devices/core")
    assert [None] * 5 == [core[name] for name in names], "what it says of is long over"


async def test_clocks_that_differ_make_no_age_below_zero(
    api: httpx.AsyncClient, source: Painted
) -> None:
    shown(source, probe(source, "core", NOW + 5_000))

    assert 0 == (await get(api, "devices/core"))["age_s"]
    assert 0 == (await get(api, "network"))["data_age_s"]
