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
        typer.echo(f"written to {_save(lines, results)}", err=True)


def _save(lines: list[str], results: Path) -> Path:
    from datetime import UTC, datetime

    from edunet.clock import SystemClock
    from edunet.errors import ConfigError

    day = datetime.fromtimestamp(SystemClock().now() / 1000, UTC).date()
    path = results / f"inventory-{day}.txt"
    try:
        results.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        why = (error.strerror or "no reason given").lower()
        raise ConfigError(f"cannot write {path}: {why}; name another folder by --results") from None
    return path
