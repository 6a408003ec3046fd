"""What would a workbook change in an inventory, is the result right, and how is it put in force?"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from edunet.clock import Clock
from edunet.errors import ConfigError
from edunet.exchange import words
from edunet.exchange.changes import Change, compare
from edunet.exchange.columns import columns, things
from edunet.exchange.files import Files
from edunet.exchange.plan import Step, plan, trespasses
from edunet.exchange.rows import Listed, Mistake, Row, read
from edunet.exchange.scope import Scope
from edunet.exchange.stamp import digest
from edunet.exchange.undo import Undo
from edunet.inventory import Inventory, examine
from edunet.inventory.finding import Finding

# `sites[3].a.device: text` of YAML, or `甲端设备: text` of a table.
_STEPS = r"(?:[a-z_]+(?:\[\d+\]|\.[a-z0-9-]+)((?:\.[\w-]+|\[\d+\])*)|([^\s:]+))"
_PATH = re.compile(rf"{_STEPS}: (.*)", re.DOTALL)
_MISSING = re.compile(r"(\w+) is missing; write .*")
_LINE = re.compile(r"\bon line (\d+)(?! of)")


class Outcome(NamedTuple):
    """What an import would do. With mistakes it does nothing; without changes there is nothing."""

    changes: list[Change]
    mistakes: list[str]
    warnings: list[str]
    notes: list[str]
    files: dict[Path, bytes]
    basis: str


def prepare(
    inventory: Path, workbook: Path, *, remove: bool = False, county: str | None = None
) -> Outcome:
    """What the workbook would change. Nothing is written but a copy that is judged.

    Raises:
        ConfigError: the inventory has errors, the workbook cannot be read, or is another county's.
    """
    before, findings = examine(inventory)
    if before is None:
        wrong = "\n".join(str(one) for one in findings if not one.warning)
        raise ConfigError(f"{wrong}\n{inventory} has errors already; repair them first")
    listed = read(workbook)
    scope = Scope(before, _county(listed, workbook, county))
    steps = plan(before, listed, scope, remove=remove)
    files = Files(inventory)
    made = files.changed(steps)
    after, judged = _judge(files, made) if made else (before, [])
    told = _Told(listed, files, made, steps)
    mistakes = [*listed.mistakes, *trespasses(steps, listed, scope, after)]
    mistakes += told.mistakes(finding for finding in judged if not finding.warning)
    shown = [str(one) for one in _once(mistakes)]
    shown += [] if shown else told.elsewhere(one for one in judged if not one.warning)
    changes = []
    if after is not None and not shown:
        _nothing_else(before, after, steps)
        changes = compare(before, after)
    warnings = [str(one) for one in told.mistakes(one for one in judged if one.warning)]
    notes = [f"{listed.file}: {note}" for note in listed.notes]
    if listed.stamp and listed.stamp.digest != digest(before):
        notes.append(
            f"{listed.file}: the inventory was changed after this was exported; look closely"
        )
    return Outcome(changes, shown, warnings, notes, made, files.digest())


def apply(inventory: Path, outcome: Outcome, clock: Clock) -> None:
    """Puts in force what was prepared, all or nothing.

    Raises:
        ConfigError: the files were changed meanwhile, or cannot be written; nothing is changed.
    """
    if outcome.mistakes:
        raise ConfigError("\n".join(outcome.mistakes))
    undo = Undo(inventory)
    with undo.alone():
        if Files(inventory).digest() != outcome.basis:
            raise ConfigError(f"{inventory} was changed meanwhile; import again")
        undo.replace(outcome.files, clock.now())


def _county(listed: Listed, workbook: Path, asked: str | None) -> str | None:
    stamped = listed.stamp.county if listed.stamp else None
    if asked is not None and stamped is not None and asked != stamped:
        raise ConfigError(f"{workbook} is of county {stamped}; import it with --county {stamped}")
    return asked or stamped


def _judge(files: Files, made: Mapping[Path, bytes]) -> tuple[Inventory | None, list[Finding]]:
    """The inventory that the new files would be: a copy is read, as it would be read."""
    base = files.root.parent
    with tempfile.TemporaryDirectory(prefix="edunet-") as folder:
        stage = Path(folder)
        for file, raw in {**files.raw, **made}.items():
            copy = stage / os.path.relpath(file, base)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(raw)
        after, findings = examine(stage / files.root.name)
    return after, [
        one._replace(
            file=str(base / os.path.relpath(one.file, stage)),
            text=one.text.replace(f"{stage}/", f"{base}/"),
        )
        for one in findings
    ]


def _nothing_else(before: Inventory, after: Inventory, steps: Sequence[Step]) -> None:
    """Makes sure that rewriting changed what was asked, and nothing beside it."""
    asked = {(step.table, step.id): step for step in steps}
    for table in {step.table for step in steps}:
        was, will = things(before, table), things(after, table)
        for name in was.keys() | will.keys():
            step = asked.get((table, name))
            if step is None or (step.action == "change" and name in was and name in will):
                touched = set(step.fields) if step else set()
                one, other = was.get(name), will.get(name)
                fields = type(one).model_fields if one is not None else {}
                if (one is None) != (other is None) or any(
                    getattr(one, key) != getattr(other, key) for key in fields if key not in touched
                ):
                    said = f"{table} {name} would change by itself; nothing was changed"
                    raise ConfigError(f"{said}, write this change by hand")


class _Told:
    """Says findings about lines of files as mistakes in rows of sheets."""

    def __init__(
        self, listed: Listed, files: Files, made: Mapping[Path, bytes], steps: Sequence[Step]
    ) -> None:
        self.listed = listed
        rows = {(step.table, step.id): step.row for step in steps if step.row is not None}
        self.at: dict[tuple[str, int], Row] = {}
        for file, raw in made.items():
            for first, last, table, name in files.again(file, raw).lines():
                if row := rows.get((table, name)):
                    for line in range(first, min(last, first + 1000) + 1):
                        self.at.setdefault((str(file), line), row)

    def mistakes(self, findings: Iterator[Finding]) -> list[Mistake]:
        """Those that concern a row."""
        return [
            self._say(one, self.at[one.file, one.line])
            for one in findings
            if (one.file, one.line) in self.at
        ]

    def elsewhere(self, findings: Iterator[Finding]) -> list[str]:
        """Those that concern none: what a removal breaks."""
        return [str(one) for one in findings if (one.file, one.line) not in self.at]

    def _say(self, finding: Finding, row: Row) -> Mistake:
        text = _LINE.sub(lambda match: self._row_of(finding.file, match), finding.text)
        label = ""
        if match := _PATH.fullmatch(text):
            inner, header, text = match.groups()
            label = header or self._label(row.table, inner or "")
        if match := _MISSING.fullmatch(text):
            label = self._label(row.table, f".{match[1]}")
            text = "nothing is written; fill it"
        return Mistake(self.listed.file, row.sheet, row.number, label, text)

    def _row_of(self, file: str, match: re.Match[str]) -> str:
        row = self.at.get((file, int(match[1])))
        return f"in row {row.number} of sheet {row.sheet}" if row else match[0]

    def _label(self, table: str, inner: str) -> str:
        """The header of a path such as `.a.device` or `.contacts[0].name`."""
        parts = re.findall(r"\w[\w-]*", inner)
        path = tuple(int(part) if part.isdigit() else part for part in parts)
        labels = self.listed.heads[table].labels
        for end in range(len(path), 0, -1):
            key = words.column_name(table, path[:end])
            if key in labels:
                return labels[key]
        near = [one.key for one in columns(table) if one.path[:1] == path[:1]]
        return next((labels[key] for key in near if key in labels), ".".join(map(str, path)))


def _once(mistakes: Sequence[Mistake]) -> list[Mistake]:
    """In the order of the sheets and rows; of one cell, what was said of it first."""
    sheets = list(dict.fromkeys(one.sheet for one in mistakes))
    said: dict[tuple[str, int, str], Mistake] = {}
    for one in mistakes:
        if one.row == 0 or not one.label:
            said.setdefault((one.sheet, one.row, one.text), one)
        else:
            said.setdefault((one.sheet, one.row, one.label), one)
    return sorted(said.values(), key=lambda one: (sheets.index(one.sheet), one.row))
