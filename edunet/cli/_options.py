"""Which options do several commands share?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

InventoryPath = Annotated[
    Path, typer.Option("--inventory", metavar="FILE", help="What exists and was promised.")
]
SettingsPath = Annotated[
    Path | None,
    typer.Option("--settings", metavar="FILE", help="How to run; ./edunet.yaml if there is one."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for a program.")]

DEFAULT_INVENTORY = Path("inventory.yaml")
