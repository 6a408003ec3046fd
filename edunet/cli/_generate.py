"""Write an invented network of any size: `edunet inventory generate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edunet.generator import City


def generate(
    *,
    counties: Annotated[int, typer.Option("--counties", help="How many counties, 1 to 200.")] = 13,
    schools: Annotated[int, typer.Option("--schools", help="How many schools in all.")] = 1101,
    seed: Annotated[
        int, typer.Option("--seed", help="The same seed gives the same network, byte by byte.")
    ] = 1,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE|DIR", help="Else stdout.")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="yaml|csv", help="One file, or a folder of tables.")
    ] = "yaml",
    lab: Annotated[
        bool, typer.Option("--lab", help="Addresses in 127.0.0.0/8, for the virtual city.")
    ] = False,
    dense: Annotated[
        bool, typer.Option("--dense", help="Every school has its own switch and two ways in.")
    ] = False,
) -> None:
    """Invent a network: counties, townships, schools, rings, ducts; a few doubtful things too."""
    from edunet import generator

    if form not in ("yaml", "csv"):
        raise typer.BadParameter("write yaml or csv", param_hint="--format")
    if form == "csv" and output is None:
        raise typer.BadParameter("tables need a folder; write -o DIR", param_hint="--format")
    wished = generator.wish(counties=counties, schools=schools, seed=seed, lab=lab, dense=dense)
    city = generator.generate(wished)
    if output is None:
        typer.echo(generator.to_yaml(city.sections), nl=False)
    elif form == "csv":
        files = generator.to_csv(city.sections)
        _write({output / name: text for name, text in files.items()})
    else:
        _write({output: generator.to_yaml(city.sections)})
    typer.echo(_told(city), err=True)


def _told(city: City) -> str:
    """What was made, and what `edunet check` should find doubtful in it."""
    parts = city.sections
    schools = sum("classes" in site for site in parts["sites"])
    planted = [one.kind for one in city.planted]
    kinds = [
        f"{number} {kind}{'' if number == 1 else 's'}"
        for kind in sorted(set(planted))
        if (number := planted.count(kind))
    ]
    made = f"{schools} schools, {len(parts['devices'])} devices, {len(parts['links'])} links"
    return f"{made}; planted: {', '.join(kinds) or 'nothing doubtful'}"


def _write(files: dict[Path, str]) -> None:
    from edunet.errors import ConfigError

    for path in files:
        if path.exists():
            raise ConfigError(f"{path} is already there; name another place by -o")
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="") as file:
                file.write(text)
        except OSError as error:
            why = (error.strerror or "no reason given").lower()
            raise ConfigError(f"cannot write {path}: {why}; name another place by -o") from None
