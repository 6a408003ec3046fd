"""What does one profile file say, as plain data?"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from edunet.errors import ConfigError

MAX_BYTES: Final = 256 * 1024
MAX_PROFILES: Final = 1000


def read(path: Path) -> dict[str, Any]:
    """The mapping in this YAML file.

    Raises:
        ConfigError: not readable, not UTF-8, too large, not YAML, or written in a way that hides
            what it says (anchors, tags, the same key twice).
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise ConfigError(f"{path}: over {MAX_BYTES // 1024} KiB; a profile is one small file")
        text = raw.decode()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text; save it as UTF-8") from None
    try:
        _is_written_out(path, text)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"{mark.line + 1}" if mark else "1"
        why = getattr(error, "problem", None) or "cannot be read"
        raise ConfigError(f"{path}:{line}: not YAML: {why}") from None
    except (RecursionError, ValueError):
        raise ConfigError(f"{path}: not YAML we can read; write it flat") from None
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise ConfigError(f"{path}: a profile is a mapping; begin with vendor: NAME")
    return data


def _is_written_out(path: Path, text: str) -> None:
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ConfigError(f"{path}:{line}: no anchors in a profile; write it out")
        if getattr(event, "tag", None):
            raise ConfigError(f"{path}:{line}: no tags in a profile; write plain text")
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
