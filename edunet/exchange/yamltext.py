"""How is a value written in YAML, on one line, so that it is read as it was meant?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff_./+-]*")
_NUMBERED: Final = re.compile(r"[+-]?[0-9][0-9_]*(\.[0-9]*)?([eE][0-9+-]+)?|0x.*")
_MEANT: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
# Fields whose digits are a number; in all others they are text, and text of digits is quoted.
NUMBERS: Final = frozenset({
    "classes", "students", "rooms", "lat", "lon", "port", "ssh_port", "length_m", "fee", "onu",
    "availability", "version",
})  # fmt: skip


def scalar(text: str, key: str = "") -> str:
    """A text as YAML: plain where nobody can mistake it, else in double quotes."""
    number = _NUMBERED.fullmatch(text) is not None
    if _PLAIN.fullmatch(text) and text.lower() not in _MEANT and (not number or key in NUMBERS):
        return text
    if key in NUMBERS and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return text
    return quoted(text)


def quoted(text: str) -> str:
    """A text in double quotes; JSON's escapes are YAML's."""
    if text.isprintable():
        return json.dumps(text, ensure_ascii=False)
    # ASCII alone: a pair of surrogates is one character in JSON and an error in YAML.
    inner = "".join(
        sign if sign.isprintable() and sign not in '"\\' else _escape(sign) for sign in text
    )
    return f'"{inner}"'


def _escape(sign: str) -> str:
    code = ord(sign)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"


def flow(value: Any, key: str = "") -> str:
    """A value on one line: `{id: s1, classes: 24, ducts: [d-1]}`."""
    if isinstance(value, Mapping):
        parts = (f"{scalar(str(name))}: {flow(one, str(name))}" for name, one in value.items())
        return f"{{{', '.join(parts)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(flow(one, key) for one in value)}]"
    return scalar(str(value), key)
