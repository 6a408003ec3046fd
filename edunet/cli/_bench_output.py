"""What does it cost to tell every value: to a scraper, and to a database, beside two libraries?

Everybody writes the same series of the same picture, in turn, in one process. What the libraries
are given (labels, values as Python numbers) is made before the clock runs where they allow it.
"""

from __future__ import annotations

import os
import platform
import re
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from api.exposition import Exposition, Wish
from api.prom import values
from api.prom.plant import Plant
from api.prom.values import Sight
from api.scope import Scope
from collector.sinks._lines import FIELDS, Lines
from edunet.cli._bench_picture import City, city
from edunet.health import Health
from edunet.labels import Names
from edunet.log import FrameLog
from edunet.metrics import family

_NETWORK: Final = ("interfaces", "links", "schools", "devices", "probes")
_LABEL: Final = re.compile(r'([a-z]+)="([^"]*)"')
Way = Callable[[], bytes]


class Turn(NamedTuple):
    """CPU seconds of one way of writing, once, and how many bytes came of it."""

    cpu_s: float
    octets: int


def report(ports: int, rounds: int) -> Iterator[str]:
    """The lines of the report, as they become known."""
    yield f"python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}"
    names = ("numpy", "orjson", "prometheus-client", "influxdb-client")
    yield ", ".join(f"{name} {version(name)}" for name in names)
    invented = city(ports)
    first = time.process_time()
    every = _written(Exposition(), invented, Wish(every_port=True, groups=_NETWORK))
    first = time.process_time() - first
    yield (
        f"{sum(map(len, invented.interfaces))} ports; a new inventory's first answer with every"
        f" port: {first:.3f} CPU s, {_lines(every)} series"
    )
    yield f"{rounds} rounds of each in turn, medians; x: how many times the first of the block"
    for title, ways in _blocks(invented).items():
        found = _turns(ways, rounds)
        many = _lines(next(iter(ways.values()))())
        yield f"{title}, {many} lines"
        base = statistics.median(turn.cpu_s for turn in next(iter(found.values())))
        for name, turns in found.items():
            cost = statistics.median(turn.cpu_s for turn in turns)
            yield (
                f"  {name:32} {cost:8.4f} CPU s ({cost / max(base, 1e-9):6.1f}x),"
                f" {cost / many * 1e6:6.2f} us a line, {turns[-1].octets / 1e6:6.1f} MB"
            )
    yield from _logged(invented, rounds)


def _logged(invented: City, rounds: int) -> Iterator[str]:
    """What it costs to make the same frames durable."""
    costs = []
    with tempfile.TemporaryDirectory(prefix="edunet-bench-") as folder:
        log = FrameLog.open(Path(folder))
        for _ in range(rounds + 1):
            began = time.process_time()
            for frame in invented.interfaces:
                log.append(frame)
            log.sync()
            costs.append(time.process_time() - began)
        octets = log.end.offset / (rounds + 1)
        log.close()
    rows = sum(map(len, invented.interfaces))
    cost = statistics.median(costs[1:])
    yield f"frame log, {rows} rows and one sync: {cost:.4f} CPU s, {octets / 1e6:.1f} MB"


def _blocks(invented: City) -> dict[str, dict[str, Way]]:
    blocks = {
        title: _expositions(invented, every)
        for title, every in (("exposition, ends of links", False), ("exposition, all ports", True))
    }
    return {**blocks, "line protocol, all ports": _protocols(invented)}


def _turns(ways: Mapping[str, Way], rounds: int) -> dict[str, list[Turn]]:
    """Every way in turn, so many times; the first turn of each is not counted."""
    found: dict[str, list[Turn]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            began = time.process_time()
            octets = len(way())
            if number:
                found[name].append(Turn(time.process_time() - began, octets))
    return found


def _lines(body: bytes) -> int:
    return sum(not line.startswith(b"#") for line in body.splitlines())


def _expositions(invented: City, every_port: bool) -> dict[str, Way]:
    kept = Exposition()
    text = Wish(every_port=every_port, groups=_NETWORK)
    openmetrics = text._replace(openmetrics=True)
    registry = CollectorRegistry()
    registry.register(_Collector(invented, every_port))
    return {
        "text": partial(_written, kept, invented, text),
        "OpenMetrics": partial(_written, kept, invented, openmetrics),
        "text, gzip": lambda: _gzip(_written(kept, invented, text)),
        "OpenMetrics, gzip": lambda: _gzip(_written(kept, invented, openmetrics)),
        "prometheus-client, text": partial(generate_latest, registry),
        "prometheus-client, OpenMetrics": partial(generate_openmetrics, registry),
    }


def _written(kept: Exposition, invented: City, wish: Wish) -> bytes:
    catalog, health = invented.catalog, Health()
    blocks = kept.blocks(invented.picture, catalog, health, Scope("viewer"), wish)
    return b"".join(blocks)


def _gzip(body: bytes) -> bytes:
    return zlib.compress(body, 1, wbits=31)


class _Collector:
    """A custom collector as prometheus-client wants it, over the same columns."""

    def __init__(self, invented: City, every_port: bool) -> None:
        plant = Plant(invented.picture, invented.catalog)
        sight = Sight(invented.picture, plant, Scope("viewer"), every_port)
        self._told = [
            (family(told.name), [_pairs(each) for each in told.labels.tolist()], told.values)
            for group in _NETWORK
            for told in getattr(values, group)(sight)
        ]

    def collect(self) -> Iterator[Metric]:
        for metric, labels, column in self._told:
            name = metric.name.removesuffix("_total").removesuffix("_info")
            made = Metric(name, metric.help, metric.type)
            for pairs, value in zip(labels, column.tolist(), strict=True):
                made.add_sample(metric.name, pairs, value)
            yield made


def _pairs(labels: bytes) -> dict[str, str]:
    return dict(_LABEL.findall(labels.decode()))


def _protocols(invented: City) -> dict[str, Way]:
    names = Names(invented.picture.topology, invented.catalog)
    encoder = Lines(names.of)

    def ours() -> bytes:
        return b"\n".join(encoder.bodies(invented.interfaces))

    return {
        "lines": ours,
        "lines, gzip": lambda: _gzip(ours()),
        "influxdb-client Point": _points(invented, names),
    }


def _points(invented: City, names: Names) -> Way:
    """One point a row, its known values as fields; labels are looked up before."""
    from influxdb_client.client.write.point import Point

    begun: Any = Point  # without types of its own
    rows: list[tuple[dict[str, str], dict[str, Any], int]] = []
    for frame in invented.interfaces:
        told = {
            field.metric.removeprefix("edunet_interface_"): field.told(frame, column)
            for column, field in FIELDS["interface"].items()
        }
        for row, slot in enumerate(frame.slots.tolist()):
            tags = dict(sorted(names.of("interface", slot).items()))
            known = {name: column[row].item() for name, (column, ok) in told.items() if ok[row]}
            if known:
                rows.append((tags, known, int(frame.times[row])))

    def way() -> bytes:
        lines = []
        for tags, known, at in rows:
            point = begun("interface").time(at, "ms")
            for name, text in tags.items():
                point.tag(name, text)
            for name, value in known.items():
                point.field(name, value)
            lines.append(point.to_line_protocol())
        return "\n".join(lines).encode()

    return way
