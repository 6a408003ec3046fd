"""Is an inventory right, and if not, what is wrong with it? Everything at once."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from edunet.errors import ConfigError
from edunet.inventory import conflicts, references
from edunet.inventory.advice import advise
from edunet.inventory.finding import MOST, Finding
from edunet.inventory.model import Inventory
from edunet.inventory.records import sort_out
from edunet.inventory.source import Document, read
from edunet.inventory.tree import Tree


def load(path: Path, *, strict: bool = False, replay: bool = False) -> Inventory:
    """The inventory at `path`. With `strict` a warning is an error.

    A `replay` needs no addresses and no credentials, and is not warned.

    Raises:
        ConfigError: with every finding, one per line; or there is no such file.
    """
    inventory, findings = examine(path, replay=replay)
    if inventory is None or (strict and findings):
        raise ConfigError("\n".join(map(str, findings)))
    return inventory


def examine(path: Path, *, replay: bool = False) -> tuple[Inventory | None, list[Finding]]:
    """The inventory at `path`, None if it has errors; and every finding, by file and line.

    Raises:
        ConfigError: there is no such file, or it cannot be opened.
    """
    return judge(read(path), replay=replay)


def judge(document: Document, *, replay: bool = False) -> tuple[Inventory | None, list[Finding]]:
    """The inventory in a document that was read, None if it has errors; and every finding."""
    if document.data is None:
        return None, _in_order(document.findings)
    records = sort_out(document)
    tree = Tree(records)
    findings = [*document.findings, *records.findings]
    for found in (
        references.duplicates(records),
        references.dangling(records, replay=replay),
        tree.findings(),
        conflicts.interfaces(records),
        conflicts.addresses(records, replay=replay),
        conflicts.prefixes(records, tree),
    ):
        findings += islice(found, MOST + 1)
    wrong = bool(findings)
    if not replay:
        findings += islice(advise(records, document.file), MOST + 1)
    return None if wrong else records.inventory(), _in_order(findings)


def _in_order(findings: list[Finding]) -> list[Finding]:
    """By file and line; of very many some, the errors first."""
    by_weight = sorted(findings, key=lambda one: (one.warning, one.file, one.line))
    shown, hidden = by_weight[:MOST], by_weight[MOST:]
    shown.sort(key=lambda one: (one.file, one.line))
    if hidden:
        text = "there are more than are shown; repair these first"
        shown.append(shown[-1]._replace(text=text, warning=hidden[0].warning))
    return shown
