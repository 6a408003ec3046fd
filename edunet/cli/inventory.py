"""The lists that counties keep: out to Excel and back, and over from other tools."""

from __future__ import annotations

import typer

from edunet.cli._generate import generate

app = typer.Typer(no_args_is_help=True, help="The inventory as counties keep it: Excel, lists.")


@app.callback()
def group() -> None:
    """The inventory as counties keep it: Excel, lists and other tools."""


app.command()(generate)
