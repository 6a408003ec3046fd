"""What must be read of a recorded device: its file read once more, by a reader of the tests' own.

A line is `OID|TAG|VALUE`; `4x` is hexadecimal and `4e` has Python's escapes.
"""

from __future__ import annotations

import asyncio
import bz2
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from liar import COMMUNITY
from polled import inventory

import lab
from edunet.clock import ManualClock
from edunet.errors import LabError
from edunet.inventory.model import Device
from lab.agents import Agents
from lab.city import City

IF = "1.3.6.1.2.1.2.2.1"
IFX = "1.3.6.1.2.1.31.1.1.1"
NAME, DESCR, ALIAS, MAC = f"{IFX}.1", f"{IF}.2", f"{IFX}.18", f"{IF}.6"
WIDE = {"in_octets": f"{IFX}.6", "out_octets": f"{IFX}.10"}
NARROW = {"in_octets": f"{IF}.10", "out_octets": f"{IF}.16"}
COUNTED = {
    "in_errors": f"{IF}.14",
    "out_errors": f"{IF}.20",
    "in_discards": f"{IF}.13",
    "out_discards": f"{IF}.19",
}
STATES = {"oper": f"{IF}.8", "admin": f"{IF}.7"}
SPEED, MEGABITS = f"{IF}.5", f"{IFX}.15"
COUNTERS, NUMBERS = {"65", "70"}, {"2", "65", "66", "67", "71"}
MISSING, MALFORMED = "MISSING", "MALFORMED"  # a `Reason` is a number, and equal to one

_TRIES = 5
_WHOLE = 4 << 20  # bytes; of what is larger the groups asked for are enough, and read in a second
_GROUPS = tuple(
    f"1.3.6.1.{group}.".encode() for group in ("2.1.1", "2.1.2", "2.1.10.7", "2.1.31", "6.3.10")
)

Cell = tuple[str, bytes]  # tag and value as they stand in the line


class Row(NamedTuple):
    """One interface; `values` are column -> number, or why there is none."""

    number: int
    name: str
    descr: str
    alias: str
    mac: str
    values: dict[str, Any]


class Recorded:
    """A file: `cells` are OID -> tag and value; of an OID recorded twice the first counts."""

    def __init__(self, path: Path, folder: Path) -> None:
        raw = path.read_bytes()
        raw = bz2.decompress(raw) if path.suffix == ".bz2" else raw
        lines = [line.removeprefix(b".") for line in re.split(rb"\r?\n", raw)]
        self.path = path
        if len(raw) > _WHOLE:
            lines = [line for line in lines if line.startswith(_GROUPS)]
            self.path = folder / path.name.removesuffix(".bz2")
            self.path.write_bytes(b"\n".join(lines) + b"\n")
        self.cells: dict[str, Cell] = {}
        for line in lines:
            if line.startswith(_GROUPS):
                oid, tag, value = line.split(b"|", 2)
                self.cells.setdefault(oid.decode(), (tag.decode(), value))

    def rows(self, *, wide: bool = True) -> list[Row]:
        """Every interface; not `wide`: as version 1 tells them, which has no Counter64."""
        numbers = {self._row_of(oid) for oid in self.cells if self._row_of(oid)}
        return [self._row(number, wide) for number in sorted(numbers)]

    def nameless(self) -> dict[int, Any]:
        """ifOperStatus of the rows that have neither ifName nor ifDescr."""
        named = {row.number for row in self.rows()}
        column = f"{STATES['oper']}."
        found = {int(oid.removeprefix(column)) for oid in self.cells if oid.startswith(column)}
        return {n: self._number(STATES["oper"], n, NUMBERS) for n in found - named}

    def _row_of(self, oid: str) -> int:
        column, _, number = oid.rpartition(".")
        return int(number) if column in {NAME, DESCR} else 0

    def _row(self, number: int, wide: bool) -> Row:
        words = {
            column: text(self.cells.get(f"{column}.{number}")) for column in (NAME, DESCR, ALIAS)
        }
        mac = contents(self.cells.get(f"{MAC}.{number}"))
        values: dict[str, Any] = {
            name: self._number(oid, number, COUNTERS) for name, oid in COUNTED.items()
        }
        values |= {name: self._number(oid, number, NUMBERS) for name, oid in STATES.items()}
        values |= {"speed": self._speed(number), **self._octets(number, wide)}
        return Row(
            number, words[NAME], words[DESCR], words[ALIAS],
            mac.hex() if len(mac) == 6 and any(mac) else "",
            values,
        )  # fmt: skip

    def _number(self, column: str, row: int, tags: Iterable[str]) -> int | str:
        cell = self.cells.get(f"{column}.{row}")
        if cell is None:
            return MISSING
        tag, value = cell
        return int(value) if tag in tags else MALFORMED

    def _speed(self, row: int) -> float | str:
        megabits = self._number(MEGABITS, row, NUMBERS)
        if isinstance(megabits, int) and megabits:
            return megabits * 1e6
        bits = self._number(SPEED, row, NUMBERS)
        if isinstance(bits, int):
            return MISSING if bits in {0, 2**32 - 1} else float(bits)
        return bits if isinstance(megabits, str) else MISSING

    def _octets(self, row: int, wide: bool) -> dict[str, int | str]:
        """Both of 64 bits; both of 32 where there are no others, or those were never wired up."""
        high = {name: self._number(oid, row, {"70"}) for name, oid in WIDE.items()}
        low = {name: self._number(oid, row, COUNTERS) for name, oid in NARROW.items()}
        whole = all(isinstance(value, int) for value in high.values())
        stuck = not any(high.values()) and any(
            isinstance(value, int) and value > 100_000 for value in low.values()
        )
        return high if wide and whole and not stuck else low


