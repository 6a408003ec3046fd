"""Who takes what the collector learns."""

from __future__ import annotations

from typing import Protocol

from edunet.facts import Cli, Facts
from edunet.frame import Frame


class Consumer(Protocol):
    """Every call returns at once, whatever the state of the rest of the house."""

    def frame(self, frame: Frame) -> None:
        """Take evidence."""

    def facts(self, device: str, facts: Facts) -> None:
        """Take what a device said about itself by SNMP."""

    def cli(self, device: str, cli: Cli) -> None:
        """Take what a device said on its command line."""
