"""What a server refused for good: kept in files a person can read, mend and post again."""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path
from typing import Final

from collector.sinks import Refusal

log = logging.getLogger(__name__)

MOST_BYTES: Final = 64 << 20


class Aside:
    """The folder of one sink; beyond its bound the oldest files go."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self.kept = 0
        self.dropped = 0

    def keep(self, refusal: Refusal, now_ms: int) -> Path:
        """Write one refused body, the server's words as comments on top of it; once only.

        Raises:
            OSError: the disk refused.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        digest = hashlib.sha256(refusal.body).hexdigest()[:16]
        for known in self.folder.glob(f"*-{digest}.{refusal.suffix}"):
            return known
        path = self.folder / f"{now_ms:013}-{digest}.{refusal.suffix}"
        part = path.with_suffix(".part")
        words = "\n".join(f"# {line}" for line in refusal.words.splitlines())
        with part.open("wb") as file:
            file.write(words.encode(errors="replace") + b"\n" + refusal.body + b"\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        self.kept += 1
        self._trim(path)
        return path

    def _trim(self, newest: Path) -> None:
        for part in self.folder.glob("*.part"):  # of a crash: the same refusal comes again
            part.unlink()
        files = sorted(path for path in self.folder.iterdir() if path.is_file())
        size = sum(file.stat().st_size for file in files)
        files.remove(newest)
        for file in files:
            if size <= self.most_bytes:
                return
            size -= file.stat().st_size
            file.unlink()
            self.dropped += 1
            log.warning("%s is over its bound: dropped %s", self.folder, file.name)
