"""What is different between two inventories, by section: for the log and for those who reload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from edunet.inventory.model import Inventory


class Difference(NamedTuple):
    """Ids that were added, removed and changed in one section, sorted."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return any(self)


def differences(before: Inventory, after: Inventory) -> dict[str, Difference]:
    """Section -> what is different; sections that are the same are left out."""
    found = {}
    for section in type(after).model_fields:
        old, new = _by_id(getattr(before, section)), _by_id(getattr(after, section))
        both = old.keys() & new.keys()
        difference = Difference(
            tuple(sorted(new.keys() - old.keys())),
            tuple(sorted(old.keys() - new.keys())),
            tuple(sorted(key for key in both if old[key] != new[key])),
        )
        if difference:
            found[section] = difference
    return found


def tell(found: Mapping[str, Difference]) -> str:
    """One line: `devices +2 -1 ~3, links +2`; or that nothing is different."""
    parts = []
    for section, difference in found.items():
        signs = zip("+-~", difference, strict=True)
        counts = " ".join(f"{sign}{len(ids)}" for sign, ids in signs if ids)
        parts.append(f"{section} {counts}")
    return ", ".join(parts) or "nothing is different"


def _by_id(section: Any) -> dict[str, Any]:
    """The things of a section by id; a section that lists nothing is one thing of its own."""
    if isinstance(section, tuple):
        return {getattr(thing, "id", str(number)): thing for number, thing in enumerate(section)}
    return dict(section) if isinstance(section, dict) else {"": section}
