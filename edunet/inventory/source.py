"""What does a YAML file say, and on which line? Every scalar stays the text its writer wrote.

So `no`, `08:30`, `010` and `2026-09-01` mean themselves, and the schema alone decides what is a
number. What could make a small file large (anchors, aliases, tags, depth) is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Set
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from edunet.errors import ConfigError
from edunet.inventory.finding import Finding, quote

MAX_BYTES: Final = 64 * 2**20
TOO_LARGE: Final = f"the file is over {MAX_BYTES >> 20} MB; split it"
MAX_DEPTH: Final = 20
MAX_VALUES: Final = 5_000_000
MAX_FLAWS: Final = 500
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_NO_KEY: Final = ("", 0)
# The text itself is not shown: it may be a password that begins with the sign.
_QUOTE: Final = "write it out, or quote text that begins with {}"


class Table(dict[str, Any]):
    """A mapping that knows its line; `lines` holds only the keys that stand on another one."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


class Rows(list[Any]):
    """A list that knows the line of every item."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


class Sheet(NamedTuple):
    """How a table's file names the keys of a row, and the cells that were refused already."""

    headers: Mapping[tuple[int | str, ...], str]
    refused: Set[tuple[int | str, ...]] = frozenset()


class Document(NamedTuple):
    """A file as it was read. `data` is None when its findings leave nothing to judge.

    `sheet` is there when the file is a table; `sha256` is that of the file's bytes.
    """

    file: str
    data: Table | None
    findings: list[Finding]
    sheet: Sheet | None = None
    sha256: str = ""


def locate(data: object, keys: tuple[int | str, ...]) -> int:
    """The line of the value at `keys` below `data`, or of the innermost thing that is there."""
    line = data.line if isinstance(data, Table | Rows) else 1
    for key in keys:
        if isinstance(data, Table) and key in data:
            line = data.lines.get(str(key), data.line)
        elif isinstance(data, Rows) and isinstance(key, int) and key < len(data):
            line = data.lines[key]
        else:
            break
        data = data[key]  # type: ignore[index]  # a Rows by an int, a Table by its key
    return line


def read(path: Path) -> Document:
    """The YAML document at `path`.

    Raises:
        ConfigError: there is no such file, or it cannot be opened.
    """
    raw = read_bytes(path)
    if len(raw) > MAX_BYTES:
        return refuse(str(path), 1, TOO_LARGE)
    return parse(raw, str(path))


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a file, at most one more than `limit`, so that too large a file shows.

    Raises:
        ConfigError: there is no such file, or it cannot be opened.
    """
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except FileNotFoundError:
        raise ConfigError(f"no file {path}; write one, or name it by --inventory FILE") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a file name"
        raise ConfigError(f"cannot read {path}: {why.lower()}; name another file") from None


def parse(raw: bytes, file: str) -> Document:
    """The document these bytes hold; `file` is only its name."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return refuse(file, line, "this is not UTF-8 text; save the file as UTF-8")
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except Unreadable as error:
        builder.flaws.append(error.args)
        builder.root = None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        builder.flaws.append((line, f"not YAML: {_words(error, line)}"))
        builder.root = None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        builder.flaws.append((line, "a control character is in the text; remove it"))
        builder.root = None
    else:
        builder.expect_table()
    data = builder.root if isinstance(builder.root, Table) else None
    findings = [Finding(file, *flaw) for flaw in builder.flaws]
    return Document(file, data, findings, sha256=sha256(raw).hexdigest())


def refuse(file: str, line: int, text: str) -> Document:
    """A document that one mistake leaves nothing of."""
    return Document(file, None, [Finding(file, line, text)])


def _words(error: yaml.MarkedYAMLError, line: int) -> str:
    """The parser's own words, then what usually helps."""
    said = error.problem or "the parser gives no reason"
    if error.context:
        said = f"{said}, {error.context}"
        if error.context_mark and error.context_mark.line < line - 1:
            said = f"{said} from line {error.context_mark.line + 1}"
    if "cannot start any token" in said:
        return f"{said}; write spaces instead of a tab, and quote text that begins with a sign"
    return f"{said}; check the brackets, colons and indentation up to here"


class Unreadable(Exception):  # noqa: N818 (it never leaves the readers)
    """(line, text): from here on the file makes no sense."""


class _Builder:
    """Builds the tree from the parser's events, without recursion."""

    def __init__(self) -> None:
        self.root: Any = None
        self.flaws: list[tuple[int, str]] = []
        self.open: list[Table | Rows] = []
        self.keys: list[tuple[str, int]] = []  # the key, with its line, that waits for its value
        self.values = 0
        self.documents = 0

    def take(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self.scalar(event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self.container(event, Table if kind is yaml.MappingStartEvent else Rows)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self.open.pop()
            self.keys.pop()
        elif kind is yaml.AliasEvent:
            line = event.start_mark.line + 1
            raise Unreadable(line, f"an alias is not read; {_QUOTE.format('*')}")
        elif kind is yaml.DocumentStartEvent:
            self.documents += 1
            if self.documents > 1:
                line = event.start_mark.line + 1
                raise Unreadable(line, "a second document begins here; write one per file")

    def scalar(self, event: Any) -> None:
        line = self.admit(event)
        if self.open and type(self.open[-1]) is Table and self.keys[-1] is _NO_KEY:
            self.keys[-1] = (sys.intern(event.value), line)
            return
        plain = event.implicit[0] and event.value in _NULLS
        self.place(None if plain else event.value, line)

    def container(self, event: Any, kind: type[Table | Rows]) -> None:
        line = self.admit(event)
        if len(self.open) >= MAX_DEPTH:
            raise Unreadable(line, f"nested deeper than {MAX_DEPTH} levels; write it flatter")
        if self.open and type(self.open[-1]) is Table and self.keys[-1] is _NO_KEY:
            raise Unreadable(line, "a key is a list or a mapping; write text as the key")
        made = kind(line)
        self.place(made, line)
        self.open.append(made)
        self.keys.append(_NO_KEY)

    def admit(self, event: Any) -> int:
        line: int = event.start_mark.line + 1
        self.values += 1
        if self.values > MAX_VALUES:
            raise Unreadable(line, f"more than {MAX_VALUES} values in one file; split it")
        if event.anchor is not None:
            self.flaw(line, f"an anchor is not read; {_QUOTE.format('&')}")
        if event.tag is not None:
            self.flaw(line, f"a tag is not read; {_QUOTE.format('!')}")
        return line

    def flaw(self, line: int, text: str) -> None:
        self.flaws.append((line, text))
        if len(self.flaws) >= MAX_FLAWS:
            raise Unreadable(line, f"{MAX_FLAWS} mistakes up to here; repair these first")

    def place(self, value: Any, line: int) -> None:
        if not self.open:
            self.root = value
            return
        top = self.open[-1]
        if isinstance(top, Rows):
            top.append(value)
            top.lines.append(line)
            return
        key, line = self.keys[-1]
        self.keys[-1] = _NO_KEY
        if key in top:
            first = top.lines.get(key, top.line)
            self.flaw(line, f"the key {quote(key)} is already on line {first}; remove one")
            return
        top[key] = value
        if line != top.line:
            top.lines[key] = line

    def expect_table(self) -> None:
        if self.root is None:
            self.flaws.append((1, "the file is empty; write network: and sites:"))
        elif not isinstance(self.root, Table):
            got = quote(self.root)
            self.flaws.append((1, f"the file is {got}; write sections such as network: and sites:"))
