"""`edunet poll`: ask every device once and say who answered."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Annotated, Any

import typer

from edunet.cli._options import DEFAULT_INVENTORY, AsJson, InventoryPath, SettingsPath


def command(
    inventory: InventoryPath = DEFAULT_INVENTORY,
    settings: SettingsPath = None,
    once: Annotated[bool, typer.Option("--once", help="One round; it is the only kind.")] = True,
    as_json: AsJson = False,
) -> None:
    """Ask every device once by SNMP; ends with 0 if any answered, with 1 if none did."""
    from edunet import settings as settings_file
    from edunet.cli._asking import Collected, asking
    from edunet.inventory import load

    how, what = settings_file.load(settings), load(inventory)

    async def ask() -> dict[str, Any]:
        wall, cpu = time.perf_counter(), time.process_time()
        asked = asking(what, how, inventory.parent)
        try:
            answers = await asked.polling.once(Collected())
        finally:
            await asked.transport.close()
        failed = [
            {"device": answer.ask.device.id, "reason": answer.trouble}
            for answer in answers
            if answer.trouble
        ]
        return {
            "devices": len(answers),
            "answered": sum(bool(answer.varbinds) for answer in answers),
            "varbinds": sum(answer.varbinds for answer in answers),
            "wall_s": round(time.perf_counter() - wall, 3),
            "cpu_s": round(time.process_time() - cpu, 3),
            "failed": sorted(failed, key=lambda row: str(row["device"])),
        }

    found = asyncio.run(ask())
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        typer.echo(
            f"{found['answered']} of {found['devices']} devices answered,"
            f" {found['varbinds']} values in {found['wall_s']} s ({found['cpu_s']} s of CPU)"
        )
        for row in found["failed"]:
            typer.echo(f"  {row['reason']}")
    raise typer.Exit(0 if found["answered"] else 1)
