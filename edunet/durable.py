"""Bytes that are on the disk when we say so."""

from __future__ import annotations

import os
from pathlib import Path


def write_at(fd: int, data: bytes, at: int) -> None:
    """Write all of it at this offset.

    Raises:
        OSError: the disk is full, or broken.
    """
    rest = memoryview(data)
    while rest:
        written = os.pwrite(fd, rest, at)
        rest, at = rest[written:], at + written


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
