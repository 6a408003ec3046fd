"""What must be done to an inventory, thing by thing, so that it says what a workbook says?"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from edunet.exchange.columns import Column, columns, contacts_of, things
from edunet.exchange.filling import Written, build, fill, same
from edunet.exchange.rows import WRONG, Head, Listed, Mistake, Row
from edunet.exchange.scope import Scope
from edunet.inventory import Inventory
from edunet.inventory.csv_cells import Refused


class Step(NamedTuple):
    """One thing to add, to change or to remove; a field of None is taken out."""

    action: Literal["add", "change", "remove"]
    table: str
    id: str
    fields: dict[str, Written | None]
    row: Row | None = None


def plan(inventory: Inventory, listed: Listed, scope: Scope, *, remove: bool) -> list[Step]:
    """Every step, in the order of the workbook. A cell that says what is so is no step.

    Cells that cannot be read are added to the mistakes of `listed`.
    """
    steps: list[Step] = []
    for table, head in listed.heads.items():
        held = things(inventory, table)
        rows = listed.rows[table]
        of = _combined(table, head.columns, contacts_of(held.values()))
        for row in rows.values():
            thing = held.get(row.id)
            fields = _Reading(listed, head, row, of).fields(thing)
            if thing is None:
                written = {key: value for key, value in fields.items() if value is not None}
                steps.append(Step("add", table, row.id, {"id": row.id, **written}, row))
            elif fields:
                steps.append(Step("change", table, row.id, fields, row))
        if remove and not (scope.county and table in {"power_zones", "ducts"}):
            gone = [name for name in scope.things(table) if name not in rows]
            steps += [Step("remove", table, name, {}) for name in gone]
    return steps


class _Reading:
    """Reads the cells of one row, and complains of those that cannot be read."""

    def __init__(self, listed: Listed, head: Head, row: Row, of: tuple[Column, ...]) -> None:
        self.listed, self.head, self.row, self.of = listed, head, row, of

    def fields(self, thing: Any) -> dict[str, Written | None]:
        """The fields that the row changes in a thing, or all that it says of a new one."""
        of = self.of
        now = {} if thing is None else fill(self.row.id, thing, of)
        changed: list[str] = []
        wrong: set[str] = set()
        for column in self.head.columns:
            text = self.row.texts[column.key]
            if column.key == "id" or text == WRONG:
                continue
            try:
                if not same(column, text, now.get(column.key, ""), self._unit(column)):
                    changed.append(column.field)
            except Refused as error:
                wrong.add(column.field)
                self.complain(column, str(error))
        texts = {**now, **{key: text for key, text in self.row.texts.items() if text != WRONG}}
        return {
            field: build(field, of, texts, self.head.units)
            for field in dict.fromkeys(changed)
            if field not in wrong
        }

    def _unit(self, column: Column) -> str:
        return self.head.units.get(column.key, "")

    def complain(self, column: Column, text: str) -> None:
        row = self.row
        label = self.head.labels[column.key]
        self.listed.mistakes.append(Mistake(self.listed.file, row.sheet, row.number, label, text))


def _combined(table: str, listed: tuple[Column, ...], contacts: int) -> tuple[Column, ...]:
    """The columns of the schema, and those a sheet has besides: labels, tags, more contacts."""
    of = columns(table, contacts)
    paths = {column.path for column in of}
    return (*of, *(one for one in listed if one.path not in paths))


def trespasses(
    steps: list[Step], listed: Listed, scope: Scope, after: Inventory | None
) -> list[Mistake]:
    """Every step that leaves the county whose workbook this is, before or after it is done."""
    if scope.county is None:
        return []
    found: list[Mistake] = []
    for table, head in listed.heads.items():
        if table not in scope.tables() and listed.rows[table]:
            text = "this is not of one county; remove the sheet, and ask the city"
            found.append(Mistake(listed.file, head.sheet, 0, "", text))
    later = None
    if after is not None and any(
        site.id == scope.county and site.kind == "county" for site in after.sites
    ):
        later = Scope(after, scope.county)
    for step in steps:
        if step.row is None or step.table not in scope.tables():
            continue
        if _foreign(step, scope, later):
            text = f"{step.id!r} is not of county {scope.county!r} alone; remove the row"
            found.append(Mistake(listed.file, step.row.sheet, step.row.number, "", text))
    return found


def _foreign(step: Step, scope: Scope, later: Scope | None) -> bool:
    was = things(scope.inventory, step.table).get(step.id)
    if was is not None and (
        not scope.holds(step.table, was) or step.id in scope.shared(step.table)
    ):
        return True
    will = things(later.inventory, step.table).get(step.id) if later is not None else None
    return later is not None and will is not None and not later.holds(step.table, will)
