"""When is the house ready, and does it end when it is told to, whatever it is doing?"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time

import httpx
import pytest
from hook import Hook
from house import Build, eventually


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_signal_ends_it_within_five_seconds_with_success(
    build: Build, hook: Hook, how: signal.Signals
) -> None:
    house = build(channels={"duty": {"kind": "webhook", "url": hook.url}})
    house.start()
    asked = time.monotonic()

    assert 0 == house.end(how)
    assert time.monotonic() - asked < 5
    assert "Traceback" not in house.words
    assert "Aborted" not in house.words
    assert not (house.data / "lab.sock").exists()


def test_a_signal_ends_it_while_it_starts(build: Build) -> None:
    house = build()
    house.start(ready=False)
    eventually(house.ready, lambda code: code is not None, "the door to be open")

    assert 0 == house.end()
    assert "Traceback" not in house.words


@pytest.mark.parametrize("again", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_many_signals_are_no_worse_than_one(build: Build, again: signal.Signals) -> None:
    house = build()
    house.start()
    assert house._process
    house._process.send_signal(signal.SIGTERM)
    while house._process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            house._process.send_signal(again)
            house._process.wait(0.02)

    assert 0 == house.end()
    assert "Traceback" not in house.words


def test_a_reader_who_does_not_read_does_not_hold_it_up(build: Build) -> None:
    house = build()
    house.start()
    with (
        httpx.Client(trust_env=False) as reader,
        reader.stream("GET", f"{house.url}/metrics?county=c1") as answer,
    ):
        assert 200 == answer.status_code
        assert 0 == house.end()


def test_it_is_not_ready_before_every_device_was_asked_and_then_it_is(build: Build) -> None:
    house = build(city=False)
    house.start()
    house.end()
    house.order("hang", "c1-s01-sw")  # two tries of a second and two: so long it is not known
    house.start(ready=False)
    seen: list[int] = []

    def look() -> int:
        code = house.ready()
        if code is not None and (not seen or seen[-1] != code):
            seen.append(code)
        return code or 0

    eventually(look, lambda code: code == 200, "/readyz")

    assert [503, 200] == seen
    assert {"status": "ready"} == house.get("/readyz")
    assert {"status": "ok"} == house.get("/healthz")
    assert "unknown" not in house.states("devices").values()
