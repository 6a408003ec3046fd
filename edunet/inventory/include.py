"""Which files does an inventory consist of, and what does each of them say?"""

from __future__ import annotations

import re
from collections import deque
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from edunet.errors import ConfigError
from edunet.inventory import source
from edunet.inventory.csv_columns import table_named
from edunet.inventory.csv_table import parse_table
from edunet.inventory.finding import Finding, quote, spell
from edunet.inventory.model import TABLES
from edunet.inventory.nearest import nearest
from edunet.inventory.source import Document, Rows, Table, locate
from edunet.inventory.wording import unknown_key

MAX_FILES: Final = 1000
MAX_BYTES: Final = 128 * 2**20  # of all files together
ENDINGS: Final = (".csv", ".yaml", ".yml")


def gather(path: Path) -> list[Document]:
    """The inventory at `path`, then every file it includes, in the order of their naming.

    If one of them cannot be found or read, the last document has no data.

    Raises:
        ConfigError: there is no inventory at `path`, or it cannot be opened.
    """
    return _Gathering(path).documents


class _Entry(NamedTuple):
    """One name in a list of files, by the document and the place that names it."""

    by: int
    keys: tuple[int | str, ...]
    name: str
    table: str | None


class _Gathering:
    """The files of one inventory, as they are read."""

    def __init__(self, path: Path) -> None:
        root = source.read(path)
        self.documents = [root]
        self.paths = [path]
        self.folder = path.parent.resolve()
        self.seen = {path.resolve(): (0, 1)}  # the document that includes it, and on which line
        self.above = [-1]
        self.size = path.stat().st_size if path.is_file() else 0
        self.files = 1
        self.lost = False
        waiting = deque(self.entries(0))
        while waiting:
            entry = waiting.popleft()
            waiting.extend(self.follow(entry))
        if self.lost:
            self.documents.append(Document(str(path), None, []))

    def complain(
        self, by: int, keys: tuple[int | str, ...], text: str, *, lost: bool = True
    ) -> None:
        """Notes what is wrong; what a file that is `lost` declares nobody knows."""
        document = self.documents[by]
        self.lost = self.lost or lost
        line = locate(document.data, keys)
        document.findings.append(Finding(document.file, line, f"{spell(keys)}: {text}"))

    def entries(self, by: int) -> list[_Entry]:
        """What a document includes."""
        data = self.documents[by].data
        written = data.get("include") if data is not None else None
        if written is None or self.documents[by].sheet is not None:
            return []
        if not isinstance(written, Rows):
            self.complain(by, ("include",), f"{quote(written)} is not a list; write [FILE, ...]")
            return []
        found = [
            self.entry(by, ("include", index), one)
            for index, one in enumerate(islice(written, MAX_FILES))
        ]
        if len(written) > MAX_FILES:
            text = f"more than {MAX_FILES} files are included; join some of them"
            self.complain(by, ("include", MAX_FILES), text)
        return [one for one in found if one]

    def entry(self, by: int, keys: tuple[int | str, ...], written: Any) -> _Entry | None:
        if isinstance(written, str):
            return _Entry(by, keys, written, None)
        if not isinstance(written, Table):
            self.complain(by, keys, f"{quote(written)} is not a file; write its name")
            return None
        known = ("file", "table")
        strays = written.keys() - set(known)
        for key in strays:
            self.complain(by, (*keys, key), unknown_key(key, known))
        name, table = written.get("file"), written.get("table")
        if not isinstance(name, str):
            if "file" not in {nearest(key, known) for key in strays}:
                self.complain(by, keys, "file is missing; write file: ...")
            return None
        if table is not None and table not in TABLES:
            text = f"{quote(table)} is none of {', '.join(TABLES)}; write one of them"
            self.complain(by, (*keys, "table"), text)
            return None
        return _Entry(by, keys, name, table)

    def follow(self, entry: _Entry) -> list[_Entry]:
        """Reads one file; the entries of its own."""
        path = self.paths[entry.by].parent / entry.name
        if wrong := self.misnamed(entry, path) or self.refusal(entry, path):
            self.complain(entry.by, entry.keys, wrong)
            return []
        if path.resolve() in self.seen:
            self.complain(entry.by, entry.keys, self.again(entry, path), lost=False)
            return []
        self.seen[path.resolve()] = (entry.by, locate(self.documents[entry.by].data, entry.keys))
        self.files += 1
        try:
            document = self.read(path, entry)
        except ConfigError as error:
            why = str(error).removeprefix(f"cannot read {path}: ")
            self.complain(entry.by, entry.keys, f"cannot read {quote(entry.name)}: {why}")
            return []
        self.documents.append(document)
        self.paths.append(path)
        self.above.append(entry.by)
        return self.entries(len(self.documents) - 1)

    def refusal(self, entry: _Entry, path: Path) -> str | None:
        """Why this file is not read."""
        name = quote(entry.name)
        if not path.exists():
            return f"no file {name}{_instead(path)}"
        if not path.is_file():
            return f"{name} is not a file; write the name of one"
        return None if path.resolve() in self.seen else self.too_much(path)

    def misnamed(self, entry: _Entry, path: Path) -> str | None:
        """Why no file of this name is looked for."""
        return self.no_name(entry, path) or self.out_of_reach(entry.name, path)

    def too_much(self, path: Path) -> str | None:
        """Why not one more file is read."""
        self.size += path.stat().st_size
        if self.files >= MAX_FILES:
            return f"more than {MAX_FILES} files are included; join some of them"
        if self.size > MAX_BYTES:
            return f"the files together are over {MAX_BYTES >> 20} MB; include less"
        return None

    def no_name(self, entry: _Entry, path: Path) -> str | None:
        """Why this is not the name of a file that could be read."""
        name, ending = quote(entry.name), path.suffix.lower()
        if not entry.name or len(entry.name) > 255 or not entry.name.isprintable():
            return f"{name} is not the name of a file; write one like sites.csv"
        if ending not in ENDINGS:
            return f"{name} is neither YAML nor CSV; include a file that ends in .yaml or .csv"
        if entry.table and ending != ".csv":
            return f"{name} is no CSV, and needs no table; remove table"
        return None

    def out_of_reach(self, name: str, path: Path) -> str | None:
        """Why a file at this place is not opened."""
        if "\\" in name:
            return f"{quote(name)} has a backslash; write / between folders"
        if name.startswith(("/", "~")) or re.match("[A-Za-z]:", name):
            return f"{quote(name)} is an absolute path; write it as seen from this file"
        try:
            inside = path.resolve().is_relative_to(self.folder)
        except (OSError, RuntimeError):  # a ring of symbolic links
            inside = False
        if not inside:
            remedy = "keep the file in it or below"
            return f"{quote(name)} leads out of the folder of the inventory; {remedy}"
        return None

    def again(self, entry: _Entry, path: Path) -> str:
        """What is wrong with a file that was read already."""
        at, ring = entry.by, [path.name]
        while at != -1:
            ring.append(self.paths[at].name)
            if self.paths[at].resolve() == path.resolve():
                return f"{' > '.join(reversed(ring))} is a ring; a file cannot include itself"
            at = self.above[at]
        by, line = self.seen[path.resolve()]
        first = f"line {line} of {self.documents[by].file}"
        return f"{quote(entry.name)} is already included on {first}; remove one"

    def read(self, path: Path, entry: _Entry) -> Document:
        if path.suffix.lower() != ".csv":
            return source.read(path)
        table = entry.table or table_named(path.name)
        if table is None:
            text = "the name does not say which table this is; write {file: ..., table: sites}"
            return source.refuse(str(path), 1, f"{quote(path.name)}: {text}")
        raw = source.read_bytes(path)
        if len(raw) > source.MAX_BYTES:
            return source.refuse(str(path), 1, source.TOO_LARGE)
        return parse_table(raw, str(path), table)


def _instead(path: Path) -> str:
    """What to write instead of the name of a file that is not there."""
    there: list[str] = []
    if path.parent.is_dir():
        there = [one.name for one in islice(path.parent.iterdir(), 1000)]
    near = nearest(path.name, there)
    return f"; write {near}" if near else "; write its name as seen from this file"
