"""Which objects a table is made of, read from the YAML file of its MIB."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property
from importlib.resources import files
from typing import Annotated, Final, Literal

import yaml
from pydantic import StringConstraints

from collector.snmp import ber
from edunet.model import Model

Oid = Annotated[str, StringConstraints(pattern=r"^1(\.\d+)+$")]


_IDENTITY: Final = {
    "name": "ifName", "descr": "ifDescr", "alias": "ifAlias", "mac": "ifPhysAddress",
}  # fmt: skip


class Source(Model):
    """One object a column may be read from.

    `kind`: a counter never falls by itself, a number may. `bits`: how wide the counter is. The
    value is multiplied by `scale`; it is unknown when it stands in `unknown`, and no value of the
    object when it lies outside `among` (the range of an enumeration).
    """

    object: str
    oid: Oid
    kind: Literal["counter", "number"] = "number"
    bits: Literal[32, 64] = 32
    scale: float = 1
    unknown: tuple[int, ...] = ()
    among: tuple[int, int] | None = None

    @cached_property
    def prefix(self) -> bytes:
        """The object's name on the wire, to be followed by the row's."""
        return ber.oid(self.oid)


class Column(Model):
    """What a frame calls it, and where it is read: the first source that is good is taken.

    `seldom`: only asked together with everything.
    """

    type: Literal["uint64", "int16", "float64"]
    sources: tuple[Source, ...]
    seldom: bool = False


class Mib(Model):
    """`tables`: what each is called by people, and under which OID its objects lie."""

    tables: dict[str, Oid]
    system: dict[str, Oid]
    scalars: dict[str, Oid]
    identity: dict[str, Oid]
    columns: dict[str, Column]

    def table(self, name: bytes) -> str:
        """The table an object belongs to, by its name on the wire."""
        for table, oid in self.tables.items():
            if name.startswith(ber.oid(oid)):
                return table
        return ""

    def sources(self) -> Iterator[Source]:
        for column in self.columns.values():
            yield from column.sources

    def called(self, name: bytes) -> str:
        """An object as people write it, `ifHCInOctets.7`; one not listed here by its numbers."""
        for prefix, words in self._names.items():
            if name.startswith(prefix):
                rest = ber.numbers_of(name[len(prefix) :])
                return ".".join((words, *map(str, rest)))
        return ber.dotted(name)

    @cached_property
    def _names(self) -> dict[bytes, str]:
        named = {
            ber.oid(oid).removesuffix(b"\0"): word
            for word, oid in {**self.system, **self.scalars}.items()
        }
        named |= {ber.oid(oid): _IDENTITY[word] for word, oid in self.identity.items()}
        return named | {source.prefix: source.object for source in self.sources()}


@cache
def mib(name: str) -> Mib:
    """The table of `collector/mibs/NAME.yaml`."""
    text = files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    return Mib.model_validate(yaml.safe_load(text))
