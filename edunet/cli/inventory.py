"""The lists that counties keep: out to Excel and back, and over from other tools."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edunet.cli._generate import generate
from edunet.cli._options import DEFAULT_INVENTORY, AsJson, InventoryPath

if TYPE_CHECKING:
    from edunet.exchange.bring import Outcome
    from edunet.exchange.draft import Draft

app = typer.Typer(no_args_is_help=True, help="The inventory as counties keep it: Excel, lists.")

County = Annotated[
    str | None, typer.Option("--county", metavar="ID", help="Only what belongs to this county.")
]
Lang = Annotated[str, typer.Option("--lang", metavar="zh|en", help="The language of headers.")]
Workbook = Annotated[Path, typer.Argument(metavar="FILE.xlsx", help="The workbook.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="A new file; else stdout.")
]
Sources = Annotated[list[Path], typer.Argument(metavar="FILE...", help="What it exported.")]


@app.callback()
def group() -> None:
    """The inventory as counties keep it: Excel, lists and other tools."""


app.command()(generate)


@app.command()
def export(
    workbook: Workbook,
    inventory: InventoryPath = DEFAULT_INVENTORY,
    county: County = None,
    lang: Lang = "zh",
) -> None:
    """Write the inventory, or one county of it, as a workbook to correct."""
    from edunet.exchange.export import write
    from edunet.inventory import load

    if lang not in {"zh", "en"}:
        raise typer.BadParameter("write zh or en", param_hint="--lang")
    counts = write(load(inventory), workbook, county=county, lang=lang)
    said = ", ".join(f"{count} {table.replace('_', ' ')}" for table, count in counts.items())
    typer.echo(f"{workbook}: {said}")


@app.command("import")
def import_(
    workbook: Workbook,
    inventory: InventoryPath = DEFAULT_INVENTORY,
    county: County = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove what a sheet of the workbook lists no more.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a corrected workbook changes, ask, and put it into the inventory's files."""
    from edunet.clock import SystemClock
    from edunet.exchange.bring import apply, prepare

    outcome = prepare(inventory, workbook, remove=remove, county=county)
    wanted = bool(outcome.changes) and not dry_run
    applied = wanted and (yes or (not as_json and _agreed(outcome)))
    if applied:
        apply(inventory, outcome, SystemClock())
    if as_json:
        _print_json(outcome, applied=applied)
    elif yes or not wanted:
        _print(outcome)
    if outcome.mistakes:
        raise typer.Exit(2)
    if applied and not as_json:
        typer.echo("done; edunet inventory undo takes it back")


@app.command()
def undo(inventory: InventoryPath = DEFAULT_INVENTORY) -> None:
    """Take the last import back."""
    from edunet.exchange.undo import Undo

    kept = Undo(inventory)
    with kept.alone():
        for file in kept.back():
            typer.echo(f"{file} says again what it said before")


@app.command("from-netbox")
def from_netbox(sources: Sources, output: Output = None) -> None:
    """Draft an inventory of what NetBox's API exported as JSON."""
    from edunet.exchange.netbox import draft

    _hand_over(draft(sources), output)


@app.command("from-librenms")
def from_librenms(sources: Sources, output: Output = None) -> None:
    """Draft an inventory of LibreNMS's devices and links, JSON or CSV."""
    from edunet.exchange.librenms import draft

    _hand_over(draft(sources), output)


@app.command("from-csv")
def from_csv(sources: Sources, output: Output = None) -> None:
    """Draft an inventory of lists, one table a file: sites.csv, 设备.csv, links.csv."""
    from edunet.exchange.lists import draft

    _hand_over(draft(sources), output)


def _agreed(outcome: Outcome) -> bool:
    _print(outcome)
    if not sys.stdin.isatty():
        typer.echo("nothing was changed; say --yes to change it", err=True)
        return False
    return typer.confirm("put this into the inventory?", err=True)


def _print(outcome: Outcome) -> None:
    for note in outcome.notes:
        typer.echo(note, err=True)
    for mistake in outcome.mistakes:
        typer.echo(mistake)
    if outcome.mistakes:
        typer.echo(f"{len(outcome.mistakes)} to correct; nothing was changed", err=True)
        return
    for change in outcome.changes:
        typer.echo(change)
    for warning in outcome.warnings:
        typer.echo(f"warning: {warning}")
    typer.echo(_summary(outcome))


def _summary(outcome: Outcome) -> str:
    counts = _counts(outcome)
    if not any(counts.values()):
        return "nothing differs"
    return f"{counts['add']} added, {counts['change']} changed, {counts['remove']} removed"


def _counts(outcome: Outcome) -> dict[str, int]:
    actions = [change.action for change in outcome.changes]
    return {action: actions.count(action) for action in ("add", "change", "remove")}


def _print_json(outcome: Outcome, *, applied: bool) -> None:
    changes: list[dict[str, Any]] = [
        {
            **{"action": change.action, "table": change.table, "id": change.id},
            **{"name": change.name},
            "fields": [
                {"field": label, "before": was or None, "after": will or None}
                for label, was, will in change.fields
            ],
        }
        for change in outcome.changes
    ]
    answer = {
        "ok": not outcome.mistakes,
        "applied": applied,
        "counts": _counts(outcome),
        "changes": changes,
        "mistakes": outcome.mistakes,
        "warnings": outcome.warnings,
        "notes": outcome.notes,
    }
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def _hand_over(draft: Draft, output: Path | None) -> None:
    """The draft on stdout or in a new file; what a person must decide on stderr."""
    from edunet.errors import ConfigError

    text = draft.text()
    for line in draft.left:
        typer.echo(line, err=True)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(f"{output} is already there; name a new file") from None
    except OSError as error:
        why = (error.strerror or "no reason given").lower()
        raise ConfigError(f"cannot write {output}: {why}; name another file") from None
