"""Of which files does an inventory consist, and what would they say after some steps?"""

from __future__ import annotations

import codecs
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from edunet.errors import ConfigError
from edunet.exchange.csvfile import CsvFile
from edunet.exchange.edit import YamlFile
from edunet.exchange.plan import Step
from edunet.inventory.include import gather


class Files:
    """The files of the inventory at `path`, as they are now.

    Raises:
        ConfigError: one of them cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.root = path
        self.raw: dict[Path, bytes] = {}
        self.tables: dict[Path, str] = {}
        for document in gather(path):
            file = Path(document.file)
            if document.data is None:
                raise ConfigError("\n".join(map(str, document.findings)))
            raw = file.read_bytes()
            self.raw[file] = raw
            if document.sheet is not None:
                (self.tables[file],) = document.data

    @cached_property
    def held(self) -> dict[Path, YamlFile | CsvFile]:
        """What each file holds; found only when something is to be changed."""
        return {file: self.again(file, raw) for file, raw in self.raw.items()}

    def again(self, file: Path, raw: bytes) -> YamlFile | CsvFile:
        """What one of the files holds when it says this."""
        if file in self.tables:
            return CsvFile(raw, str(file), self.tables[file])
        return YamlFile(raw.decode("utf-8-sig"))

    def digest(self) -> str:
        """A hash of the bytes of all files."""
        whole = hashlib.sha256()
        for file, raw in self.raw.items():
            whole.update(f"{file}\0{len(raw)}\0".encode("utf-8", "surrogateescape") + raw)
        return whole.hexdigest()

    def changed(self, steps: Sequence[Step]) -> dict[Path, bytes]:
        """The new bytes of every file that the steps change.

        Raises:
            ConfigError: a value has no place in the file where its thing stands.
        """
        if not steps:
            return {}
        shares: defaultdict[Path, list[Step]] = defaultdict(list)
        places = {
            (table, name): file
            for file, held in reversed(self.held.items())
            for _, _, table, name in held.lines()
        }
        for step in steps:
            if step.action == "add":
                shares[self._home(step.table)].append(step)
            else:
                shares[places[step.table, step.id]].append(step)
        made: dict[Path, bytes] = {}
        for file, share in shares.items():
            held = self.held[file]
            if isinstance(held, CsvFile):
                made[file] = held.changed(share)
            else:
                mark = codecs.BOM_UTF8 if self.raw[file].startswith(codecs.BOM_UTF8) else b""
                made[file] = mark + held.changed(share).encode()
        return {file: raw for file, raw in made.items() if raw != self.raw[file]}

    def _home(self, table: str) -> Path:
        """Where new things of a table go: after the last of its kind, else into the inventory."""
        having = [
            file
            for file, held in self.held.items()
            if (held.table == table if isinstance(held, CsvFile) else held.sections.get(table))
        ]
        return having[-1] if having else self.root
