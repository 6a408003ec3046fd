"""The bench of the output: a figure for every way of writing, and all of them write the same."""

from __future__ import annotations

import re
from typing import Final

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edunet.cli import _bench_output as bench
from edunet.cli._bench_picture import city

ROW: Final = re.compile(
    r"  (\S.{31}) +(\d+\.\d{4}) CPU s \( *(\d+\.\d)x\), +\d+\.\d\d us a line, .* MB"
)


def test_every_way_of_writing_has_its_figures() -> None:
    lines = list(bench.report(60, 1))
    rows = [match for line in lines if (match := ROW.fullmatch(line))]
    blocks = bench._blocks(city(60))

    assert [name for ways in blocks.values() for name in ways] == [row[1].strip() for row in rows]
    assert list(blocks) == [line.rpartition(", ")[0] for line in lines if line.endswith(" lines")]


@pytest.mark.parametrize("every_port", [False, True])
def test_prometheus_client_writes_the_same_series(every_port: bool) -> None:
    ways = bench._expositions(city(300), every_port)

    assert series(ways["text"]()) == series(ways["prometheus-client, text"]())


def series(body: bytes) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for found in text_string_to_metric_families(body.decode())
        for sample in found.samples
    }


def test_influxdb_client_writes_the_same_points() -> None:
    ways = bench._protocols(city(300))

    assert points(ways["lines"]()) == points(ways["influxdb-client Point"]())


def points(body: bytes) -> list[tuple[str, frozenset[tuple[str, float]], str]]:
    """Fields come in another order, and 1e9 is written 1000000000."""
    found = []
    for line in body.decode().splitlines():
        head, fields, time = re.split(r"(?<!\\) ", line)
        pairs = (field.split("=") for field in fields.split(","))
        found.append((head, frozenset((k, float(v.rstrip("i"))) for k, v in pairs), time))
    return sorted(found, key=str)
