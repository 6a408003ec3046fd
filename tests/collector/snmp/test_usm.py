"""Keys, MACs and ciphers: those of RFC 3414's appendix, and those of pysnmp for what has none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysnmp.proto.rfc1902 import OctetString
from pysnmp.proto.secmod.rfc3414.service import SnmpUSMSecurityModel as Oracle

from collector.snmp import usm

ENGINE_ID = bytes.fromhex("000000000000000000000002")
# RFC 3414 A.3.2 for SHA. RFC 7860 prints no keys: the others are those on which independent
# programs agree that print the RFC's own for SHA.
MAPLE_SYRUP = {
    "SHA": (
        "9fb5cc0381497b3793528939ff788d5d79145211",
        "6695febc9288e36282235fc7151f128497b38f3f",
    ),
    "SHA-224": (
        "282a5867ee9aac639ad59df9572c7d3ac0fbc13a905b6df07dbbf00b",
        "0bd8827c6e29f8065e08e09237f177e410f69b90e1782be682075674",
    ),
    "SHA-256": (
        "ab51014d1e077f6017df2b12bee5f5aa72993177e9bb569c4dff5a4ca0b4afac",
        "8982e0e549e866db361a6b625d84cccc11162d453ee8ce3a6445c2d6776f0f8b",
    ),
    "SHA-384": (
        "e06eccdf2c68a06ed034723c9c26e0db3b669e1e2efed49150b55377a2e98f38"
        "3c86fb836857444654b287c93f51ff64",
        "3b298f16164a11184279d5432bf169e2d2a48307de02b3d3f7e2b4f36eb6f045"
        "5a53689a3937eea07319a633d2ccba78",
    ),
    "SHA-512": (
        "7e4396de5aadc77be853819b98c9406265b3a9c37cc3176569847a4e4f6fba63"
        "dd3a73d04924d31a63f95a601f9385af6be4ed1b37f87d040f7c6ed6f8d38a91",
        "22a5a36cedfcc085807a128d7bc6c2382167ad6c0dbc5fdff856740f3d84c099"
        "ad1ea87a8db096714d9788bd544047c9021e4229ce27e4c0a69250adfcffbb0b",
    ),
}
_AUTH_PROTOCOLS = (1, 3, 6, 1, 6, 3, 10, 1, 1)  # snmpAuthProtocols
AUTHS = {protocol: (*_AUTH_PROTOCOLS, 3 + i) for i, protocol in enumerate(MAPLE_SYRUP)}
PRIVS = {
    "AES-128": (1, 3, 6, 1, 6, 3, 10, 1, 2, 4),
    "AES-192": (1, 3, 6, 1, 4, 1, 9, 12, 6, 1, 1),
    "AES-256": (1, 3, 6, 1, 4, 1, 9, 12, 6, 1, 2),
}
both = pytest.mark.parametrize(
    ("auth", "priv"), [(auth, priv) for auth in usm.AUTH for priv in usm.PRIV]
)


def user(auth: str, priv: str | None = None) -> usm.User:
    return usm.User("edunet", (auth, b"maplesyrup"), (priv, b"treacle of old") if priv else None)


def keys(auth: str, priv: str | None = None) -> usm.Keys:
    found = usm.keys(user(auth, priv), ENGINE_ID)
    assert found is not None
    return found


@pytest.mark.parametrize("protocol", usm.AUTH)
def test_a_password_becomes_the_published_key(protocol: str) -> None:
    master, localized = MAPLE_SYRUP[protocol]

    assert master == usm.master(protocol, b"maplesyrup").hex()
    assert localized == usm.localized(protocol, bytes.fromhex(master), ENGINE_ID).hex()


def test_the_new_key_of_a_changed_password_is_that_of_the_rfc() -> None:
    """RFC 3414 A.5.2, where `newsyrup` takes the place of `maplesyrup`."""
    key = usm.localized("SHA", usm.master("SHA", b"newsyrup"), ENGINE_ID)

    assert "78e2dcce79d59403b58c1bbaa5bff46391f1cd25" == key.hex()


@pytest.mark.parametrize("protocol", usm.AUTH)
@settings(max_examples=20, deadline=None)
@given(password=st.binary(min_size=1, max_size=80), engine=st.binary(min_size=5, max_size=32))
def test_any_password_becomes_the_key_that_pysnmp_makes_of_it(
    protocol: str, password: bytes, engine: bytes
) -> None:
    oracle = Oracle.AUTH_SERVICES[AUTHS[protocol]]
    master = oracle.hash_passphrase(OctetString(password))
    localized = oracle.localize_key(master, OctetString(engine))

    assert bytes(master) == usm.master(protocol, password)
    assert bytes(localized) == usm.localized(protocol, bytes(master), engine)


@pytest.mark.parametrize("protocol", usm.AUTH)
def test_a_message_is_signed_as_pysnmp_signs_it(protocol: str) -> None:
    oracle = Oracle.AUTH_SERVICES[AUTHS[protocol]]
    mine = keys(protocol)
    key = bytes.fromhex(MAPLE_SYRUP[protocol][1])
    message = b"\x30\x82 a message " + mine.unsigned + b" and its end"

    theirs = bytes(oracle.authenticate_outgoing_message(OctetString(key), message))

    assert theirs == message.replace(mine.unsigned, mine.mac(message))


@pytest.mark.parametrize(
    ("protocol", "octets"),
    [("SHA", 12), ("SHA-224", 16), ("SHA-256", 24), ("SHA-384", 32), ("SHA-512", 48)],
)
def test_a_mac_is_cut_as_the_rfc_has_it_and_no_other_is_taken(protocol: str, octets: int) -> None:
    mine = keys(protocol)
    mac = mine.mac(b"a message")

    assert octets == len(mac) == len(mine.unsigned)
    assert mine.signed(b"a message", mac)
    assert not mine.signed(b"a massage", mac)
    assert not mine.signed(b"a message", mac[:-1])
    assert not mine.signed(b"a message", mac[:-1] + bytes((mac[-1] ^ 1,)))


@both
def test_a_message_is_hidden_as_pysnmp_hides_it(auth: str, priv: str) -> None:
    oracle = Oracle.PRIV_SERVICES[PRIVS[priv]]
    master = oracle.hash_passphrase(AUTHS[auth], OctetString(b"treacle of old"))
    key = oracle.localize_key(AUTHS[auth], master, OctetString(ENGINE_ID))
    plain = b"what nobody else is to know: forty-six octets."

    hidden, salt = oracle.encrypt_data(key, (3, 1000, None), plain)

    assert bytes(hidden) == keys(auth, priv).hide(plain, 3, 1000, bytes(salt))
    assert plain == keys(auth, priv).reveal(bytes(hidden), 3, 1000, bytes(salt))


@both
def test_what_was_hidden_is_noise_to_any_other_clock_or_salt(auth: str, priv: str) -> None:
    mine = keys(auth, priv)
    hidden = mine.hide(b"sixteen letters.", 3, 1000, b"saltsalt")

    assert 16 == len(hidden)
    assert b"sixteen letters." == mine.reveal(hidden, 3, 1000, b"saltsalt")
    for boots, time, salt in (
        (4, 1000, b"saltsalt"),
        (3, 1001, b"saltsalt"),
        (3, 1000, b"salt-alt"),
    ):
        assert b"sixteen letters." != mine.reveal(hidden, boots, time, salt)


def test_keys_of_one_agent_are_not_those_of_another() -> None:
    here, there = (usm.keys(user("SHA-256"), bytes((1, 2, 3, 4, last))) for last in (5, 6))

    assert here is not None
    assert there is not None
    assert here.mac(b"a message") != there.mac(b"a message")


def test_a_user_without_a_password_has_no_keys() -> None:
    assert usm.keys(usm.User("edunet"), ENGINE_ID) is None


def test_no_password_and_no_key_is_shown() -> None:
    asker = usm.User("edunet", ("SHA-256", b"maplesyrup"), ("AES-128", b"treacle of old"), "vlan7")
    mine = keys("SHA-256", "AES-128")

    assert "User(name='edunet', context='vlan7')" == repr(asker)
    assert "Keys(_hash='sha256', _mac=24)" == repr(mine)
    assert repr(asker) == str(asker) == f"{asker}"


@pytest.mark.parametrize(
    ("auth", "priv", "words"),
    [
        pytest.param(
            None,
            ("AES-128", b"secret12"),
            "privacy needs authentication; add auth",
            id="priv alone",
        ),
        pytest.param(
            ("MD5", b"secret12"),
            None,
            "no protocol 'MD5'; choose one of SHA, SHA-224, SHA-256, SHA-384, SHA-512",
            id="an old hash",
        ),
        pytest.param(
            ("SHA", b"secret12"),
            ("DES", b"secret12"),
            "no protocol 'DES'; choose one of AES-128, AES-192, AES-256",
            id="an old cipher",
        ),
        pytest.param(("SHA", b""), None, "a password is empty", id="no password"),
    ],
)
def test_what_no_agent_could_grant_is_refused(
    auth: tuple[str, bytes] | None, priv: tuple[str, bytes] | None, words: str
) -> None:
    with pytest.raises(ValueError, match="^" + words + "$") as refused:
        usm.User("edunet", auth, priv)

    assert "secret12" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "n" * 33, "名" * 11])
def test_a_name_has_one_to_thirty_two_octets(name: str) -> None:
    with pytest.raises(ValueError, match="a user's name has 1 to 32 octets"):
        usm.User(name)


def test_a_context_has_at_most_thirty_two_octets() -> None:
    with pytest.raises(ValueError, match="a context's name has at most 32 octets"):
        usm.User("edunet", context="c" * 33)
