"""What network is wished for: how large, from which seed, where its devices live?"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, ValidationError

from edunet.errors import ConfigError
from edunet.inventory.wording import say
from edunet.model import Model

MAX_COUNTIES: Final = 200  # each has a /16 of its own
MAX_PER_COUNTY: Final = 20_000  # its /16 holds 60,000 addresses

Row = dict[str, Any]  # one thing as it is written into a file


class Wish(Model):
    """The size of a network, and its seed: the same wish gives the same network, byte by byte.

    Attributes:
        lab: give addresses in 127.0.0.0/8 and port 16100, where the virtual city can play them.
        dense: give every school a switch of its own and, where a cable leads there, two ways in.
    """

    counties: Annotated[int, Field(ge=1, le=MAX_COUNTIES)] = 13
    schools: Annotated[int, Field(ge=1, le=100_000)] = 1101
    seed: int = 1
    lab: bool = False
    dense: bool = False


def wish(**fields: Any) -> Wish:
    """A wish that can be granted.

    Raises:
        ConfigError: there are too many, or none.
    """
    try:
        wished = Wish(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigError(f"{first['loc'][0]}: {say(first, Wish)}") from None
    if wished.schools > wished.counties * MAX_PER_COUNTY:
        fewest = -(-wished.schools // MAX_PER_COUNTY)
        raise ConfigError(
            f"{wished.schools} schools are too many for so few counties; write --counties {fewest}"
        )
    return wished
