"""Is this link up, how full is it and has it been, and does it lose what it carries?"""

from __future__ import annotations

from typing import Final

from edunet.dashboards.panel import Dashboard, Panel, Query, Variable
from edunet.dashboards.words import (
    ACCENT,
    BUSY,
    COUNTIES,
    DOWN,
    TO_DEVICE,
    UP_VALUES,
    broken,
    curves,
    stat,
    traffic,
)

_HERE: Final = 'link="$link"'
LINK: Final = Variable(
    "link",
    "链路 Link",
    'label_values(edunet_link_committed_bits_per_second{county=~"$county"}, link)',
    many=False,
)


def _used(way: str) -> str:
    """The 95th percentile of one direction over what was promised."""
    return (
        f"max(quantile_over_time(0.95, edunet_link_{way}_bits_per_second{{{_HERE}}}[$__range]))"
        f" / max(edunet_link_committed_bits_per_second{{{_HERE}}})"
    )


def _lost(what: str) -> tuple[Query, ...]:
    """What both ports of the link count, a second."""
    return tuple(
        Query(
            f"rate(edunet_interface_{way}_{what}_total{{{_HERE}}}[$__rate_interval])",
            f"{{{{device}}}} {{{{interface}}}} {word}",
        )
        for way, word in (("receive", "收 in"), ("transmit", "发 out"))
    )


DASHBOARD: Final = Dashboard(
    uid="edunet-link",
    title="教育城域网：链路 · Education MAN: link",
    help="一条链路的状态、占用与误码。State, use and errors of one link.",
    variables=(COUNTIES, LINK),
    panels=(
        stat(
            "状态 State", "此刻的判断。The verdict of now.", f"max(edunet_link_up{{{_HERE}}})"
        )._replace(values=UP_VALUES),
        stat(
            "时段可用率 Availability",
            "所选时段内，只计有证据的时间。Over the range shown, of the time there is evidence of.",
            f"max(avg_over_time(edunet_link_up{{{_HERE}}}[$__range]))",
            unit="percentunit",
        ),
        stat(
            "利用率 Utilization",
            "较忙方向与签约速率之比。The busier direction over the committed rate.",
            f"max(edunet_link_utilization_ratio{{{_HERE}}})",
            BUSY,
            "percentunit",
        ),
        stat(
            "签约 Committed",
            "运营商承诺的速率。What the carrier promised.",
            f"max(edunet_link_committed_bits_per_second{{{_HERE}}})",
            unit="bps",
        ),
        stat(
            "下行 Download",
            "朝向学校。Towards the school.",
            f"max(edunet_link_download_bits_per_second{{{_HERE}}})",
            unit="bps",
        ),
        stat(
            "上行 Upload",
            "来自学校。From the school.",
            f"max(edunet_link_upload_bits_per_second{{{_HERE}}})",
            unit="bps",
        ),
        stat(
            "下行 p95 Download p95",
            "所选时段的 95 分位与签约速率之比。Of the range shown, over the committed rate.",
            _used("download"),
            BUSY,
            "percentunit",
        ),
        stat(
            "上行 p95 Upload p95",
            "所选时段的 95 分位与签约速率之比。Of the range shown, over the committed rate.",
            _used("upload"),
            BUSY,
            "percentunit",
        ),
        Panel(
            "state-timeline",
            "状态变化 States over time",
            "链路与两端端口；空白表示没有证据。The link and its ports; a gap: no evidence.",
            (
                Query(f"max by (link) (edunet_link_up{{{_HERE}}})", "{{link}}"),
                Query(
                    f"max by (device, interface) (edunet_interface_up{{{_HERE}}})",
                    "{{device}} {{interface}}",
                ),
            ),
            24,
            7,
            values=UP_VALUES,
        ),
        traffic(_HERE, ""),
        curves(
            "利用率与每小时峰值 Utilization and its hourly peak",
            "较忙方向与签约速率之比。The busier direction over the committed rate.",
            (
                Query(f"edunet_link_utilization_ratio{{{_HERE}}}", "利用率 used"),
                Query(f"max_over_time(edunet_link_utilization_ratio{{{_HERE}}}[1h])", "峰值 peak"),
            ),
            "percentunit",
        )._replace(series=(("峰值 peak", DOWN, True), ("利用率 used", ACCENT, False))),
        curves(
            "误码 Errors",
            "两端端口每秒的错包。Packets in error a second, at both ports.",
            _lost("errors"),
            "cps",
        ),
        curves(
            "丢弃 Discards",
            "两端端口每秒的丢弃；队列满时增加。Dropped a second, at both ports: queues were full.",
            _lost("discards"),
            "cps",
        ),
        Panel(
            "table",
            "两端端口 Ports at both ends",
            "点设备看该设备。Click the device for all of it.",
            (
                Query(f"max by (device, interface) (edunet_interface_up{{{_HERE}}})", "状态 State"),
                Query(
                    "max by (device, interface)"
                    f" (edunet_interface_speed_bits_per_second{{{_HERE}}})",
                    "速率 Speed",
                ),
            ),
            24,
            6,
            columns=(("device", "设备 Device"), ("interface", "端口 Interface")),
            units=(("速率 Speed", "bps"),),
            values=UP_VALUES,
            mapped="状态 State",
            ways=(TO_DEVICE,),
        ),
    ),
    annotations=(broken("edunet_link_up", _HERE, "link"),),
)
