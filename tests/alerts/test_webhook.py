"""What does the webhook say on the wire, and what does it make of the answer?"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest
from hook import HANG, Hook, listening
from notices import alert, body, notice

from alerts.channels import Channel, channel
from edunet.errors import ConfigError, DeliveryError

TOLD = notice(alert())
BODY = {"version": 1, "notices": [body(TOLD)]}


@pytest.fixture
def hook() -> Iterator[Hook]:
    with listening() as hook:
        yield hook


def send(made: Channel, timeout: float = 5.0) -> None:
    with httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False) as http:
        made.send(BODY, TOLD.key, http)


def test_the_request_is_the_contract_s(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_KEY", "sesame 9")
    send(channel("duty", {"kind": "webhook", "url": hook.url, "headers": {"X-Key": "${HOOK_KEY}"}}))

    (call,) = hook.calls
    assert BODY == call.body
    assert TOLD.key == call.key
    assert "application/json" == call.headers["Content-Type"]
    assert "sesame 9" == call.headers["X-Key"]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_2xx_is_delivered(hook: Hook, status: int) -> None:
    hook.answer(status)
    send(channel("duty", {"kind": "webhook", "url": hook.url}))

    assert [status] == [call.status for call in hook.calls]


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        (301, False), (302, False), (400, True), (401, False), (403, False), (404, False),
        (405, True), (408, False), (409, False), (410, True), (413, True), (422, True),
        (425, False), (429, False), (500, False), (502, False), (503, False), (504, False),
    ],
)  # fmt: skip
def test_a_refusal_is_for_good_only_when_the_bytes_are_at_fault(
    hook: Hook, status: int, permanent: bool
) -> None:
    hook.answer(status)
    with pytest.raises(DeliveryError, match=f"webhook answered {status}") as refusal:
        send(channel("duty", {"kind": "webhook", "url": hook.url}))

    assert permanent is refusal.value.permanent
    assert 1 == len(hook.calls)  # a redirect is not followed


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0), ("0", 0.0), ("999999999999", 3600.0), ("-5", None), ("soon", None), ("", None),
        ("1.5", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_bounded_and_nonsense_is_ignored(
    hook: Hook, said: str, seconds: float | None
) -> None:
    hook.answer(429)
    hook.retry_after = said
    with pytest.raises(DeliveryError) as refusal:
        send(channel("duty", {"kind": "webhook", "url": hook.url}))

    assert seconds == refusal.value.retry_after


def test_silence_and_refused_connections_name_no_address(hook: Hook) -> None:
    hook.answer(HANG)
    secret = f"{hook.url}?key=sesame"
    with pytest.raises(DeliveryError, match=r"^webhook: ReadTimeout$"):
        send(channel("duty", {"kind": "webhook", "url": secret}), timeout=0.3)
    hook.over.set()
    hook.down()
    with pytest.raises(DeliveryError, match=r"^webhook: ConnectError$"):
        send(channel("duty", {"kind": "webhook", "url": secret}))


@pytest.mark.parametrize("answer", [b"\x16\x03\x01 no http at all\r\n\r\n", b"HTTP/1.1 999", b""])
def test_nonsense_for_an_answer_is_a_refusal(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            line, _ = door.accept()
            with line:
                line.recv(65536)
                line.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        url = f"http://127.0.0.1:{door.getsockname()[1]}/"
        with pytest.raises(DeliveryError, match=r"^webhook: (RemoteProtocol|Read)Error$"):
            send(channel("duty", {"kind": "webhook", "url": url}))


def test_an_endless_answer_is_not_read() -> None:
    sent = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            line, _ = door.accept()
            with line:
                line.recv(65536)
                line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                try:
                    while True:
                        line.sendall(b"x" * 65536)
                except OSError:
                    sent.set()

        threading.Thread(target=serve, daemon=True).start()
        send(
            channel("duty", {"kind": "webhook", "url": f"http://127.0.0.1:{door.getsockname()[1]}"})
        )

        assert sent.wait(5)


def test_no_secret_shows_in_its_repr_or_its_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_KEY", "sesame")
    fields = {"kind": "webhook", "headers": {"X-Key": "${HOOK_KEY}"}}
    made = channel("duty", {**fields, "url": "http://h/?key=open-sesame"})

    assert "sesame" not in repr(made) + str(made)
    with pytest.raises(ConfigError) as mistake:
        channel("duty", {**fields, "url": "ftp://h/?key=open-sesame"})
    assert "sesame" not in str(mistake.value)


def test_the_body_is_plain_json_with_chinese_as_it_is_written(hook: Hook) -> None:
    send(channel("duty", {"kind": "webhook", "url": hook.url}))

    assert "机房 — 云溪县" == hook.calls[0].notice["root"]["name"]
    assert json.loads(json.dumps(BODY)) == hook.calls[0].body
