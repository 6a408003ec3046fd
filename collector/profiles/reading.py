"""What does a device's answer say, once read the way its profile tells?"""

from __future__ import annotations

import re
from importlib.resources import files
from io import StringIO
from itertools import islice
from typing import Any, Final

from collector.profiles.schema import Profile, Question, Reading

MAX_ROWS: Final = 10_000
MAX_LINES: Final = 50_000
MAX_COLUMNS: Final = 500

_UNITS: Final = {
    "year": 365 * 86_400, "week": 604_800, "day": 86_400, "hour": 3600, "minute": 60, "second": 1,
}  # fmt: skip
_SPAN: Final = re.compile(r"\b(\d{1,9}) (year|week|day|hour|minute|second)s?\b")
# up(s), GigabitEthernet0/0/5(v): a remark of the device's, no part of the word.
_REMARK: Final = re.compile(r"(\(\w{0,8}\))+$")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def facts(profile: Profile, question: Question, text: str) -> dict[str, str]:
    """The named values in an answer, such as version and model; what is not said is not there."""
    found: dict[str, str] = {}
    for row in _rows(profile, question, text, one=True):
        for name, value in row.items():
            found.setdefault(name, value)
    return found


def uptime(found: dict[str, str]) -> float | None:
    """Seconds since start, from words (`1 week, 2 days`) or numbers; None if it is not told."""
    spans = [(int(count), unit) for count, unit in _SPAN.findall(found.get("uptime", ""))]
    spans += [
        (int(found[f"{unit}s"][:9]), unit)
        for unit in _UNITS
        if found.get(f"{unit}s", "").isdecimal()
    ]
    return float(sum(count * _UNITS[unit] for count, unit in spans)) if spans else None


def interfaces(profile: Profile, text: str) -> dict[str, str]:
    """Interface name to its state in the words of IF-MIB; a word we do not know is `unknown`."""
    ssh = profile.ssh
    states: dict[str, str] = {}
    for row in _rows(profile, "interfaces", text):
        if ssh is None or not row.get("interface"):
            continue
        name = _REMARK.sub("", row["interface"])
        short = re.match(r"[A-Za-z-]*", name)
        long = ssh.names.get(short[0]) if short else None
        if short and long:
            name = long + name[short.end() :]
        word = row.get("state", "").lower()
        states[name] = ssh.words.get(word) or ssh.words.get(_REMARK.sub("", word), "unknown")
    return states


def _rows(
    profile: Profile, question: Question, text: str, *, one: bool = False
) -> list[dict[str, str]]:
    reading = profile.ssh.read.get(question) if profile.ssh else None
    if reading is None:
        return []
    # Lines are cut so that no pattern can be made to think for long about one of them.
    cut = (line[:MAX_COLUMNS] for line in islice(text.splitlines(), MAX_LINES))
    text = _CONTROLS.sub("", "\n".join(cut))
    rows = _by_template(reading, text) or _by_patterns(reading, text, one=one)
    return [{name: value.strip() for name, value in row.items() if value} for row in rows]


def _by_template(reading: Reading, text: str) -> list[dict[str, str]]:
    if reading.template is None:
        return []
    import textfsm  # type: ignore[import-untyped]

    template = files("ntc_templates") / "templates" / f"{reading.template}.textfsm"
    try:
        table = textfsm.TextFSM(StringIO(template.read_text()))
        parsed: list[list[Any]] = table.ParseText(text)
    except (textfsm.TextFSMError, OSError):
        # A line the template does not know: the patterns are less particular.
        return []
    columns = {ours: table.header.index(theirs) for ours, theirs in reading.fields.items()}
    return [
        {ours: str(row[column]) for ours, column in columns.items()} for row in parsed[:MAX_ROWS]
    ]


def _by_patterns(reading: Reading, text: str, *, one: bool) -> list[dict[str, str]]:
    limit = 1 if one else MAX_ROWS
    return [
        {name: value for name, value in match.groupdict().items() if value is not None}
        for pattern in reading.patterns
        for match in islice(re.finditer(pattern, text, re.MULTILINE), limit)
    ]
