"""Does a real VictoriaMetrics have every value, exactly, whatever happened to it in between?"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import numpy as np
import pytest
from daemons import Daemon, until, victoria_metrics
from fake_sink import START, interfaces, labels

from collector.pushing import Ground, Pace, Pusher
from collector.sinks.influx import Influx
from edunet.frame import Frame
from edunet.log import Position

pytestmark = pytest.mark.daemon
QUICK = Pace(first=0.05, most=0.2, unwelcome=0.2)
Series = dict[tuple[str, ...], list[tuple[int, float]]]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Daemon]:
    with victoria_metrics(tmp_path) as daemon:
        yield daemon


def exported(daemon: Daemon, name: str) -> Series:
    """Every sample of one metric: (timestamp in ms, value), by interface."""
    # Asked each time in other words: what a filter found is cached for 10 s.
    match = f'{name}{{nonce!="{time.monotonic_ns()}"}}'
    answer = httpx.get(
        f"{daemon.url}/api/v1/export",
        params={"match[]": match, "start": "2020-01-01T00:00:00Z", "end": "2040-01-01T00:00:00Z"},
        trust_env=False,
    )
    series: Series = {}
    for line in answer.text.splitlines():
        found = json.loads(line)
        key = tuple(found["metric"].get(label, "") for label in ("county", "device", "interface"))
        assert key not in series
        series[key] = list(zip(found["timestamps"], found["values"], strict=True))
    return series


def expected(rounds: int, rows: int = 3) -> Series:
    return {
        ("c1", f"sw-{row // 3}", f"GE0/0/{row % 3}"): [
            (START + n * 1000, row * 1_000_000 + n) for n in range(rounds)
        ]
        for row in range(rows)
    }


@contextmanager
def pushing(ground: Ground, daemon: Daemon, pace: Pace = QUICK) -> Iterator[Pusher]:
    pusher = Pusher("vm", Influx(url=daemon.url).open(labels), ground, pace)
    pusher.start()
    try:
        yield pusher
    finally:
        assert pusher.stop(5)


def accept(ground: Ground, rounds: range) -> None:
    for number in rounds:
        ground.log.append(interfaces(number))
        ground.log.sync()


def caught_up(daemon: Daemon, rounds: int) -> bool:
    return exported(daemon, "interface_receive_bytes_total") == expected(rounds)


def test_what_the_log_accepted_is_there_to_the_last_digit(ground: Ground, server: Daemon) -> None:
    accept(ground, range(20))
    with pushing(ground, server) as pusher:
        until(lambda: caught_up(server, 20), "20 rounds in VictoriaMetrics")
        assert pusher.connected
        until(lambda: 0.0 == pusher.lag_s, "no lag")

    ups = exported(server, "interface_up")
    assert {key: [(t, 1) for t, _ in row] for key, row in expected(20).items()} == ups


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_while_it_is_down_frames_are_accepted_and_arrive_once_it_is_back(
    ground: Ground, server: Daemon, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pushing(ground, server) as pusher:
        accept(ground, range(10))
        until(lambda: caught_up(server, 10), "the first 10 rounds")
        getattr(server, how)()
        accept(ground, range(10, 30))
        until(lambda: pusher.connected is False, "the sink to be known as lost")
        assert pusher.lag_s > 0
        server.start()
        accept(ground, range(30, 35))
        until(lambda: caught_up(server, 35), "all 35 rounds, each once")
        until(lambda: 0.0 == pusher.lag_s, "no lag")

    assert 1 == caplog.text.count("the log keeps what it misses")
    assert 1 == caplog.text.count("is back")


@pytest.mark.parametrize("kills", ["one nobody saw", "two in a row"])
def test_killed_in_the_very_moment_it_has_said_yes_it_still_has_everything(
    ground: Ground, server: Daemon, kills: str
) -> None:
    """VictoriaMetrics answers before it writes: what it then forgets is sent again."""
    with pushing(ground, server) as pusher:
        accept(ground, range(40))
        until(lambda: 0.0 == pusher.lag_s and bool(pusher.connected), "all to be delivered")
        server.kill()
        if kills == "two in a row":
            accept(ground, range(40, 70))
            until(lambda: pusher.connected is False, "the sink to be known as lost")
            server.start()
            until(lambda: 0.0 == pusher.lag_s and bool(pusher.connected), "all to be delivered")
            server.kill()
            accept(ground, range(70, 80))
            until(lambda: pusher.connected is False, "the sink to be known as lost")
        server.start()
        rounds = ground.log.read(Position(), 1 << 30)[0]
        accept(ground, range(len(rounds), 90))
        until(lambda: caught_up(server, 90), "all 90 rounds, each once")


def test_our_own_restart_loses_and_doubles_nothing(ground: Ground, server: Daemon) -> None:
    for start in range(0, 40, 10):
        with pushing(ground, server, QUICK._replace(settle=0.0)):
            accept(ground, range(start, start + 10))
            until(partial(caught_up, server, start + 10), "10 rounds more")


def test_the_longest_exact_integer_and_awkward_names_arrive(ground: Ground, server: Daemon) -> None:
    names = ["城东 实验,小学=1", 'quote"d', "Eth1/1\\", "tab\there", "GE0/0/1"]
    values = [2**53 - 1, 10**15, 0, 1, 123_456_789_012]
    frame = Frame(
        "interface",
        np.arange(5, dtype=np.int32),
        np.full(5, START, np.int64),
        {"in_octets": np.array(values, np.uint64)},
    )
    outlet = Influx(url=server.url).open(lambda _, slot: {"device": names[slot]})
    outlet.write([frame])
    outlet.close()

    def found() -> dict[str, float]:
        series = exported(server, "interface_receive_bytes_total")
        return {key[1]: row[0][1] for key, row in series.items()}

    shown = ["城东 实验,小学=1", 'quote"d', "Eth1/1/", "tab here", "GE0/0/1"]
    until(lambda: len(found()) == len(shown), "five series")
    assert dict(zip(shown, values, strict=True)) == found()
