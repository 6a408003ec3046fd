"""Is this the same device that answered by SSH the first time?"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import hmac
import logging
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from edunet.errors import AuthError, ConfigError, ProbeError

log = logging.getLogger(__name__)

MAX_BYTES: Final = 16 * 1024 * 1024
_KIND: Final = re.compile(r"[a-z0-9@.-]{3,64}\Z")


class HostKey(NamedTuple):
    """One line of the file: whose key it is, of which kind, and the key as OpenSSH encodes it."""

    line: int
    names: tuple[str, ...]
    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.blob)

    def belongs_to(self, name: str) -> bool:
        return any(_is(name, written) for written in self.names)


class HostKeys:
    """The keys in one `known_hosts` file of OpenSSH's format, safe to use from many threads.

    The file is read again whenever it has changed, so that a line removed by hand counts at once.
    Keys gathered beforehand by `ssh-keyscan`, hashed or not, are held to from the first login.
    """

    def __init__(self, path: Path) -> None:
        """Raises ConfigError when the file is there and cannot be trusted; absent is empty."""
        self._path = path.resolve()
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._keys: tuple[HostKey, ...] = ()
        with self._lock:
            self._refresh()

    def known(self, address: str, port: int) -> tuple[HostKey, ...]:
        """The keys recorded for this address and TCP port.

        Raises:
            ProbeError: the file was damaged meanwhile; nobody is let in on a guess.
        """
        with self._lock:
            try:
                self._refresh()
            except ConfigError as error:
                raise ProbeError(str(error)) from None
            return self._of(host(address, port))

    def record(self, address: str, port: int, kind: str, blob: bytes) -> None:
        """Write down the key of a device that answers for the first time.

        Raises:
            AuthError: another key was recorded meanwhile.
            ProbeError: the key cannot be recorded, hence not be checked the next time.
        """
        name = host(address, port)
        try:
            with self._lock, self._alone():
                self._refresh()
                if found := self._of(name):
                    if (kind, blob) not in {(key.kind, key.blob) for key in found}:
                        raise AuthError(self.refusal(address, port))
                    return
                self._append(f"{name} {kind} {base64.b64encode(blob).decode()}\n")
                self._refresh()
        except ConfigError as error:
            raise ProbeError(str(error)) from None
        except OSError as error:
            why = f"{self._path}: {error.strerror}"
            raise ProbeError(f"the ssh host key of {name} cannot be recorded: {why}") from None
        log.info("first ssh answer of %s, recorded its host key %s", name, fingerprint(blob))

    def refusal(self, address: str, port: int) -> str:
        """What to say when a device shows another key than the recorded one."""
        name = host(address, port)
        lines = ", ".join(str(key.line) for key in self._of(name)) or "?"
        return (
            f"the ssh host key of {name} has changed, so nothing was sent to it; if the device was "
            f"replaced, remove line {lines} of {self._path}, else find out who answers there"
        )

    def _of(self, name: str) -> tuple[HostKey, ...]:
        return tuple(key for key in self._keys if key.belongs_to(name))

    def _refresh(self) -> None:
        try:
            status = self._path.stat()
            seen = (status.st_mtime_ns, status.st_ino, status.st_size)
            if seen == self._seen:
                return
            if status.st_mode & 0o022:
                raise ConfigError(f"{self._path}: others may write it; run chmod 600 on it")
            if status.st_size > MAX_BYTES:
                raise ConfigError(f"{self._path}: over {MAX_BYTES >> 20} MiB; remove what is old")
            text = self._path.read_text("utf-8")
        except FileNotFoundError:
            self._seen, self._keys = None, ()
            return
        except OSError as error:
            raise ConfigError(f"{self._path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ConfigError(f"{self._path}: not text; restore it from a backup") from None
        self._keys = tuple(_parse(self._path, text))
        self._seen = seen

    def _append(self, line: str) -> None:
        """Add a line so that a reader, or a power cut, sees the old file or the new one."""
        old = self._path.read_bytes() if self._path.exists() else b""
        if old and not old.endswith(b"\n"):
            old += b"\n"
        handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=".known_hosts-")
        try:
            with os.fdopen(handle, "wb") as file:  # mkstemp makes it 0600
                file.write(old + line.encode())
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self._path)  # noqa: PTH105 - the same call, named as in POSIX
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold off other processes: two first answers at once must both be remembered."""
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
            os.fsync(folder)
        finally:
            os.close(folder)


def host(address: str, port: int) -> str:
    """How OpenSSH names an address and TCP port in `known_hosts`."""
    return address if port == 22 else f"[{address}]:{port}"


def fingerprint(blob: bytes) -> str:
    """A host key as `ssh-keygen -l` shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _is(name: str, written: str) -> bool:
    if not written.startswith("|1|"):
        return written == name
    salt, digest = (base64.b64decode(part) for part in written[3:].split("|"))
    return hmac.compare_digest(hmac.digest(salt, name.encode(), "sha1"), digest)


def _parse(path: Path, text: str) -> Iterator[HostKey]:
    # One damaged line could be that of any device, and a device without a line is let in as new:
    # so all of the file counts, or none of it.
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        try:
            names, kind, encoded = fields[:3]
            blob = base64.b64decode(encoded, validate=True)
            for written in names.split(","):
                _is("", written)
        except (ValueError, binascii.Error):
            raise ConfigError(f"{path}:{number}: not a host key; correct or remove it") from None
        length = int.from_bytes(blob[:4], "big")
        if not _KIND.match(kind) or blob[4 : 4 + length] != kind.encode():
            raise ConfigError(f"{path}:{number}: not a key of kind {kind[:40]!r}; remove it")
        if any(sign in names for sign in "*?!@"):
            raise ConfigError(f"{path}:{number}: no patterns or markers here; name each address")
        yield HostKey(number, tuple(names.split(",")), kind, blob)
