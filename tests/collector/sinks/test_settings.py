"""Is a wrong setting of a sink said in a line a person can act on?"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.aside import Aside
from collector.sinks import Refusal, parse
from collector.sinks._answers import seconds
from collector.sinks._lines import FIELDS
from collector.sinks.influx import Influx
from edunet.errors import ConfigError


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"kind": "inflx"},
            "sinks.tsdb: no kind 'inflx'; choose one of file, influx, influx1, remote_write",
        ),
        ({}, "sinks.tsdb: no kind ''; choose one of file, influx, influx1, remote_write"),
        ({"kind": "pusher"}, "sinks.tsdb: no kind 'pusher'"),
        ({"kind": "../influx"}, "sinks.tsdb: no kind '../influx'"),
        ({"kind": "influx"}, "sinks.tsdb.url: is missing"),
        ({"kind": "influx", "url": "h:8086"}, "sinks.tsdb.url: write a URL like http://"),
        ({"kind": "influx", "url": "ftp://h"}, "sinks.tsdb.url: write a URL like http://"),
        ({"kind": "influx", "url": "http://u:s3cr3t@h"}, "sinks.tsdb.url: leave user, password"),
        ({"kind": "influx", "url": "http://[::1"}, "sinks.tsdb.url:"),
        (
            {"kind": "influx", "url": "http://h", "bukket": 1},
            "sinks.tsdb.bukket: is no key; influx",
        ),
        ({"kind": "influx", "url": "http://h", "timeout": "0s"}, "sinks.tsdb.timeout:"),
        ({"kind": "influx", "url": "http://h", "token": {"s3cr3t": 1}}, "sinks.tsdb.token:"),
        ({"kind": "influx", "url": "http://h", "user": "u"}, "sinks.tsdb.user: is no key; influx"),
        ({"kind": "influx", "url": "http://h:0x"}, "sinks.tsdb.url: write a URL like http://"),
        ({"kind": "influx1", "url": "http://h"}, "sinks.tsdb.database: is missing"),
        (
            {"kind": "influx1", "url": "http://h", "database": "e", "user": "u"},
            "sinks.tsdb: user and password go together; write both or none",
        ),
        (
            {"kind": "influx1", "url": "http://h", "database": "e", "password": "s3cr3t"},
            "sinks.tsdb: user and password go together; write both or none",
        ),
        (
            {"kind": "remote_write", "url": "http://h", "user": "u", "password": "s3cr3t"}
            | {"token": "s3cr3t"},
            "sinks.tsdb: says twice who it is; keep one of user, token and headers.Authorization",
        ),
        (
            {"kind": "remote_write", "url": "http://h", "token": "t"}
            | {"headers": {"authorization": "s3cr3t"}},
            "sinks.tsdb: says twice who it is",
        ),
        (
            {"kind": "remote_write", "url": "http://h", "user": "u:v", "password": "p"},
            "sinks.tsdb: no user may have a colon",
        ),
        (
            {"kind": "remote_write", "url": "http://h", "headers": {"X Y": "s3cr3t"}},
            "sinks.tsdb.headers.X Y.[key]: this is no name of a header; write X-Scope-OrgID",
        ),
        (
            {"kind": "remote_write", "url": "http://h", "headers": {"Content-Type": "s3cr3t"}},
            "sinks.tsdb.headers.Content-Type.[key]: the sink writes this header itself",
        ),
        (
            {"kind": "remote_write", "url": "http://h", "proxy": "proxy:3128"},
            "sinks.tsdb.proxy: write a URL like http://",
        ),
        (
            {"kind": "remote_write", "url": "http://h", "proxy": "http://proxy/path"},
            "sinks.tsdb.proxy: write a proxy like http://proxy.example:3128",
        ),
        ({"kind": "remote_write", "url": "http://h", "ordered": "perhaps"}, "sinks.tsdb.ordered:"),
        ({"kind": "file"}, "sinks.tsdb.path: is missing"),
        ({"kind": "file", "path": "exports/"}, "sinks.tsdb.path: this is a folder; write a file"),
        ({"kind": "file", "path": "x", "format": "xml"}, "sinks.tsdb.format: Input should be"),
        (
            {"kind": "file", "path": "x", "size": "64"},
            "sinks.tsdb.size: this is no size; write 64MB or 4GB",
        ),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse("tsdb", settings)

    assert str(caught.value).startswith(message)
    assert "s3cr3t" not in str(caught.value)


def test_the_documented_settings_are_taken() -> None:
    sink = parse(
        "tsdb",
        {"kind": "influx", "url": "http://h:8086", "org": "edu", "bucket": "e", "token": "${T}"},
    )

    assert isinstance(sink, Influx)
    assert ("http://h:8086", "edu", "e", 10.0) == (sink.url, sink.org, sink.bucket, sink.timeout)


def test_every_example_of_the_page_about_sinks_is_taken() -> None:
    page = Path(__file__).parents[3] / "docs" / "sinks.md"
    examples = re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
    sinks = [item for text in examples for item in yaml.safe_load(text)["sinks"].items()]

    assert {"influx", "influx1", "remote_write", "file"} == {item["kind"] for _, item in sinks}
    for name, settings in sinks:
        assert type(parse(name, settings)).__name__.lower() == settings["kind"].replace("_", "")


def test_the_page_about_sinks_names_every_field() -> None:
    page = (Path(__file__).parents[3] / "docs" / "sinks.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", page, re.MULTILINE))
    documented = {kind: set(re.findall(r"`(\w+)`", row)) for kind, row in rows.items()}

    assert documented == {
        kind: {metric.removeprefix(f"edunet_{kind}_") for metric, _ in columns.values()}
        for kind, columns in FIELDS.items()
    }


@pytest.mark.parametrize("kind", ["influx", "influx1", "remote_write"])
@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"ca": "/no/such.pem"}, "ca /no/such.pem: No such file or directory; write the path"),
        ({"ca": __file__}, "it holds no certificate; write the path of a PEM file"),
        ({"headers": {"X-Key": "s3cr3t\nHost: x"}}, "headers.X-Key: literal is not one line of"),
        ({"token": "s3cr3t\n"}, "token: literal is not one line of ASCII"),
        ({"headers": {"X-Key": "${NO_SUCH_KEY}"}}, r"\$\{NO_SUCH_KEY\} is not set"),
    ],
)
def test_what_only_opening_shows_is_said_then(
    kind: str, more: dict[str, Any], message: str
) -> None:
    database = {"database": "e"} if kind == "influx1" else {}
    sink = parse("tsdb", {"kind": kind, "url": "https://h", **database, **more})
    with pytest.raises(ConfigError, match=message) as caught:
        sink.open(lambda *_: {})

    assert "s3cr3t" not in str(caught.value)


def test_a_token_that_is_not_there_is_said_when_the_sink_opens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    sink = parse("tsdb", {"kind": "influx", "url": "http://h", "token": "${NO_SUCH_TOKEN}"})

    with pytest.raises(ConfigError, match="NO_SUCH_TOKEN"):
        sink.open(lambda *_: {})


def test_reading_settings_does_not_load_the_client() -> None:
    code = (
        "import sys; from collector.sinks import parse;"
        "parse('t', {'kind': 'influx', 'url': 'http://h'});"
        "parse('r', {'kind': 'influx1', 'url': 'http://h', 'database': 'e'});"
        "heavy = ('influxdb_client', 'urllib3', 'reactivex', 'httpx', 'cramjam');"
        "print([m for m in heavy if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == found.stdout.strip()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        ("-7", 0.0),
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30.0),
        ("Wed, 21 Oct 2026 07:27:00 GMT", 0.0),
        ("soon", None),
        ("9" * 5000, None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str | None, expected: float | None) -> None:
    assert expected == seconds(header, "Wed, 21 Oct 2026 07:28:00 GMT")


def test_what_is_set_aside_is_bounded_and_kept_once(tmp_path: Path) -> None:
    aside = Aside(tmp_path / "set-aside" / "tsdb", most_bytes=1000)
    for number in range(10):
        first = aside.keep(Refusal(b"x" * 200 + b"%d" % number, "no\nreally"), 1_790_000_000_000)
        again = aside.keep(Refusal(b"x" * 200 + b"%d" % number, "no\nreally"), 1_790_000_000_999)
        assert first == again

    files = list(aside.folder.iterdir())
    assert sum(file.stat().st_size for file in files) <= 1000
    assert (10, 10 - len(files)) == (aside.kept, aside.dropped)
    assert b"# no\n# really\n" + b"x" * 200 + b"9\n" == first.read_bytes()
