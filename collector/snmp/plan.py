"""What goes into one datagram: which objects of which rows, so that the reply fits in one too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from collector.mibs import Mib, Source
from collector.snmp import ber
from collector.transports import Ask, Row, index_of
from edunet.facts import Port

_MOST_BYTES: Final = 1330  # of a reply's values: with its headers it stays below 1472
_MOST_NAMES: Final = 53  # beside the scalars
_MOST_NAMES_APART: Final = 20
_PER_VALUE: Final = 6  # three tags, three lengths
_SHORT: Final = 100  # bytes of a text; with its name, a longer one has longer lengths
_LONGER: Final = 4


class Chunk(NamedTuple):
    """Some objects of some rows, all asked in one PDU.

    `names` are the objects without row, by row; what tells whose it is comes with each.
    `table`: of the split chunks, whose objects they are.
    """

    ports: tuple[Port | Row, ...]
    objects: tuple[tuple[bytes, ...], ...]
    scalars: tuple[bytes, ...]
    table: str = ""

    def names(self, mib: Mib) -> list[bytes]:
        """Everything to ask, by full name."""
        found = list(self.scalars)
        for port, objects in zip(self.ports, self.objects, strict=True):
            row = index_of(port)
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
    once = ["sysUpTime"]
    if ask.engine and ask.ports:
        once += ["snmpEngineBoots", "snmpEngineTime"]
    if ask.full and ask.ports and mib.changed:
        once.append(mib.changed)
    first = [ber.oid(mib.scalars[name]) for name in once if name in mib.scalars]
    tables = (mib.tables or [""]) if split else [""]
    most = _MOST_NAMES_APART if split else _MOST_NAMES
    found = [chunk for table in tables for chunk in _of_table(ask, mib, table, most)]
    found = found or [Chunk((), (), (uptime,))]
    found[0] = found[0]._replace(scalars=tuple(dict.fromkeys((*first, *found[0].scalars))))
    return found


def _of_table(ask: Ask, mib: Mib, table: str, most: int) -> Iterator[Chunk]:
    ports: list[Port | Row] = []
    objects: list[tuple[bytes, ...]] = []
    size = names = 0
    for port in ask.ports:
        wanted = tuple(_objects(port, mib, table, full=ask.full))
        if not wanted:
            continue
        identity = _identity(port, table)
        more = _size(port, wanted, identity, mib)
        full = size + more > _MOST_BYTES or names + len(wanted) + len(identity) > most
        if ports and full:
            yield _chunk(ports, objects, mib, table)
            ports, objects, size, names = [], [], 0, 0
        ports.append(port)
        objects.append(tuple(source.prefix for source in wanted))
        size, names = size + more, names + len(wanted) + len(identity)
    if ports:
        yield _chunk(ports, objects, mib, table)


def _chunk(
    ports: Sequence[Port | Row], objects: Sequence[tuple[bytes, ...]], mib: Mib, table: str
) -> Chunk:
    scalars = ["sysUpTime"]
    if mib.changed and any(isinstance(port, Port) and port.by == "index" for port in ports):
        scalars.append(mib.changed)
    names = tuple(ber.oid(mib.scalars[name]) for name in scalars)
    return Chunk(tuple(ports), tuple(objects), names, table)


def _objects(port: Port | Row, mib: Mib, table: str, *, full: bool) -> Iterable[Source]:
    for column in mib.columns.values():
        if column.seldom and not full:
            continue
        for source in column.sources:
            if source.object in port.skip:
                continue
            if not table or mib.table(source.prefix) == table:
                yield source


def _size(port: Port | Row, wanted: Iterable[Source], identity: Iterable[str], mib: Mib) -> int:
    """Bytes of a reply about this row, its numbers as long as they can be."""
    row = len(index_of(port))
    size = 0
    for source in wanted:
        widest = source.widest or (9 if source.bits == 64 else 5)
        size += len(source.prefix) + row + widest + _PER_VALUE
    said = {"name": port.said}
    if isinstance(port, Port):
        said |= {"descr": port.descr, "alias": port.alias, "mac": "6bytes"}
    for name in identity:
        text = len(said[name].encode())
        size += len(ber.oid(mib.identity[name])) + row + text + _PER_VALUE
        size += _LONGER if text > _SHORT else 0
    return size


def _identity(port: Port | Row, table: str) -> list[str]:
    """What tells whose row it is: ifName, and what the port is called by.

    A table asked apart comes with a name of its own, for the other's may be silent.
    """
    if isinstance(port, Row):
        return ["name"] if port.said else []
    names: set[str] = {port.by} if port.by in {"descr", "alias", "mac"} else set()
    if port.said and (table == "ifXTable" or not table or not port.descr):
        names.add("name")
    elif port.descr:
        names.add("descr")
    if not names:
        names.add("name" if table == "ifXTable" else "descr")
    return sorted(names)
