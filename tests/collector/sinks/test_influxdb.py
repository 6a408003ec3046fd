"""Does a real InfluxDB read our lines as we meant them?

Debian's 1.6 has no `/api/v2/write` (1.8 was the first), so the lines go to its own `/write`; what
the sink itself makes of such a server is the last test.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from daemons import Daemon, influxdb, until
from fake_sink import START, interfaces, labels

from collector.pushing import Ground, Pace, Pusher
from collector.sinks import RefusedError, UnwelcomeError
from collector.sinks._lines import Lines
from collector.sinks.influx import Influx
from collector.sinks.influx1 import Influx1
from edunet.frame import Frame

pytestmark = pytest.mark.daemon


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Daemon]:
    with influxdb(tmp_path) as daemon:
        ask(daemon, "CREATE DATABASE edunet", method="POST")
        yield daemon


def ask(daemon: Daemon, query: str, method: str = "GET") -> list[Any]:
    answer = httpx.request(
        method,
        f"{daemon.url}/query",
        params={"q": query, "db": "edunet", "epoch": "ms"},
        trust_env=False,
    )
    answer.raise_for_status()
    found: list[Any] = answer.json()["results"][0].get("series", [])
    return found


def write(daemon: Daemon, bodies: Iterator[bytes]) -> None:
    for body in bodies:
        answer = httpx.post(
            f"{daemon.url}/write?db=edunet&precision=ms", content=body, trust_env=False
        )
        assert 204 == answer.status_code, answer.text


def test_fields_have_their_types_and_every_digit(server: Daemon) -> None:
    frame = Frame(
        "interface",
        np.array([0, 1], np.int32),
        np.array([START, START + 1], np.int64),
        {
            "in_octets": np.array([2**63 - 1, 0], np.uint64),
            "out_octets": np.array([2**63, 1], np.uint64),  # the first is beyond the protocol
            "oper": np.array([2, -1], np.int16),
            "speed": np.array([1e11, np.nan]),
        },
    )
    write(server, Lines(labels).bodies([frame]))

    types = {row[0]: row[1] for row in ask(server, "SHOW FIELD KEYS FROM interface")[0]["values"]}
    assert types == {
        "receive_bytes_total": "integer",
        "transmit_bytes_total": "integer",
        "up": "integer",
        "speed_bits_per_second": "float",
    }
    (series,) = ask(
        server,
        "SELECT receive_bytes_total, transmit_bytes_total, up, speed_bits_per_second"
        " FROM interface",
    )
    assert [
        [START, 2**63 - 1, None, 0, 1e11],
        [START + 1, 0, 1, None, None],
    ] == series["values"]


def test_awkward_names_come_back(server: Daemon) -> None:
    names = ["城东 实验,小学=1", 'quote"d', "Eth1/1\\", "a\\,b", "tab\there"]
    rows = len(names)
    frame = Frame(
        "probe",
        np.arange(rows, dtype=np.int32),
        np.full(rows, START, np.int64),
        {"loss": np.arange(rows) / 8},
    )
    write(server, Lines(lambda _, slot: {"device": names[slot]}).bodies([frame]))

    found = ask(server, "SELECT loss_ratio FROM probe GROUP BY device")
    shown = ["城东 实验,小学=1", 'quote"d', "Eth1/1/", "a/,b", "tab here"]
    assert {name: n / 8 for n, name in enumerate(shown)} == {
        series["tags"]["device"]: series["values"][0][1] for series in found
    }


def test_what_is_written_twice_is_there_once(server: Daemon) -> None:
    for _ in range(2):
        write(server, Lines(labels).bodies([interfaces(n) for n in range(10)]))

    (series,) = ask(server, "SELECT count(receive_bytes_total) FROM interface")
    assert 30 == series["values"][0][1]


def test_lines_of_another_type_cost_only_themselves(server: Daemon) -> None:
    """A real partial write: InfluxDB stores the others, and answers 400."""
    day = START // 1000 * 1_000_000_000  # the type of a field is one for all of a shard
    odd = f"interface,device=odd receive_bytes_total=1.5 {day}".encode()
    answer = httpx.post(f"{server.url}/write?db=edunet", content=odd, trust_env=False)
    assert 204 == answer.status_code
    frames = [interfaces(n, rows=100) for n in range(3)]
    week = 7 * 86_400
    frames.append(interfaces(3, rows=100, start=START + week * 1000))
    outlet = Influx1(url=server.url, database="edunet").open(labels)
    with pytest.raises(RefusedError) as caught:
        outlet.write(frames)
    outlet.close()

    (refusal,) = caught.value.refusals
    assert "field type conflict" in refusal.words
    assert 300 == len(refusal.body.splitlines())
    found = ask(server, "SELECT receive_bytes_total FROM interface WHERE device != 'odd'")
    assert 100 == sum(len(series["values"]) for series in found)


def test_what_is_older_than_the_retention_policy_is_set_aside_in_one_piece(server: Daemon) -> None:
    ask(server, "CREATE RETENTION POLICY day ON edunet DURATION 1d REPLICATION 1", method="POST")
    now = time.time_ns() // 1_000_000
    sink = Influx1(url=server.url, database="edunet", retention_policy="day")
    outlet = sink.open(labels)
    old, new = interfaces(0, rows=3, start=START - 86_400_000), interfaces(1, rows=3, start=now)
    with pytest.raises(RefusedError) as caught:
        outlet.write([old, new])
    outlet.close()

    (refusal,) = caught.value.refusals
    assert "points beyond retention policy" in refusal.words
    assert 3 == len(refusal.body.splitlines())
    (series,) = ask(server, "SELECT count(receive_bytes_total) FROM day.interface")
    assert 3 == series["values"][0][1]


def test_a_database_that_is_not_there_is_named(server: Daemon) -> None:
    outlet = Influx1(url=server.url, database="elsewhere").open(labels)
    with pytest.raises(UnwelcomeError, match="database not found"):
        outlet.write([interfaces(0)])
    outlet.close()


def test_a_server_without_the_v2_api_is_named_and_nothing_is_given_up(
    ground: Ground, server: Daemon, caplog: pytest.LogCaptureFixture
) -> None:
    outlet = Influx(url=server.url).open(labels)
    with pytest.raises(UnwelcomeError, match="answered 404"):
        outlet.write([interfaces(0)])
    ground.log.append(interfaces(0))
    ground.log.sync()
    pusher = Pusher("tsdb", outlet, ground, Pace(unwelcome=0.01))
    pusher.start()
    until(lambda: "answered 404" in caplog.text, "the complaint")
    assert pusher.lag_s > 0
    assert pusher.stop(2)
    assert 0 == pusher.aside.kept
