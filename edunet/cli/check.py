"""Are the files right? Every finding at once, one per line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from edunet.cli._options import DEFAULT_INVENTORY, AsJson, InventoryPath

if TYPE_CHECKING:
    from edunet.inventory import Finding, Inventory


def command(
    inventory: InventoryPath = DEFAULT_INVENTORY,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 if there are warnings.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the inventory and say everything that is wrong with it."""
    from edunet.inventory import examine

    if schema:
        _print_schema()
        return
    found, findings = examine(inventory)
    warnings = sum(finding.warning for finding in findings)
    errors = len(findings) - warnings
    if as_json:
        _print_json(found, findings)
    else:
        for finding in findings:
            typer.echo(finding)
        total = f"{_count(errors, 'error')}, {_count(warnings, 'warning')}"
        typer.echo(f"{_things(found)}: {total}" if found else total, err=found is None)
    if errors:
        raise typer.Exit(2)
    if warnings and strict:
        raise typer.Exit(1)


def _print_schema() -> None:
    from edunet.inventory import Inventory

    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    typer.echo(json.dumps(dialect | Inventory.model_json_schema(), ensure_ascii=False, indent=2))


def _print_json(found: Inventory | None, findings: list[Finding]) -> None:
    warnings = sum(finding.warning for finding in findings)
    answer = {
        "ok": found is not None,
        "errors": len(findings) - warnings,
        "warnings": warnings,
        "counts": _counts(found) if found else None,
        "findings": [
            {
                "file": finding.file,
                "line": finding.line,
                "severity": "warning" if finding.warning else "error",
                "text": finding.text,
            }
            for finding in findings
        ],
    }
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def _counts(found: Inventory) -> dict[str, int]:
    return {
        "counties": sum(site.kind == "county" for site in found.sites),
        "schools": sum(site.is_school for site in found.sites),
        "devices": len(found.devices),
        "links": len(found.links),
    }


def _things(found: Inventory) -> str:
    """`3 counties, 60 schools, 72 devices, 81 links`."""
    one = {"counties": "county", "schools": "school", "devices": "device", "links": "link"}
    counts = _counts(found).items()
    return ", ".join(f"{count} {one[many] if count == 1 else many}" for many, count in counts)


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
