"""What does one file of a profile (or of a table) say, as plain data; and what is wrong with it?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from edunet.errors import ConfigError

MAX_BYTES: Final = 256 * 1024
MAX_PROFILES: Final = 1000


def read(path: Path, what: str = "profile", begin: str = "vendor: NAME") -> dict[str, Any]:
    """The mapping in this YAML file, which is a `what` and may `begin` so.

    Raises:
        ConfigError: not readable, not UTF-8, too large, not YAML, or written in a way that hides
            what it says (anchors, tags, the same key twice).
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise ConfigError(f"{path}: over {MAX_BYTES // 1024} KiB; a {what} is one small file")
        text = raw.decode()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text; save it as UTF-8") from None
    try:
        _is_written_out(path, text, what)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"{mark.line + 1}" if mark else "1"
        why = getattr(error, "problem", None) or "cannot be read"
        raise ConfigError(f"{path}:{line}: not YAML: {why}") from None
    except (RecursionError, ValueError):
        raise ConfigError(f"{path}: not YAML we can read; write it flat") from None
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise ConfigError(f"{path}: a {what} is a mapping; begin with {begin}")
    return data


def _is_written_out(path: Path, text: str, what: str) -> None:
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ConfigError(f"{path}:{line}: no anchors in a {what}; write it out")
        if getattr(event, "tag", None):
            raise ConfigError(f"{path}:{line}: no tags in a {what}; write plain text")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    nodes = [root] if root else []
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            twice = {key for key in keys if keys.count(key) > 1}
            if twice:
                line = node.start_mark.line + 1
                raise ConfigError(f"{path}:{line}: {min(twice)} is written twice; keep one")
            nodes += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value


def complaints(path: Path, error: ValidationError, what: str = "profile") -> Iterator[str]:
    """What is wrong with the file, a sentence for each thing: where, and what to write instead."""
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(str(part) for part in one["loc"] if part != "[key]")
        if one["type"] == "extra_forbidden":
            yield f"{path}: no {where} in a {what}; remove it"
        elif one["type"] == "missing":
            yield f"{path}: {where} is missing; write it"
        else:
            said = one["msg"].removeprefix("Value error, ")
            place = f"{where}: " if where else ""
            yield f"{path}: {place}{said[:1].lower()}{said[1:]}"
