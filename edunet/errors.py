"""Everything we raise on purpose.

* EdunetError
  - ConfigError       the files are wrong: says which line, ends the command with exit code 2
  - ProbeError        a device did not answer: becomes evidence, never a crash
    - AuthError       it answered, and refused us
  - DeliveryError     a sink or a channel refused: the log or the outbox keeps it and tries again
  - LabError          the virtual city is not there, or has no such thing
"""

from __future__ import annotations


class EdunetError(Exception):
    """Base of every error edunet raises on purpose."""


class ConfigError(EdunetError):
    """The files are wrong; the message is ready to be printed."""


class ProbeError(EdunetError):
    """The device did not answer, or not in a way we can read."""


class AuthError(ProbeError):
    """The device answered and refused us."""


class DeliveryError(EdunetError):
    """A sink or a channel refused what we sent.

    `retry_after` is in seconds when the other side named it (HTTP 429, 503), `permanent` is true
    when trying the same bytes again cannot help (a 4xx).
    """

    def __init__(
        self, message: str, *, retry_after: float | None = None, permanent: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.permanent = permanent


class LabError(EdunetError):
    """The virtual city cannot do what was asked."""
