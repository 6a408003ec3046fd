"""How fast and how large are we here? Figures, never a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Measure on this machine: time, CPU, memory.")


@app.callback()
def group() -> None:
    """Measure on this machine: time, CPU, memory."""


@app.command()
def inventory(
    schools: Annotated[
        int, typer.Option("--schools", help="Schools of the invented network.")
    ] = 30_000,
    counties: Annotated[int, typer.Option("--counties", help="Its counties.")] = 90,
    save: Annotated[
        bool, typer.Option("--save", help="Also write inventory-DATE.txt into --results.")
    ] = False,
    results: Annotated[
        Path, typer.Option("--results", metavar="DIR", help="Where --save writes.")
    ] = Path("bench/results"),
) -> None:
    """Invent a network, write it, read it in every way."""
    from edunet.cli._bench_inventory import report
    from edunet.clock import SystemClock
    from edunet.generator import wish

    wished = wish(counties=counties, schools=schools, dense=True)
    lines = []
    for line in report(wished, SystemClock()):
        typer.echo(line)
        lines.append(line)
    if save:
        typer.echo(f"written to {_save('inventory', lines, results)}", err=True)


@app.command()
def lateness(
    devices: Annotated[int, typer.Option("--devices", min=10, max=60_000)] = 1000,
    silent: Annotated[
        float, typer.Option("--silent", min=0.001, max=0.5, help="The share that is silent.")
    ] = 0.1,
    period: Annotated[float, typer.Option("--period", min=1, help="Seconds.")] = 10.0,
    periods: Annotated[int, typer.Option("--periods", min=1, help="How many are measured.")] = 3,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Runs of each kind.")] = 3,
    save: Annotated[
        bool, typer.Option("--save", help="Also write lateness-DATE.txt into --results.")
    ] = False,
    results: Annotated[
        Path, typer.Option("--results", metavar="DIR", help="Where --save writes.")
    ] = Path("bench/results"),
) -> None:
    """Poll many devices with all alive and with some silent: do the dead delay the living?"""
    from edunet.cli._bench_lateness import Plan, report

    lines = []
    for line in report(Plan(devices, silent, period, periods, rounds)):
        typer.echo(line)
        lines.append(line)
    if save:
        typer.echo(f"written to {_save('lateness', lines, results)}", err=True)


@app.command()
def poll(
    devices: Annotated[int, typer.Option("--devices", min=1, max=60_000)] = 500,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Of each way.")] = 3,
    save: Annotated[
        bool, typer.Option("--save", help="Also write poll-DATE.txt into --results.")
    ] = False,
    results: Annotated[
        Path, typer.Option("--results", metavar="DIR", help="Where --save writes.")
    ] = Path("bench/results"),
) -> None:
    """Poll the same devices in batches, singly, and by other libraries: CPU and ratios."""
    from edunet.cli._bench_poll import report

    lines = []
    for line in report(devices, rounds):
        typer.echo(line)
        lines.append(line)
    if save:
        typer.echo(f"written to {_save('poll', lines, results)}", err=True)


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