def text(cell: Cell | None) -> str:
    raw = contents(cell)
    for encoding in ("utf-8", "gbk", "gb18030", "latin-1"):
        try:
            said = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return "".join(c if c.isprintable() else " " for c in said[:255]).strip()
    raise AssertionError(raw)


def contents(cell: Cell | None) -> bytes:
    """The bytes of a text; none of anything else."""
    tag, value = cell or ("4", b"")
    if tag == "4x":
        digits = value.decode().strip()
        return bytes.fromhex(digits + "0" * (len(digits) % 2))
    if tag == "4e":
        return value.decode("unicode_escape").encode("latin-1")
    return value if tag == "4" else b""


def names(rows: Iterable[Row]) -> dict[str, Row]:
    """What each is called: its ifName if no other has it, else its ifDescr, a token, a MAC."""
    rows = list(rows)
    said = {what: Counter(getattr(row, what) for row in rows) for what in Row._fields[1:5]}
    tokens = Counter(token for row in rows if (token := _token(row)))
    called: dict[str, Row] = {}
    for row in rows:
        choices = [
            row.name if said["name"][row.name] == 1 else "",
            row.descr if said["descr"][row.descr] == 1 and row.descr not in said["name"] else "",
            _token(row) if tokens[_token(row)] == 1 else "",
            f"mac {row.mac}" if row.mac and said["mac"][row.mac] == 1 else "",
            f"ifIndex {row.number}",
        ]
        name = next(choice for choice in choices if choice)
        while name in called:
            name = f"ifIndex {row.number} ({name})"
        called[name] = row
    return called


def _token(row: Row) -> str:
    found = re.search(r"\[[A-Za-z]+:[\w.-]{1,64}\]", row.alias)
    return found[0] if found else ""


@asynccontextmanager
async def played(path: Path, kind: str = "honest") -> AsyncIterator[Device]:
    """The device that answers from this file, as an agent of this kind."""
    loop = asyncio.get_running_loop()
    for _ in range(_TRIES):
        device = Device.model_validate(
            {
                "id": "recorded", "site": "city", "snmp": "ro",
                "address": "127.89.0.1", "port": lab.free_port(),
                "labels": {"lab": kind, "lab-recording": str(path)},
            }
        )  # fmt: skip
        town = inventory([device])
        agents = Agents(City(town, ManualClock()), town, {"ro": COMMUNITY})
        with suppress(LabError):  # somebody else took the port that was free
            agents.open(loop)
            break
    try:
        yield device
    finally:
        agents.close(loop)
