"""Is an inventory right, and if not, what is wrong with it? Everything at once."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from edunet.errors import ConfigError
from edunet.inventory import conflicts, references
from edunet.inventory.advice import advise
from edunet.inventory.finding import MOST, Finding
from edunet.inventory.include import gather
from edunet.inventory.model import Inventory
from edunet.inventory.records import Records
from edunet.inventory.sections import sort_out
from edunet.inventory.source import Document
from edunet.inventory.tree import Tree, other_rings


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
    with _no_collector():
        return judge(*gather(path), replay=replay)


@contextmanager
def _no_collector() -> Iterator[None]:
    """Nothing here makes rings, and looking for them takes a quarter of the time of a province."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def judge(*documents: Document, replay: bool = False) -> tuple[Inventory | None, list[Finding]]:
    """The inventory in documents that were read, None if it has errors; and every finding.

    The first document is the inventory itself, the others are what it includes.
    """
    order = {document.file: number for number, document in reversed([*enumerate(documents)])}
    findings = [finding for document in documents for finding in document.findings]
    records = sort_out(documents)
    findings += records.findings
    for found in _contradictions(records, replay=replay):
        findings += islice(found, MOST + 1)
    tree = Tree(records)
    # What a file that could not be read declares would be called unknown wherever it is named.
    unread = any(document.data is None for document in documents)
    for found in () if unread else _connections(records, tree, replay=replay):
        findings += islice(found, MOST + 1)
    wrong = unread or bool(findings)
    if not replay and not unread:
        findings += islice(advise(records, tree), MOST + 1)
    return None if wrong else records.inventory(), _in_order(findings, order)


def _contradictions(records: Records, *, replay: bool) -> Iterator[Iterable[Finding]]:
    yield references.duplicates(records)
    yield () if replay else references.credentials(records)
    yield conflicts.interfaces(records)
    yield conflicts.addresses(records, replay=replay)


def _connections(records: Records, tree: Tree, *, replay: bool) -> Iterator[Iterable[Finding]]:
    yield references.dangling(records, replay=replay)
    yield tree.findings()
    yield other_rings(records)
    yield conflicts.prefixes(records, tree)


def _in_order(findings: list[Finding], order: dict[str, int]) -> list[Finding]:
    """By file, as they are included, and line; of very many some, the errors first."""
    by_weight = sorted(findings, key=lambda one: (one.warning, order.get(one.file, 0), one.line))
    shown, hidden = by_weight[:MOST], by_weight[MOST:]
    shown.sort(key=lambda one: (order.get(one.file, 0), one.line))
    if hidden:
        text = "there are more than are shown; repair these first"
        shown.append(shown[-1]._replace(text=text, warning=hidden[0].warning))
    return shown
