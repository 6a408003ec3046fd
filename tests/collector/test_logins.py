"""Who is logged in to, how often, and what a login that fails is worth."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from polled import Ear, inventory

from collector import profiles
from collector.hostkeys import HostKeys
from collector.logins import Logins
from collector.probes import ssh
from collector.probes.ssh import Answers
from collector.profiles import Profile
from edunet.clock import SystemClock
from edunet.errors import AuthError
from edunet.inventory.model import Device, Inventory
from edunet.topology import compile_topology

KNOWN = profiles.load_all()


def device(name: str, **more: str) -> Device:
    fields = {"id": name, "site": "city", "address": "127.0.0.1", "ssh": "ops", **more}
    return Device.model_validate(fields)


def logins(
    what: Inventory,
    folder: Path,
    known: Mapping[str, Profile] = KNOWN,
    object_id: Callable[[str], str] = lambda _: "",
) -> Logins:
    credentials = what.credentials.model_validate(
        {"ssh": {"ops": {"username": "netops", "password": "secret"}}}
    )
    topology = compile_topology(what.model_copy(update={"credentials": credentials}))
    return Logins(topology, 0.05, known, HostKeys(folder / "keys"), object_id, SystemClock())


async def heard(asking: Logins, most: int) -> Ear:
    ear = Ear()
    task = asyncio.create_task(asking.run(ear))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            while len(ear.clis) < most and not task.done():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert not task.done(), "one login ends none of the others"
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return ear


async def test_a_profile_there_is_not_is_trouble_of_one_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh, "ask", lambda *_, **__: Answers("8.1", "S5735", 60.0, {}))
    what = inventory([device("a", profile="huawei-vrq"), device("b", profile="huawei-vrp")])

    ear = await heard(logins(what, tmp_path), 2)

    said = dict(ear.clis)
    assert str(said["a"].trouble).startswith("a: no profile 'huawei-vrq'; choose one of frr, ")
    assert (None, "8.1", "S5735") == (said["b"].trouble, said["b"].version, said["b"].model)


async def test_what_nobody_foresaw_of_one_device_ends_none_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(asked: Device, *_: Any, **__: Any) -> Answers:
        if asked.id == "a":
            raise ZeroDivisionError("a bug over strange output")
        return Answers(None, None, None, {})

    monkeypatch.setattr(ssh, "ask", stumble)

    ear = await heard(logins(inventory([device("a"), device("b")]), tmp_path), 4)

    said = dict(ear.clis)
    assert "a: ZeroDivisionError" == said["a"].trouble
    assert said["b"].trouble is None
    assert "secret" not in caplog.text


async def test_a_refusal_is_told_once_and_its_end_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    turns = iter([True, True, False, False, False])

    def refuse(*_: Any, **__: Any) -> Answers:
        if next(turns, False):
            raise AuthError("a: refused us")
        return Answers(None, None, None, {})

    caplog.set_level(logging.INFO, "collector.logins")
    monkeypatch.setattr(ssh, "ask", refuse)
    asking = logins(inventory([device("a")]), tmp_path)
    monkeypatch.setattr("collector.logins.asyncio.sleep", _short)

    await heard(asking, 5)

    assert ["a: refused us", "a answers by ssh again"] == [r.getMessage() for r in caplog.records]


_sleep = asyncio.sleep


async def _short(seconds: float) -> None:
    """A login waits a second at least before the next: not here."""
    await _sleep(min(seconds, 0.01))


def test_the_profile_is_the_named_one_else_the_fitting_one_else_the_generic(
    tmp_path: Path,
) -> None:
    what = inventory([device("a"), device("b", profile="huawei-vrp")])
    huawei = KNOWN["huawei_vrp"].match.sysobjectid[0] + ".23"
    asking = logins(what, tmp_path, object_id=lambda name: huawei if name == "a" else "")

    assert "huawei_vrp" == asking.profile(device("a")).name
    assert "huawei_vrp" == asking.profile(device("b", profile="huawei-vrp")).name
    assert "generic" == asking.profile(device("c")).name


async def test_without_logins_nothing_is_done(tmp_path: Path) -> None:
    what = inventory([Device.model_validate({"id": "a", "site": "city", "address": "127.0.0.1"})])

    await asyncio.wait_for(logins(what, tmp_path).run(Ear()), 1)
