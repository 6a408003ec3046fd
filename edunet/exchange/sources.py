"""What do the files that another tool exported say: rows of named values, bounded and unharmed?"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from edunet.errors import ConfigError
from edunet.inventory import csv_text
from edunet.inventory.finding import quote
from edunet.inventory.source import Unreadable

MAX_BYTES: Final = 64 * 2**20
MAX_FILES: Final = 200
MAX_ROWS: Final = 500_000


def found(sources: Sequence[Path], *endings: str) -> list[Path]:
    """The files named, and those of such an ending in folders named, in order.

    Raises:
        ConfigError: there is none, or there are too many.
    """
    files: list[Path] = []
    for source in sources:
        if source.is_dir():
            inside = [one for one in source.iterdir() if one.suffix.lower() in endings]
            files += sorted(inside)
        else:
            files.append(source)
    if not files:
        raise ConfigError(f"no file ends in {' or '.join(endings)}; name what was exported")
    if len(files) > MAX_FILES:
        raise ConfigError(f"over {MAX_FILES} files; name only what was exported")
    return files


def read(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        ConfigError: it cannot be read, or is over 64 MB.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"no file {path}; name what was exported") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a file name"
        raise ConfigError(f"cannot read {path}: {why.lower()}; name another file") from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{path} is over {MAX_BYTES >> 20} MB; export it in parts")
    return raw


def json_of(path: Path) -> Any:
    """The JSON of a file.

    Raises:
        ConfigError: it is none.
    """
    try:
        return json.loads(read(path).decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        said = f"{path}:{error.lineno}: not JSON: {error.msg.lower()}; export it anew"
        raise ConfigError(said) from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{path}: not JSON that can be read; export it anew") from None


def rows_of(path: Path, listed: Any) -> list[dict[str, Any]]:
    """A list of objects.

    Raises:
        ConfigError: it is anything else, or too long.
    """
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise ConfigError(f"{path}: this is {quote(listed)}, no list of objects; export a list")
    if len(listed) > MAX_ROWS:
        raise ConfigError(f"{path}: over {MAX_ROWS} rows; export it in parts")
    return listed


def csv_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a table of text, each by the names of its header.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return rows_of(path, list(_csv_rows(csv_text.decode(read(path)))))
    except Unreadable as error:
        line, text = error.args
        raise ConfigError(f"{path}:{line}: {text}") from None
    except csv.Error as error:
        raise ConfigError(f"{path}: not CSV: {error}; export it anew") from None


def _csv_rows(text: str) -> Iterator[dict[str, Any]]:
    header: list[str] = []
    for number, (_, row) in enumerate(csv_text.rows(text, ",")):
        if number > MAX_ROWS + 1:
            return
        if not header:
            header = [cell.strip() for cell in row]
        else:
            yield dict(zip(header, row, strict=False))


def text(row: Any, *keys: str) -> str:
    """The text or number at some keys, as text without blanks around; a yes is 1. Else empty."""
    for key in keys:
        row = row.get(key) if isinstance(row, dict) else None
    if isinstance(row, bool):
        return "1" if row else "0"
    if not isinstance(row, str | int | float):
        return ""
    return " ".join(str(row)[:1000].split())


def number(row: Any, *keys: str) -> float | None:
    """A finite number at some keys, or None."""
    try:
        found_ = float(text(row, *keys))
    except ValueError:
        return None
    return found_ if abs(found_) < 1e15 else None
