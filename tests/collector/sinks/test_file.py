"""Do files hold every value once, in order and within their bounds, whatever happens to us?"""

from __future__ import annotations

import csv
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from daemons import until
from fake_sink import START, interfaces, labels
from pushing import QUICK, accept

from collector.pushing import Ground, Pace, Pusher
from collector.sinks import Labels, Outlet, UnwelcomeError, parse
from edunet.errors import DeliveryError
from edunet.frame import Frame, Reason
from edunet.log import Position

DAY_MS = 86_400_000


def opened(path: Path, labels: Labels = labels, **more: Any) -> Outlet:
    return parse("out", {"kind": "file", "path": str(path), **more}).open(labels)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def octets(path: Path) -> list[int]:
    name = "edunet_interface_receive_bytes_total"
    return [line["value"] for line in lines(path) if line["metric"] == name]


def test_a_line_is_a_value_with_its_labels(tmp_path: Path) -> None:
    path = tmp_path / "new" / "edunet.jsonl"
    outlet = opened(path)
    outlet.write([interfaces(7, rows=2)])
    outlet.close()

    county = {"county": "c1", "device": "sw-0"}
    expected = [
        {"time": START + 7000, "value": value, "metric": metric, **county, "interface": port}
        for metric, values in (
            ("edunet_interface_receive_bytes_total", (7, 1_000_007)),
            ("edunet_interface_up", (1, 1)),
        )
        for value, port in zip(values, ("GE0/0/0", "GE0/0/1"), strict=True)
    ]
    assert expected == lines(path)


def test_counters_keep_every_digit_and_unknown_values_are_left_out(tmp_path: Path) -> None:
    frame = Frame(
        "interface",
        np.arange(3, dtype=np.int32),
        np.full(3, START, np.int64),
        {"in_octets": np.array([2**64 - 1, 5, 6], np.uint64)},
        {"in_octets": np.array([Reason.GOOD, Reason.RESET, Reason.GOOD], np.uint8)},
    )
    outlet = opened(tmp_path / "x.jsonl", lambda _, slot: {"device": "d"} if slot < 2 else {})
    outlet.write([frame])
    outlet.close()

    assert [2**64 - 1] == octets(tmp_path / "x.jsonl")
    assert {"unnamed": 1} == outlet.left_out


def test_csv_is_read_back_by_the_standard_library(tmp_path: Path) -> None:
    awkward = 'a "quoted", name'
    outlet = opened(
        tmp_path / "x.csv", lambda *_: {"device": awkward, "site": "x\r\ny"}, format="csv"
    )
    outlet.write([interfaces(7, rows=1)])
    outlet.write([interfaces(8, rows=1)])
    outlet.close()

    with (tmp_path / "x.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [str(START + 7000), str(START + 8000)] == [row["time"] for row in rows[::2]]
    assert ["7", "8"] == [row["value"] for row in rows[::2]]
    assert {(awkward, "x y", "")} == {(r["device"], r["site"], r["carrier"]) for r in rows}


def test_a_full_file_and_that_of_yesterday_are_put_away_under_their_day(tmp_path: Path) -> None:
    path = tmp_path / "edunet.jsonl"
    outlet = opened(path, size="1kB")
    for n in range(3):
        outlet.write([interfaces(n)])  # some 700 bytes each
    outlet.write([interfaces(0, start=START + DAY_MS)])
    outlet.close()

    day = datetime.fromtimestamp(START / 1000, UTC).date().isoformat()
    away = [tmp_path / f"edunet.{day}.{n:04}.jsonl" for n in (1, 2, 3)]
    assert [*away, path] == sorted(tmp_path.iterdir())
    assert [[n, 1_000_000 + n, 2_000_000 + n] for n in range(3)] == [octets(file) for file in away]
    assert {START + DAY_MS} == {line["time"] for line in lines(path)}


def test_beyond_the_bound_the_oldest_file_goes(tmp_path: Path) -> None:
    outlet = opened(tmp_path / "edunet.jsonl", size="1kB", keep="4kB")
    for n in range(20):
        outlet.write([interfaces(n)])
        assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 4000
    outlet.close()

    kept = [value for file in sorted(tmp_path.iterdir()) for value in octets(file)]
    assert {19, 18} <= set(kept)
    assert 0 not in kept


def test_a_torn_line_of_a_crash_is_cut_off_and_written_again(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    outlet = opened(path)
    outlet.write([interfaces(n) for n in range(3)])
    outlet.close()
    os.truncate(path, path.stat().st_size - 20)
    outlet = opened(path)
    outlet.write([interfaces(n) for n in range(2)])  # the cursor trails: it comes again, in parts
    outlet.write([interfaces(n) for n in range(2, 4)])
    outlet.close()

    assert [r * 1_000_000 + n for n in range(4) for r in range(3)] == octets(path)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_what_was_put_away_before_a_crash_is_not_written_again(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"x.{form}"
    for rounds in (range(3), range(2), range(1, 5)):  # each life begins some rounds behind
        outlet = opened(path, size="1kB", format=form)
        for n in rounds:
            outlet.write([interfaces(n)])
        outlet.close()

    files = [*sorted(tmp_path.glob("x.2*")), path]
    found = [line for file in files for line in file.read_text().splitlines() if "bytes" in line]
    assert len(files) > 2
    assert [START + n * 1000 for n in range(5) for _ in range(3)] == [
        int(re.search(r"\d{13}", line)[0])  # type: ignore[index]
        for line in found
    ]


def test_a_file_forgets_nothing_so_its_cursor_follows_at_once(ground: Ground) -> None:
    """However short its lives are, it does not begin anew."""
    accept(ground, range(10))
    pusher = Pusher("out", opened(ground.data / "x.jsonl"), ground, Pace(settle=1e6))
    pusher.start()
    try:
        until(lambda: ground.log.end == stored(ground, "out"), "the cursor to be at the end")
    finally:
        pusher.stop(2)


def stored(ground: Ground, sink: str) -> Position | None:
    with ground.books.read() as books:
        query = 'SELECT segment, "offset" FROM cursors WHERE sink = ?'
        row = books.execute(query, (sink,)).fetchone()
    return Position(*row) if row else None


def test_our_restart_doubles_nothing(ground: Ground) -> None:
    path = ground.data / "x.jsonl"
    for start in range(0, 30, 10):
        accept(ground, range(start, start + 10))
        pusher = Pusher("out", opened(path), ground, QUICK)
        pusher.start()
        until(lambda: bool(pusher.connected) and 0.0 == pusher.lag_s, "all to be written")  # noqa: B023
        assert pusher.stop(2)

    assert [r * 1_000_000 + n for n in range(30) for r in range(3)] == octets(path)


def test_a_disk_that_is_full_is_tried_again_and_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.jsonl"
    outlet = opened(path)
    outlet.write([interfaces(0)])
    write = os.pwrite

    def half(fd: int, data: memoryview, at: int) -> int:
        if len(data) > 100:
            return write(fd, data[:100], at)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", half)
        with pytest.raises(DeliveryError, match="no space left") as caught:
            outlet.write([interfaces(1)])
    assert not caught.value.permanent
    assert 3 == len(octets(path))
    outlet.write([interfaces(1)])
    outlet.close()

    assert [0, 1_000_000, 2_000_000, 1, 1_000_001, 2_000_001] == octets(path)


def test_a_path_only_a_person_can_mend_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outlet = opened(tmp_path / "file" / "x.jsonl")
    with pytest.raises(UnwelcomeError, match="mend path"):
        outlet.write([interfaces(0)])
    outlet.close()
