"""Does a real Prometheus take the exposition as it asks for it: OpenMetrics, compressed, whole?"""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from daemons import Daemon, binary, prometheus, until
from painted import HUGE, Painted, client
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.app import create_app
from api.prom import accept
from edunet.cli._bench_picture import city

pytestmark = pytest.mark.daemon
PORTS = 2_000


class Overheard:
    """An application that is asked for every port, and the headers of its answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.answers: list[dict[str, str]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def listening(message: Message) -> None:
            if message["type"] == "http.response.start":
                pairs = ((k.decode().lower(), v.decode()) for k, v in message["headers"])
                self.answers.append(dict(pairs))
            await send(message)

        await self._app({**scope, "query_string": b"ports=all"}, receive, listening)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """HOST:PORT of an application that answers while the block runs."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started, "the API")
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.force_exit = server.should_exit = True
        thread.join(20)


def ask(server: Daemon, query: str) -> dict[str, float]:
    """What a query answers, by the metric's name."""
    answer: Any = httpx.get(
        f"{server.url}/api/v1/query", params={"query": query}, trust_env=False
    ).json()
    assert "success" == answer["status"], answer
    rows = answer["data"]["result"]
    return {row["metric"].get("__name__", ""): float(row["value"][1]) for row in rows}


@pytest.fixture
def source(tmp_path: Path) -> Painted:
    found = Painted(tmp_path)
    invented = city(PORTS)
    found.shown, found.catalog = invented.picture, invented.catalog
    return found


def test_every_sample_of_every_port_arrives(source: Painted, tmp_path: Path) -> None:
    app = Overheard(create_app(source))
    with served(app) as target, prometheus(tmp_path, [target]) as server:
        until(lambda: ask(server, "up") == {"up": 1}, "a scrape")
        said = httpx.get(f"http://{target}/metrics", trust_env=False).text
        expected = sum(not line.startswith("#") for line in said.splitlines())
        until(
            lambda: ask(server, "scrape_samples_scraped") == {"scrape_samples_scraped": expected},
            f"{expected} samples",
        )

        types = httpx.get(f"{server.url}/api/v1/metadata", trust_env=False).json()["data"]
        assert "counter" == types["edunet_interface_receive_bytes"][0]["type"]
        assert "bytes" == types["edunet_interface_receive_bytes"][0]["unit"]
        assert "info" == types["edunet_school"][0]["type"]
    scraped = {(told["content-type"], told.get("content-encoding")) for told in app.answers}
    assert (accept.OPENMETRICS, "gzip") in scraped
    assert expected > 8 * PORTS * 0.9


def test_a_counter_arrives_to_the_last_digit_prometheus_keeps(tmp_path: Path) -> None:
    with (
        served(create_app(Painted(tmp_path))) as target,
        prometheus(tmp_path, [target]) as server,
    ):
        query = 'edunet_interface_receive_bytes_total{device="core",interface="GE1"}'
        until(lambda: bool(ask(server, query)), "the port")
        assert float(HUGE) == ask(server, query)["edunet_interface_receive_bytes_total"]


@pytest.mark.parametrize("query", ["", "?county=c1", "?ports=all", "?collect[]=interfaces"])
async def test_promtool_finds_nothing_but_the_bits_in_any_part(tmp_path: Path, query: str) -> None:
    async with client(Painted(tmp_path)) as api:
        body = (await api.get(f"/metrics{query}")).content
    argv = [binary("promtool"), "check", "metrics"]
    found = await asyncio.to_thread(subprocess.run, argv, input=body, capture_output=True)
    findings = (found.stdout + found.stderr).decode().splitlines()

    assert body
    assert {'use base unit "bytes" instead of "bits"'} >= {
        line.partition(" ")[2] for line in findings
    }
