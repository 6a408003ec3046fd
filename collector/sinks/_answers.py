"""What does an answer of a server mean for what was sent to it?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from collector.sinks import UnwelcomeError
from edunet.errors import DeliveryError

WORDS: Final = 500  # of a server's answer, so much is kept
SHORTEST: Final = 4  # a tenant called 1 is no secret, and would make *** of every figure
AGAIN: Final = {408, 425, 429}
POISON: Final = {400, 409, 413, 422}  # the body, not we: any other 4xx only a person can mend


def meaning(
    url: str, status: int, words: str, headers: Mapping[str, str], secrets: Collection[str]
) -> DeliveryError:
    """What to do about an answer that is not the one that means yes."""
    words = " ".join(words.split())
    for secret in secrets:
        if len(secret) >= SHORTEST:
            words = words.replace(secret, "***")
    text = f"{url} answered {status or 'nothing'}: {words[:WORDS]}"
    retry_after = seconds(headers.get("Retry-After"), headers.get("Date"))
    if 400 <= status < 500 and status not in POISON | AGAIN:
        return UnwelcomeError(text, retry_after=retry_after)
    return DeliveryError(text, retry_after=retry_after, permanent=status in POISON)


def seconds(retry_after: str | None, date: str | None = None) -> float | None:
    """The seconds of a Retry-After header: a number, or a date counted from the server's own."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(int(retry_after)))
    except ValueError:
        pass
    try:
        delta = parsedate_to_datetime(retry_after) - parsedate_to_datetime(date or "")
        return max(0.0, delta.total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None
