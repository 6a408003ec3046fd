"""How does a sink speak HTTP: whom does it trust, who does it say it is, by which way?"""

from __future__ import annotations

import re
import ssl
from base64 import b64encode
from collections.abc import Mapping
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from collector.sinks import Sink
from edunet.errors import ConfigError
from edunet.inventory.secret import Secret, SecretRef
from edunet.units import Duration

_OURS: Final = {"content-type", "content-encoding", "content-length", "host", "transfer-encoding"}


def _http(url: str) -> str:
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # half an IPv6 address, a port that is none
        whole = False
    if not whole:
        raise PydanticCustomError("url", "write a URL like http://tsdb.example:8086")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise PydanticCustomError(
            "url", "leave user, password, query and fragment out of the URL; use token:"
        )
    return url.rstrip("/")


def _proxy(url: str) -> str:
    parts = urlsplit(_http(url))
    if parts.path:
        raise PydanticCustomError("proxy", "write a proxy like http://proxy.example:3128")
    return url


def _header(name: str) -> str:
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}", name):  # a token of RFC 9110, 5.6.2
        raise PydanticCustomError("header", "this is no name of a header; write X-Scope-OrgID")
    if name.lower() in _OURS:
        raise PydanticCustomError("header", "the sink writes this header itself; leave it out")
    return name


Url = Annotated[str, AfterValidator(_http)]
Header = Annotated[str, AfterValidator(_header)]


class HttpSink(Sink):
    """What every sink that posts can be told; `token`, `user` and `password` only where they fit.

    Proxies of the environment are not looked at: what is not in this file is not done.
    """

    url: Url
    timeout: Annotated[Duration, Field(gt=0, le=120)] = 10.0
    ca: str | None = None  # PEM file of the authority that signed the server's certificate
    headers: Mapping[Header, Secret] = {}  # more of them: a tenant, a key of a gateway
    proxy: Annotated[str, AfterValidator(_proxy)] | None = None

    def trust(self) -> ssl.SSLContext:
        """Whose certificates are believed.

        Raises:
            ConfigError: `ca` is no file of certificates.
        """
        try:
            return ssl.create_default_context(cafile=self.ca)
        except OSError as error:  # an SSLError is one
            why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
            raise ConfigError(f"ca {self.ca}: {why}; write the path of a PEM file") from None

    def said(self) -> dict[str, str]:
        """The headers of the settings, their secrets opened.

        Raises:
            ConfigError: a secret cannot be opened, or no header can hold it.
        """
        return {name: held(f"headers.{name}", secret) for name, secret in self.headers.items()}


class Credentialed(HttpSink):
    """One who can say who it is: by `user` and `password`, or by `token`."""

    user: Annotated[str, Field(min_length=1)] | None = None
    password: Secret | None = None
    token: Secret | None = None

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        named = {name.lower() for name in self.headers}
        ways = [self.user is not None, self.token is not None, "authorization" in named]
        if sum(ways) > 1:
            raise PydanticCustomError(
                "twice", "says twice who it is; keep one of user, token and headers.Authorization"
            )
        if (self.user is None) != (self.password is None):
            raise PydanticCustomError("half", "user and password go together; write both or none")
        if self.user and ":" in self.user:
            raise PydanticCustomError("user", "no user may have a colon; write another user")
        return self

    def said(self) -> dict[str, str]:
        if self.token is not None:
            return {**super().said(), "Authorization": f"Bearer {held('token', self.token)}"}
        if self.user is not None and self.password is not None:
            pair = f"{self.user}:{self.password.open()}".encode()
            return {**super().said(), "Authorization": f"Basic {b64encode(pair).decode()}"}
        return super().said()

    def secrets(self) -> list[str]:
        """What no message may repeat."""
        opened = [ref.open() for ref in (self.token, self.password, *self.headers.values()) if ref]
        return [*opened, *self.said().values()]


def held(name: str, secret: SecretRef) -> str:
    """The text of a secret that stands in a header.

    Raises:
        ConfigError: it cannot be opened, or would not be one line of a header.
    """
    text = secret.open()
    if not re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", text):
        raise ConfigError(
            f"{name}: {secret.place} is not one line of ASCII; write what fits a header"
        )
    return text
