"""How is a device asked: by which community, user and password?"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from edunet.inventory.secret import Secret
from edunet.inventory.thing import Id, Labels, Name
from edunet.model import Model


class Auth(Model):
    protocol: Literal["SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512"]
    password: Secret


class Priv(Model):
    protocol: Literal["AES-128", "AES-192", "AES-256"]
    password: Secret


class Snmp(Model):
    """How to ask by SNMP. Version 2c is polled today; 3 is read and refused at the poll."""

    version: Literal["2c", "3"]
    community: Secret | None = None
    user: Name | None = None
    auth: Auth | None = None
    priv: Priv | None = None
    labels: Labels = Field(default_factory=dict)

    @field_validator("version", mode="before")
    @classmethod
    def _as_text(cls, version: object) -> object:
        return str(version)

    @model_validator(mode="after")
    def _what_the_version_needs(self) -> Snmp:
        if self.version == "2c" and not self.community:
            raise PydanticCustomError("need", "version 2c needs a community; add community: ...")
        if self.version == "2c" and (self.user or self.auth or self.priv):
            raise PydanticCustomError(
                "need", "user, auth and priv belong to version 3; write version: 3"
            )
        if self.version == "3" and not self.user:
            raise PydanticCustomError("need", "version 3 needs a user; add user: ...")
        if self.version == "3" and self.community:
            raise PydanticCustomError("need", "a community belongs to version 2c; remove it")
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
