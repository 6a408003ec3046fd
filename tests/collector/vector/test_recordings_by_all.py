"""Of each recorded device batches, the scalar client and two libraries read the same numbers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import recorded
import snmpsim_data  # type: ignore[import-untyped]  # it is data
from batched import ACCESS, TABLE, Spied
from clients import CLIENTS
from polled import Line, spoken, table
from recorded import COUNTERS, NUMBERS, Recorded

from collector.mibs import Source
from edunet.facts import Port
from edunet.frame import Reason

FOLDER = Path(os.environ.get("EDUNET_RECORDINGS", "/nowhere"))
OURS = sorted(FOLDER.glob("*.snmprec"))
PACKAGED = sorted((Path(snmpsim_data.__file__).parent / "data").rglob("*.snmprec*"))
MOST_ROWS = {"gufo-snmp": 100, "pysnmp": 6}  # it takes 10 ms a row
MOST_INDEX = 2**32 - 1  # some agents count beyond 2^31 (SmartAX)

Row = dict[str, Any]


def named(path: Path) -> str:
    return "-".join((path.parent.name, path.name.partition(".snmprec")[0]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recordings")


@cache
def read(path: Path, folder: Path) -> Recorded:
    return Recorded(path, folder)


def plain(rows: dict[str, Row]) -> dict[str, Row]:
    """A column of which nothing is there need not be in a frame."""
    return {
        name: {column: value for column, value in row.items() if value is not Reason.MISSING}
        for name, row in rows.items()
    }


def oid(source: Source, port: Port) -> str:
    return f"{source.oid}.{port.ifindex}"


def wanted(port: Port) -> list[Source]:
    return [source for source in TABLE.sources() if source.object not in port.skip]


def told(port: Port) -> set[str]:
    """The columns that are what an object says: of a nameless port one is dated anew."""
    return TABLE.columns.keys() - ({"discontinuity"} if port.by == "index" else set())


def expected(port: Port, raw: dict[str, Any], recording: Recorded) -> Row:
    """Column -> number, of the first object whose number may be one; from a library's values.

    The type is the file's: not every library tells it.
    """
    found: Row = {}
    narrow = False
    for name in told(port):
        column = TABLE.columns[name]
        for source in column.sources:
            value = raw.get(oid(source, port))
            tag = recording.cells.get(oid(source, port), ("", b""))[0].partition(":")[0]
            may = tag in (COUNTERS if source.kind == "counter" else NUMBERS)
            least, most = source.among or (0, 2**64 - 1)
            if source.object in port.skip or not may or value in source.unknown:
                continue
            if isinstance(value, int) and least <= value <= most:
                found[name] = value * source.scale
                narrow |= name.endswith("octets") and (tag == "65" or source.bits == 32)
                break
    if narrow:
        found |= {name: found[name] % 2**32 for name in found if name.endswith("octets")}
    return found


def batched(port: Port, recording: Recorded) -> bool:
    """Whether batches know it: by the very bytes of its name, and with no large index."""
    name = recorded.contents(recording.cells.get(f"{recorded.NAME}.{port.ifindex}"))
    return port.by == "name" and name == port.said.encode() and port.ifindex <= MOST_INDEX


def spread(ports: Sequence[Port], most: int) -> Sequence[Port]:
    """At most so many, from the first to the last."""
    return ports[:: max(1, -(-len(ports) // most))]


async def compared(path: Path, folder: Path) -> int:
    """Poll by all; how many numbers of the libraries were compared."""
    recording, agreed = read(path, folder), 0
    async with AsyncExitStack() as stack:
        device = await stack.enter_async_context(recorded.played(recording.path))
        batches = Spied()
        stack.push_async_callback(batches.close)
        together, alone = Line(device, batches), Line(device, spoken(ACCESS))
        facts = await together.discover()
        await alone.discover()
        answers = [await together.poll(), await together.poll()]
        rows = [plain(table(answer, together.catalog)) for answer in answers]

        assert rows[0] == rows[1] == plain(table(await alone.poll(), alone.catalog))
        assert {port.name for port in facts.ports} == rows[0].keys()
        assert [None] * 2 == [answer.trouble for answer in answers]
        assert (0 if all(batched(p, recording) for p in facts.ports) else 2) == batches.singly
        for client, most in MOST_ROWS.items():
            ask = await stack.enter_async_context(CLIENTS[client](device))
            for port in spread(facts.ports, most):
                raw = await ask([oid(source, port) for source in wanted(port)])
                row, columns = rows[0][port.name], told(port)
                numbers = {
                    name: value
                    for name, value in row.items()
                    if name in columns and not isinstance(value, Reason)
                }
                assert expected(port, raw, recording) == numbers, (client, port.name)
                agreed += len(numbers)
    return agreed


# Every third by day, all of them in `make soak`.
SOME = [
    path if number % 3 == 0 else pytest.param(path, marks=pytest.mark.soak)
    for number, path in enumerate(PACKAGED)
]


@pytest.mark.parametrize("path", SOME, ids=lambda path: named(path))
async def test_a_packaged_device_is_read_alike_by_all(path: Path, folder: Path) -> None:
    if not read(path, folder).rows():
        pytest.skip("no interface was recorded")

    assert await compared(path, folder) > 0


@pytest.mark.skipif(not OURS, reason="EDUNET_RECORDINGS names no folder of recordings")
@pytest.mark.parametrize("path", OURS or [FOLDER], ids=named)
async def test_a_device_of_the_folder_is_read_alike_by_all(path: Path, folder: Path) -> None:
    assert await compared(path, folder) > 0
