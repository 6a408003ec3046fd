"""Tables of recorded devices: batches and the scalar client say what their files say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import recorded
from tables import Polls, Values, told

from collector.mibs import Column, mib
from collector.transports import Ask
from edunet.frame import Reason

FOLDER = Path(os.environ.get("EDUNET_RECORDINGS", "/nowhere"))
NUMBERS, COUNTERS = {"2", "65", "66", "67", "71"}, {"65", "70"}  # tags as snmprec writes them
TABLES = ("entity_sensor", "hr_processor", "huawei_optics")


def cells(path: Path) -> dict[str, tuple[str, bytes]]:
    """OID -> tag and value, of one recorded twice the first."""
    found: dict[str, tuple[str, bytes]] = {}
    for line in path.read_bytes().splitlines():
        oid, tag, value = line.split(b"|", 2)
        found.setdefault(oid.decode(), (tag.decode(), value))
    return found


def expected(of: Column, index: str, said: dict[str, tuple[str, bytes]]) -> float | Reason:
    """What the file says of a column with one source."""
    (source,) = of.sources
    tag, text = said.get(f"{source.oid}.{index}", ("", b""))
    if not tag:
        return Reason.MISSING
    if tag not in (COUNTERS if source.kind == "counter" else NUMBERS):
        return Reason.MALFORMED
    number = int(text)
    if number in source.unknown:
        return Reason.MISSING
    least, most = source.among or (0, 2**32 - 1)
    return number * source.scale if least <= number <= most else Reason.MALFORMED


def recordings() -> Iterator[tuple[Path, str]]:
    """Every recording that has rows of one of these tables."""
    for path in sorted(FOLDER.glob("*.snmprec")):
        raw = path.read_bytes()
        for table in TABLES:
            first = next(iter(mib(table).columns.values())).sources[0]
            if f"\n{first.oid}.".encode() in raw:
                yield path, table


FOUND = list(recordings())
NAMED = bool(os.environ.get("EDUNET_RECORDINGS"))  # where they are named, they must be there


@pytest.mark.skipif(not NAMED, reason="EDUNET_RECORDINGS names no folder of recordings")
@pytest.mark.parametrize(
    ("path", "table"),
    FOUND or [(FOLDER, "none")],
    ids=[f"{path.stem}-{table}" for path, table in FOUND] or ["none"],
)
async def test_a_recorded_table_is_read_as_it_was_written(
    path: Path, table: str, tmp_path: Path
) -> None:
    said, written = cells(path), mib(table)
    first = next(iter(written.columns.values())).sources[0]
    indexes = {oid.removeprefix(f"{first.oid}.") for oid in said if oid.startswith(f"{first.oid}.")}
    async with recorded.played(path) as device:
        polls = Polls(tmp_path)
        rows = await polls.batches.rows_of(device, table, polls.slot(device, table))
        answers = await polls.both(Ask(device, 0, rows, table=table))
        await polls.close()

    found = told(answers, written.kind)
    by_index: dict[str, Values] = {".".join(map(str, row.numbers)): found[row.slot] for row in rows}
    assert indexes == by_index.keys()
    assert [(None, False)] == [(answer.trouble, answer.stale) for answer in answers]
    for index, row in by_index.items():
        assert {name: expected(of, index, said) for name, of in written.columns.items()} == row


@pytest.mark.skipif(not NAMED, reason="EDUNET_RECORDINGS names no folder of recordings")
def test_the_folder_has_light_below_zero_and_sensors() -> None:
    assert {"entity_sensor", "hr_processor", "huawei_optics"} == {table for _, table in FOUND}
