"""A secret is a reference, `${ENV}` or `{file: PATH}`, opened only when it is used."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf, WithJsonSchema
from pydantic_core import PydanticCustomError

from edunet.errors import ConfigError

MAX_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret lies. Its text never shows: not in repr, not in an error, not in JSON."""

    source: str  # env, file or literal
    _value: str

    def __repr__(self) -> str:
        return "SecretRef(literal)" if self.source == "literal" else f"SecretRef({self.place})"

    __str__ = __repr__

    @property
    def literal(self) -> bool:
        """Whether the secret itself was written into the file."""
        return self.source == "literal"

    @property
    def place(self) -> str:
        """The reference as it may be shown: `${NAME}` or the file's path."""
        return {"env": f"${{{self._value}}}", "file": self._value}.get(self.source, "literal")

    def open(self, environ: Mapping[str, str] = os.environ) -> str:
        """The secret's text.

        Raises:
            ConfigError: the variable is not set, or the file cannot be read; names the place only.
        """
        if self.source == "env":
            if self._value not in environ:
                raise ConfigError(f"{self.place} is not set; export {self._value}=...")
            return environ[self._value]
        if self.source == "file":
            try:
                with Path(self._value).open("rb") as file:
                    return file.read(MAX_BYTES).decode().strip()
            except (OSError, UnicodeDecodeError) as error:
                why = getattr(error, "strerror", None) or "it is not UTF-8 text"
                raise ConfigError(f"secret file {self._value}: {why}") from None
        return self._value


def _parse(written: Any) -> SecretRef:
    if isinstance(written, SecretRef):
        return written
    if isinstance(written, dict) and set(written) == {"file"} and isinstance(written["file"], str):
        return SecretRef("file", written["file"])
    if isinstance(written, str) and written:
        match = re.fullmatch(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", written)
        if not match and written.startswith("${"):
            raise _refusal("the reference names no variable")
        return SecretRef("env", match[1]) if match else SecretRef("literal", written)
    raise _refusal("this is not a secret")


def _refusal(wrong: str) -> PydanticCustomError:
    # The braces arrive as values: in the template they would name values themselves.
    shapes = {"wrong": wrong, "env": "${NAME}", "file": "{file: PATH}"}
    return PydanticCustomError("secret", "{wrong}; write {env} or {file}", shapes)


Secret = Annotated[
    InstanceOf[SecretRef],
    BeforeValidator(_parse),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "description": "${ENV}, or (with a warning) the secret itself"},
                {
                    "type": "object",
                    "properties": {"file": {"type": "string"}},
                    "required": ["file"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
