"""What may stand in the file of a table, and what contradicts itself."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from collector.snmp import ber
from edunet.model import Model

LIMIT: Final = {"uint64": 2**64 - 1, "int16": 2**15 - 1, "float64": 2**32 - 1}
UNKNOWN: Final = {"uint64": 0, "int16": -1, "float64": math.nan}
"""Type of a column -> the largest number on the wire it takes, and what stands for none."""

_LEAST: Final = -(2**31)  # of an INTEGER; nothing else is ever below zero
_OWN: Final = {"bits", "boots", "engine_s"}  # columns that a frame gets from elsewhere
_TAKEN: Final = {"device", "probe"}  # kinds of frames that come from elsewhere
_SHORTEST: Final = 5  # bytes of a name that can be compared, without a row's
_DOTTED: Final = re.compile(r"1(\.\d{1,10})+")


def _oid(dotted: str) -> str:
    if not _DOTTED.fullmatch(dotted):
        raise ValueError("write the OID in numbers, as 1.3.6.1.2.1.25.3.3.1.2")
    if len(ber.oid(dotted)) < _SHORTEST:  # raises ValueError where a number is too large
        raise ValueError("an OID of so few numbers is no object; write all of them")
    return dotted


def _instance(dotted: str) -> str:
    if not dotted.endswith(".0"):
        raise ValueError("a scalar's name ends in .0; write that too")
    return dotted


Oid = Annotated[str, AfterValidator(_oid)]
Instance = Annotated[Oid, AfterValidator(_instance)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Object = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]
Identity = Annotated[str, StringConstraints(pattern=r"^(name|descr|alias|mac)$")]


class Source(Model):
    """One object a column may be read from.

    `kind`: a counter never falls by itself, a number may. `bits`: how wide the counter is. The
    value is multiplied by `scale`; it is unknown when it stands in `unknown`, and no value of the
    object when it lies outside `among`. Numbers below zero are none unless either has some.
    """

    object: Object
    oid: Oid
    kind: Literal["counter", "number"] = "number"
    bits: Literal[32, 64] = 32
    scale: float = Field(default=1, gt=0, allow_inf_nan=False)
    unknown: tuple[int, ...] = ()
    among: tuple[int, int] | None = None

    @cached_property
    def prefix(self) -> bytes:
        """The object's name on the wire, to be followed by the row's."""
        return ber.oid(self.oid)

    @cached_property
    def signed(self) -> bool:
        """Whether a number below zero says something."""
        return min((*(self.among or ()), *self.unknown), default=0) < 0

    @cached_property
    def widest(self) -> int | None:
        """Bytes of the longest number that says something; None where nobody says which."""
        ends = (*self.among, *self.unknown) if self.among else ()
        return max((number.bit_length() // 8 + 1 for number in ends), default=None)

    @model_validator(mode="after")
    def _holds_together(self) -> Source:
        counts = self.kind == "counter"
        if counts and (self.among or self.unknown or self.scale != 1):
            raise ValueError("a counter has neither among, unknown nor scale; remove them")
        if self.bits == 64 and not counts:
            raise ValueError("only a counter has bits: 64; write kind: counter, or remove it")
        if self.among and self.among[0] > self.among[1]:
            raise ValueError("among begins above its end; write the smaller number first")
        if any(not _LEAST <= n < 2**32 for n in (*(self.among or ()), *self.unknown)):
            raise ValueError("no number has more than 32 bits; correct among or unknown")
        return self


class Column(Model):
    """What a frame calls it, and where it is read: the first source that is good is taken.

    `seldom`: only asked together with everything.
    """

    type: Literal["uint64", "int16", "float64"]
    sources: tuple[Source, ...]
    seldom: bool = False

    def range(self, source: Source) -> tuple[int, int]:
        """Which numbers on the wire are values of this source."""
        return source.among or (0, LIMIT[self.type])

    @model_validator(mode="after")
    def _holds_its_values(self) -> Column:
        if not self.sources:
            raise ValueError("sources names no object; write one")
        for source in self.sources:
            least, most = self.range(source)
            if source.kind == "counter" and self.type != "uint64":
                raise ValueError(f"{source.object} counts; write type: uint64")
            if source.scale != 1 and self.type != "float64":
                raise ValueError(f"{source.object} is scaled; write type: float64")
            if least < 0 and self.type != "float64":
                raise ValueError(f"{source.object} may be below zero; write type: float64")
            if most > LIMIT[self.type]:
                raise ValueError(f"{source.object} may be too large; write type: float64")
        return self


class Mib(Model):
    """A table: of which kind the frames of its rows are, and what they hold.

    Attributes:
        name: as its file is called.
        scalars: asked beside the rows: sysUpTime with every question; snmpEngineBoots and
            snmpEngineTime of devices that have them. `changed`: the one that tells when rows came
            or went.
        identity: what tells whose row it is, by the row's index; none = the index alone does.
            `words`: what people call these objects.
        tables: what tables it is made of, and under which OID their objects lie: an agent that
            answers no large questions is asked each apart.
        system: who the device says it is.
    """

    name: str
    kind: Word
    scalars: Mapping[Object, Instance]
    changed: str | None = None
    identity: Mapping[Identity, Oid] = {}
    words: Mapping[Identity, Object] = {}
    columns: Mapping[Word, Column]
    tables: Mapping[Object, Oid] = {}
    system: Mapping[Object, Instance] = {}

    def __hash__(self) -> int:
        return hash(self.name)  # what it holds are mappings

    def table(self, name: bytes) -> str:
        """The table an object belongs to, by its name on the wire."""
        for table, oid in self.tables.items():
            if name.startswith(ber.oid(oid)):
                return table
        return ""

    def sources(self) -> Iterator[Source]:
        for column in self.columns.values():
            yield from column.sources

    @cached_property
    def wide(self) -> tuple[str, ...]:
        """The columns of counters that some devices have in 64 bits and others in 32.

        Those of a row are read as if all were as wide as the narrowest; its `bits` say how wide.
        """
        return tuple(
            name
            for name, column in self.columns.items()
            if any(source.bits == 64 for source in column.sources)
        )

    def word(self, name: bytes) -> str | None:
        """An object as people write it, `ifHCInOctets.7`; None of one that is not in here."""
        for prefix, word in self._names.items():
            if name.startswith(prefix):
                rest = ber.numbers_of(name[len(prefix) :])
                return ".".join((word, *map(str, rest)))
        return None

    def called(self, name: bytes) -> str:
        """As `word`; one not listed here by its numbers."""
        return self.word(name) or ber.dotted(name)

    @cached_property
    def _names(self) -> dict[bytes, str]:
        named = {
            ber.oid(oid).removesuffix(b"\0"): word
            for word, oid in {**self.system, **self.scalars}.items()
        }
        named |= {ber.oid(oid): self.words.get(key, key) for key, oid in self.identity.items()}
        return named | {source.prefix: source.object for source in self.sources()}

    @model_validator(mode="after")
    def _is_whole(self) -> Mib:
        if self.kind in _TAKEN:
            raise ValueError(f"kind {self.kind} is taken; call it otherwise")
        if "sysUpTime" not in self.scalars:
            raise ValueError("scalars lack sysUpTime; write sysUpTime: 1.3.6.1.2.1.1.3.0")
        if self.changed is not None and self.changed not in self.scalars:
            raise ValueError("changed is none of scalars; name one of them")
        if self.identity and "name" not in self.identity:
            raise ValueError("identity lacks name; write the OID of what names a row")
        if not self.columns:
            raise ValueError("columns names nothing to read; write one")
        if own := sorted(_OWN & self.columns.keys()):
            raise ValueError(f"a column {own[0]} is there already; call it otherwise")
        for what in ("object", "oid"):
            counts = Counter(getattr(source, what) for source in self.sources())
            for twice in (each for each, count in counts.items() if count > 1):
                raise ValueError(f"{twice} is read twice; keep one")
        return self
