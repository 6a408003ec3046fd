"""Does a strict receiver of remote write get every sample, once, in order, under its name?"""

from __future__ import annotations

import numpy as np
import pytest
from fake_sink import START, interfaces, labels
from prompb import Sent, request
from pushing import TAKEN, Serve
from receiving import Open

from collector.sinks import UnwelcomeError
from collector.sinks._protobuf import sampled, varint
from edunet.errors import DeliveryError
from edunet.frame import Frame, Reason
from edunet.metrics import NAMES
from edunet.states import State


def test_a_request_is_what_the_specification_says(serve: Serve, opened: Open) -> None:
    server = serve(lambda *_: TAKEN)
    outlet = opened(server.url + "/api/v1/write", token="t0ken", headers={"X-Scope-OrgID": "edu"})
    outlet.write([interfaces(1, rows=1), interfaces(0, rows=1)])

    (asked,) = server.asked
    assert "/api/v1/write" == asked.path
    assert "application/x-protobuf" == asked.headers["Content-Type"]
    assert "snappy" == asked.headers["Content-Encoding"]
    assert "0.1.0" == asked.headers["X-Prometheus-Remote-Write-Version"]
    assert "Bearer t0ken" == asked.headers["Authorization"]
    assert "edu" == asked.headers["X-Scope-OrgID"]
    of = [("county", "c1"), ("device", "sw-0"), ("interface", "GE0/0/0")]
    assert [
        Sent(
            (("__name__", "edunet_interface_receive_bytes_total"), *of),
            [(START, 0.0), (START + 1000, 1.0)],
        ),
        Sent((("__name__", "edunet_interface_up"), *of), [(START, 1.0), (START + 1000, 1.0)]),
    ] == request(asked.raw)


def test_every_kind_has_the_names_of_metrics_and_unknown_values_are_left_out(
    serve: Serve, opened: Open
) -> None:
    server = serve(lambda *_: TAKEN)
    slots, times = np.arange(2, dtype=np.int32), np.full(2, START, np.int64)
    nan = float("nan")
    frames = [
        Frame("probe", slots, times, {"rtt_s": np.array([0.25, nan]), "loss": np.array([0.0, 1])}),
        Frame(
            "device",
            slots,
            times,
            {
                "state": np.array([State.UP, State.UNKNOWN], np.int16),
                "uptime_s": np.array([7.5, nan]),
            },
        ),
        Frame(
            "interface",
            slots,
            times,
            {"in_octets": np.array([2**64 - 1, 5], np.uint64), "oper": np.array([2, 4], np.int16)},
            {"in_octets": np.array([Reason.GOOD, Reason.MISSING], np.uint8)},
        ),
    ]
    where = {"site": "学校", "carrier": ""}
    opened(server.url, lambda _, slot: {"device": f"d{slot}", **where}).write(frames)

    sent = [series for asked in server.asked for series in request(asked.raw)]
    assert {series.labels[0][1] for series in sent} <= NAMES
    found = {(dict(s.labels)["__name__"], dict(s.labels)["device"]): s.samples[0][1] for s in sent}
    assert {
        ("edunet_probe_rtt_seconds", "d0"): 0.25,
        ("edunet_probe_loss_ratio", "d0"): 0.0,
        ("edunet_probe_loss_ratio", "d1"): 1.0,
        ("edunet_device_up", "d0"): 1.0,
        ("edunet_device_uptime_seconds", "d0"): 7.5,
        ("edunet_interface_receive_bytes_total", "d0"): float(2**64),
        ("edunet_interface_up", "d0"): 0.0,
    } == found
    assert all(
        [name for name, _ in s.labels] == ["__name__", "device", "site"]
        and ("site", "学校") in s.labels
        for s in sent
    )


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, b"\x00"), (127, b"\x7f"), (128, b"\x80\x01"), (300, b"\xac\x02")],
)
def test_varints_are_those_of_the_protobuf_manual(number: int, expected: bytes) -> None:
    assert expected == varint(number)


@pytest.mark.parametrize("time", [0, 1, START, 2**42 - 1, 2**42, 2**62, -1, -START])
def test_any_time_can_be_written(time: int) -> None:
    made = sampled(np.array([time, 5], np.int64), np.array([1.5, 2.5]))
    body = b"".join(made.tolist())
    series = b"\x0a" + varint(len(body)) + body

    import cramjam

    (sent,) = request(bytes(cramjam.snappy.compress_raw(series)))
    assert [(time, 1.5), (5, 2.5)] == sent.samples


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (401, {}, UnwelcomeError),
        (404, {}, UnwelcomeError),
        (405, {}, UnwelcomeError),
        (415, {}, UnwelcomeError),
        (429, {"Retry-After": "7"}, DeliveryError),
        (500, {}, DeliveryError),
        (302, {"Location": "/login"}, DeliveryError),
        (200, {"Content-Type": "text/html"}, DeliveryError),
    ],
)
def test_what_is_not_the_fault_of_the_samples_is_tried_again(
    serve: Serve, opened: Open, status: int, headers: dict[str, str], kind: type[DeliveryError]
) -> None:
    server = serve(lambda *_: (status, headers, b"words"))
    with pytest.raises(kind) as caught:
        opened(server.url).write([interfaces(0)])

    assert kind is type(caught.value)
    assert not caught.value.permanent
    assert 1 == len(server.asked)
    assert (7.0 if status == 429 else None) == caught.value.retry_after


def test_a_series_nobody_knows_is_left_out_and_counted_once(serve: Serve, opened: Open) -> None:
    server = serve(lambda n, _: (503, {}, b"") if n == 0 else TAKEN)
    named = lambda kind, slot: labels(kind, slot) if slot else {}  # noqa: E731
    outlet = opened(server.url, named, ordered=False)
    frames = [interfaces(0, rows=2)]
    with pytest.raises(DeliveryError):
        outlet.write(frames)
    outlet.write(frames)

    assert 2 == outlet.left_out["unnamed"]  # two metrics of one interface
    assert 2 == len(request(server.asked[-1].raw))


def test_labels_are_asked_again_after_a_reload(serve: Serve, opened: Open) -> None:
    server = serve(lambda *_: TAKEN)
    county = ["c1"]
    outlet = opened(server.url, lambda *_: {"device": "d", "county": county[0]})
    for county[0] in ("c1", "c2"):
        outlet.write([interfaces(0, rows=1)])
        outlet.relabel()

    told = [dict(request(asked.raw)[0].labels)["county"] for asked in server.asked]
    assert ["c1", "c1", "c2"] == told  # what bore the old name ends
