"""Does the API say in words whether a port is in half duplex?"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from painted import Painted, client

from edunet.frame import Reason


@pytest.mark.parametrize(
    ("code", "reason", "word"),
    [(1, 0, None), (2, 0, "half"), (3, 0, "full"), (-1, 0, None), (2, Reason.MISSING, None)],
)
async def test_a_port_is_half_or_full_duplex_or_nobody_knows(
    tmp_path: Path, code: int, reason: int, word: str | None
) -> None:
    source = Painted(tmp_path)
    table = source.shown.tables["interface"]
    told = dataclasses.replace(
        table,
        columns={**table.columns, "duplex": np.full(len(table.times), code, np.int16)},
        reason={**table.reason, "duplex": np.full(len(table.times), reason, np.uint8)},
    )
    tables = {**source.shown.tables, "interface": told}
    source.shown = dataclasses.replace(source.shown, tables=tables)
    async with client(source) as asking:
        body = (await asking.get("/api/v1/devices/core/interfaces")).json()

    assert {word} == {port["duplex"] for port in body["items"]}
