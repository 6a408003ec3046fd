"""Does this device answer, how far away is it, and what do its ports carry?"""

from __future__ import annotations

from typing import Final

from edunet.dashboards.panel import Dashboard, Panel, Query, Variable
from edunet.dashboards.words import (
    COUNTIES,
    DOWN,
    LOSSY,
    TO_LINK,
    UP_VALUES,
    broken,
    curves,
    stat,
    trouble,
)

_HERE: Final = 'device="$device"'
DEVICE: Final = Variable(
    "device",
    "设备 Device",
    'label_values(edunet_device_up{county=~"$county"}, device)',
    many=False,
)


def _ports(what: str, factor: str = "") -> tuple[Query, ...]:
    """What each port receives and sends, a second."""
    return tuple(
        Query(
            f"rate(edunet_interface_{way}_{what}_total{{{_HERE}}}[$__rate_interval]){factor}",
            f"{{{{interface}}}} {word}",
        )
        for way, word in (("receive", "收 in"), ("transmit", "发 out"))
    )


DASHBOARD: Final = Dashboard(
    uid="edunet-device",
    title="教育城域网：设备 · Education MAN: device",
    help="一台设备的应答、时延与端口。Answers, round trip and ports of one device.",
    variables=(COUNTIES, DEVICE),
    panels=(
        stat(
            "状态 State", "此刻的判断。The verdict of now.", f"max(edunet_device_up{{{_HERE}}})"
        )._replace(values=UP_VALUES),
        stat(
            "时段可用率 Availability",
            "所选时段内，只计有证据的时间。Over the range shown, of the time there is evidence of.",
            f"max(avg_over_time(edunet_device_up{{{_HERE}}}[$__range]))",
            unit="percentunit",
        ),
        stat(
            "运行时间 Uptime",
            "SNMP 代理所说。As its SNMP agent says.",
            f"max(edunet_device_uptime_seconds{{{_HERE}}})",
            unit="s",
        ),
        stat(
            "往返时延 Round trip",
            "最近一轮探测的中位数。Median of the last echoes.",
            f"max(edunet_probe_rtt_seconds{{{_HERE}}})",
            unit="s",
        ),
        stat(
            "抖动 Jitter",
            "最近十次探测。Of the last ten echoes.",
            f"max(edunet_probe_jitter_seconds{{{_HERE}}})",
            unit="s",
        ),
        stat(
            "丢包 Loss",
            "最近一分钟。Of the last minute.",
            f"max(edunet_probe_loss_ratio{{{_HERE}}})",
            LOSSY,
            "percentunit",
        ),
        stat(
            "端口 Ports",
            "有读数的端口。Ports that are read.",
            f"count(edunet_interface_up{{{_HERE}}})",
        ),
        stat(
            "不通端口 Ports down",
            "不是 up 的端口。Ports that are not up.",
            f"sum(1 - edunet_interface_up{{{_HERE}}})",
            trouble(DOWN),
        ),
        Panel(
            "state-timeline",
            "状态变化 States over time",
            "设备与端口；空白表示没有证据。The device and its ports; a gap: no evidence.",
            (
                Query(f"max by (device) (edunet_device_up{{{_HERE}}})", "{{device}}"),
                Query(f"max by (interface) (edunet_interface_up{{{_HERE}}})", "{{interface}}"),
            ),
            24,
            9,
            values=UP_VALUES,
        ),
        curves(
            "时延与抖动 Round trip and jitter",
            "最近一轮探测的中位数。Median of each burst.",
            (
                Query(f"edunet_probe_rtt_seconds{{{_HERE}}}", "时延 round trip"),
                Query(f"edunet_probe_jitter_seconds{{{_HERE}}}", "抖动 jitter"),
            ),
            "s",
        ),
        curves(
            "丢包率 Loss over time",
            "没有回来的探测。Echoes that did not return.",
            (Query(f"edunet_probe_loss_ratio{{{_HERE}}}", "丢包 loss"),),
            "percentunit",
        ),
        curves(
            "端口流量 Traffic of the ports",
            "由设备自己的计数得出。By the device's own counters.",
            _ports("bytes", " * 8"),
            "bps",
            24,
        ),
        curves(
            "端口误码 Errors of the ports",
            "每秒的错包。Packets in error a second.",
            _ports("errors"),
            "cps",
        ),
        curves(
            "端口丢弃 Discards of the ports",
            "每秒的丢弃。Packets dropped a second.",
            _ports("discards"),
            "cps",
        ),
        Panel(
            "table",
            "端口一览 Ports, one by one",
            "链路两端的端口，全部端口要另行抓取。Ends of links; all ports if they are scraped.",
            (
                Query(f"max by (interface, link) (edunet_interface_up{{{_HERE}}})", "状态 State"),
                Query(
                    f"max by (interface, link) (edunet_interface_speed_bits_per_second{{{_HERE}}})",
                    "速率 Speed",
                ),
            ),
            24,
            9,
            columns=(("interface", "端口 Interface"), ("link", "链路 Link")),
            units=(("速率 Speed", "bps"),),
            values=UP_VALUES,
            mapped="状态 State",
            ways=(TO_LINK,),
        ),
    ),
    annotations=(broken("edunet_device_up", _HERE, "device"),),
)
