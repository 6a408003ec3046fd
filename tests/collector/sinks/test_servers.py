"""Does each real server have every sample of an hour, whoever is killed in it?"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from killing import an_hour
from receivers import SERVERS

pytestmark = pytest.mark.daemon


@pytest.mark.parametrize("name", SERVERS)
def test_an_hour_with_kills_is_there_to_the_last_sample(name: str, tmp_path: Path) -> None:
    an_hour(tmp_path, SERVERS[name], ["it", "us", "us", "it", "us"], random.Random(name))  # noqa: S311 - dice
