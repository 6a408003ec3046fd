"""Play a virtual city on loopback, and break it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edunet.cli._options import DEFAULT_INVENTORY, AsJson, InventoryPath

if TYPE_CHECKING:
    from lab.play import Play

app = typer.Typer(no_args_is_help=True, help="Play a virtual city on loopback, and break it.")

DataPath = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="The data folder of the running city.")
]
DEFAULT_DATA = Path("data")
LinkId = Annotated[str, typer.Argument(metavar="LINK", help="A link's id in the inventory.")]
DeviceId = Annotated[str, typer.Argument(metavar="DEVICE", help="A device's id in the inventory.")]


@app.command()
def up(inventory: InventoryPath = DEFAULT_INVENTORY, data: DataPath = DEFAULT_DATA) -> None:
    """Play the inventory's city in the foreground, until Ctrl-C."""
    import asyncio
    import signal

    from edunet.clock import SystemClock
    from edunet.inventory import load
    from lab.play import Play, communities

    city = load(inventory)
    play = Play(city, communities(city), data, SystemClock())

    async def run() -> None:
        stop = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        await play.run(stop, _announce)

    asyncio.run(run())


def _announce(play: Play) -> None:
    status = play.status()
    typer.echo(f"{status['network']}: {status['agents']} agents answer; Ctrl-C ends the city")
    if not play.pings:
        typer.echo("without nft and CAP_NET_ADMIN dead devices still answer ping", err=True)


@app.command()
def status(data: DataPath = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Say what is cut, silent and hung."""
    from lab.control import ask

    _show(ask(data, "status"), as_json)


@app.command()
def cut(link: LinkId, data: DataPath = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Cut a link; what has no other way to the monitor falls silent."""
    _order(data, "cut", link, as_json)


@app.command()
def heal(
    what: Annotated[
        str | None, typer.Argument(metavar="[LINK]", help="A link, or a hung device; else all.")
    ] = None,
    data: DataPath = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Mend a link or wake a hung device; without a name, everything."""
    _order(data, "heal", what, as_json)


@app.command()
def flap(link: LinkId, data: DataPath = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Let a link go and come every three seconds, until it is cut or healed."""
    _order(data, "flap", link, as_json)


@app.command()
def reboot(device: DeviceId, data: DataPath = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Restart a device: off for ten seconds, then uptime and counters from zero."""
    _order(data, "reboot", device, as_json)


@app.command()
def hang(device: DeviceId, data: DataPath = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Hang a device's SNMP agent; it still forwards and answers ping. `heal` wakes it."""
    _order(data, "hang", device, as_json)


@app.command()
def reindex(device: DeviceId, data: DataPath = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Renumber a device's interfaces, as a stack change does."""
    _order(data, "reindex", device, as_json)


@app.command()
def power(
    site: Annotated[str, typer.Argument(metavar="SITE", help="A site's id in the inventory.")],
    state: Annotated[str, typer.Argument(metavar="on|off")],
    data: DataPath = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Switch the mains of a site off or on."""
    if state not in {"on", "off"}:
        raise typer.BadParameter("write on or off", param_hint="on|off")
    _order(data, f"power-{state}", site, as_json)


def _order(data: Path, verb: str, what: str | None, as_json: bool) -> None:
    from lab.control import ask

    _show(ask(data, verb, what), as_json)


def _show(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=told["network"], show_header=False, title_justify="left")
    for label, key in (
        ("links cut", "cut"),
        ("links flapping", "flapping"),
        ("sites without power", "dark"),
        ("devices restarting", "rebooting"),
        ("devices silent", "silent"),
        ("agents hung", "hung"),
    ):
        if told[key] or key in {"cut", "silent", "hung"}:
            table.add_row(label, _listed(told[key]))
    table.add_row("questions", f"{told['asked']} asked, {told['answered']} answered")
    Console().print(table)


def _listed(ids: list[str], shown: int = 12) -> str:
    """`3: a, b, c`, cut short when there are many."""
    more = f" and {len(ids) - shown} more" if len(ids) > shown else ""
    return f"{len(ids)}: {', '.join(ids[:shown])}{more}" if ids else "none"
