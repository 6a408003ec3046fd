"""Is what the documentation shows true?"""

from __future__ import annotations

import re
from pathlib import Path

from edunet.inventory.check import judge
from edunet.inventory.model import (
    Calendar,
    Device,
    Include,
    Inventory,
    Link,
    Network,
    Service,
    Site,
    Term,
)
from edunet.inventory.source import parse

MODELS = (Inventory, Network, Site, Device, Link, Calendar, Term, Service, Include)
DOCS = (Path(__file__).parents[3] / "docs" / "inventory.md").read_text(encoding="utf-8")


def test_the_documented_inventory_has_no_findings() -> None:
    example = re.search(r"```yaml\n(.*?)```", DOCS, re.DOTALL)
    assert example is not None

    inventory, findings = judge(parse(example[1].encode(), "docs/inventory.md"))

    assert [] == findings
    assert inventory is not None


def test_every_section_and_every_field_is_documented() -> None:
    fields = {name for model in MODELS for name in model.model_fields}

    assert set() == {name for name in fields if not re.search(rf"[`.\s]{name}[`.:\s]", DOCS)}
