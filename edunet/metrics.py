"""Every metric name edunet says aloud, with its type, unit and one sentence of help."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

_UNITS: Final = ("bits_per_second_per_class", "bits_per_second", "seconds", "bytes", "ratio")


class Metric(NamedTuple):
    """One family of series: `name` as Prometheus sees it."""

    name: str
    type: Literal["counter", "gauge", "info"]
    help: str

    @property
    def unit(self) -> str:
        """What it is measured in, as its name says; empty for what has no unit."""
        name = self.name.removesuffix("_total")
        return next((unit for unit in _UNITS if name.endswith(f"_{unit}")), "")


def _interface() -> list[Metric]:
    counters = [
        Metric(
            f"edunet_interface_{way}_{what}_total",
            "counter",
            f"{what.capitalize()} the interface has {verb}, as the device counts them.",
        )
        for way, verb in (("receive", "received"), ("transmit", "sent"))
        for what in ("bytes", "errors", "discards")
    ]
    return [
        *counters,
        Metric("edunet_interface_up", "gauge", "1 when ifOperStatus is up, 0 when it is not."),
        Metric(
            "edunet_interface_speed_bits_per_second", "gauge", "Negotiated speed, by ifHighSpeed."
        ),
        Metric("edunet_interface_info", "info", "Always 1; carries the interface's alias."),
    ]


FAMILIES: Final[tuple[Metric, ...]] = (
    *_interface(),
    Metric("edunet_link_up", "gauge", "1 when the link is up or degraded, 0 when it is not."),
    Metric("edunet_link_download_bits_per_second", "gauge", "Traffic towards the school."),
    Metric("edunet_link_upload_bits_per_second", "gauge", "Traffic from the school."),
    Metric("edunet_link_committed_bits_per_second", "gauge", "The rate the carrier promised."),
    Metric(
        "edunet_link_utilization_ratio",
        "gauge",
        "Busier direction over the committed rate, else the capacity, else the speed.",
    ),
    Metric("edunet_school_up", "gauge", "1 when the school is connected, 0 when it is not."),
    Metric("edunet_school_state", "gauge", "Five series, exactly one of them 1."),
    Metric("edunet_school_info", "info", "Always 1; carries name, code, kind, area and town."),
    Metric("edunet_school_classes", "gauge", "Classes of the school."),
    Metric(
        "edunet_school_bits_per_second_per_class",
        "gauge",
        "Committed rate of the school's links over its classes.",
    ),
    Metric("edunet_county_info", "info", "Always 1; carries the county's name."),
    Metric("edunet_device_up", "gauge", "1 when the device is up or degraded, 0 when it is not."),
    Metric("edunet_device_uptime_seconds", "gauge", "sysUpTime of the SNMP agent."),
    Metric("edunet_probe_rtt_seconds", "gauge", "Median round trip of the last echoes."),
    Metric("edunet_probe_jitter_seconds", "gauge", "Mean difference of neighbouring round trips."),
    Metric(
        "edunet_probe_loss_ratio",
        "gauge",
        "Share of the last minute's regular echoes that did not return; sinks are told each sweep.",
    ),
    Metric("edunet_incidents_open", "gauge", "Alerts firing now, by severity and cause."),
    Metric("edunet_poll_cycle_seconds", "gauge", "Time the last full round of a table took."),
    Metric("edunet_poll_cpu_seconds_total", "counter", "CPU time of the collector's thread."),
    Metric(
        "edunet_poll_answered_ratio", "gauge", "Share of devices that answered when last asked."
    ),
    Metric("edunet_poll_lateness_seconds", "gauge", "How late the latest question was sent."),
    Metric("edunet_samples_rejected_total", "counter", "Values not believed, by reason."),
    Metric(
        "edunet_snmp_datagrams_dropped_total",
        "counter",
        "Datagrams to the SNMP batches that answered nothing asked, by reason.",
    ),
    Metric(
        "edunet_speed_changes_total",
        "counter",
        "Interfaces whose negotiated speed fell or rose between two readings.",
    ),
    Metric(
        "edunet_collector_last_success_timestamp_seconds", "gauge", "When a device last answered."
    ),
    Metric("edunet_sink_lag_seconds", "gauge", "Age of the oldest frame a sink has not taken."),
    Metric(
        "edunet_sink_lost_bytes",
        "gauge",
        "What the log's bounds cost a sink that was away, since the start.",
    ),
    Metric(
        "edunet_log_lost_bytes",
        "gauge",
        "What the log gave up since the start, by reason: bounds, damaged, torn.",
    ),
    Metric("edunet_outbox_pending", "gauge", "Notices accepted and not yet delivered."),
    Metric("edunet_loop_lag_seconds", "gauge", "How late a thread's last wake-up was."),
)

NAMES: Final[frozenset[str]] = frozenset(family.name for family in FAMILIES)

INTERFACE_COUNTERS: Final = {
    "in_octets": "edunet_interface_receive_bytes_total",
    "out_octets": "edunet_interface_transmit_bytes_total",
    "in_errors": "edunet_interface_receive_errors_total",
    "out_errors": "edunet_interface_transmit_errors_total",
    "in_discards": "edunet_interface_receive_discards_total",
    "out_discards": "edunet_interface_transmit_discards_total",
}


def family(name: str) -> Metric:
    """The family of that name; a name that does not exist is a programmer's mistake."""
    return next(metric for metric in FAMILIES if metric.name == name)
