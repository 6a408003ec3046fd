"""What the API would answer of an invented city: hand-made dictionaries for tests of the pages."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

Answer = dict[str, Any]
STATES = ("up", "degraded", "down", "unreachable", "unknown")
COUNTIES = (("c1", "城东区"), ("c2", "青石县"), ("c3", "白鹭县"))
TOWNS = [
    "城关镇",
    "石门乡",
    "大湾乡",
    "岩口乡",
    "芦塘乡",
    "双河乡",
    "清水乡",
    "杨林乡",
    "竹园乡",
    "白沙乡",
]
KINDS = [
    "中心小学",
    "初级中学",
    "第一小学",
    "中心幼儿园",
    "王湾小学",
    "张坪教学点",
    "实验小学",
    "赵岭小学",
]


class Answers(NamedTuple):
    """The five questions the overview asks, answered."""

    network: Answer
    counties: list[Answer]
    schools: list[Answer]
    links: list[Answer]
    alerts: list[Answer]


def school(number: int, county: str | None, town: str | None, **changes: Any) -> Answer:
    """One school, up unless `changes` says otherwise."""
    place = TOWNS[number // 6 % len(TOWNS)]
    return {
        "id": f"s{number:04d}",
        "name": place + KINDS[number % len(KINDS)],
        "kind": "school",
        "county": county,
        "town": town,
        "state": "up",
        "flags": [],
        "since": "2026-11-18T08:00:00+08:00",
        "reason": None,
        "reason_code": None,
        "incident": None,
        "uplinks": [],
        "classes": 12,
    } | changes


def alert(name: str, summary: str, **changes: Any) -> Answer:
    """One firing alert nobody has acknowledged."""
    return {
        "id": name,
        "rule": "incident",
        "subject": {"type": "link", "id": name, "name": name},
        "county": None,
        "severity": "major",
        "state": "firing",
        "acknowledged": None,
        "silenced": False,
        "since": "2026-11-18T10:06:12+08:00",
        "fired": "2026-11-18T10:06:14+08:00",
        "resolved": None,
        "value": None,
        "summary": summary,
        "incident": name,
    } | changes


def egress(name: str, **changes: Any) -> Answer:
    """One link of the city to a carrier."""
    return {
        "id": name,
        "role": "idc_egress",
        "state": "up",
        "flags": [],
        "carrier": "unicom",
        "download_bps": 612_400_000.0,
        "upload_bps": 88_100_000.0,
        "utilization": 0.6124,
        "committed_bps": 1_000_000_000.0,
        "capacity_bps": 1_000_000_000.0,
    } | changes


def network(schools: list[Answer], **changes: Any) -> Answer:
    """`/api/v1/network` of these schools."""
    tally = Counter(one["state"] for one in schools)
    return {
        "name": "示例市教育城域网",
        "time": "2026-11-18T10:24:18+08:00",
        "data_age_s": 3.2,
        "schools": {"total": len(schools)} | {state: tally[state] for state in STATES},
        "links": {"total": 81, "up": 77} | dict.fromkeys(STATES[1:], 1),
        "devices": {
            "total": 72,
            "up": 60,
            "degraded": 0,
            "down": 1,
            "unreachable": 9,
            "unknown": 2,
        },
        "incidents_open": 3,
        "inventory": {"loaded": "2026-11-18T07:00:00+08:00", "error": None},
    } | changes


def county(name: str, called: str, schools: list[Answer]) -> Answer:
    """One county of `/api/v1/counties`."""
    tally = Counter(one["state"] for one in schools if one["county"] == name)
    counts = {state: tally[state] for state in STATES}
    return {"id": name, "name": called, "schools": {"total": tally.total()} | counts, "state": "up"}


def quiet(total: int = 60) -> Answers:
    """A city in which nothing is wrong: six schools a township, a tenth of all in no county."""
    schools = []
    for number in range(total):
        at = number * 10 // total - 1
        home = None if at < 0 else COUNTIES[at // 3][0]
        schools.append(school(number, home, None if home is None else f"{home}-t{number // 6}"))
    return of(schools)


def of(schools: list[Answer], alerts: list[Answer] | None = None, **changes: Any) -> Answers:
    """The answers for these schools; `changes` are fields of `/network`."""
    return Answers(
        network(schools, **changes),
        [county(name, called, schools) for name, called in COUNTIES],
        schools,
        [egress("egress-1"), egress("egress-2", carrier="telecom", download_bps=None,
                                    upload_bps=None, utilization=None, state="unknown")],
        alerts or [],
    )  # fmt: skip


def troubled(total: int = 60) -> Answers:
    """The same city on a bad day: a cut county line, a lone fault, lossy links, one silent box."""
    schools = list(quiet(total).schools)
    dark = [i for i, one in enumerate(schools) if one["county"] == "c2"][: total // 6]
    for i in dark:
        schools[i] |= {"state": "unreachable", "incident": "core-c2",
                       "reason": "上级链路 core-c2 中断"}  # fmt: skip
    schools[total - 3] |= {"state": "down", "incident": "c3-s58", "reason": "接入链路中断"}
    schools[total // 4] |= {"state": "degraded", "reason": "丢包 3.4%", "incident": "lossy"}
    schools[total // 4 + 1] |= {"state": "degraded", "reason": "丢包 2.1%", "incident": "lossy"}
    schools[total // 2 + total // 4] |= {"state": "unknown", "reason": "没有证据"}
    schools[2] |= {"flags": ["maintenance"]}
    alerts = [
        alert("lossy", "芦塘乡上联丢包 3.4%", severity="minor", county="c1",
              acknowledged={"by": "张工", "at": "2026-11-18T09:00:00+08:00", "until": None},
              since="2026-11-18T08:31:05+08:00"),
        alert("c3-s58", "白鹭县竹园乡张坪教学点接入链路中断", severity="major", county="c3",
              since="2026-11-17T22:02:44+08:00"),
        alert("core-c2", "青石县上联 core-c2 中断，无备用路径", severity="critical", county="c2"),
        alert("pending", "还没有成立的告警", state="pending"),
    ]  # fmt: skip
    return of(schools, alerts)
