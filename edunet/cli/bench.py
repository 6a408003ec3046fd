"""How fast and how large are we here? Figures, never a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Measure on this machine: time, CPU, memory.")

Save = Annotated[
    bool, typer.Option("--save", help="Also write NAME-DATE.txt into the folder of --results.")
]
Results = Annotated[Path, typer.Option("--results", metavar="DIR", help="Where --save writes.")]
Rounds = Annotated[int, typer.Option("--rounds", min=1, help="Of each way, in turn.")]

_RESULTS = Path("bench/results")


@app.callback()
def group() -> None:
    """Measure on this machine: time, CPU, memory."""


@app.command()
def inventory(
    schools: Annotated[
        int, typer.Option("--schools", help="Schools of the invented network.")
    ] = 30_000,
    counties: Annotated[int, typer.Option("--counties", help="Its counties.")] = 90,
    save: Save = False,
    results: Results = _RESULTS,
) -> None:
    """Invent a network, write it, read it in every way."""
    from edunet.cli._bench_inventory import report
    from edunet.clock import SystemClock
    from edunet.generator import wish

    wished = wish(counties=counties, schools=schools, dense=True)
    _tell("inventory", report(wished, SystemClock()), save, results)


@app.command()
def lateness(
    devices: Annotated[int, typer.Option("--devices", min=10, max=60_000)] = 1000,
    silent: Annotated[
        float, typer.Option("--silent", min=0.001, max=0.5, help="The share that is silent.")
    ] = 0.1,
    period: Annotated[float, typer.Option("--period", min=1, help="Seconds.")] = 10.0,
    periods: Annotated[int, typer.Option("--periods", min=1, help="How many are measured.")] = 3,
    rounds: Rounds = 3,
    save: Save = False,
    results: Results = _RESULTS,
) -> None:
    """Poll many devices with all alive and with some silent: do the dead delay the living?"""
    from edunet.cli._bench_lateness import Plan, report

    _tell("lateness", report(Plan(devices, silent, period, periods, rounds)), save, results)


@app.command()
def poll(
    devices: Annotated[int, typer.Option("--devices", min=1, max=60_000)] = 500,
    together: Annotated[
        int, typer.Option("--together", min=1, max=60_000, help="Devices asked at a time.")
    ] = 64,
    rounds: Rounds = 3,
    save: Save = False,
    results: Results = _RESULTS,
) -> None:
    """Poll the same devices in batches, singly, by libraries and by snmp_exporter: CPU, memory."""
    from edunet.cli._bench_poll import report

    _tell("poll", report(devices, rounds, together), save, results)


@app.command()
def province(
    devices: Annotated[int, typer.Option("--devices", min=10, max=100_000)] = 30_000,
    dead: Annotated[float, typer.Option("--dead", min=0, max=99, help="Per cent.")] = 5.0,
    lossy: Annotated[float, typer.Option("--lossy", min=0, max=99, help="Per cent.")] = 10.0,
    loss: Annotated[
        float, typer.Option("--loss", min=0, max=90, help="Per cent that a lossy device loses.")
    ] = 10.0,
    period: Annotated[float, typer.Option("--period", min=1, help="Seconds.")] = 60.0,
    burst: Annotated[bool, typer.Option("--burst", help="Everybody at once, unpaced.")] = False,
    warm: Annotated[
        int, typer.Option("--warm", min=0, help="Cycles not counted: the dead become known.")
    ] = 3,
    cycles: Annotated[int, typer.Option("--cycles", min=1, help="How many are measured.")] = 1,
    together: Annotated[int, typer.Option("--together", min=1, help="Devices a wake-up.")] = 96,
    save: Save = False,
    results: Results = _RESULTS,
) -> None:
    """Collect tens of thousands of devices in one process, some dead, some losing answers."""
    from edunet.cli._bench_province import Plan, report

    plan = Plan(devices, dead, lossy, loss, period, burst, warm, cycles, together)
    _tell("province-burst" if burst else "province", report(plan), save, results)


@app.command()
def city(
    devices: Annotated[int, typer.Option("--devices", min=1, max=10_000)] = 1101,
    minutes: Annotated[float, typer.Option("--minutes", min=0.01, help="Of each.")] = 2.0,
    warm: Annotated[
        float, typer.Option("--warm", min=0, help="Seconds not counted, of each.")
    ] = 90.0,
    uplinks: Annotated[int, typer.Option("--uplinks", min=1, help="Seconds between.")] = 10,
    ports: Annotated[int, typer.Option("--ports", min=1, help="Seconds between.")] = 60,
    save: Save = False,
    results: Results = _RESULTS,
) -> None:
    """Watch a city by edunet, and by snmp_exporter with Prometheus: the share of a core of each."""
    from edunet.cli._bench_city import Plan, report

    plan = Plan(devices, uplinks, ports, warm, minutes)
    _tell("city", report(plan), save, results)


@app.command()
def icmp(
    targets: Annotated[int, typer.Option("--targets", min=1, max=60_000)] = 1101,
    seconds: Annotated[int, typer.Option("--seconds", min=1, help="Of each round.")] = 20,
    rounds: Rounds = 3,
    save: Save = False,
    results: Results = _RESULTS,
) -> None:
    """Ping many targets each second by edunet and by fping: CPU an echo, round trip, loss."""
    from edunet.cli._bench_icmp import report

    _tell("icmp", report(targets, seconds, rounds), save, results)


@app.command()
def output(
    ports: Annotated[
        int, typer.Option("--ports", min=1000, max=2_000_000, help="About so many interfaces.")
    ] = 30_828,
    rounds: Rounds = 3,
    save: Save = False,
    results: Results = _RESULTS,
) -> None:
    """Write every value for a scraper and for a database, by edunet and by two libraries."""
    from edunet.cli._bench_output import report

    _tell("output", report(ports, rounds), save, results)


def _tell(name: str, report: Iterable[str], save: bool, results: Path) -> None:
    """Print each line when it is known; with `save`, write them down when all are."""
    lines = []
    for line in report:
        typer.echo(line)
        lines.append(line)
    if save:
        typer.echo(f"written to {_save(name, lines, results)}", err=True)


def _save(name: str, lines: list[str], results: Path) -> Path:
    from datetime import UTC, datetime

    from edunet.clock import SystemClock
    from edunet.errors import ConfigError

    day = datetime.fromtimestamp(SystemClock().now() / 1000, UTC).date()
    path = results / f"{name}-{day}.txt"
    try:
        results.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        why = (error.strerror or "no reason given").lower()
        raise ConfigError(f"cannot write {path}: {why}; name another folder by --results") from None
    return path
