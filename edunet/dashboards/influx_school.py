"""Is this school connected, and is its line good enough, by what was written to InfluxDB?"""

from __future__ import annotations

from typing import Final

from edunet.dashboards.influxql import COUNTIES, SCHOOL, SCHOOLS, over_time, select
from edunet.dashboards.panel import Dashboard, Panel, Query, Unit
from edunet.dashboards.words import UP_VALUES, curves, stat

_HERE: Final = SCHOOL


def _last(title: str, text: str, field: str, unit: Unit, measurement: str = "probe") -> Panel:
    """The newest reading."""
    return stat(title, text, select(f'last("{field}")', f'"{measurement}"', _HERE), unit=unit)


DASHBOARD: Final = Dashboard(
    uid="edunet-influx-school",
    title="教育城域网：学校（InfluxDB）· Education MAN: school (InfluxDB)",
    help="一所学校写入 InfluxDB 的读数。What was written to InfluxDB of one school.",
    source="influxdb",
    variables=(COUNTIES, SCHOOLS),
    panels=(
        _last("状态 State", "最近一次判断。The newest verdict.", "up", "short", "school")._replace(
            values=UP_VALUES
        ),
        stat(
            "时段可用率 Availability",
            "所选时段内连通的读数占比；没有证据的不算。Readings that say up, of those there are.",
            select('mean("up")', '"school"', _HERE),
            unit="percentunit",
        ),
        _last(
            "利用率 Utilization",
            "最近一次读数。The newest reading.",
            "utilization_ratio",
            "percentunit",
            "link",
        ),
        _last(
            "下行 Download",
            "朝向学校。Towards the school.",
            "download_bits_per_second",
            "bps",
            "link",
        ),
        _last("上行 Upload", "来自学校。From the school.", "upload_bits_per_second", "bps", "link"),
        _last(
            "往返时延 Round trip",
            "最近一轮的中位数。Median of the last echoes.",
            "rtt_seconds",
            "s",
        ),
        _last("抖动 Jitter", "最近十次探测。Of the last ten echoes.", "jitter_seconds", "s"),
        _last("丢包 Loss", "最近一次探测。Of the last echo.", "loss_ratio", "percentunit"),
        Panel(
            "state-timeline",
            "状态变化 States over time",
            "空白表示没有数据。A gap is a time without data.",
            (Query(over_time('last("up")', "school", _HERE), "状态 State"),),
            24,
            5,
            values=UP_VALUES,
        ),
        curves(
            "流量 Traffic",
            "下行与上行。Download and upload.",
            tuple(
                Query(
                    over_time(f'mean("{way}_bits_per_second")', "link", _HERE, "link"),
                    f"{{{{link}}}} {word}",
                )
                for way, word in (("download", "下行 down"), ("upload", "上行 up"))
            ),
            "bps",
        ),
        curves(
            "上联利用率 Utilization of the uplinks",
            "较忙方向与签约速率之比。The busier direction over the committed rate.",
            (Query(over_time('mean("utilization_ratio")', "link", _HERE, "link"), "{{link}}"),),
            "percentunit",
        ),
        curves(
            "时延与抖动 Round trip and jitter",
            "对学校设备的探测。Probes of the school's devices.",
            (
                Query(
                    over_time('mean("rtt_seconds")', "probe", _HERE, "device"),
                    "{{device}} 时延 round trip",
                ),
                Query(
                    over_time('mean("jitter_seconds")', "probe", _HERE, "device"),
                    "{{device}} 抖动 jitter",
                ),
            ),
            "s",
        ),
        curves(
            "丢包率 Loss over time",
            "对学校设备的探测。Probes of the school's devices.",
            (Query(over_time('mean("loss_ratio")', "probe", _HERE, "device"), "{{device}}"),),
            "percentunit",
        ),
        curves(
            "端口流量 Traffic of the ports",
            "由设备自己的计数得出。By the device's own counters.",
            tuple(
                Query(
                    over_time(
                        f'non_negative_derivative(max("{way}_bytes_total"), 1s) * 8',
                        "interface",
                        _HERE,
                        "device",
                        "interface",
                    ),
                    f"{{{{device}}}} {{{{interface}}}} {word}",
                )
                for way, word in (("receive", "收 in"), ("transmit", "发 out"))
            ),
            "bps",
            24,
        ),
    ),
)
