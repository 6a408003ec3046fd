"""Does Prometheus learn from us whom its exporters may ask: everything in sight, and no secret?"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from daemons import binary
from painted import INVENTORY, Painted, client

from api.scope import Scope

JOB: Final = "edunet-snmp"
MORE: Final = """
services:
  - {id: portal, kind: https, target: "https://portal.example.edu.cn/", name: 门户, site: city}
  - {id: s1-web, kind: http, target: "http://10.1.0.2:8080/ping", site: s1, labels: {owner: 信息组}}
  - {id: dns, kind: dns, target: 10.1.0.3, site: city}
  - {id: everybody, kind: http, target: "http://10.1.0.4/"}
"""
CHANGES: Final = (
    ("{id: c1-agg, site: c1, address: 127.8.0.2, snmp: ro}",
     "{id: c1-agg, site: c1, address: 127.8.0.2, port: 1161, snmp: ro, role: aggregation,"
     " labels: {rack-no: A3, 机柜: 乙}}"),
    ("{id: c2-agg, site: c2, address: 127.8.0.3, snmp: ro}",
     "{id: c2-agg, site: c2, address: 'fd00::3', port: 1161, snmp: ro}"),
    ("{id: s1-sw, site: s1, address: 127.8.0.4, snmp: ro}",
     "{id: s1-sw, site: s1, address: 127.8.0.4}"),
)  # fmt: skip


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Painted:
    monkeypatch.setenv("SNMP_COMMUNITY", "open-sesame")
    text = INVENTORY
    for before, after in CHANGES:
        assert before in text
        text = text.replace(before, after)
    return Painted(tmp_path, text + MORE)


async def ask(source: Painted, path: str, scope: Scope | None = None) -> httpx.Response:
    async with client(source, scope) as api:
        return await api.get(path)


async def groups(
    source: Painted, path: str, scope: Scope | None = None
) -> dict[str, dict[str, str]]:
    """Target -> its labels; each stands alone."""
    told = (await ask(source, path, scope)).json()
    assert all({"targets", "labels"} == group.keys() for group in told)
    assert all(len(group["targets"]) == 1 for group in told)
    return {group["targets"][0]: group["labels"] for group in told}


@pytest.mark.parametrize("path", ["/sd/snmp", "/sd/icmp", "/sd/http"])
async def test_it_is_a_list_as_prometheus_wants_it(source: Painted, path: str) -> None:
    answer = await ask(source, path)

    assert (200, "application/json") == (answer.status_code, answer.headers["Content-Type"])
    for group in answer.json():
        for name, value in group["labels"].items():
            assert name.startswith("__meta_edunet_")
            assert name.isascii()
            assert isinstance(value, str)
            assert value


async def test_devices_asked_by_snmp_are_told_with_port_and_place(source: Painted) -> None:
    told = await groups(source, "/sd/snmp")

    assert {"127.8.0.1", "127.8.0.2:1161", "[fd00::3]:1161"} == told.keys()
    labels = told["127.8.0.2:1161"]
    assert (
        labels.items()
        >= {
            "__meta_edunet_device": "c1-agg",
            "__meta_edunet_role": "aggregation",
            "__meta_edunet_site": "c1",
            "__meta_edunet_site_name": "城东区",
            "__meta_edunet_site_kind": "county",
            "__meta_edunet_county": "c1",
            "__meta_edunet_vendor": "huawei",
            "__meta_edunet_snmp": "ro",
            "__meta_edunet_snmp_version": "2c",
            "__meta_edunet_label_rack_no": "A3",
        }.items()
    )
    assert "乙" not in labels.values()  # its name cannot be written in ASCII
    assert "__meta_edunet_county" not in told["127.8.0.1"]


async def test_every_watched_device_is_pinged_by_its_address_alone(source: Painted) -> None:
    told = await groups(source, "/sd/icmp")

    assert {"127.8.0.1", "127.8.0.2", "fd00::3", "127.8.0.4"} == told.keys()
    assert "s1" == told["127.8.0.4"]["__meta_edunet_site"]
    assert "1001" == told["127.8.0.4"]["__meta_edunet_site_code"]


async def test_web_services_are_told_and_no_others(source: Painted) -> None:
    told = await groups(source, "/sd/http")

    assert {
        "https://portal.example.edu.cn/", "http://10.1.0.2:8080/ping", "http://10.1.0.4/"
    } == told.keys()  # fmt: skip
    assert (
        told["http://10.1.0.2:8080/ping"].items()
        >= {
            "__meta_edunet_service": "s1-web",
            "__meta_edunet_kind": "http",
            "__meta_edunet_county": "c1",
            "__meta_edunet_label_owner": "信息组",
        }.items()
    )
    assert "门户" == told["https://portal.example.edu.cn/"]["__meta_edunet_name"]


async def test_a_school_that_is_only_reported_is_left_alone(tmp_path: Path) -> None:
    text = INVENTORY.replace("standard: rural}\n  - {id: s2", "watch: reported}\n  - {id: s2")
    source = Painted(tmp_path, text)

    assert "127.8.0.4" not in await groups(source, "/sd/snmp")
    assert "127.8.0.4" not in await groups(source, "/sd/icmp")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/sd/snmp", {"127.8.0.2:1161"}),
        ("/sd/icmp", {"127.8.0.2", "127.8.0.4"}),
        ("/sd/http", {"http://10.1.0.2:8080/ping"}),
    ],
)
async def test_a_county_sees_its_own_and_may_be_asked_for(
    source: Painted, path: str, expected: set[str]
) -> None:
    scoped = await groups(source, path, Scope("county", "c1"))
    asked = await groups(source, f"{path}?county=c1")
    everything = await groups(source, path)

    assert expected == scoped.keys() == asked.keys()
    assert expected < everything.keys()
    assert 404 == (await ask(source, f"{path}?county=c2", Scope("county", "c1"))).status_code
    assert 404 == (await ask(source, f"{path}?county=nobody")).status_code


async def test_nothing_to_tell_is_an_empty_list(tmp_path: Path) -> None:
    answer = await ask(Painted(tmp_path), "/sd/http")

    assert (200, b"[]") == (answer.status_code, answer.content)


@pytest.mark.parametrize("path", ["/sd/snmp", "/sd/icmp", "/sd/http"])
async def test_no_secret_is_told(source: Painted, path: str) -> None:
    assert "open-sesame" not in (await ask(source, path)).text


@contextmanager
def serving(body: bytes) -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (named by the base)
            """A question is no news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


