"""Whatever is answered: does a value ever stand in another port's row?"""

from __future__ import annotations

import random
from collections.abc import Iterable

from liar import IF, IFX, NAME, Liar, Objects, binds, liar
from polled import table
from telling import city_switch, good, listed, truth

from lab import ber


class Shuffling:
    """True values only, each with its own name; but in what order, how often, and of which day?"""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 (lies, not secrets)

    def __call__(self, agent: Liar, asked: ber.Request) -> bytes | Iterable[bytes] | None:
        dice = self.dice
        if dice.random() < 0.1:
            agent.objects = renumbered(agent.objects, dice)
        names = [ber.subids(name) for name in asked.names]
        said = [(oid, agent.objects.get(oid, ber.NO_SUCH_INSTANCE)) for oid in names]
        twist = dice.randrange(9)
        if twist == 0:
            dice.shuffle(said)
        elif twist == 1:
            said = [bind for bind in said if dice.random() < 0.8]
        elif twist == 2:
            said = [bind for bind in said for _ in range(dice.choice([1, 1, 1, 2]))]
        elif twist == 3:
            one, other = dice.randrange(len(said)), dice.randrange(len(said))
            said[one], said[other] = said[other], said[one]
        elif twist == 4:
            said = sorted(said, reverse=dice.random() < 0.5)
        elif twist == 5:
            strangers = [oid for oid in agent.objects if oid not in names]
            said = [
                (oid, agent.objects[oid]) if dice.random() < 0.3 else bind
                for bind in said
                for oid in [dice.choice(strangers)]
            ]
        elif twist == 6:
            return ber.response(
                asked, binds(said), dice.choice([1, 2, 5]), dice.randrange(len(said) + 2)
            )
        whole = ber.response(asked, binds(said))
        late = asked._replace(id=dice.randbytes(4))
        return dice.choice([[whole], [whole, whole], [ber.response(late, binds(said)), whole]])


def renumbered(objects: Objects, dice: random.Random) -> Objects:
    """The same ports, two of which have changed their numbers; or one has another's name."""
    rows = sorted(oid[-1] for oid in objects if oid[:-1] == NAME)
    one, other = dice.sample(rows, 2)
    turned = {one: other, other: one}
    tables = (IF, IFX)
    return {
        (*oid[:-1], turned.get(oid[-1], oid[-1])) if oid[: len(IF)] in tables
        or oid[: len(IFX)] in tables else oid: value
        for oid, value in objects.items()
    }  # fmt: skip


async def test_no_value_ever_stands_in_a_foreign_row() -> None:
    """Whatever is answered, what is believed of a port is what the port of that name counted."""
    believed = 0
    expected = truth(city_switch(11))
    for seed in range(60):
        async with liar(city_switch(11)) as agent:
            line = await listed(agent)
            agent.lie = Shuffling(seed)
            for split in (False, True):
                line.transport._split = {agent.device.id} if split else set()  # type: ignore[attr-defined]
                rows = table(await line.poll(), line.catalog)
                for name, row in rows.items():
                    believed += len(good(row))
                    assert good(row).items() <= expected[name].items(), (seed, name)
    assert believed > 3000, "and there was something to be believed"
