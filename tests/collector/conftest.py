"""What every test of the collector leaves behind is put away."""

from __future__ import annotations

from collections.abc import AsyncIterator

import polled
import pytest


@pytest.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    """The sockets of each transport are given back."""
    yield
    while polled.MADE:
        await polled.MADE.pop().close()
