"""Is this school connected, how long was it, and is its line wide and good enough?"""

from __future__ import annotations

from typing import Final

from edunet.dashboards.panel import Dashboard, Panel, Query, Variable
from edunet.dashboards.words import (
    BUSY,
    COUNTIES,
    LOSSY,
    STATE_VALUES,
    TO_DEVICE,
    TO_LINK,
    UP_VALUES,
    broken,
    curves,
    stat,
    state_number,
    traffic,
)

_HERE: Final = 'site="$school"'
# The list shows, and is searched by, name and code; the labels come in any order.
SCHOOL: Final = Variable(
    "school",
    "学校 School",
    'query_result(label_join(edunet_school_info{county=~"$county"}, "title", " ", "name", "code"))',
    many=False,
    regex='/title="(?<text>[^"]+)|site="(?<value>[^"]+)/g',
)

DASHBOARD: Final = Dashboard(
    uid="edunet-school",
    title="教育城域网：学校 · Education MAN: school",
    help="一所学校的连通、流量与质量。Connection, traffic and quality of one school.",
    variables=(COUNTIES, SCHOOL),
    panels=(
        stat(
            "状态 State",
            "此刻的判断。The verdict of now.",
            state_number(_HERE),
        )._replace(values=STATE_VALUES),
        stat(
            "时段可用率 Availability",
            "所选时段内，只计有证据的时间。Over the range shown, of the time there is evidence of.",
            f"avg(avg_over_time(edunet_school_up{{{_HERE}}}[$__range]))",
            unit="percentunit",
        ),
        stat(
            "有据时间 Coverage",
            "所选时段内有证据的时间占比。Share of the range shown there is evidence of.",
            f"max(count_over_time(edunet_school_up{{{_HERE}}}[$__range]))"
            f" / max(count_over_time(edunet_school_info{{{_HERE}}}[$__range]))",
            unit="percentunit",
        ),
        stat(
            "班级数 Classes",
            "清单所记。As the inventory has it.",
            f"max(edunet_school_classes{{{_HERE}}})",
        ),
        stat(
            "班均带宽 Per class",
            "签约与端口速率取小，除以班数。The lesser of committed and port rate, over classes.",
            f"max(edunet_school_bits_per_second_per_class{{{_HERE}}})",
            unit="bps",
        ),
        stat(
            "利用率 Utilization",
            "最忙的上联。The busiest uplink.",
            f"max(edunet_link_utilization_ratio{{{_HERE}}})",
            BUSY,
            "percentunit",
        ),
        stat(
            "往返时延 Round trip",
            "最近一轮探测的中位数。Median of the last echoes.",
            f"max(edunet_probe_rtt_seconds{{{_HERE}}})",
            unit="s",
        ),
        stat(
            "丢包 Loss",
            "最近一分钟。Of the last minute.",
            f"max(edunet_probe_loss_ratio{{{_HERE}}})",
            LOSSY,
            "percentunit",
        ),
        Panel(
            "state-timeline",
            "状态变化 States over time",
            "空白表示没有数据。A gap is a time without data.",
            (Query(state_number(_HERE), "状态 State"),),
            24,
            5,
            values=STATE_VALUES,
        ),
        traffic(_HERE, "{{link}}")._replace(ways=(TO_LINK,)),
        curves(
            "上联利用率 Utilization of the uplinks",
            "较忙方向与签约速率之比。The busier direction over the committed rate.",
            (Query(f"edunet_link_utilization_ratio{{{_HERE}}}", "{{link}}"),),
            "percentunit",
        ),
        curves(
            "时延与抖动 Round trip and jitter",
            "对学校设备的探测。Probes of the school's devices.",
            (
                Query(f"edunet_probe_rtt_seconds{{{_HERE}}}", "{{device}} 时延 round trip"),
                Query(f"edunet_probe_jitter_seconds{{{_HERE}}}", "{{device}} 抖动 jitter"),
            ),
            "s",
        ),
        curves(
            "丢包率 Loss over time",
            "对学校设备的探测。Probes of the school's devices.",
            (Query(f"edunet_probe_loss_ratio{{{_HERE}}}", "{{device}}"),),
            "percentunit",
        ),
        Panel(
            "table",
            "上联链路 Uplinks",
            "点编号看该链路。Click the id for the link.",
            (
                Query(f"max by (link) (edunet_link_up{{{_HERE}}})", "状态 State"),
                Query(f"max by (link) (edunet_link_utilization_ratio{{{_HERE}}})", "利用率 Used"),
                Query(
                    f"max by (link) (edunet_link_committed_bits_per_second{{{_HERE}}})",
                    "签约 Committed",
                ),
            ),
            12,
            7,
            columns=(("link", "链路 Link"),),
            units=(("利用率 Used", "percentunit"), ("签约 Committed", "bps")),
            values=UP_VALUES,
            mapped="状态 State",
            ways=(TO_LINK,),
        ),
        Panel(
            "table",
            "设备 Devices",
            "点编号看该设备。Click the id for the device.",
            (
                Query(f"max by (device) (edunet_device_up{{{_HERE}}})", "状态 State"),
                Query(f"max by (device) (edunet_device_uptime_seconds{{{_HERE}}})", "运行 Uptime"),
            ),
            12,
            7,
            columns=(("device", "设备 Device"),),
            units=(("运行 Uptime", "s"),),
            values=UP_VALUES,
            mapped="状态 State",
            ways=(TO_DEVICE,),
        ),
    ),
    annotations=(broken("edunet_school_up", _HERE, "site"),),
)
