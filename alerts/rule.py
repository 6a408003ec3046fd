"""What a rule is: data that turns a broken thing into an alert with words."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import yaml
from pydantic import TypeAdapter

from edunet.inventory.model import Name
from edunet.model import Model

SHIPPED: Final = Path(__file__).parent / "rules"


class Rule(Model):
    """What is held against one kind of subject; how that is said, and how that it is over."""

    name: Name
    subject: Literal["link", "device"]
    kind: Literal["outage", "redundancy_lost"]
    summary: dict[Literal["zh-CN", "en"], str]
    over: dict[Literal["zh-CN", "en"], str]


def load(folder: Path = SHIPPED) -> list[Rule]:
    """Every rule of the folder's YAML files, in the order of their names."""
    adapter = TypeAdapter(list[Rule])
    rules: list[Rule] = []
    for path in sorted(folder.glob("*.yaml")):
        rules += adapter.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    return rules
