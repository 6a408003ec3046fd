"""Do sinks reach a server of one's own authority, or by a proxy, and say who they are?"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fake_sink import FakeServer, interfaces, labels
from pushing import TAKEN, Serve

from collector.sinks import AwayError, Outlet, parse

KINDS: dict[str, dict[str, Any]] = {
    "influx": {},
    "influx1": {"database": "edunet"},
    "remote_write": {},
}


def opened(kind: str, url: str, **more: Any) -> Outlet:
    return parse("tsdb", {"kind": kind, "url": url, **KINDS[kind], **more}).open(labels)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody else has signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    day = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(day - dt.timedelta(days=1))
        .not_valid_after(day + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(*plain, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def secure(serve: Serve, authority: Path) -> FakeServer:
    server = serve(lambda *_: TAKEN)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return server


@pytest.mark.parametrize("kind", KINDS)
def test_an_authority_of_ones_own_is_believed_when_it_is_named(
    kind: str, secure: FakeServer, authority: Path
) -> None:
    url = secure.url.replace("http:", "https:")
    stranger = opened(kind, url)
    with pytest.raises(AwayError, match=r"(?i)certificate") as caught:
        stranger.write([interfaces(0)])
    stranger.close()
    friend = opened(kind, url, ca=str(authority))
    friend.write([interfaces(0)])
    friend.close()

    assert not caught.value.refused
    assert 1 == len(secure.asked)


@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_is_asked_for_the_whole_address(kind: str, serve: Serve) -> None:
    proxy = serve(lambda *_: TAKEN)
    outlet = opened(kind, "http://tsdb.example:8086", proxy=proxy.url)
    outlet.write([interfaces(0)])
    outlet.close()

    (asked,) = proxy.asked
    assert asked.path.startswith("http://tsdb.example:8086")
    assert 1 == outlet.connections


@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_of_the_environment_is_not_looked_at(
    kind: str, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, proxy = serve(lambda *_: TAKEN), serve(lambda *_: TAKEN)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    outlet = opened(kind, server.url)
    outlet.write([interfaces(0)])
    outlet.close()

    assert (1, 0) == (len(server.asked), len(proxy.asked))


@pytest.mark.parametrize("kind", KINDS)
def test_headers_of_ones_own_are_sent_and_their_secrets_never_shown(
    kind: str, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_KEY", "k3y-of-the-gateway")
    server = serve(lambda *_: (403, {}, b"no such key: k3y-of-the-gateway"))
    headers = {"X-Scope-OrgID": "edu", "X-Key": "${GATEWAY_KEY}"}
    outlet = opened(kind, server.url, headers=headers)
    with pytest.raises(Exception, match=r"no such key: \*\*\*") as caught:
        outlet.write([interfaces(0)])
    outlet.close()

    sent = server.asked[0].headers
    assert ("edu", "k3y-of-the-gateway") == (sent["X-Scope-OrgID"], sent["X-Key"])
    assert "k3y" not in str(caught.value) + repr(outlet)


@pytest.mark.parametrize("kind", ["influx1", "remote_write"])
def test_user_and_password_go_as_basic_authentication(kind: str, serve: Serve) -> None:
    server = serve(lambda *_: TAKEN)
    outlet = opened(kind, server.url, user="edunet", password="geheim:ß")
    outlet.write([interfaces(0)])
    outlet.close()

    way, pair = server.asked[0].headers["Authorization"].split()
    assert "Basic" == way
    assert "edunet:geheim:ß" == base64.b64decode(pair).decode()


def test_influxdb_1_is_told_database_policy_and_precision(serve: Serve) -> None:
    server = serve(lambda *_: TAKEN)
    outlet = opened("influx1", server.url + "/sub", retention_policy="a b", token="t0ken")
    outlet.write([interfaces(0, rows=5001)])
    outlet.close()

    assert {"/sub/write?db=edunet&precision=ms&rp=a+b"} == {
        asked.path.replace("%20", "+") for asked in server.asked
    }
    assert [5000, 1] == [len(asked.body.splitlines()) for asked in server.asked]
    assert {"gzip"} == {asked.headers["Content-Encoding"] for asked in server.asked}
    assert "Bearer t0ken" == server.asked[0].headers["Authorization"]
    assert 1 == outlet.connections
