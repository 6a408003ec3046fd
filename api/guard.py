"""Whether a request that changes something comes from us: any page can reach loopback."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from fastapi import HTTPException, Request

_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def same_origin(request: Request) -> None:
    """Let the request pass, or not.

    `Host` must be this machine, which a rebound name is not; a browser must say that the request
    comes from our own page (`Sec-Fetch-Site`, else `Origin`). Programs send neither.

    Raises:
        HTTPException: 403.
    """
    host = _name(f"//{request.headers.get('host', '')}")
    if host not in _LOCAL and not (host or "").startswith("127."):
        raise HTTPException(403, "not asked under a name of this machine; use 127.0.0.1")
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        ours = site in ("same-origin", "none")
    else:
        ours = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not ours:
        raise HTTPException(403, "asked by a page of another site; use edunet's own")


def _name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
