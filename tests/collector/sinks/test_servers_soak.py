"""Does each real server have every sample of an hour in which thirty times somebody is killed?"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from killing import an_hour
from receivers import SERVERS


@pytest.mark.soak
@pytest.mark.parametrize("name", SERVERS)
def test_an_hour_with_thirty_kills_is_there_to_the_last_sample(name: str, tmp_path: Path) -> None:
    dice = random.Random(name + "soak")  # noqa: S311 - dice
    an_hour(tmp_path, SERVERS[name], dice.choices(["it", "us"], k=30), dice)
