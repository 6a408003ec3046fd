"""Is this file a workbook that may be opened, and what are its parts? Bounded before it is read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final
from xml.parsers import expat

from edunet.errors import ConfigError

MAX_FILE: Final = 32 * 2**20
MAX_UNPACKED: Final = 256 * 2**20
MAX_PARTS: Final = 2000
MAX_MARKS: Final = 8_000_000  # elements in one part
CHUNK: Final = 65_536
SILENT: Final = 16  # chunks without any event: one value of a megabyte
_CENTRAL: Final = b"PK\x01\x02"  # a file's entry in the directory of a ZIP
_OLD: Final = b"\xd0\xcf\x11\xe0"  # the container of .xls, and of an encrypted .xlsx

Start = Callable[[str, dict[str, str]], None]


class Archive:
    """The parts of an .xlsx file.

    Raises:
        ConfigError: the file is none, is damaged, holds macros or links to other files, or would
            unpack to more than 256 MB.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        raw = _bytes(path)
        if raw.startswith(_OLD):
            raise self.refusal("is an old or a locked workbook; save it as .xlsx without password")
        if not raw.startswith(b"PK"):
            raise self.refusal("is no workbook; save it as .xlsx")
        if raw.count(_CENTRAL) > MAX_PARTS:
            raise self.refusal(f"has over {MAX_PARTS} parts; save only the tables")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
            parts = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError):
            raise self._damaged() from None
        self.names = {part.filename: part for part in parts}
        self._inspect(parts)

    def _inspect(self, parts: list[zipfile.ZipInfo]) -> None:
        if len(self.names) < len(parts):
            raise self._damaged()
        if sum(part.file_size for part in parts) > MAX_UNPACKED:
            size = MAX_UNPACKED >> 20
            raise self.refusal(
                f"unpacks to over {size} MB; clear the formatting of empty rows, or split it"
            )
        known = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
        if any(part.flag_bits & 1 or part.compress_type not in known for part in parts):
            raise self.refusal("is locked or packed in a way nobody else does; save it anew")
        for name in self.names:
            lower = name.lower()
            if "vbaproject" in lower or lower.startswith("xl/macrosheets/"):
                raise self.refusal("holds macros; save it as .xlsx")
            if lower.startswith("xl/externallinks/"):
                raise self.refusal("links to other files; paste the values and break the links")

    def refusal(self, why: str) -> ConfigError:
        """The error that says why this file is not read."""
        return ConfigError(f"{self.path} {why}")

    def _damaged(self) -> ConfigError:
        return self.refusal("is damaged; open it in Excel or WPS and save it anew")

    def walk(self, part: str, start: Start, end: Callable[[str], None] | None = None,
             text: Callable[[str], None] | None = None) -> None:  # fmt: skip
        """Every element of an XML part, in order, by its local name; nothing if it is not there.

        Raises:
            ConfigError: it is not XML, declares entities, or is too large.
        """
        if part not in self.names:
            return
        walker = _Walker(start, end, text)
        try:
            with self._zip.open(self.names[part]) as stream:
                while chunk := stream.read(CHUNK):
                    walker.feed(chunk)
                walker.parser.Parse(b"", True)
        except _TooMuchError:
            raise self.refusal(f"is too large in {part}; keep only the rows you need") from None
        except (expat.ExpatError, zipfile.BadZipFile, EOFError, OSError, NotImplementedError,
                ValueError):  # fmt: skip
            raise self._damaged() from None
        except zipfile.zlib.error:  # type: ignore[attr-defined]  # zipfile lets it through
            raise self._damaged() from None


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE + 1)
    except FileNotFoundError:
        raise ConfigError(f"no file {path}; name the workbook") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a file name"
        raise ConfigError(f"cannot read {path}: {why.lower()}; name another file") from None
    if len(raw) > MAX_FILE:
        raise ConfigError(f"{path} is over {MAX_FILE >> 20} MB; split it")
    return raw


class _TooMuchError(Exception):
    pass


class _Walker:
    """Feeds an XML parser, and stops it when a document is only there to fill the memory."""

    def __init__(
        self,
        start: Start,
        end: Callable[[str], None] | None,
        text: Callable[[str], None] | None,
    ) -> None:
        self._begin, self._finish, self._said = start, end, text
        self._marks = self._heard = self._silent = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.CharacterDataHandler = self._text
        if end is not None:
            self.parser.EndElementHandler = self._end

    def feed(self, chunk: bytes) -> None:
        heard = self._heard
        self.parser.Parse(chunk, False)
        self._silent = self._silent + 1 if heard == self._heard else 0
        if self._silent > SILENT:
            raise _TooMuchError

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._marks += 1
        self._heard += 1
        if self._marks > MAX_MARKS:
            raise _TooMuchError
        self._begin(name.rpartition(" ")[2], attributes)

    def _end(self, name: str) -> None:
        assert self._finish is not None  # noqa: S101 (set together with the handler)
        self._finish(name.rpartition(" ")[2])

    def _text(self, said: str) -> None:
        self._heard += 1
        if self._said is not None:
            self._said(said)

    def _doctype(self, *_: object) -> None:
        raise _TooMuchError
