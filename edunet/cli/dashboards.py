"""Are the Grafana dashboards what the table says; and if not, write them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    directory: Annotated[
        Path, typer.Option("--directory", metavar="DIR", help="Where the files stand.")
    ] = Path("dashboards"),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if a file differs.")
    ] = False,
) -> None:
    """Write the Grafana dashboards, or check that they are up to date."""
    from edunet.dashboards import DASHBOARDS, text

    wrong = 0
    for name, dashboard in DASHBOARDS.items():
        path, wanted = directory / name, text(dashboard)
        if _read(path) == wanted:
            typer.echo(f"{path}: up to date")
        elif check:
            wrong += 1
            typer.echo(f"{path}: differs from its table; write it by: edunet dashboards")
        else:
            _write(path, wanted)
            typer.echo(f"{path}: written")
    if wrong:
        raise typer.Exit(1)


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _write(path: Path, text: str) -> None:
    from edunet.errors import ConfigError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written ({error.strerror}); choose another place by --directory"
        ) from None
