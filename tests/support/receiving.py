"""A strict receiver of remote write behind the fake server, and what it is to have in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fake_sink import START, Answer, Asked, Rule, labels
from prompb import Receiver
from pushing import QUICK, TAKEN

from collector.pushing import Ground, Pace, Pusher
from collector.sinks import Outlet, parse

Open = Callable[..., Outlet]


def told(receiver: Receiver) -> Rule:
    def rule(_: int, asked: Asked) -> Answer:
        wrong = receiver.take(asked.raw)
        return (400, {}, f"{wrong}\n".encode()) if wrong else TAKEN

    return once(rule)


def once(rule: Rule) -> Rule:
    """The fake asks its rule again to see what it took: a receiver must not hear it twice."""
    answers: dict[int, Answer | None] = {}

    def cached(number: int, asked: Asked) -> Answer | None:
        if number not in answers:
            answers[number] = rule(number, asked)
        return answers[number]

    return cached


@contextmanager
def pushing(ground: Ground, url: str, pace: Pace = QUICK, **more: Any) -> Iterator[Pusher]:
    outlet = parse("rw", {"kind": "remote_write", "url": url, **more}).open(labels)
    pusher = Pusher("rw", outlet, ground, pace)
    pusher.start()
    try:
        yield pusher
    finally:
        assert pusher.stop(5)


def whole(rounds: range, rows: int = 3) -> dict[tuple[str, str], list[tuple[int, float]]]:
    """What a receiver has of the counters of `interfaces`, by device and interface."""
    return {
        (f"sw-{row // 3}", f"GE0/0/{row % 3}"): [
            (START + n * 1000, row * 1_000_000 + n) for n in rounds
        ]
        for row in range(rows)
    }


def counters(receiver: Receiver) -> dict[tuple[str, str], list[tuple[int, float]]]:
    return {
        (dict(labels)["device"], dict(labels)["interface"]): samples
        for labels, samples in receiver.series.items()
        if dict(labels)["__name__"] == "edunet_interface_receive_bytes_total"
    }
