"""What goes into one datagram: which objects of which ports, so that the reply fits in one too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from collector.mibs import Mib, Source
from collector.snmp import ber
from collector.transports import Ask
from edunet.facts import Port

_MOST_BYTES: Final = 1330  # of a reply's values: with its headers it stays below 1472
_MOST_NAMES: Final = 53  # beside the scalars
_MOST_NAMES_APART: Final = 20
_PER_VALUE: Final = 6  # three tags, three lengths
_SHORT: Final = 100  # bytes of a text; with its name, a longer one has longer lengths
_LONGER: Final = 4


class Chunk(NamedTuple):
    """Some objects of some ports, all asked in one PDU.

    `names` are the objects without row, by port; what tells whose row it is comes with each.
    `table`: of the split chunks, whose objects they are.
    """

    ports: tuple[Port, ...]
    objects: tuple[tuple[bytes, ...], ...]
    scalars: tuple[bytes, ...]
    table: str = ""

    def names(self, mib: Mib) -> list[bytes]:
        """Everything to ask, by full name."""
        found = list(self.scalars)
        for port, objects in zip(self.ports, self.objects, strict=True):
            row = ber.oid_of(port.ifindex)
            identity = [ber.oid(mib.identity[name]) for name in _identity(port, self.table)]
            found += [name + row for name in (*identity, *objects)]
        return found

    def halves(self) -> tuple[Chunk, ...]:
        """Two chunks that ask the same; none when there is nothing to part."""
        if len(self.ports) > 1:
            half = len(self.ports) // 2
            return (
                self._replace(ports=self.ports[:half], objects=self.objects[:half]),
                self._replace(ports=self.ports[half:], objects=self.objects[half:]),
            )
        objects = self.objects[0] if self.objects else ()
        if len(objects) < 2:
            return ()
        half = len(objects) // 2
        return (
            self._replace(objects=(objects[:half],)),
            self._replace(objects=(objects[half:],)),
        )

    def about(self) -> str:
        """Which rows these are, for people."""
        if not self.ports:
            return ""
        first, last = self.ports[0].name, self.ports[-1].name
        rows = first if first == last else f"{first} to {last}"
        return f"{self.table} of {rows}: " if self.table else f"{rows}: "


def chunks(ask: Ask, mib: Mib, *, split: bool) -> list[Chunk]:
    """The whole ask in chunks; `split`: smaller ones, each with the objects of
    one table alone."""
    uptime = ber.oid(mib.scalars["sysUpTime"])
    once = [uptime]
    if ask.engine and ask.ports:
        once += [ber.oid(mib.scalars["snmpEngineBoots"]), ber.oid(mib.scalars["snmpEngineTime"])]
    if ask.full and ask.ports:
        once.append(ber.oid(mib.scalars["ifTableLastChange"]))
    if not ask.ports:
        return [Chunk((), (), tuple(once))]
    tables = list(mib.tables) if split else [""]
    found = [chunk for table in tables for chunk in _of_table(ask, mib, table, uptime)]
    found = found or [Chunk((), (), (uptime,))]
    found[0] = found[0]._replace(scalars=tuple(dict.fromkeys((*once, *found[0].scalars))))
    return found


def _of_table(ask: Ask, mib: Mib, table: str, uptime: bytes) -> Iterator[Chunk]:
    ports: list[Port] = []
    objects: list[tuple[bytes, ...]] = []
    size = names = 0
    most = _MOST_NAMES_APART if table else _MOST_NAMES
    for port in ask.ports:
        wanted = tuple(_objects(port, mib, table, full=ask.full))
        if not wanted:
            continue
        identity = _identity(port, table)
        more = _size(port, wanted, identity, mib)
        full = size + more > _MOST_BYTES or names + len(wanted) + len(identity) > most
        if ports and full:
            yield _chunk(ports, objects, mib, table, uptime)
            ports, objects, size, names = [], [], 0, 0
        ports.append(port)
        objects.append(tuple(source.prefix for source in wanted))
        size, names = size + more, names + len(wanted) + len(identity)
    if ports:
        yield _chunk(ports, objects, mib, table, uptime)


def _chunk(
    ports: Sequence[Port],
    objects: Sequence[tuple[bytes, ...]],
    mib: Mib,
    table: str,
    uptime: bytes,
) -> Chunk:
    nameless = any(port.by == "index" for port in ports)
    scalars = (uptime, ber.oid(mib.scalars["ifTableLastChange"])) if nameless else (uptime,)
    return Chunk(tuple(ports), tuple(objects), scalars, table)


def _objects(port: Port, mib: Mib, table: str, *, full: bool) -> Iterable[Source]:
    for column in mib.columns.values():
        if column.seldom and not full:
            continue
        for source in column.sources:
            if source.object in port.skip:
                continue
            if not table or mib.table(source.prefix) == table:
                yield source


def _size(port: Port, wanted: Iterable[Source], identity: Iterable[str], mib: Mib) -> int:
    """Bytes of a reply about this port, its numbers as long as they can be."""
    row = len(ber.oid_of(port.ifindex))
    size = 0
    for source in wanted:
        widest = 1 if source.among else 9 if source.bits == 64 else 5
        size += len(source.prefix) + row + widest + _PER_VALUE
    said = {"name": port.said, "descr": port.descr, "alias": port.alias, "mac": "6bytes"}
    for name in identity:
        text = len(said[name].encode())
        size += len(ber.oid(mib.identity[name])) + row + text + _PER_VALUE
        size += _LONGER if text > _SHORT else 0
    return size


def _identity(port: Port, table: str) -> list[str]:
    """What tells whose row it is: ifName, and what the port is called by.

    A table asked apart comes with a name of its own, for the other's may be silent.
    """
    names: set[str] = {port.by} if port.by in {"descr", "alias", "mac"} else set()
    if port.said and (table == "ifXTable" or not table or not port.descr):
        names.add("name")
    elif port.descr:
        names.add("descr")
    if not names:
        names.add("name" if table == "ifXTable" else "descr")
    return sorted(names)
