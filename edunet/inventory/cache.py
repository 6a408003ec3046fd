"""Has this inventory been read before? Then it is there at once.

The compiled inventory lies in the data folder. It is used only if every file it was made from has
the same bytes, the code that reads them is the same, it is whole, and nobody but us can write it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import VERSION, BaseModel

from edunet import __version__
from edunet.errors import ConfigError
from edunet.inventory.child import DEADLINE_S, Compiled, compile_in_child
from edunet.inventory.compiled import restore
from edunet.inventory.model import Inventory
from edunet.inventory.secret import SecretRef

NAME: Final = "inventory.cache"
MAX_BYTES: Final = 2**28


def load_cached(
    path: Path, folder: Path, *, strict: bool = False, deadline_s: float = DEADLINE_S
) -> Inventory:
    """The inventory at `path`: as it was compiled in `folder`, else read by a child and kept there.

    With `strict` a warning is an error. A cache that cannot be read or written is no error.

    Raises:
        ConfigError: with every finding, one per line; or the child has come to a bad end.
    """
    file = folder / NAME
    compiled = _kept(file, path)
    inventory = _restored(compiled)
    if compiled is None or inventory is None:
        compiled = compile_in_child(path, deadline_s=deadline_s)
        inventory = restore(compiled.frames)
        # A secret that was written out would be written out a second time.
        if not any(secret.literal for secret in _secrets(inventory.credentials)):
            _keep(file, path, compiled)
    if strict and compiled.warnings:
        raise ConfigError("\n".join(compiled.warnings))
    return inventory


def _restored(compiled: Compiled | None) -> Inventory | None:
    if compiled is None:
        return None
    try:
        return restore(compiled.frames)
    except (ValueError, TypeError, LookupError):
        return None


def _kept(file: Path, path: Path) -> Compiled | None:
    """What lies in the cache, if it is of this inventory as it is now."""
    try:
        head, *lines = _read(file)
        said = orjson.loads(head)
        if said["by"] != _reader() or said["path"] != str(path):
            return None
        if said["sha256"] != _digest_of(lines):
            return None
        if not all(_digest(Path(name)) == digest for name, digest in said["files"]):
            return None
        return Compiled(said["files"], said["warnings"], lines)
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _read(file: Path) -> list[bytes]:
    """The lines of a file that is ours alone.

    Raises:
        OSError: it is not there, or somebody else's, or somebody else may write it.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(file, flags), "rb") as opened:  # noqa: PTH123 (an open descriptor)
        info = os.fstat(opened.fileno())
        ours = stat.S_ISREG(info.st_mode) and info.st_uid == os.geteuid()
        if not ours or info.st_mode & 0o077 or info.st_size > MAX_BYTES:
            raise PermissionError(file)
        return list(opened)


def _digest_of(lines: list[bytes]) -> str:
    digest = sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest() if path.is_file() else ""


def _keep(file: Path, path: Path, compiled: Compiled) -> None:
    head = orjson.dumps(
        {
            "by": _reader(),
            "path": str(path),
            "sha256": _digest_of(compiled.frames),
            "files": compiled.files,
            "warnings": compiled.warnings,
        }
    )
    new = file.with_suffix(".new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(new, flags, 0o600), "wb") as opened:  # noqa: PTH123 (a descriptor)
            opened.writelines((head, b"\n", *compiled.frames))
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(file)
    except OSError:
        with suppress(OSError):
            new.unlink(missing_ok=True)


@cache
def _reader() -> str:
    """What reads inventories here: versions, and the bytes of the code and tables that do."""
    digest = sha256(f"{__version__} {VERSION}".encode())
    here = Path(__file__).parent
    beside = [here.parent / name for name in ("model.py", "units.py")]
    for file in [*beside, *sorted(here.glob("*.py")), *sorted(here.glob("*.yaml"))]:
        digest.update(file.name.encode() + b"\0" + sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _secrets(value: Any) -> Iterator[SecretRef]:
    if isinstance(value, SecretRef):
        yield value
    elif isinstance(value, BaseModel | dict):
        for part in dict(value).values():
            yield from _secrets(part)
