"""Does an alert survive the books, and does its message say what the contract says?"""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

from physics import START, Watch, plant

from alerts.alert import alert_id, message, record, restore, stamp
from alerts.rule import Rule, load

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIELDS = {"name": "x", "schools": 1}


def _told() -> Watch:
    return Watch(plant("core-a a-s1")).run(30).breaks("link:core-a").run(20)


def test_an_alert_is_the_same_after_the_books() -> None:
    alert = _told().notices[0].alert
    assert alert == restore(json.loads(json.dumps(record(alert))))


def test_the_identity_is_made_of_the_evidence_alone() -> None:
    first, second = _told().notices[0], _told().notices[0]

    assert first.key == second.key
    alert = first.alert
    assert alert.id == alert_id("link_down", alert.subject, alert.since)
    renamed = alert.subject._replace(name="新名字")
    assert alert.id == alert_id("link_down", renamed, alert.since)
    assert alert.id != alert_id("link_down", alert.subject, alert.since + 1)
    assert alert.id != alert_id("device_down", alert.subject, alert.since)


def test_the_message_has_the_fields_of_the_contract() -> None:
    notice = _told().notices[0]
    body = message(notice, SHANGHAI, "en", "http://h/alerts/1")

    assert {
        "key", "time", "action", "incident", "alert", "rule", "severity", "state", "root", "cause",
        "opened", "resolved", "reason", "county", "sites", "impact", "summary", "url",
    } <= body.keys()  # fmt: skip
    assert ("open", "firing", "critical", "a") == tuple(
        body[name] for name in ("action", "state", "severity", "county")
    )
    assert {"type": "link", "id": "core-a", "name": "CORE — A"} == body["root"]
    assert {"sites": 2, "schools": 1, "classes": 10, "students": 0} == body["impact"]
    assert (["a", "s1"], None) == (body["sites"], body["resolved"])
    assert "1 schools cut off" in body["summary"]
    assert "1 所学校断网" in message(notice, SHANGHAI, "zh-CN", "")["summary"]
    json.dumps(body)


def test_times_are_told_in_the_network_s_own_time() -> None:
    """1 790 000 000 s after the epoch is 2026-09-21 14:13:20 UTC."""
    assert "2026-09-21T22:13:20.000+08:00" == stamp(START, SHANGHAI)
    assert stamp(None, SHANGHAI) is None


def test_every_shipped_rule_has_words_in_both_languages_that_need_only_known_fields() -> None:
    rules = load()

    assert {("link", "outage"), ("link", "redundancy_lost"), ("device", "outage")} == {
        (rule.subject, rule.kind) for rule in rules
    }
    for rule in rules:
        assert {"zh-CN", "en"} == rule.summary.keys()
        for text in rule.summary.values():
            assert "{" not in text.format(**FIELDS)


def test_what_no_rule_holds_is_not_told_and_everything_else_is() -> None:
    kept = [rule for rule in load() if rule.kind == "outage"]
    assert all(isinstance(rule, Rule) for rule in kept)
    watch = Watch(plant("core-a core-b a-s1 b-s1 b-s2"), rules=kept).run(30)
    watch.breaks("link:a-s1", "link:b-s2").run(40)
    assert ["open link:b-s2"] == watch.told

    # the second way of s1: only this cut explains its silence, it had survived the first
    watch.breaks("link:b-s1").run(40)
    assert ["open link:b-s2", "open link:b-s1"] == watch.told
