"""Does a city that plays in this very process answer late, lose and obey as it is told?"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from questions import SYS_DESCR, SYS_NAME, ask, read

import lab
from edunet.clock import SystemClock
from edunet.errors import LabError
from edunet.inventory.model import Inventory
from lab import agents, ber, control, echo, kinds
from lab.play import Play

QUESTION = ask(ber.GET, [SYS_NAME, SYS_DESCR])


@pytest.fixture
def two(sample: Inventory) -> Inventory:
    """The core and a county switch behind one link, at addresses of this test run alone."""
    port, net = lab.free_port(), 16 * (os.getpid() % 12) + 7
    both = [device for device in sample.devices if device.id in {"core", "c3-agg"}]
    devices = tuple(
        device.model_copy(update={"address": IPv4Address(f"127.{net}.0.{n}"), "port": port})
        for n, device in enumerate(both, 1)
    )
    links = tuple(link for link in sample.links if link.id == "core-c3")
    return sample.model_copy(update={"devices": devices, "links": links})


@pytest.fixture
async def play(two: Inventory, tmp_path: Path) -> AsyncIterator[Play]:
    playing = Play(two, {"ro": "public"}, tmp_path, SystemClock())
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(playing.run(stop, lambda _play: ready.set()))
    await ready.wait()
    yield playing
    stop.set()
    await task


async def put(two: Inventory, count: int = 1, wait_s: float = 0.05) -> tuple[list[bytes], float]:
    """What c3-agg answers to so many questions, and how long the first answer took."""
    loop = asyncio.get_running_loop()
    device = next(device for device in two.devices if device.id == "c3-agg")
    answers: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setblocking(False)
        udp.connect((str(device.address), device.port))
        began, took = time.monotonic(), 0.0
        for _ in range(count):
            udp.send(QUESTION)
        while len(answers) < count:
            try:
                answers.append(await asyncio.wait_for(loop.sock_recv(udp, 65_535), wait_s))
            except TimeoutError:
                break
            took = took or time.monotonic() - began
    return answers, took


async def test_a_whole_way_answers_at_once_and_a_lost_one_never(play: Play, two: Inventory) -> None:
    answers, _ = await put(two, 50)
    assert len(answers) == 50
    assert str(read(answers[0]).values[SYS_NAME]) == "c3-agg"

    play.obey({"do": "degrade", "what": "core-c3", "loss": 1})
    assert (await put(two, 50))[0] == []
    assert play.agents.asked == 100
    assert play.agents.answered == 50


async def test_a_bad_way_answers_late(play: Play, two: Inventory) -> None:
    play.obey({"do": "degrade", "what": "core-c3", "delay_s": 0.03})

    answers, took = await put(two, wait_s=2)

    assert len(answers) == 1
    assert took >= 0.029


async def test_a_slow_agent_answers_late(
    play: Play, two: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(kinds.KINDS, "slow", kinds.KINDS["slow"]._replace(delay_s=0.03))
    play.obey({"do": "agent", "what": "c3-agg", "kind": "slow"})

    answers, took = await put(two, wait_s=2)

    assert len(answers) == 1
    assert took >= 0.029


async def test_an_oversized_answer_really_arrives(play: Play, two: Inventory) -> None:
    play.obey({"do": "agent", "what": "c3-agg", "kind": "oversized"})

    (answer,), _ = await put(two, wait_s=2)

    assert len(answer) > 60_000


async def test_what_is_under_way_when_a_link_is_cut_never_arrives(
    play: Play, two: Inventory
) -> None:
    play.obey({"do": "degrade", "what": "core-c3", "delay_s": 0.1})
    asking = asyncio.create_task(put(two, 20, wait_s=0.15))
    while play.agents.asked < 20:  # noqa: ASYNC110 (nothing tells when a question has come)
        await asyncio.sleep(0)
    play.obey({"do": "cut", "what": "core-c3"})

    assert (await asking)[0] == []


async def test_no_more_answers_wait_than_there_is_room_for(
    play: Play, two: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "_MAX_WAITING", 7)
    play.obey({"do": "degrade", "what": "core-c3", "delay_s": 0.02})

    assert len((await put(two, 50))[0]) == 7
    assert len((await put(two, 5))[0]) == 5


async def test_orders_come_in_by_the_socket_and_a_recording_is_read_aside(
    play: Play, two: Inventory, tmp_path: Path
) -> None:
    path = tmp_path / "a.snmprec"
    path.write_text("1.3.6.1.2.1.1.1.0|4|recorded\n")

    told = await asyncio.to_thread(control.ask, tmp_path, "play", "c3-agg", file=str(path))
    assert told["playing"]["c3-agg"]["objects"] == 1
    answer = read((await put(two, wait_s=2))[0][0])
    assert [type(value).__name__ for value in answer.values.values()] == [
        "NoSuchObject",
        "OctetString",
    ]

    with pytest.raises(LabError, match="no device 'x' in the city"):
        await asyncio.to_thread(control.ask, tmp_path, "hang", "x")


@pytest.mark.skipif(not (lab.able() and echo.able()), reason="needs CAP_NET_ADMIN and CAP_NET_RAW")
async def test_pings_are_answered_by_us_only_while_a_way_is_bad(play: Play, two: Inventory) -> None:
    address = str(next(device.address for device in two.devices if device.id == "c3-agg"))

    async def ping() -> float:
        words = ("ping", "-c1", "-W2", "-n", address)
        ran = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
        said, _ = await ran.communicate()
        return float(said.split(b"time=")[1].split()[0]) if ran.returncode == 0 else -1.0

    play.obey({"do": "degrade", "what": "core-c3", "delay_s": 0.2})
    assert await ping() >= 199

    play.obey({"do": "heal"})
    assert 0 <= await ping() < 150
