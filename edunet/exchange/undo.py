"""How are several files replaced all or none, and put back when it was a mistake?"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from edunet.errors import ConfigError

FOLDER: Final = ".edunet-undo"
KEPT: Final = 20
MANIFEST: Final = "manifest.json"


class Undo:
    """The folder beside an inventory that keeps what its files said before."""

    def __init__(self, inventory: Path) -> None:
        self.inventory = inventory
        self.base = inventory.parent
        self.folder = self.base / FOLDER

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Holds off every other import, and mends what a killed one left half done.

        Raises:
            ConfigError: another one is running, or the folder cannot be written.
        """
        with _said(self.folder):
            self.folder.mkdir(mode=0o700, exist_ok=True)
            lock = (self.folder / "lock").open("a")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                said = f"another import of {self.inventory} is running; wait for it"
                raise ConfigError(said) from None
            with _said(self.folder):
                self._mend()
            yield

    def replace(self, files: Mapping[Path, bytes], when_ms: int) -> None:
        """Writes all files, or leaves all as they are; what they said is kept.

        Raises:
            ConfigError: one of them cannot be written; nothing is changed.
        """
        with _said(self.base):
            number = max(self._numbers(), default=0) + 1
            entry = self.folder / f"{number:06}"
            half = Path(tempfile.mkdtemp(prefix="half-", dir=self.folder))
            said: list[dict[str, Any]] = []
            for at, (file, raw) in enumerate(files.items()):
                before = file.read_bytes()
                _write(half / str(at), before, None)
                relative = os.path.relpath(file.resolve(), self.base.resolve())
                said.append({"file": relative, "before": _hash(before), "after": _hash(raw)})
            manifest = {"inventory": self.inventory.name, "time": when_ms, "files": said}
            self._say(half, {**manifest, "state": "writing"})
            half.replace(entry)
            _sync(self.folder)
            try:
                for file, raw in files.items():
                    _write(file.resolve(), raw, file)
            except OSError:
                self._restore(entry, said)
                shutil.rmtree(entry)
                raise
            self._say(entry, {**manifest, "state": "written"})
            for old in sorted(self._numbers())[:-KEPT]:
                shutil.rmtree(self.folder / f"{old:06}")

    def back(self) -> list[str]:
        """Takes the last replacement back; the names of the files it concerned.

        Raises:
            ConfigError: there is none, or a file was changed since.
        """
        with _said(self.base):
            for number in sorted(self._numbers(), reverse=True):
                entry = self.folder / f"{number:06}"
                manifest = self._read(entry)
                if manifest["inventory"] == self.inventory.name:
                    break
            else:
                raise ConfigError(f"nothing to undo for {self.inventory}")
            for one in manifest["files"]:
                file = self.base / one["file"]
                if not file.is_file() or _hash(file.read_bytes()) != one["after"]:
                    said = f"{file} was changed after the import; its old text is in {entry}"
                    raise ConfigError(f"{said}, take from it what you need")
            self._restore(entry, manifest["files"])
            shutil.rmtree(entry)
            return [one["file"] for one in manifest["files"]]

    def _mend(self) -> None:
        for half in self.folder.glob("half-*"):
            shutil.rmtree(half)
        for stage in self.folder.glob("stage-*"):
            shutil.rmtree(stage)
        for number in self._numbers():
            entry = self.folder / f"{number:06}"
            manifest = self._read(entry)
            if manifest["state"] == "writing":
                self._restore(entry, manifest["files"])
                shutil.rmtree(entry)

    def _restore(self, entry: Path, files: list[dict[str, Any]]) -> None:
        for at, one in enumerate(files):
            file = self.base / one["file"]
            if _hash(file.read_bytes()) == one["after"]:
                _write(file, (entry / str(at)).read_bytes(), file)

    def _numbers(self) -> list[int]:
        if not self.folder.is_dir():
            return []
        return [int(one.name) for one in self.folder.iterdir() if one.name.isdigit()]

    def _read(self, entry: Path) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((entry / MANIFEST).read_text(encoding="utf-8"))
            # What leads out of the folder of the inventory was not written by us.
            inside = all(not one["file"].startswith(("/", "..")) for one in found["files"])
            if {"inventory", "state"} <= found.keys() and inside:
                return found
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise ConfigError(f"{entry / MANIFEST} is damaged; move {entry} away")

    def _say(self, entry: Path, manifest: dict[str, Any]) -> None:
        text = json.dumps(manifest, ensure_ascii=False, indent=2)
        _write(entry / MANIFEST, text.encode(), None)


@contextlib.contextmanager
def _said(place: Path) -> Iterator[None]:
    """An error of the system as one of ours."""
    try:
        yield
    except OSError as error:
        why = (error.strerror or "no reason given").lower()
        said = f"cannot write {error.filename or place}: {why}; nothing was changed"
        raise ConfigError(said) from None


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _write(path: Path, raw: bytes, like: Path | None) -> None:
    """Whole or not at all, and on the disk before it counts; with the rights of `like`."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        if like is not None:
            stat = like.stat()
            Path(name).chmod(stat.st_mode & 0o7777)
            with contextlib.suppress(PermissionError):
                os.chown(name, stat.st_uid, stat.st_gid)
        Path(name).replace(path)
        _sync(path.parent)
    finally:
        Path(name).unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
