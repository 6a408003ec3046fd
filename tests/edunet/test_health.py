"""Are the monitor's own figures kept under the names everybody relies on?"""

from __future__ import annotations

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from edunet.health import Health
from edunet.metrics import FAMILIES


def test_two_runs_in_one_process_share_no_figures() -> None:
    one, other = Health(), Health()
    one.cpu.inc(5)

    assert b"edunet_poll_cpu_seconds_total 5.0" in generate_latest(one.registry)
    assert b"edunet_poll_cpu_seconds_total 0.0" in generate_latest(other.registry)


def test_every_figure_has_the_type_and_help_of_its_family() -> None:
    health = Health()
    for labelled in (
        health.cycle, health.lateness, health.rejected, health.dropped, health.speed_changes,
        health.sink_lag, health.sink_lost, health.log_lost, health.loop_lag,
    ):  # fmt: skip
        labelled.labels("x")
    known = {family.name: family for family in FAMILIES}
    text = generate_latest(health.registry).decode()
    told = {
        f"{found.name}_total" if found.type == "counter" else found.name: found
        for found in text_string_to_metric_families(text)
    }

    assert {
        "edunet_poll_cycle_seconds", "edunet_poll_cpu_seconds_total",
        "edunet_poll_answered_ratio", "edunet_poll_lateness_seconds",
        "edunet_samples_rejected_total", "edunet_snmp_datagrams_dropped_total",
        "edunet_speed_changes_total",
        "edunet_collector_last_success_timestamp_seconds",
        "edunet_sink_lag_seconds", "edunet_sink_lost_bytes", "edunet_log_lost_bytes",
        "edunet_outbox_pending", "edunet_loop_lag_seconds",
    } == told.keys()  # fmt: skip
    for name, found in told.items():
        assert (known[name].type, known[name].help) == (found.type, found.documentation)