def discover(config: Path) -> list[dict[str, dict[str, str]]]:
    """The targets Prometheus makes of the job."""
    done = subprocess.run(
        [binary("promtool"), "check", "service-discovery", "--timeout=3s", str(config), JOB],
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    found: list[dict[str, dict[str, str]]] = json.loads(done.stdout)
    return found


@pytest.mark.daemon
async def test_prometheus_makes_targets_of_it_by_the_relabeling_in_the_docs(
    source: Painted, tmp_path: Path
) -> None:
    """The documented job, with our list: an exporter asked about the device, named by its id."""
    page = (Path(__file__).parents[2] / "docs" / "exporters.md").read_text("utf-8")
    job = page[page.index(f"  - job_name: {JOB}") :].partition("```")[0]
    body = (await ask(source, "/sd/snmp")).content
    with serving(body) as url:
        path = tmp_path / "prometheus.yml"
        path.write_text(
            "scrape_configs:\n" + job.replace("http://127.0.0.1:8080/sd/snmp", url), "utf-8"
        )
        discovered = discover(path)
    found = {each["labels"]["__param_target"]: each["labels"] for each in discovered}

    assert {"127.8.0.1", "127.8.0.2:1161", "[fd00::3]:1161"} == found.keys()
    labels = found["127.8.0.2:1161"]
    assert "127.0.0.1:9116" == labels["__address__"]
    assert ("127.8.0.2:1161", "c1-agg", "c1") == (
        labels["instance"], labels["device"], labels["county"],
    )  # fmt: skip
