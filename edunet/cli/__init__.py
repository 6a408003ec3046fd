"""The front door: one file per command, each found by its name; the only place that joins floors.

`edunet/cli/NAME.py` defines a function `command`, or `app: typer.Typer` for a group of commands.
A file is imported when its command is asked for, so that `edunet check` pays for no network.
"""

from __future__ import annotations

import importlib
import io
import pkgutil
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from edunet import __version__
from edunet.errors import ConfigError, EdunetError


class Commands(TyperGroup):
    """The files beside this one, as commands. `check_all.py` is called `check-all`."""

    def list_commands(self, ctx: Any) -> list[str]:
        found = (module.name for module in pkgutil.iter_modules(__path__))
        return sorted(name.replace("_", "-") for name in found if not name.startswith("_"))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name.replace('-', '_')}")
        if hasattr(module, "app"):
            command: Any = typer.main.get_group(module.app)
        else:
            alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            alone.command()(module.command)
            command = typer.main.get_command(alone)
        command.name = cmd_name
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        # Suggestions are made from this dict's keys; the values come from get_command.
        names: dict[str, Any] = dict.fromkeys(self.list_commands(ctx))
        self.commands = names
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from None
        except EdunetError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edunet {__version__}")
        raise typer.Exit


app = typer.Typer(cls=Commands, add_completion=False, pretty_exceptions_enable=False)


@app.callback(no_args_is_help=True)
def edunet(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Say which version."),
    ] = False,
) -> None:
    """The network operations monitor for education metropolitan area networks."""


def main() -> None:
    """The `edunet` command. Exit 0 ok, 1 the command failed, 2 bad configuration or usage."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A GBK terminal cannot show every name; an escape is better than a traceback.
            stream.reconfigure(errors="backslashreplace")
    app()
