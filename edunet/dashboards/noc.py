"""Is the monitor itself well: does it ask in time, is it answered, does what it learns arrive?"""

from __future__ import annotations

from typing import Final

from edunet.dashboards.panel import Dashboard, Panel, Query
from edunet.dashboards.words import CALM, DEGRADED, DOWN, OLD, OPENED, curves, stat, trouble

_LATE: Final = ((0.0, CALM), (1.0, DEGRADED), (5.0, DOWN))
# Reasons that lose what was measured; the others say why a value is not believed.
_DROPS: Final = 'reason=~"queue_full|log_behind|log_refused"'
# What never happened has no series: a zero only while the collector is heard of.
_HEARD: Final = "0 * max(edunet_collector_last_success_timestamp_seconds)"

DASHBOARD: Final = Dashboard(
    uid="edunet-noc",
    title="教育城域网：监测自身 · Education MAN: the monitor itself",
    help="采集是否及时、完整，数据是否送达。Whether polling is in time and what it learns arrives.",
    variables=(),
    panels=(
        stat(
            "数据年龄 Data age",
            "距最近一次采集成功。Since a device last answered; the rest is as old as this.",
            "time() - max(edunet_collector_last_success_timestamp_seconds)",
            OLD,
            "s",
        ),
        stat(
            "设备应答率 Answering",
            "最近一轮有应答的设备。Devices that answered when last asked.",
            "min(edunet_poll_answered_ratio)",
            unit="percentunit",
        ),
        stat(
            "采集迟到 Lateness",
            "最近一问晚了多久。How late the latest question was.",
            "max(edunet_poll_lateness_seconds)",
            _LATE,
            "s",
        ),
        stat(
            "线程迟滞 Loop lag",
            "最迟的一次唤醒。The latest wake-up of any thread.",
            "max(edunet_loop_lag_seconds)",
            _LATE,
            "s",
        ),
        stat(
            "采集 CPU Polling CPU",
            "采集线程占用的核。Cores the collector's thread takes.",
            "sum(rate(edunet_poll_cpu_seconds_total[$__rate_interval]))",
            unit="percentunit",
        ),
        stat(
            "写库滞后 Sink lag",
            "最旧的未送达数据；没有外部库则为空。Oldest datum not delivered; empty without a sink.",
            "max(edunet_sink_lag_seconds)",
            OLD,
            "s",
        ),
        stat(
            "发件箱 Outbox",
            "已接受、尚未送达的通知。Notices accepted and not yet delivered.",
            "sum(edunet_outbox_pending)",
            trouble(DEGRADED),
        ),
        stat(
            "丢弃 Dropped",
            "启动以来因队列满或写不下而丢的批。Batches lost since the start: full queue or log.",
            f"sum(edunet_samples_rejected_total{{{_DROPS}}}) or {_HEARD}",
            trouble(DOWN),
        ),
        curves(
            "采集迟到（按表）Lateness by table",
            "应问与实问之差。Between when a question was due and when it was put.",
            (Query("max by (table) (edunet_poll_lateness_seconds)", "{{table}}"),),
            "s",
        ),
        curves(
            "一轮用时（按表）Round by table",
            "最近一整轮用了多久。Time the last full round took.",
            (Query("max by (table) (edunet_poll_cycle_seconds)", "{{table}}"),),
            "s",
        ),
        curves(
            "应答率 Answering over time",
            "有应答的设备占比。Share of devices that answered.",
            (Query("min(edunet_poll_answered_ratio)", "应答 answered"),),
            "percentunit",
        ),
        curves(
            "不采信的读数（按原因）Values not believed, by reason",
            "每秒；首读与重启后属正常。A second; first readings and reboots are normal.",
            (
                Query(
                    "sum by (reason) (rate(edunet_samples_rejected_total[$__rate_interval]))",
                    "{{reason}}",
                ),
            ),
            "cps",
        ),
        curves(
            "写库滞后（按库）Sink lag by sink",
            "最旧的未送达数据有多旧。Age of the oldest datum not delivered.",
            (Query("max by (sink) (edunet_sink_lag_seconds)", "{{sink}}"),),
            "s",
        ),
        curves(
            "待发通知 Notices pending",
            "已接受、尚未送达。Accepted and not yet delivered.",
            (Query("sum(edunet_outbox_pending)", "待发 pending"),),
        ),
        curves(
            "线程迟滞（按线程）Loop lag by thread",
            "唤醒晚了多久。How late a wake-up was.",
            (Query("max by (thread) (edunet_loop_lag_seconds)", "{{thread}}"),),
            "s",
        ),
        curves(
            "采集 CPU（核）Polling CPU in cores",
            "采集线程。The collector's thread.",
            (Query("sum(rate(edunet_poll_cpu_seconds_total[$__rate_interval]))", "CPU"),),
            "percentunit",
        ),
        Panel(
            "timeseries",
            "端口速率变化 Speed changes",
            "启动以来协商速率变化次数。How often a port's speed fell or rose since the start.",
            (Query(f"sum(edunet_speed_changes_total) or {_HEARD}", "变化 changes"),),
            24,
            7,
        ),
    ),
    annotations=(OPENED,),
)
