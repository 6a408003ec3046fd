"""How is a device asked: by which community, user and password?"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from edunet.inventory.secret import Secret
from edunet.inventory.thing import Id, Labels, Name
from edunet.model import Model

_LONGEST: Final = 32


def _short(name: str) -> str:
    """SnmpAdminString of 1 to 32 octets (RFC 3411): of Chinese characters three each."""
    if len(name.encode()) > _LONGEST:
        raise PydanticCustomError("need", "a name of at most 32 bytes is due; write a shorter one")
    return name


UserName = Annotated[Name, AfterValidator(_short)]


class Auth(Model):
    protocol: Literal["SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512"]
    password: Secret


class Priv(Model):
    protocol: Literal["AES-128", "AES-192", "AES-256"]
    password: Secret


class Snmp(Model):
    """How to ask by SNMP: by a community, or as a user (USM, RFC 3414) in a context."""

    version: Literal["1", "2c", "3"]
    community: Secret | None = None
    user: UserName | None = None
    auth: Auth | None = None
    priv: Priv | None = None
    context: UserName | None = None
    labels: Labels = Field(default_factory=dict)

    @field_validator("version", mode="before")
    @classmethod
    def _as_text(cls, version: object) -> object:
        return str(version)

    @model_validator(mode="after")
    def _what_the_version_needs(self) -> Snmp:
        if self.version != "3" and not self.community:
            raise PydanticCustomError(
                "need",
                "version {version} needs a community; add community: ...",
                {"version": self.version},
            )
        if self.version != "3" and (self.user or self.auth or self.priv or self.context):
            raise PydanticCustomError(
                "need", "user, auth, priv and context belong to version 3; write version: 3"
            )
        if self.version == "3" and not self.user:
            raise PydanticCustomError("need", "version 3 needs a user; add user: ...")
        if self.version == "3" and self.community:
            raise PydanticCustomError("need", "a community belongs to versions 1 and 2c; remove it")
        if self.priv and not self.auth:
            raise PydanticCustomError("need", "priv needs auth; add auth: ...")
        return self


class Ssh(Model):
    username: Name
    password: Secret | None = None
    key: Secret | None = None
    labels: Labels = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_way_in(self) -> Ssh:
        if (self.password is None) == (self.key is None):
            raise PydanticCustomError("need", "ssh needs a password or a key; write one of them")
        return self


class Credentials(Model):
    snmp: dict[Id, Snmp] = Field(default_factory=dict)
    ssh: dict[Id, Ssh] = Field(default_factory=dict)
