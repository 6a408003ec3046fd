"""Does each sink deliver what the house had accepted when it was killed, and would we notice?"""

from __future__ import annotations

import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import httpx
from doomed import Doomed, doomed, soak
from tally import cursors, difference, end, logged


def test_a_killed_house_has_lost_nothing_and_a_cursor_moved_by_hand_is_noticed(
    tmp_path: Path,
) -> None:
    """The control of the soak: what it looks for is found where it is, to the sample."""
    with doomed(tmp_path) as house:
        soak(house, 2, random.Random(2))  # noqa: S311 - dice
        house.drain()
        house.servers["influx"].kill()
        house.live(9.0)
        skipped = _moved_to_the_end(house, "influx")
        house.servers["influx"].start()
        house.drain()

        compared = house.compared()
        assert sorted(skipped) == compared["influx"].missing
        assert len(skipped) > 20
        compared["influx"].missing.clear()
        assert dict.fromkeys(compared, ([], [], [])) == compared
        counts = {series: len(held) for series, held in house.log().items()}
        assert dict.fromkeys(house.counted(), counts) == house.counted()
        assert [] == house.set_aside()
        assert [] == house.gaps()
        _one_too_many_is_noticed(house)


def _moved_to_the_end(house: Doomed, sink: str) -> list[tuple[tuple[str, str, str], int]]:
    """Let a sink's cursor skip what it has not delivered; which samples are that?"""
    data = house.house.data
    before, after = logged(data, cursors(data)[sink]), logged(data)
    with closing(sqlite3.connect(data / "books.db")) as books, books:
        for name in (sink, f"{sink}/reached"):
            where = 'UPDATE cursors SET "offset" = ? WHERE sink = ?'
            books.execute(where, (end(data), name))
    return difference(after, before, float.__eq__).missing


def _one_too_many_is_noticed(house: Doomed) -> None:
    now = time.time_ns() // 1_000_000
    body = f"link,link=core-c1 up=1i {now}\nlink,link=core-c1 up=0i {now + 1}"
    url = f"{house.servers['influx'].url}/write"
    params = {"db": "edunet", "precision": "ms"}
    httpx.post(url, params=params, content=body, trust_env=False).raise_for_status()
    with house.file.open("a") as file:
        file.write(house.file.read_text("utf-8").splitlines()[0] + "\n")

    compared = house.compared()
    series = ("link_up", "core-c1", "")
    assert [(series, now), (series, now + 1)] == compared["influx"].extra
    assert 1 == len(compared["disk"].extra)
    assert ([], [], []) == compared["victoria"]
