"""Which schools of a county are in trouble, and are its lines wide enough: the panels that tell."""

from __future__ import annotations

from typing import Final

from edunet.dashboards.panel import Annotation, Dashboard, Panel, Query
from edunet.dashboards.words import (
    ACCENT,
    BUSY,
    COUNTY,
    COUNTY_NAMES,
    DOWN,
    STATE_WORDS,
    STATES,
    TO_DEVICE,
    TO_LINK,
    TO_SCHOOL,
    UP_VALUES,
    curves,
    stat,
    trouble,
)

_HERE: Final = 'county="$county"'
# What a school is, once each: two collectors may say the same.
_INFO: Final = f"max by (site, name, code, town) (edunet_school_info{{{_HERE}}})"
_TROUBLE: Final = f'max by (site, state) (edunet_school_state{{{_HERE},state!="up"}} == 1)'
_LOST: Final = f'edunet_school_state{{{_HERE},state=~"down|unreachable"}}'
_UPLINKS: Final = f'{_HERE},role=~"county_uplink|county_egress"'

DASHBOARD: Final = Dashboard(
    uid="edunet-county",
    title="教育城域网：县区 · Education MAN: county",
    help="一个县区的学校、上联与设备。Schools, uplinks and devices of one county.",
    variables=(COUNTY,),
    panels=(
        stat(
            "学校总数 Schools",
            "清单中的学校。Schools of the inventory.",
            f"count(edunet_school_info{{{_HERE}}})",
        ),
        *(
            stat(
                title,
                text,
                f'sum(edunet_school_state{{{_HERE},state="{state}"}})',
                trouble(colour),
            )
            for state, title, colour, text in STATES
        ),
        stat(
            "连通率 Connected",
            "只算有证据的学校。Of the schools there is evidence of.",
            f"avg(edunet_school_up{{{_HERE}}})",
            unit="percentunit",
        ),
        stat(
            "受影响班级 Classes affected",
            "断网学校的班级数。Classes of schools that are cut off.",
            # No school cut off is no series: a zero only while the county is heard of.
            f"sum(edunet_school_classes{{{_HERE}}} and on (site)"
            f" (edunet_school_up{{{_HERE}}} == 0)) or 0 * count(edunet_school_info{{{_HERE}}})",
            trouble(DOWN),
        ),
        stat(
            "最忙链路 Busiest link",
            "较忙方向与签约速率之比。The busier direction over the committed rate.",
            f"max(edunet_link_utilization_ratio{{{_HERE}}})",
            BUSY,
            "percentunit",
        ),
        Panel(
            "table",
            "异常学校 Schools in trouble",
            "不含正常的学校；空表示全部正常。Without those that are up; empty: all are.",
            (Query(f"{_TROUBLE} * on (site) group_left (name, code, town) {_INFO}", ""),),
            14,
            11,
            columns=(
                ("name", "学校 School"),
                ("code", "标识码 Code"),
                ("town", "乡镇 Township"),
                ("state", "状态 State"),
                ("site", "编号 Id"),
            ),
            values=STATE_WORDS,
            mapped="state",
            ways=(TO_SCHOOL,),
        ),
        Panel(
            "timeseries",
            "各状态学校数 Schools by state",
            "堆叠，不含正常。Stacked by state, without those that are up.",
            (Query(f'sum by (state) (edunet_school_state{{{_HERE},state!="up"}})', "{{state}}"),),
            10,
            11,
            stacked=True,
            series=tuple((state, colour, False) for state, _, colour, _ in STATES),
        ),
        Panel(
            "state-timeline",
            "乡镇断网学校数 Schools cut off, by township",
            "只算有证据的学校。Of the schools there is evidence of.",
            (
                Query(
                    f"sum by (town) ((1 - max by (site) (edunet_school_up{{{_HERE}}}))"
                    f" * on (site) group_left (town) {_INFO})",
                    "{{town}}",
                ),
            ),
            24,
            9,
            colours=trouble(DOWN),
        ),
        Panel(
            "timeseries",
            "县区上联与出口 County uplinks and egress",
            "下行、上行与签约速率。Download, upload and the committed rate.",
            (
                Query(f"edunet_link_download_bits_per_second{{{_UPLINKS}}}", "{{link}} 下行 down"),
                Query(f"edunet_link_upload_bits_per_second{{{_UPLINKS}}}", "{{link}} 上行 up"),
                Query(
                    f"edunet_link_committed_bits_per_second{{{_UPLINKS}}}",
                    "{{link}} 签约 committed",
                ),
            ),
            12,
            10,
            "bps",
            series=(("/committed$/", DOWN, True), ("/down$/", ACCENT, False)),
            ways=(TO_LINK,),
        ),
        Panel(
            "bargauge",
            "利用率最高的 15 条链路 Busiest 15 links",
            "较忙方向与签约速率之比。The busier direction over the committed rate.",
            (Query(f"topk(15, edunet_link_utilization_ratio{{{_HERE}}})", "{{link}}"),),
            12,
            10,
            "percentunit",
            BUSY,
            ways=(TO_LINK,),
        ),
        Panel(
            "bargauge",
            "班均带宽最低的 15 所学校 Least bandwidth per class",
            "签约与端口速率取小，除以班数。The lesser of committed and port rate, over classes.",
            (
                Query(
                    "bottomk(15, max by (site)"
                    f" (edunet_school_bits_per_second_per_class{{{_HERE}}})"
                    f" * on (site) group_left (name) {_INFO})",
                    "{{name}}",
                ),
            ),
            12,
            11,
            "bps",
            ways=(TO_SCHOOL,),
        ),
        Panel(
            "table",
            "不通的设备 Devices not up",
            "中断或不可达；空表示没有。Down or unreachable; empty: none is.",
            (Query(f"max by (device, site) (edunet_device_up{{{_HERE}}} == 0)", "状态 State"),),
            12,
            11,
            columns=(("device", "设备 Device"), ("site", "地点 Site")),
            values=UP_VALUES,
            mapped="状态 State",
            ways=(TO_DEVICE,),
        ),
        curves(
            "往返时延 Round trip",
            "全部探测的中位数与 95 分位。Median and 95th percentile of all probes.",
            (
                Query(f"quantile(0.5, edunet_probe_rtt_seconds{{{_HERE}}})", "p50"),
                Query(f"quantile(0.95, edunet_probe_rtt_seconds{{{_HERE}}})", "p95"),
            ),
            "s",
        ),
        curves(
            "丢包 Loss",
            "平均与 95 分位。Mean and 95th percentile.",
            (
                Query(f"avg(edunet_probe_loss_ratio{{{_HERE}}})", "平均 mean"),
                Query(f"quantile(0.95, edunet_probe_loss_ratio{{{_HERE}}})", "p95"),
            ),
            "percentunit",
        ),
    ),
    annotations=(
        Annotation(
            "断网学校增多 More schools cut off",
            f"(sum by (county) ({_LOST})"
            f" > (sum by (county) ({_LOST} offset 1m) or 0 * sum by (county) ({_LOST})))"
            f" * on (county) group_left (name) {COUNTY_NAMES}",
            "{{name}}",
            DOWN,
        ),
    ),
)
