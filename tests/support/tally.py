"""What does the frame log hold, value by value, and what do a file and real servers have of it?

The log is read here by its own reader and by nothing else of the way to the sinks: which columns
are told, under which names, and which codes mean what stands here once more, as `docs/sinks.md`
has it.
"""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx

from edunet.frame import Frame
from edunet.log.segments import listed, records

Series = tuple[str, str, str]  # metric without `edunet_`, element, interface
Sample = tuple[int, float]  # ms, value
Tally = dict[Series, list[Sample]]

_UP: Final = {1: 1.0, 2: 1.0, 3: 0.0, 4: 0.0}  # up, degraded; down, unreachable
_OPER: Final = {1: 1.0, 2: 0.0, 3: 0.0, 5: 0.0, 6: 0.0, 7: 0.0}  # IF-MIB, ifOperStatus
_TOLD: Final[Mapping[str, Mapping[str, tuple[str, Mapping[int, float] | None]]]] = {
    "interface": {
        "in_octets": ("receive_bytes_total", None),
        "out_octets": ("transmit_bytes_total", None),
        "in_errors": ("receive_errors_total", None),
        "out_errors": ("transmit_errors_total", None),
        "in_discards": ("receive_discards_total", None),
        "out_discards": ("transmit_discards_total", None),
        "oper": ("up", _OPER),
        "speed": ("speed_bits_per_second", None),
    },
    "link": {
        "state": ("up", _UP),
        "download_bps": ("download_bits_per_second", None),
        "upload_bps": ("upload_bits_per_second", None),
        "utilization": ("utilization_ratio", None),
    },
    "device": {"state": ("up", _UP), "uptime_s": ("uptime_seconds", None)},
    "probe": {
        "rtt_s": ("rtt_seconds", None),
        "jitter_s": ("jitter_seconds", None),
        "loss": ("loss_ratio", None),
    },
    "school": {"state": ("up", _UP)},
}
_ELEMENT: Final = {"link": "link", "school": "site"}  # all others are named by their device


def frames(data: Path, until: int) -> Iterator[Frame]:
    """What the log of a house that does not run holds up to an offset; fails on damage."""
    for segment in listed(data / "log"):
        for read in records(segment, segment.base, segment.end):
            assert not read.skipped, segment.path
            if read.frame is not None and read.end <= until:
                yield read.frame


def end(data: Path) -> int:
    """The log's offset after its last whole frame; the house may run."""
    found = (
        read.end
        for segment in listed(data / "log")[-2:]  # the newest may have none yet
        for read in records(segment, segment.base, segment.end)
        if read.frame is not None
    )
    return max(found, default=0)


def logged(data: Path, until: int = 1 << 62) -> Tally:
    """Every value that is known, in the order of the log, up to an offset."""
    tally: Tally = {}
    with closing(sqlite3.connect(f"file:{data}/books.db?mode=ro", uri=True)) as books:
        rows = books.execute("SELECT kind, slot, element, interface FROM series")
        names = {(kind, slot): (element, port) for kind, slot, element, port in rows}
    for frame in frames(data, until):
        for column, (metric, codes) in _TOLD.get(frame.kind, {}).items():
            if column in frame.columns:
                reasons = frame.reason.get(column, [0] * len(frame))
                told = zip(
                    frame.slots.tolist(),
                    frame.times.tolist(),
                    frame.columns[column].tolist(),
                    reasons,
                    strict=True,
                )
                for slot, moment, read, reason in told:
                    value = read if codes is None else codes.get(read, math.nan)
                    if reason == 0 and math.isfinite(value):
                        series = (f"{frame.kind}_{metric}", *names[frame.kind, slot])
                        tally.setdefault(series, []).append((moment, float(value)))
    return tally


def cursors(data: Path) -> dict[str, int]:
    """How far each sink has come in the log; the house may run."""
    with closing(sqlite3.connect(f"file:{data}/books.db?mode=ro", uri=True)) as books:
        rows = books.execute('SELECT sink, "offset" FROM cursors').fetchall()
    return {sink: offset for sink, offset in rows if "/" not in sink}


