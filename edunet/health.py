"""How the monitor itself is: its own few metrics, kept by prometheus-client."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics

from edunet.metrics import family


class Health:
    """One registry, so that two runs in one process (tests) do not share figures."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # no name of ours promises them
        self.registry: Final = CollectorRegistry()
        self.cycle = self._gauge("edunet_poll_cycle_seconds", "table")
        self.cpu = self._counter("edunet_poll_cpu_seconds_total")
        self.answered = self._gauge("edunet_poll_answered_ratio")
        self.lateness = self._gauge("edunet_poll_lateness_seconds", "table")
        self.rejected = self._counter("edunet_samples_rejected_total", "reason")
        self.dropped = self._counter("edunet_snmp_datagrams_dropped_total", "reason")
        self.speed_changes = self._counter("edunet_speed_changes_total", "way")
        self.last_success = self._gauge("edunet_collector_last_success_timestamp_seconds")
        self.sink_lag = self._gauge("edunet_sink_lag_seconds", "sink")
        self.sink_lost = self._gauge("edunet_sink_lost_bytes", "sink")
        self.log_lost = self._gauge("edunet_log_lost_bytes", "reason")
        self.outbox = self._gauge("edunet_outbox_pending")
        self.loop_lag = self._gauge("edunet_loop_lag_seconds", "thread")

    def _gauge(self, name: str, *labels: str) -> Gauge:
        return Gauge(name, family(name).help, labels, registry=self.registry)

    def _counter(self, name: str, *labels: str) -> Counter:
        return Counter(name, family(name).help, labels, registry=self.registry)
