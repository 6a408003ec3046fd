"""Writes to files on this machine: JSON lines or CSV, a line for each value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

import orjson
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from collector.sinks import Labels, Outlet, Sink, UnwelcomeError
from collector.sinks._rotating import Rotating
from collector.sinks._samples import LABELS, Named, Samples, Script, samples
from edunet.decimals import decimals
from edunet.errors import DeliveryError
from edunet.frame import Frame

_SCALE: Final = {"kB": 10**3, "MB": 10**6, "GB": 10**9}
_HELPLESS: Final = {1, 2, 13, 17, 20, 21, 30}  # EPERM ENOENT EACCES EEXIST ENOTDIR EISDIR EROFS
HEADER: Final = ",".join(["time", "value", "metric", *LABELS]).encode() + b"\n"


def _size(written: object) -> object:
    match = re.fullmatch(r"([1-9]\d{0,5})(kB|MB|GB)", str(written))
    if not match:
        raise PydanticCustomError("size", "this is no size; write 64MB or 4GB")
    return int(match[1]) * _SCALE[match[2]]


def _named(path: str) -> str:
    if not Path(path).name or path.endswith("/"):
        raise PydanticCustomError("path", "this is a folder; write a file in it: DIR/edunet.jsonl")
    return path


Size = Annotated[int, BeforeValidator(_size), Field(ge=1000)]


class File(Sink):
    """What is full, or of yesterday, gets its day in its name; beyond `keep` the oldest goes."""

    path: Annotated[str, AfterValidator(_named)]
    format: Literal["jsonl", "csv"] = "jsonl"
    size: Size = 64_000_000  # of one file
    keep: Size = 1_000_000_000  # of all files together

    def open(self, labels: Labels) -> Outlet:
        return _Writing(self, labels)


class _Writing:
    """A file has one end: what an outage left goes before what is new."""

    ordered = True
    durable = True
    connections = 1

    def __init__(self, settings: File, labels: Labels) -> None:
        self.left_out: dict[str, int] = {"unnamed": 0}
        self._form = _FORMS[settings.format]
        self._named = Named(labels, self._form.script)
        header = self._form.header
        self._files = Rotating(Path(settings.path), header, settings.size, settings.keep)

    def relabel(self) -> None:
        self._named.forget()

    def write(self, frames: Sequence[Frame]) -> None:
        unnamed = self.left_out["unnamed"]
        # Frame by frame, in the order of the log: what was written before a crash is found again
        # as the end of the file.
        lines = b"".join(self._lines(found) for frame in frames for found in samples([frame]))
        newest = max((int(frame.times.max(initial=0)) for frame in frames), default=0)
        try:
            self._files.append(lines, newest)
        except OSError as error:
            self.left_out["unnamed"] = unnamed
            why = (error.strerror or "it cannot be written").lower()
            if error.errno in _HELPLESS:
                raise UnwelcomeError(f"{self._files.path}: {why}; mend path:") from None
            raise DeliveryError(f"{self._files.path}: {why}") from None

    def close(self) -> None:
        self._files.close()

    def _lines(self, found: Samples) -> bytes:
        heads = self._named.of(found.kind, found.metric, found.slots.tolist())
        if nameless := heads.count(b""):
            self.left_out["unnamed"] += nameless
            known = [bool(head) for head in heads]
            heads = list(filter(None, heads))
            found = found._replace(times=found.times[known], values=found.values[known])
        parts = [b""] * (3 * len(heads))
        parts[::3] = decimals(found.times, self._form.begin, self._form.between)
        parts[1::3] = decimals(found.values)
        parts[2::3] = heads
        return b"".join(parts)


class _Form(NamedTuple):
    """What stands around the time and the value of a line."""

    begin: bytes
    between: bytes
    header: bytes
    script: Script


def _json(labels: Mapping[str, str]) -> bytes:
    return orjson.dumps(labels)[1:] + b"\n"


def _csv(labels: Mapping[str, str]) -> bytes:
    return _row(labels.get(name, "") for name in LABELS).encode()


def _row(fields: Iterable[str]) -> str:
    """By RFC 4180, but that a line is a row: line ends within a field become spaces."""
    told = (re.sub(r"[\r\n]+", " ", field) for field in fields)
    return (
        ",".join(
            '"' + field.replace('"', '""') + '"' if re.search('[",]', field) else field
            for field in told
        )
        + "\n"
    )


_FORMS: Final = {
    "jsonl": _Form(
        b'{"time":',
        b',"value":',
        b"",
        Script(_json, lambda metric, labels: b',"metric":"%s",' % metric.encode() + labels),
    ),
    "csv": _Form(
        b"", b",", HEADER, Script(_csv, lambda metric, labels: b",%s," % metric.encode() + labels)
    ),
}
