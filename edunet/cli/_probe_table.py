"""One table of one device, as `edunet probe --table` shows it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import typer

from collector.mibs import INTERFACES
from collector.transports import Ask, Row
from edunet.cli._asking import asking
from edunet.cli._probe_snmp import keep_quiet, say
from edunet.errors import ConfigError, ProbeError
from edunet.frame import Frame, Reason
from edunet.inventory import Device, Inventory
from edunet.settings import Settings


async def show(
    device: Device, table: str, what: Inventory, how: Settings, folder: Path, debug: bool
) -> bool:
    """Which rows it has, and what is in them; whether it answered."""
    if table == INTERFACES:
        raise ConfigError("interfaces are shown without --table; leave it out")
    if not device.snmp:
        raise ConfigError(f"{device.id} is not asked by SNMP; write snmp: in its entry")
    only = what.model_copy(update={"devices": (device,), "links": (), "vantage": ()})
    asked = asking(only, how, folder, say if debug else keep_quiet)
    try:
        slot = partial(asked.catalog.slot, table, device.id)
        rows = await asked.transport.rows_of(device, table, slot)
        typer.echo(f"snmp   {table}: {len(rows)} rows")
        ask = Ask(device, 0, rows, table=table)
        async for answer in asked.transport.poll([ask]):
            for frame in answer.frames:
                if frame.kind != "device":
                    _print(rows, frame)
            if answer.trouble:
                say(f"trouble: {answer.trouble}")
            return bool(answer.answered == 1)
    except ProbeError as error:
        typer.echo(f"snmp   {error}")
    finally:
        await asked.transport.close()
    return False


def _print(rows: tuple[Row, ...], frame: Frame) -> None:
    """A line for each row; in the place of a value that is not believed, why."""
    names = {row.slot: row.name for row in rows}
    columns = sorted(frame.columns, key=lambda name: name == "bits")  # what is read comes first
    widths = {name: max(12, len(name) + 2) for name in columns}
    say(f"{'row':28}" + "".join(f"{name:>{widths[name]}}" for name in columns))
    for at, slot in enumerate(frame.slots.tolist()):
        said = "".join(f"{_cell(frame, name, at):>{widths[name]}}" for name in columns)
        say(f"{names[slot]:28}{said}")


def _cell(frame: Frame, name: str, at: int) -> str:
    if not frame.good(name)[at]:
        return Reason(int(frame.reason[name][at])).label
    value = frame.columns[name][at]
    return f"{value:.6g}" if frame.columns[name].dtype.kind == "f" else str(value)
