"""Does every question of a dashboard have an answer, asked of real time series databases?"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import daemons
import httpx
import pytest

from edunet.dashboards import DASHBOARDS

pytestmark = pytest.mark.daemon


def exposition() -> str:
    """Two counties, one city school, one egress: what a small city would export."""
    lines = [
        "edunet_poll_answered_ratio 0.97",
        'edunet_incidents_open{severity="major",cause="fibre"} 1',
        f"edunet_collector_last_success_timestamp_seconds {time.time():.0f}",
    ]
    for number, county in enumerate(("c1", "c1", "c2", "")):
        place = f'site="s{number}"' + (f',county="{county}"' if county else "")
        lines.append(f'edunet_school_info{{{place},name="学校{number}"}} 1')
        for state in ("up", "degraded", "down", "unreachable", "unknown"):
            truth = int(state == ("down" if number == 2 else "up"))
            lines.append(f'edunet_school_state{{{place},state="{state}"}} {truth}')
        lines.append(f'edunet_link_utilization_ratio{{{place},link="l{number}"}} 0.{number}1')
        lines.append(f'edunet_probe_rtt_seconds{{{place},device="d{number}"}} 0.00{number}1')
        lines.append(f'edunet_probe_loss_ratio{{{place},device="d{number}"}} 0')
    for what in ("download", "upload", "committed"):
        lines.append(f'edunet_link_{what}_bits_per_second{{link="e",role="idc_egress"}} 5e8')
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def exporter() -> Iterator[str]:
    body = exposition().encode()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (named by the base)
            """A scrape is no news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def ask(url: str, expr: str) -> list[Any]:
    answer = httpx.get(f"{url}/api/v1/query", params={"query": expr}, trust_env=False)
    assert answer.status_code == 200, answer.text
    result: list[Any] = answer.json()["data"]["result"]
    return result


@pytest.fixture(scope="module")
def prometheus(exporter: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with daemons.prometheus(tmp_path_factory.mktemp("prometheus"), [exporter]) as daemon:
        daemons.until(lambda: bool(ask(daemon.url, "edunet_school_info")), "the first scrape")
        yield daemon.url


@pytest.fixture(scope="module")
def victoria_metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with daemons.victoria_metrics(tmp_path_factory.mktemp("victoria")) as daemon:
        httpx.post(
            f"{daemon.url}/api/v1/import/prometheus", content=exposition(), trust_env=False
        ).raise_for_status()
        daemons.until(lambda: bool(ask(daemon.url, "edunet_school_info")), "the import")
        yield daemon.url


def asked(county: str = ".*") -> list[str]:
    """Every question, as Grafana sends it once a county is chosen."""
    found = [expr for board in DASHBOARDS.values() for expr in board.expressions()]
    return [expr.replace("$county", county) for expr in found]


@pytest.mark.parametrize("server", ["prometheus", "victoria_metrics"])
def test_every_question_is_answered(server: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(server)

    assert [] == [expr for expr in asked() if not ask(url, expr)]


def test_a_metric_nobody_exports_is_noticed(prometheus: str) -> None:
    assert [] == ask(prometheus, "sum(edunet_school_stat)")


def test_all_counties_include_the_schools_of_the_city(prometheus: str) -> None:
    total, one = asked()[0], asked("c1")[0]

    assert "4" == ask(prometheus, total)[0]["value"][1]
    assert "2" == ask(prometheus, one)[0]["value"][1]


def test_nothing_open_is_zero_only_while_the_collector_is_heard_of(
    prometheus: str,
) -> None:
    (expr,) = {one for one in asked() if one.startswith("sum(edunet_incidents_open)")}
    silent = expr.replace("edunet_incidents_open", "edunet_nothing")

    assert "1" == ask(prometheus, expr)[0]["value"][1]
    assert "0" == ask(prometheus, silent)[0]["value"][1]
    assert [] == ask(prometheus, silent.replace("edunet_school_info", "edunet_nobody"))
