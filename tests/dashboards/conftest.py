"""One watched city for all questions: it takes seconds to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import watched_city


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[watched_city.City]:
    with watched_city.city(tmp_path_factory.mktemp("city")) as city:
        yield city
