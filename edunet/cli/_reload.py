"""Reads the inventory again while everything goes on."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path

from edunet.cli._house import House
from edunet.errors import ConfigError
from edunet.inventory import Inventory
from edunet.inventory.cache import load_cached
from edunet.reloading import BusyError, Reloaded

log = logging.getLogger(__name__)


class Reloader:
    """Implements `Reloading` for one house and one file."""

    def __init__(
        self,
        house: House,
        inventory: Path,
        settings: Path | None,
        data: Path,
        adapt: Callable[[Inventory], Inventory],
    ) -> None:
        """`adapt` makes of an inventory what can be watched here: the lab may have to."""
        self._house, self._inventory, self._adapt = house, inventory, adapt
        self._data = data
        self._settings = settings or Path("edunet.yaml")
        self._read = _digest(self._settings)
        self._one = threading.Lock()

    def reload(self) -> Reloaded:
        if not self._one.acquire(blocking=False):
            raise BusyError("a reload is under way; ask again when it is over")
        try:
            changed = self._house.replant(self._adapt(load_cached(self._inventory, self._data)))
        except ConfigError as error:
            self._house.refused = str(error)
            log.warning("the inventory was refused, the last good one stays in use:\n%s", error)
            raise
        finally:
            self._one.release()
        self._house.refused = None
        return Reloaded(changed, self._notes())

    def soon(self, *_: object) -> None:
        """Begin a reload and return at once: for a signal. How it went is logged."""
        threading.Thread(target=self._quietly, name="reload", daemon=True).start()

    def _quietly(self) -> None:
        try:
            for note in self.reload().notes:
                log.warning("%s", note)
        except (ConfigError, BusyError) as error:
            if isinstance(error, BusyError):
                log.info("%s", error)

    def _notes(self) -> tuple[str, ...]:
        if _digest(self._settings) == self._read:
            return ()
        return (f"{self._settings} has changed; restart edunet to use it",)


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
