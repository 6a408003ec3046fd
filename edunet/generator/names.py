"""What are invented counties, townships and schools called, in Chinese and in ids?"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final, NamedTuple

import yaml

DIGITS: Final = "零一二三四五六七八九"
TRIES: Final = 20


class Place(NamedTuple):
    """`id` is the name's spelling; `bare` is the name without what kind of place it is."""

    id: str
    bare: str
    name: str


@cache
def stock(file: str) -> Any:
    """One of the data files beside this one."""
    return yaml.safe_load(files("edunet.generator").joinpath(file).read_text("utf-8"))


def count(number: int) -> str:
    """1 to 9999 as Chinese count: 一, 十, 十一, 二十, 一百零三."""
    if number < 20:
        return ("十" if number >= 10 else "") + (DIGITS[number % 10] if number % 10 else "")
    for size, word in ((1000, "千"), (100, "百"), (10, "十")):
        if number >= size:
            rest = number % size
            gap = "零" if 0 < rest < size // 10 else ""
            return DIGITS[number // size] + word + gap + (_digits(rest) if rest else "")
    raise ValueError(number)


def _digits(rest: int) -> str:
    if rest < 10:
        return DIGITS[rest]
    return ("一" if rest < 20 else "") + count(rest)


class Names:
    """Hands out names, each once in its surroundings."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._stock = stock("names.yaml")

    @property
    def city(self) -> str:
        return str(self._stock["city"])

    def pick(self, kind: str) -> str:
        """One of a plain list: a road, a virtue, a route..."""
        return str(self._random.choice(self._stock[kind]))

    def listed(self, kind: str) -> list[str]:
        return list(self._stock[kind])

    def places(self, kind: str, number: int) -> list[Place]:
        """So many counties of a city, or towns of a county, all different."""
        parts = self._stock[kind]
        pairs = [(one, two) for one in parts["first"] for two in parts["second"] if one != two]
        self._random.shuffle(pairs)
        taken: dict[str, int] = {}
        made = []
        for at in range(number):
            first, second = pairs[at % len(pairs)]
            spelt = parts["first"][first] + parts["second"][second]
            taken[spelt] = again = taken.get(spelt, 0) + 1
            bare = first + second + (count(at // len(pairs) + 1) if at >= len(pairs) else "")
            name = bare + self._random.choice(parts["suffix"])
            made.append(Place(spelt if again == 1 else f"{spelt}{again}", bare, name))
        return made

    def village(self) -> str:
        parts = self._stock["village"]
        choose = self._random.choice
        return str(choose(parts["first"]) + choose(parts["second"]) + choose(parts["suffix"]))

    def school(self, template: str, taken: dict[str, int], **around: str) -> str:
        """A name after a template, unlike all that are `taken`: it is added to them."""
        for _ in range(TRIES):
            nth = taken.get(template, 0) + 1
            parts = {
                "n": count(nth),
                "road": self.pick("roads"),
                "virtue": self.pick("virtues"),
                "village": self.village(),
            }
            name = template.format(**parts, **around)
            taken[template] = nth
            if name not in taken:
                break
        taken[name] = copies = taken.get(name, 0) + 1
        return name if copies == 1 else f"{name}（{count(copies)}校区）"
