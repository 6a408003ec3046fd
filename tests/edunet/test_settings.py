"""Is `edunet.yaml` read as it is meant, and is everything wrong in it told with its line?"""

from __future__ import annotations

from pathlib import Path

import pytest

from edunet.errors import ConfigError
from edunet.settings import Intervals, Settings, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "edunet.yaml"


def read(file: Path, text: str) -> Settings:
    file.write_text(text, "utf-8")
    return load(file)


def test_without_a_file_everything_has_its_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert Settings() == load()
    assert ("127.0.0.1:8080", "./data") == (load().listen, load().data)
    assert Intervals() == Intervals(reachability="1s", links="10s", interfaces="60s", ssh="5m")


def test_the_file_in_the_folder_is_read_unasked(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(file, "data: elsewhere\n")
    monkeypatch.chdir(file.parent)

    assert "elsewhere" == load().data


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", "   # listen: 0.0.0.0:80"])
def test_a_file_of_comments_says_nothing(file: Path, text: str) -> None:
    assert Settings() == read(file, text)


def test_everything_that_may_be_written_is_read(file: Path) -> None:
    found = read(
        file,
        """
listen: "[::1]:9090"
data: /var/lib/edunet
intervals: {reachability: 500ms, links: 10s, interfaces: 1m, ssh: 1h}
sinks: {tsdb: {kind: influx, url: "http://h:8086", token: "${T}"}}
channels: {duty: {kind: webhook, url: "http://h:9000/"}, night: {kind: webhook, url: "http://h/"}}
oncall:
  routes:
    - {match: {county: c1, severity: [critical, major]}, channels: [duty]}
    - {match: {county: [c2, c3]}, channels: [night, duty]}
    - {channels: []}
queue: 5
""",
    )

    assert ("[::1]:9090", "/var/lib/edunet", 5) == (found.listen, found.data, found.queue)
    times = found.intervals
    assert (0.5, 10, 60, 3600) == (times.reachability, times.links, times.interfaces, times.ssh)
    assert {"tsdb"} == found.sinks.keys()
    assert {"kind": "webhook", "url": "http://h:9000/"} == found.channels["duty"]
    first, second, last = found.oncall.routes
    assert ("c1", ("critical", "major"), ("duty",)) == (
        first.match.county, first.match.severity, first.channels
    )  # fmt: skip
    assert (("c2", "c3"), None) == (second.match.county, second.match.severity)
    assert (None, None, ()) == (last.match.county, last.match.severity, last.channels)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lisen: x", "1: lisen: unknown key; write listen"),
        ("listen: 8080", "1: listen: '8080' is no address with a port; write 127.0.0.1:8080"),
        ("listen: 127.0.0.1", "1: listen: '127.0.0.1' is no address with a port; "),
        ("listen: '[::1::2]:80'", "1: listen: '[::1::2]:80' is no address with a port; "),
        ("data: ''", "1: data: nothing is written; write text"),
        ("\nintervals: {links: soon}", "2: intervals.links: 'soon' is not a time; write 60s or 4h"),
        ("intervals: {links: 0s}", "1: intervals.links: '0s' is not a time; write 60s or 4h"),
        ("intervals: {links: 99ms}", "1: intervals.links: too often or too seldom; write 100ms"),
        ("intervals: {ssh: 999999999999d}", "1: intervals.ssh: too often or too seldom; write"),
        ("intervals: {optics: 5}", "1: intervals.optics: '5' is not a time; write 60s or 4h"),
        ("intervals: {link: 1s}", "1: intervals.link: unknown key; write links"),
        ("channels: [duty]", "1: channels: a list is not a mapping; write key: value"),
        ("channels: {duty: https://h/?key=hunter2}", "1: channels.duty: this is not a mapping; "),
        (
            "channels: {Duty: {}}",
            "1: channels.Duty: 'Duty' is not an id; write small letters, digits and hyphens",
        ),
        (
            "oncall: {routes: [{}]}",
            "1: oncall.routes[0]: channels is missing; write channels: ...",
        ),
        (
            "oncall:\n  routes:\n    - {channels: [], match: {severity: [bad]}}",
            "3: oncall.routes[0].match.severity[0]: 'bad' is none of critical, major, ",
        ),
        (
            "oncall: {routes: [{channels: [], match: {severity: critical}}]}",
            "1: oncall.routes[0].match.severity: 'critical' is not a list; write [..., ...]",
        ),
        (
            "oncall: {routes: [{channels: [], match: {county: [c1, C2]}}]}",
            "1: oncall.routes[0].match.county: 'C2' is not an id; write small letters, digits",
        ),
        ("queue: 0", "1: queue: '0' is too small; write 1 or more"),
        (
            "history: {interfaces: {raw: 14d}}",
            "1: history: a mapping is not there yet; no history is kept, so remove history",
        ),
        (
            "books: postgresql://u:hunter2@h/edunet",
            "1: books: 'postgresql' is not there yet; the books are kept in SQLite: write",
        ),
        (
            "bus: nats://h:4222",
            "1: bus: 'nats' is not there yet; collectors are not joined, so remove bus",
        ),
        ("- a", "1: the file is a list; "),
        ("a: [1, ]]", "1: not YAML: "),
        ("a: &x 1\nb: *x", "1: "),
    ],
)
def test_a_mistake_is_told_with_its_line(file: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as mistake:
        read(file, text)

    lines = str(mistake.value).splitlines()
    assert lines[0].startswith(f"{file}:{said}")
    assert "hunter2" not in str(mistake.value)


def test_what_this_version_honours_may_be_written(file: Path) -> None:
    text = "history: null\nbooks: sqlite\nbus: null\nintervals: {optics: 5m, config: 24h}\n"

    assert Settings() == read(file, text)


def test_all_mistakes_are_told_at_once(file: Path) -> None:
    with pytest.raises(ConfigError) as mistake:
        read(file, "lisen: x\nqueue: lots\nintervals:\n  ssh: never\n")

    lines = str(mistake.value).splitlines()
    assert {f"{file}:1", f"{file}:2", f"{file}:4"} == {line.partition(": ")[0] for line in lines}


@pytest.mark.parametrize("name", ["none.yaml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=str(tmp_path)):
        load(tmp_path / name)


def test_what_plugins_are_given_does_not_show_in_the_repr(file: Path) -> None:
    text = "channels: {duty: {kind: webhook, url: 'http://h/?key=sesame'}}\n"
    found = read(file, text + "sinks: {tsdb: {kind: influx, token: sesame}}\n")

    assert "sesame" not in repr(found) + str(found)
