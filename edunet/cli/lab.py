"""Play a virtual city on loopback, and break it."""

from __future__ import annotations

import json
import re
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
    """Say what is cut, degraded, silent and hung, and which agents lie."""
    from lab.control import ask

    _show(ask(data, "status"), as_json)


@app.command()
def cut(link: LinkId, data: DataPath = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Cut a link; what has no other way to the monitor falls silent."""
    _order(data, "cut", link, as_json)


@app.command()
def heal(
    what: Annotated[
        str | None, typer.Argument(metavar="[LINK]", help="A link, or a device; else all.")
    ] = None,
    data: DataPath = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Mend a link, wake a hung device or make its agent honest; without a name, everything."""
    _order(data, "heal", what, as_json)


@app.command()
def flap(link: LinkId, data: DataPath = DEFAULT_DATA, as_json: AsJson = False) -> None:
    """Let a link go and come every three seconds, until it is cut or healed."""
    _order(data, "flap", link, as_json)


@app.command()
def degrade(
    link: LinkId,
    loss: Annotated[
        str | None, typer.Option("--loss", metavar="SHARE", help="10% or 0.1 of the packets.")
    ] = None,
    delay: Annotated[
        str | None, typer.Option("--delay", metavar="TIME", help="50ms more for the round trip.")
    ] = None,
    jitter: Annotated[
        str | None, typer.Option("--jitter", metavar="TIME", help="The delay varies by so much.")
    ] = None,
    data: DataPath = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Let a link lose and delay what passes, SNMP and ping alike; `heal` ends it."""
    if loss is None and delay is None:
        raise typer.BadParameter("write --loss, --delay or both", param_hint="--loss")
    how = {
        "loss": _share(loss or "0"),
        "delay_s": _time("--delay", delay or "0"),
        "jitter_s": _time("--jitter", jitter or "0"),
    }
    _order(data, "degrade", link, as_json, **how)


@app.command()
def agent(
    device: DeviceId,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="honest, 32bit, v1, slow, loop...")],
    data: DataPath = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Let a device's SNMP agent be old, slow, poor or a liar; docs/lab.md names the kinds."""
    _order(data, "agent", device, as_json, kind=kind)


@app.command()
def play(
    device: DeviceId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .snmprec, or one as .bz2.")],
    data: DataPath = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Let a device's SNMP agent answer what was recorded of a real one; `heal` ends it."""
    _order(data, "play", device, as_json, file=str(file.absolute()))


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


def _share(text: str) -> float:
    match = re.fullmatch(r"(\d{1,3}(?:\.\d{1,6})?)(%?)", text)
    share = float(match[1]) / (100 if match[2] else 1) if match else 2.0
    if share > 1:
        said = f"{text[:40]!r} is no share; write 10% or 0.1"
        raise typer.BadParameter(said, param_hint="--loss")
    return share


def _time(option: str, text: str) -> float:
    from pydantic_core import PydanticCustomError

    from edunet.units import seconds

    if re.fullmatch(r"0(ms|s)?", text):
        return 0.0
    try:
        return seconds(text)
    except PydanticCustomError:
        said = f"{text[:40]!r} is no time; write 50ms or 0.2s"
        raise typer.BadParameter(said, param_hint=option) from None


def _order(data: Path, verb: str, what: str | None, as_json: bool, **how: object) -> None:
    from lab.control import ask

    _show(ask(data, verb, what, **how), as_json)


def _show(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=told["network"], show_header=False, title_justify="left")
    shown = {
        **told,
        "degraded": [f"{link} ({_quality(way)})" for link, way in told["degraded"].items()],
        "kinds": [f"{device} ({kind})" for device, kind in told["kinds"].items()],
        "playing": [
            f"{device} ({Path(of['file']).name})" for device, of in told["playing"].items()
        ],
    }
    for label, key in (
        ("links cut", "cut"),
        ("links flapping", "flapping"),
        ("links degraded", "degraded"),
        ("sites without power", "dark"),
        ("devices restarting", "rebooting"),
        ("devices silent", "silent"),
        ("agents hung", "hung"),
        ("agents unlike others", "kinds"),
        ("recordings played", "playing"),
    ):
        if shown[key] or key in {"cut", "silent", "hung"}:
            table.add_row(label, _listed(shown[key]))
    if told["degraded"] and not told["degrades_ping"]:
        table.add_row("pings", "pass unharmed: that needs nft, CAP_NET_ADMIN and CAP_NET_RAW")
    table.add_row("questions", f"{told['asked']} asked, {told['answered']} answered")
    Console().print(table)


def _quality(way: dict[str, float]) -> str:
    """`10 % lost, 50 ms late`."""
    jitter = f" ± {way['jitter_s'] * 1000:g}" if way["jitter_s"] else ""
    return f"{way['loss'] * 100:.3g} % lost, {way['delay_s'] * 1000:g}{jitter} ms late"


def _listed(ids: list[str], shown: int = 12) -> str:
    """`3: a, b, c`, cut short when there are many."""
    more = f" and {len(ids) - shown} more" if len(ids) > shown else ""
    return f"{len(ids)}: {', '.join(ids[:shown])}{more}" if ids else "none"
