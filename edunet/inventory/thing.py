"""What does everything an inventory lists have in common?"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from edunet.model import Model

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(max_length=1000)]
Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=0, le=10**7)]
Labels = dict[str, Text]


class Thing(Model):
    """Anything an inventory lists: it has an id, and may carry free labels."""

    id: Id
    labels: Labels = Field(default_factory=dict)
