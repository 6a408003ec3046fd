"""Who is asking, and how much of the network they may see."""

from __future__ import annotations

from typing import Literal, NamedTuple

from fastapi import Request

Role = Literal["viewer", "county", "operator", "admin"]


class Scope(NamedTuple):
    """A county scope sees the schools, links and devices of its county and nothing else."""

    role: Role
    county: str | None = None

    @classmethod
    def of(cls, request: Request) -> Scope:
        """The scope of a request. Until tokens exist edunet binds to loopback only, for reading."""
        scope = getattr(request.state, "scope", None)
        return scope if isinstance(scope, Scope) else cls("viewer")

    def sees(self, county: str | None) -> bool:
        """Whether something of that county may be shown."""
        return self.county is None or self.county == county
