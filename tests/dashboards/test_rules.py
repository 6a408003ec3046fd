"""Do the rules for Prometheus load, and does each alert fire when, and only when, it should?"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import yaml
from daemons import binary

from edunet import metrics

pytestmark = pytest.mark.daemon

ROOT: Final = Path(__file__).parents[2]
FILES: Final = sorted((ROOT / "dashboards" / "rules").glob("*.yml"))
ALERTS: Final[dict[str, dict[str, Any]]] = {
    rule["alert"]: rule
    for path in FILES
    for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
    for rule in group["rules"]
    if "alert" in rule
}
WORDS: Final = {"summary", "summary_en", "description", "description_en"}
SCHOOL: Final = 'edunet_school_info{site="s1",county="c1",name="实验小学",kind="school"}'
Series = dict[str, str]


class Case(NamedTuple):
    """What is read each minute from Thursday 08:00 in Shanghai on, and what is told of it when.

    `value` is how the alert's texts should spell what they are about.
    """

    alert: str
    series: Series
    at: str
    labels: dict[str, str] | None = None
    value: str = ""


BUSY: Final = 'edunet_link_utilization_ratio{link="l1",county="c1"}'
LOSS: Final = 'edunet_probe_loss_ratio{device="d1",site="s1"}'
PORT: Final = '{device="d1",interface="GE1"}'
RECEIVED: Final = f"edunet_interface_receive_errors_total{PORT}"
SENT: Final = f"edunet_interface_transmit_errors_total{PORT}"
HEARD: Final = "edunet_collector_last_success_timestamp_seconds"
DROPPED: Final = 'edunet_samples_rejected_total{reason="queue_full"}'
FELL: Final = 'edunet_speed_changes_total{way="fell"}'
LATE: Final = 'edunet_poll_lateness_seconds{table="links"}'
LAG: Final = 'edunet_loop_lag_seconds{thread="judge"}'
SINK: Final = 'edunet_sink_lag_seconds{sink="tsdb"}'
OPEN: Final = 'edunet_incidents_open{{severity="{}",cause="unknown"}}'
OFF: Final = {"site": "s1", "county": "c1", "name": "实验小学"}


def states(**truth: str) -> Series:
    told = {
        f'edunet_school_state{{site="s1",county="c1",state="{s}"}}': v for s, v in truth.items()
    }
    return {SCHOOL: "1x30", **told}


def three_schools(*values: str) -> Series:
    named = zip(("s1", "s2", "s3"), values, strict=False)
    return {f'edunet_school_up{{site="{site}",county="c1"}}': value for site, value in named}


FIRES: Final = [
    Case("EdunetSchoolDown", states(down="1x30"), "6m", OFF),
    Case("EdunetIncidentOpen", {OPEN.format("critical"): "2x10"}, "3m",
         {"severity": "critical", "cause": "unknown"}, "2"),
    Case("EdunetCountyOffline", three_schools("0x9", "0x9", "1x9"), "4m", {"county": "c1"},
         "33.33%"),
    Case("EdunetLinkSaturated", {BUSY: "0.95x60"}, "30m", {"link": "l1", "county": "c1"}, "95%"),
    Case("EdunetLossHigh", {LOSS: "0.1x30", 'edunet_device_up{device="d1"}': "1x30"}, "15m",
         {"device": "d1", "site": "s1"}, "10%"),
    Case("EdunetInterfaceErrors", {RECEIVED: "0+90x60", SENT: "0+30x60"}, "30m",
         {"device": "d1", "interface": "GE1"}, "2"),
    Case("EdunetSpeedFell", {FELL: "_x9 1x30"}, "20m", {}, "1"),
    Case("EdunetAbsent", {}, "4m", {}),
    Case("EdunetCollectorStale", {HEARD: "0x20"}, "4m", {}, "4m 0s"),
    Case("EdunetFewAnswer", {"edunet_poll_answered_ratio": "0.5x20"}, "12m", {}, "50%"),
    Case("EdunetManyUnknown", states(unknown="1x30"), "12m", {}, "100%"),
    Case("EdunetPollLate", {LATE: "6x20"}, "6m", {"table": "links"}, "6s"),
    Case("EdunetSamplesDropped", {DROPPED: "_x4 3x20"}, "8m", {"reason": "queue_full"}),
    Case("EdunetSamplesDropped", {DROPPED: "0x14 5x20"}, "20m", {"reason": "queue_full"}),
    Case("EdunetSinkLag", {SINK: "400x20"}, "6m", {"sink": "tsdb"}, "6m 40s"),
    Case("EdunetOutboxStuck", {"edunet_outbox_pending": "4x30"}, "16m", {}, "4"),
    Case("EdunetLoopLag", {LAG: "2x20"}, "6m", {"thread": "judge"}, "2s"),
]  # fmt: skip

QUIET: Final = [
    Case("EdunetSchoolDown", states(down="1x30"), "4m"),  # not for long enough
    Case("EdunetSchoolDown", states(down="0x30", unreachable="1x30"), "20m"),
    Case("EdunetSchoolDown", states(down="0x30", unknown="1x30"), "20m"),
    Case("EdunetIncidentOpen", {OPEN.format("info"): "2x10"}, "9m"),
    Case("EdunetCountyOffline", three_schools("0x9", "1x9", "1x9"), "9m"),
    Case("EdunetCountyOffline", three_schools("1x9"), "9m"),  # two of which nothing is known
    Case("EdunetLinkSaturated", {BUSY: "0.8x60"}, "30m"),
    Case("EdunetLinkSaturated", {BUSY: "0.95x800"}, "10h"),  # 18:00
    Case("EdunetLinkSaturated", {BUSY: "0.95x3300"}, "52h"),  # Saturday noon
    Case("EdunetLossHigh", {LOSS: "1x30", 'edunet_device_up{device="d1"}': "0x30"}, "15m"),
    Case("EdunetInterfaceErrors", {RECEIVED: "0+30x60", SENT: "0+20x60"}, "30m"),
    Case("EdunetSpeedFell", {FELL: "1x120"}, "90m"),  # long ago
    Case("EdunetSpeedFell", {FELL.replace("fell", "rose"): "_x9 1x30"}, "20m"),
    Case("EdunetAbsent", {HEARD: "0+60x20"}, "10m"),
    Case("EdunetCollectorStale", {HEARD: "0+60x20"}, "10m"),
    Case("EdunetFewAnswer", {"edunet_poll_answered_ratio": "0.95x20"}, "12m"),
    Case("EdunetManyUnknown", states(unknown="0x30", up="1x30"), "12m"),
    Case("EdunetPollLate", {LATE: "6 6 6 0x20"}, "10m"),
    Case("EdunetSamplesDropped", {DROPPED.replace("queue_full", "reset"): "0+9x30"}, "20m"),
    Case("EdunetSamplesDropped", {DROPPED: "5x40"}, "20m"),  # long ago
    Case("EdunetSinkLag", {SINK: "200x20"}, "15m"),
    Case("EdunetOutboxStuck", {"edunet_outbox_pending": "4x8 0 4x8 0 4x8"}, "26m"),
    Case("EdunetLoopLag", {LAG: "0 0 9 0 0 0 9 0 0 0 0 9 0 0"}, "13m"),
]


def spelt(template: str, case: Case) -> str:
    """The text with its labels and its value filled in, as the case spells them."""
    for name, value in (case.labels or {}).items():
        template = template.replace(f"{{{{ $labels.{name} }}}}", value)
    filled = re.sub(r"{{ \$value[^}]*}}", case.value, template)
    return re.sub(r"{{ \$labels\.\w+ }}", "", filled)


def told(case: Case) -> dict[str, Any]:
    """The case as promtool reads it."""
    alerts: list[Any] = []
    if case.labels is not None:
        rule = ALERTS[case.alert]
        texts = {name: spelt(text, case) for name, text in rule["annotations"].items()}
        alerts = [{"exp_labels": {**rule["labels"], **case.labels}, "exp_annotations": texts}]
    series = [{"series": name, "values": values} for name, values in case.series.items()]
    asked = {"eval_time": case.at, "alertname": case.alert, "exp_alerts": alerts}
    return {
        "name": f"{case.alert} at {case.at}",
        "interval": "1m",
        "input_series": series,
        "alert_rule_test": [asked],
    }


def run(path: Path, *words: str) -> str:
    done = subprocess.run(
        [binary("promtool"), *words, str(path)], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def write(folder: Path, cases: list[Case]) -> Path:
    path = folder / "alerts.test.yml"
    files = [str(each) for each in FILES if "alerts" in each.name]
    body = {"rule_files": files, "evaluation_interval": "1m", "tests": [told(c) for c in cases]}
    path.write_text(json.dumps(body, ensure_ascii=False), "utf-8")  # JSON is YAML
    return path


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_promtool_finds_nothing_wrong(path: Path) -> None:
    assert "" == run(path, "check", "rules")


def test_alerts_fire_when_they_should_and_say_what_is_the_case(tmp_path: Path) -> None:
    assert "" == run(write(tmp_path, FIRES), "test", "rules")


def test_alerts_are_quiet_when_nothing_is_wrong(tmp_path: Path) -> None:
    assert "" == run(write(tmp_path, QUIET), "test", "rules")


def test_a_case_that_is_wrong_is_noticed(tmp_path: Path) -> None:
    """Every case the other way round fails: promtool does look at each."""
    swapped = [case._replace(labels=None) for case in FIRES]
    swapped += [case._replace(labels={}) for case in QUIET]
    complaints = run(write(tmp_path, swapped), "test", "rules")

    assert len(swapped) == len(re.findall(r"^\s+alertname:", complaints, re.MULTILINE))


def test_every_alert_has_a_case_either_way() -> None:
    assert set(ALERTS) == {case.alert for case in FIRES} == {case.alert for case in QUIET}


def test_recorded_series_are_what_they_say() -> None:
    for path in sorted(Path(__file__).parent.glob("rules/*.test.yml")):
        assert "" == run(path, "test", "rules")


def test_every_recorded_series_is_asked_for_in_a_test() -> None:
    tests = sorted(Path(__file__).parent.glob("rules/*.test.yml"))
    asked = "\n".join(
        line for path in tests for line in re.findall(r"expr: (.*)", path.read_text("utf-8"))
    )
    rules = [
        rule
        for path in FILES
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
        for rule in group["rules"]
    ]

    assert [] == [r["record"] for r in rules if r.get("record", "") not in asked]


def test_every_metric_a_rule_asks_for_is_one_we_export() -> None:
    for path in FILES:
        rules = [
            rule
            for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
            for rule in group["rules"]
        ]
        recorded = {rule["record"] for rule in rules if "record" in rule}
        for rule in rules:
            asked = re.sub("|".join(map(re.escape, recorded)) or "$^", "", rule["expr"])
            assert set(re.findall(r"\bedunet_\w+", asked)) <= metrics.NAMES


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_an_alert_speaks_both_languages_and_knows_its_severity(name: str) -> None:
    rule = ALERTS[name]

    assert WORDS == rule["annotations"].keys()
    severities = {"critical", "major", "minor", "info", "{{ $labels.severity }}"}
    assert rule["labels"]["severity"] in severities
    for word, text in rule["annotations"].items():
        assert word.endswith("_en") != bool(re.search("[一-鿿]", text)), text
    fields = [
        set(re.findall(r"{{ ([^}]+) }}", rule["annotations"][word]))
        for word in ("summary", "summary_en")
    ]
    assert fields[0] == fields[1]
