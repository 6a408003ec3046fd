"""Is the city connected, where is it not, and is the egress wide enough: the panels that tell."""

from __future__ import annotations

from typing import Final

from edunet.dashboards.panel import Dashboard, Panel, Query
from edunet.dashboards.words import (
    ACCENT,
    BUSY,
    COUNTIES,
    DOWN,
    OLD,
    OPENED,
    STATES,
    TO_COUNTY,
    TO_LINK,
    stat,
    trouble,
)

_COUNTY: Final = 'county=~"$county"'

CITY: Final = Dashboard(
    uid="edunet-city",
    title="教育城域网：全市 · Education MAN: city",
    help="学校连通、城市出口与链路质量。Schools, city egress and link quality.",
    variables=(COUNTIES,),
    panels=(
        stat(
            "学校总数 Schools",
            "清单中的学校。Schools of the inventory.",
            f"count(edunet_school_info{{{_COUNTY}}})",
        ),
        *(
            stat(
                title,
                text,
                f'sum(edunet_school_state{{{_COUNTY},state="{state}"}})',
                trouble(colour),
            )
            for state, title, colour, text in STATES
        ),
        stat(
            "未结束故障 Open incidents",
            "一处中断只算一起。One cut is one incident.",
            # Nothing open is no series: a zero only while the collector is heard of.
            "sum(edunet_incidents_open) or 0 * count(edunet_school_info)",
            trouble(DOWN),
        ),
        stat(
            "设备应答率 Answering",
            "最近一轮有应答的设备。Devices that answered when last asked.",
            "min(edunet_poll_answered_ratio)",
            unit="percentunit",
        ),
        stat(
            "数据年龄 Data age",
            "距最近一次采集成功。Since a device last answered; the rest is as old as this.",
            "time() - max(edunet_collector_last_success_timestamp_seconds)",
            OLD,
            "s",
        ),
        Panel(
            "timeseries",
            "异常学校 Schools in trouble",
            "各状态学校数，堆叠，不含正常。Stacked by state, without those that are up.",
            (Query(f'sum by (state) (edunet_school_state{{{_COUNTY},state!="up"}})', "{{state}}"),),
            14,
            9,
            stacked=True,
            series=tuple((state, colour, False) for state, _, colour, _ in STATES),
        ),
        Panel(
            "timeseries",
            "未结束故障（按级别、原因）Open incidents by severity and cause",
            "每起故障一条告警。Each incident is one alert.",
            (
                Query(
                    "sum by (severity, cause) (edunet_incidents_open)", "{{severity}} · {{cause}}"
                ),
            ),
            10,
            9,
            stacked=True,
        ),
        Panel(
            "table",
            "县区 Counties",
            "没有县区的是市直学校。Without a county: schools of the city itself.",
            (
                Query(f"count by (county) (edunet_school_info{{{_COUNTY}}})", "学校 Schools"),
                *(
                    Query(
                        f'sum by (county) (edunet_school_state{{{_COUNTY},state="{state}"}})', title
                    )
                    for state, title, _, _ in STATES
                ),
                Query(f"max by (county, name) (edunet_county_info{{{_COUNTY}}})", ""),
            ),
            12,
            10,
            columns=(("name", "县区 County"), ("county", "编号 Id")),
            series=tuple((title, colour, False) for _, title, colour, _ in STATES),
            ways=(TO_COUNTY,),
        ),
        Panel(
            "timeseries",
            "城市出口 City egress",
            "下行、上行与签约速率。Download, upload and the committed rate.",
            (
                Query(
                    'edunet_link_download_bits_per_second{role="idc_egress"}', "{{link}} 下行 down"
                ),
                Query('edunet_link_upload_bits_per_second{role="idc_egress"}', "{{link}} 上行 up"),
                Query(
                    'edunet_link_committed_bits_per_second{role="idc_egress"}',
                    "{{link}} 签约 committed",
                ),
            ),
            12,
            10,
            unit="bps",
            series=(("/committed$/", DOWN, True), ("/down$/", ACCENT, False)),
        ),
        Panel(
            "bargauge",
            "利用率最高的 15 条链路 Busiest 15 links",
            "较忙方向与签约速率之比。The busier direction over the committed rate.",
            (Query(f"topk(15, edunet_link_utilization_ratio{{{_COUNTY}}})", "{{link}}"),),
            12,
            11,
            unit="percentunit",
            colours=BUSY,
            ways=(TO_LINK,),
        ),
        Panel(
            "timeseries",
            "往返时延 Round trip",
            "全部探测的中位数与 95 分位。Median and 95th percentile of all probes.",
            (
                Query(f"quantile(0.5, edunet_probe_rtt_seconds{{{_COUNTY}}})", "p50"),
                Query(f"quantile(0.95, edunet_probe_rtt_seconds{{{_COUNTY}}})", "p95"),
            ),
            6,
            11,
            unit="s",
        ),
        Panel(
            "timeseries",
            "丢包 Loss",
            "平均与 95 分位。Mean and 95th percentile.",
            (
                Query(f"avg(edunet_probe_loss_ratio{{{_COUNTY}}})", "平均 mean"),
                Query(f"quantile(0.95, edunet_probe_loss_ratio{{{_COUNTY}}})", "p95"),
            ),
            6,
            11,
            unit="percentunit",
        ),
    ),
    annotations=(OPENED,),
)
