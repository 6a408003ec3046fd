"""Which files stand under `/static`, and which bytes and headers answer for each?"""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

STATIC: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


class Asset(NamedTuple):
    """One file as it is served; `packed` is None when packing does not pay."""

    body: bytes
    packed: bytes | None
    media_type: str
    version: str


class Assets:
    """Every file of one folder, read once: a few dozen kilobytes.

    A style sheet names its fonts by plain paths; they are replaced by versioned ones, so that
    everything but the page itself may be kept by the browser for ever.
    """

    def __init__(self, folder: Path) -> None:
        files = sorted(path for path in folder.rglob("*") if path.suffix in _TYPES)
        self._assets: dict[str, Asset] = {}
        # Style sheets last: they name the others.
        for path in sorted(files, key=lambda path: path.suffix == ".css"):
            body = path.read_bytes()
            if path.suffix == ".css":
                body = re.sub(rb'url\("([^"]+)"\)', self._versioned, body)
            self._assets[path.relative_to(folder).as_posix()] = _asset(body, path.suffix)

    def get(self, name: str) -> Asset | None:
        """The file of this name below the folder, or None; no path leads out of it."""
        return self._assets.get(name)

    def url(self, name: str) -> str:
        """The address of a file, with the version of its content.

        Raises:
            KeyError: there is no such file.
        """
        return f"/static/{name}?v={self._assets[name].version}"

    def _versioned(self, match: re.Match[bytes]) -> bytes:
        return f'url("{self.url(match[1].decode())}")'.encode()


def _asset(body: bytes, suffix: str) -> Asset:
    packed = gzip.compress(body, 9, mtime=0)
    return Asset(
        body=body,
        packed=packed if len(packed) < 0.9 * len(body) else None,
        media_type=_TYPES[suffix],
        version=hashlib.sha256(body).hexdigest()[:12],
    )


@cache
def shipped() -> Assets:
    """The files that come with edunet."""
    return Assets(STATIC)
