"""Is the city connected and is its egress wide enough, by what was written to InfluxDB?"""

from __future__ import annotations

from typing import Final

from edunet.dashboards import influxql
from edunet.dashboards.influxql import COUNTIES, EVERY, LOST, newest, over_time, select
from edunet.dashboards.panel import Dashboard, Panel, Query, Way
from edunet.dashboards.words import BUSY, DOWN, LOSSY, UP_VALUES, curves, stat, trouble

_SCHOOLS: Final = newest("school", "up", "up", "site")
_USED: Final = newest("link", "utilization_ratio", "used", "link")
_EACH: Final = over_time('last("up") AS "up"', "school", influxql.CITY, "site").replace(
    "null", "none"
)
_TO_SCHOOL: Final = Way("打开学校 Open the school", "edunet-influx-school", "school", "site")

DASHBOARD: Final = Dashboard(
    uid="edunet-influx-city",
    title="教育城域网：全市（InfluxDB）· Education MAN: city (InfluxDB)",
    help="写入 InfluxDB 的学校、链路与探测。Schools, links and probes as written to InfluxDB.",
    source="influxdb",
    variables=(COUNTIES,),
    panels=(
        stat(
            "学校 Schools",
            "所选时段内有证据的学校。Those there was evidence of in the range shown.",
            select('count("up")', _SCHOOLS),
        ),
        stat(
            "断网 Offline",
            "中断或不可达。Down or unreachable.",
            select(LOST, _SCHOOLS),
            trouble(DOWN),
        ),
        stat(
            "连通率 Connected",
            "只算有证据的学校。Of the schools there is evidence of.",
            select('mean("up")', _SCHOOLS),
            unit="percentunit",
        ),
        stat(
            "应答设备 Devices",
            "所选时段内有应答的设备。Those that answered in the range shown.",
            select('count("rtt")', newest("probe", "rtt_seconds", "rtt", "device")),
        ),
        stat(
            "链路中断 Links down",
            "中断或不可达。Down or unreachable.",
            select(LOST, newest("link", "up", "up", "link")),
            trouble(DOWN),
        ),
        stat(
            "最忙链路 Busiest link",
            "较忙方向与签约速率之比。The busier direction over the committed rate.",
            select('max("used")', _USED),
            BUSY,
            "percentunit",
        ),
        stat(
            "时延 Round trip",
            "全部设备的 95 分位。95th percentile of all devices.",
            select('percentile("rtt", 95)', newest("probe", "rtt_seconds", "rtt", "device")),
            unit="s",
        ),
        stat(
            "丢包 Loss",
            "全部设备的平均。Mean of all devices.",
            select('mean("loss")', newest("probe", "loss_ratio", "loss", "device")),
            LOSSY,
            "percentunit",
        ),
        curves(
            "断网学校数 Schools offline",
            "中断或不可达的学校数。Schools down or unreachable.",
            (
                Query(
                    select(
                        LOST,
                        f"({_EACH})",
                        "$timeFilter",
                        f"{EVERY} fill(null)",
                    ),
                    "断网 cut off",
                ),
            ),
        ),
        curves(
            "城市出口 City egress",
            "下行与上行。Download and upload.",
            tuple(
                Query(
                    over_time(
                        f'mean("{way}_bits_per_second")',
                        "link",
                        "\"role\" = 'idc_egress' AND $timeFilter",
                        "link",
                    ),
                    f"{{{{link}}}} {word}",
                )
                for way, word in (("download", "下行 down"), ("upload", "上行 up"))
            ),
            "bps",
        ),
        Panel(
            "table",
            "县区 Counties",
            "没有县区的是市直学校。Without a county: schools of the city itself.",
            (
                Query(
                    select(
                        f'count("up") AS "schools", {LOST} AS "lost"',
                        newest("school", "up", "up", "site", "county"),
                        by='"county"',
                    ),
                    "",
                ),
            ),
            8,
            10,
            columns=(
                ("county", "县区 County"),
                ("schools", "学校 Schools"),
                ("lost", "断网 Offline"),
            ),
        ),
        Panel(
            "table",
            "断网的学校 Schools that are cut off",
            "空表示没有。Empty: none is.",
            (
                Query(
                    select('"up", "site"', _SCHOOLS, '"up" = 0'),
                    "",
                ),
            ),
            8,
            10,
            columns=(("site", "学校 School"), ("up", "状态 State")),
            values=UP_VALUES,
            mapped="up",
            ways=(_TO_SCHOOL,),
        ),
        Panel(
            "table",
            "利用率最高的 15 条链路 Busiest 15 links",
            "较忙方向与签约速率之比。The busier direction over the committed rate.",
            (
                Query(
                    select('top("used", "link", 15) AS "used"', _USED),
                    "",
                ),
            ),
            8,
            10,
            "percentunit",
            columns=(("link", "链路 Link"), ("used", "利用率 Used")),
        ),
        curves(
            "往返时延 Round trip over time",
            "全部探测的中位数与 95 分位。Median and 95th percentile of all probes.",
            tuple(
                Query(
                    over_time(f'percentile("rtt_seconds", {share})', "probe", influxql.CITY),
                    f"p{share}",
                )
                for share in (50, 95)
            ),
            "s",
        ),
        curves(
            "丢包 Loss over time",
            "平均与 95 分位。Mean and 95th percentile.",
            (
                Query(over_time('mean("loss_ratio")', "probe", influxql.CITY), "平均 mean"),
                Query(over_time('percentile("loss_ratio", 95)', "probe", influxql.CITY), "p95"),
            ),
            "percentunit",
        ),
    ),
)
