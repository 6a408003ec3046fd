"""Who asks, and by which keys is a message signed and hidden: the User-based Security Model.

RFC 3414 (model, HMAC-SHA-96), RFC 7860 (HMAC-SHA-2) and RFC 3826 (AES-128). AES-192 and AES-256
were never a standard. A hash too short for their keys is lengthened as draft-blumenthal-aes-usm-04
has it, which is what net-snmp calls AES-192 and AES-256; the other way (draft-reeder, of Cisco's
boxes and net-snmp's AES-256C) is not spoken. With SHA-256 and longer there is nothing to lengthen
and both ways are one.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

# RFC 3826 names this mode and no other; the library calls it decrepit, since it does not
# authenticate. The HMAC over the whole message does.
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

AUTHENTIC: Final = 1  # msgFlags of RFC 3412 section 6.4
PRIVATE: Final = 2
LEVELS: Final = {0: "noAuthNoPriv", 1: "authNoPriv", 3: "authPriv"}

AUTH: Final = {  # the hash, and to how many octets its MAC is cut
    "SHA": ("sha1", 12),
    "SHA-224": ("sha224", 16),
    "SHA-256": ("sha256", 24),
    "SHA-384": ("sha384", 32),
    "SHA-512": ("sha512", 48),
}
PRIV: Final = {"AES-128": 16, "AES-192": 24, "AES-256": 32}  # octets of the key
SALT: Final = 8  # octets of msgPrivacyParameters
_EXPANDED: Final = 1 << 20  # RFC 3414 A.2: a password is repeated to so many octets
LONGEST_NAME: Final = 32  # octets of a user's, a context's and an engine's name


@dataclass(frozen=True, slots=True)
class User:
    """Who asks. `auth` and `priv` are a protocol of `AUTH` or `PRIV` and a password."""

    name: str
    auth: tuple[str, bytes] | None = field(default=None, repr=False)
    priv: tuple[str, bytes] | None = field(default=None, repr=False)
    context: str = ""

    def __post_init__(self) -> None:
        """Refuse what no agent could grant; the words name no password."""
        if not 1 <= len(self.name.encode()) <= LONGEST_NAME:
            raise ValueError(f"a user's name has 1 to {LONGEST_NAME} octets")
        if len(self.context.encode()) > LONGEST_NAME:
            raise ValueError(f"a context's name has at most {LONGEST_NAME} octets")
        if self.priv and not self.auth:
            raise ValueError("privacy needs authentication; add auth")
        for part, known in ((self.auth, AUTH), (self.priv, PRIV)):
            if part and part[0] not in known:
                raise ValueError(f"no protocol {part[0]!r}; choose one of {', '.join(known)}")
            if part and not part[1]:
                raise ValueError("a password is empty")

    @property
    def level(self) -> int:
        """The security level, as msgFlags has it."""
        return AUTHENTIC * (self.auth is not None) | PRIVATE * (self.priv is not None)


@dataclass(frozen=True, slots=True)
class Keys:
    """A user's keys at one agent: they open nothing at another (RFC 3414 section 2.6)."""

    _hash: str
    _mac: int
    _auth: bytes = field(repr=False)
    _priv: bytes = field(repr=False)

    @property
    def unsigned(self) -> bytes:
        """What stands for the MAC while it is computed."""
        return bytes(self._mac)

    def mac(self, message: bytes) -> bytes:
        """The MAC of a message that has `unsigned` in its place."""
        return hmac.digest(self._auth, message, self._hash)[: self._mac]

    def signed(self, message: bytes, mac: bytes) -> bool:
        """Whether this is its MAC; as long to answer for a wrong one as for the right one."""
        return hmac.compare_digest(self.mac(message), mac)

    def hide(self, plain: bytes, boots: int, time: int, salt: bytes) -> bytes:
        cipher = self._cipher(boots, time, salt).encryptor()
        return cipher.update(plain) + cipher.finalize()

    def reveal(self, hidden: bytes, boots: int, time: int, salt: bytes) -> bytes:
        """The plain bytes; noise if the keys differ, for AES-CFB cannot tell."""
        cipher = self._cipher(boots, time, salt).decryptor()
        return cipher.update(hidden) + cipher.finalize()

    def _cipher(self, boots: int, time: int, salt: bytes) -> Cipher[CFB]:
        """RFC 3826 section 3.1.2.1: the agent's clock and the salt are the start vector."""
        return Cipher(AES(self._priv), CFB(boots.to_bytes(4) + time.to_bytes(4) + salt))


def keys(user: User, engine: bytes) -> Keys | None:
    """The user's keys at the agent of this engine id; None for a user without any."""
    if user.auth is None:
        return None
    protocol, password = user.auth
    name, mac = AUTH[protocol]
    auth = localized(protocol, master(protocol, password), engine)
    if user.priv is None:
        return Keys(name, mac, auth, b"")
    cipher, secret = user.priv
    priv = localized(protocol, master(protocol, secret), engine)
    return Keys(name, mac, auth, lengthened(protocol, priv, PRIV[cipher]))


@lru_cache(maxsize=1024)
def master(protocol: str, password: bytes) -> bytes:
    """The key of a password before it is an agent's own (RFC 3414 A.2.2): a MiB is hashed."""
    times = -(-_EXPANDED // len(password))
    return hashlib.new(AUTH[protocol][0], (password * times)[:_EXPANDED]).digest()


def localized(protocol: str, key: bytes, engine: bytes) -> bytes:
    """The key at one agent, which tells nothing of the key at another."""
    return hashlib.new(AUTH[protocol][0], key + engine + key).digest()


def lengthened(protocol: str, key: bytes, octets: int) -> bytes:
    """A localized key cut to so many octets, or first lengthened (draft-blumenthal 3.1.2.1)."""
    while len(key) < octets:
        key += hashlib.new(AUTH[protocol][0], key).digest()
    return key[:octets]