def in_file(path: Path) -> Tally:
    """The lines of a `file` sink, those put away first."""
    tally: Tally = {}
    away = sorted(path.parent.glob(f"{path.stem}.*{path.suffix}"))
    for each in [*away, path]:
        for line in each.read_text("utf-8").splitlines():
            said = json.loads(line)
            _add(tally, said["metric"], said, [(said["time"], said["value"])])
    return tally


def in_prometheus(url: str) -> Tally:
    """What lies in it, sample by sample."""
    tally: Tally = {}
    for row in _asked(url, '{__name__=~"edunet_.+"}[3h]'):
        _add(tally, row["metric"]["__name__"], row["metric"], row["values"], 1000)
    return tally


def in_victoria_metrics(url: str) -> Tally:
    tally: Tally = {}
    match = f'{{{_nonce()},__name__=~"edunet_.+"}}'
    params = {"match[]": match, "start": "2020-01-01T00:00:00Z"}
    answer = httpx.get(f"{url}/api/v1/export", params=params, trust_env=False, timeout=60)
    for row in map(json.loads, answer.raise_for_status().text.splitlines()):
        pairs = zip(row["timestamps"], row["values"], strict=True)
        # Where the series ended it says null, or NaN if nothing was before.
        told = [pair for pair in pairs if pair[1] is not None and not math.isnan(pair[1])]
        _add(tally, row["metric"]["__name__"], row["metric"], told)
    return tally


def in_influxdb(url: str) -> Tally:
    tally: Tally = {}
    params = {"db": "edunet", "epoch": "ms", "q": "SELECT * FROM /.+/ GROUP BY *"}
    answer = httpx.get(f"{url}/query", params=params, trust_env=False, timeout=60)
    for row in answer.raise_for_status().json()["results"][0]["series"]:
        for place, field in enumerate(row["columns"][1:], 1):
            pairs = [(v[0], v[place]) for v in row["values"] if v[place] is not None]
            _add(tally, f"edunet_{row['name']}_{field}", row["tags"], pairs)
    return tally


def counted(url: str, metrics: Iterable[str]) -> Counter[Series]:
    """`count_over_time` of each series of these metrics, as the server itself reckons it."""
    counts: Counter[Series] = Counter()
    for metric in metrics:
        for row in _asked(url, f"count_over_time(edunet_{metric}{{}}[3h])"):
            counts[_series(metric, row["metric"])] += int(row["value"][1])
    return counts


def _asked(url: str, query: str) -> list[dict[str, Any]]:
    query = query.replace("{", f"{{{_nonce()},")
    params: dict[str, str | float] = {"query": query, "time": time.time() + 30}
    answer = httpx.get(f"{url}/api/v1/query", params=params, trust_env=False, timeout=60)
    found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]["result"]
    return found


def _nonce() -> str:
    """Asked in the same words, VictoriaMetrics may answer what it answered before."""
    return f'nonce!="{time.monotonic_ns()}"'


def _add(
    tally: Tally,
    metric: str,
    labels: Mapping[str, str],
    samples: Iterable[Any],
    scale: int = 1,
) -> None:
    held = tally.setdefault(_series(metric.removeprefix("edunet_"), labels), [])
    held += [(round(moment * scale), float(value)) for moment, value in samples]


def _series(metric: str, labels: Mapping[str, str]) -> Series:
    kind = metric.partition("_")[0]
    return metric, labels[_ELEMENT.get(kind, "device")], labels.get("interface", "")


class Difference(NamedTuple):
    """What the log has and the other has not; what only it has, or has once more than the log;
    what it has another value of.
    """

    missing: list[tuple[Series, int]]
    extra: list[tuple[Series, int]]
    other: list[tuple[Series, int]]


def difference(log: Tally, found: Tally, same: Callable[[float, float], bool]) -> Difference:
    """Sample by sample."""
    ours = Counter((series, moment) for series, held in log.items() for moment, _ in held)
    theirs = Counter((series, moment) for series, held in found.items() for moment, _ in held)
    values = {series: dict(held) for series, held in found.items()}
    other = [
        (series, moment)
        for series, held in log.items()
        for moment, value in held
        if (seen := values.get(series, {}).get(moment)) is not None and not same(value, seen)
    ]
    return Difference(sorted(ours - theirs), sorted(theirs - ours), other)
