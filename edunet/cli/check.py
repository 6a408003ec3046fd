"""Are the files right? Every finding at once, one per line."""

from __future__ import annotations

from edunet.cli._options import DEFAULT_INVENTORY, InventoryPath


def command(inventory: InventoryPath = DEFAULT_INVENTORY) -> None:
    """Check the inventory and say everything that is wrong with it."""
