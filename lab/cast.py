"""Which part does each agent play: how it behaves, and from which recording it answers?"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from edunet.errors import LabError
from edunet.inventory.model import Inventory
from lab.kinds import HONEST, KINDS
from lab.recording import Recording, edition, load

KIND: Final = "lab"
RECORDING: Final = "lab-recording"


class Part(NamedTuple):
    """`kind` is one of KINDS; without a recording the city itself is told of."""

    kind: str = HONEST
    recording: Recording | None = None


_PLAIN: Final = Part()


class Cast:
    """The parts of all agents. Most are honest and tell of the city: they are not listed."""

    def __init__(self, inventory: Inventory) -> None:
        """The labels `lab` and `lab-recording` of a device say what it plays from the start.

        Raises:
            LabError: a label names no kind, or no recording that can be played.
        """
        self.parts: dict[str, Part] = {}
        for device in inventory.devices:
            if KIND in device.labels:
                self.act(device.id, device.labels[KIND])
            if RECORDING in device.labels:
                self.play(device.id, self.fetch(Path(device.labels[RECORDING]).absolute()))
        self._first = dict(self.parts)

    def part(self, device: str) -> Part:
        return self.parts.get(device, _PLAIN)

    def act(self, device: str, kind: str) -> None:
        """Behave like this from now on.

        Raises:
            LabError: there is no such kind.
        """
        if kind not in KINDS:
            raise LabError(f"{device}: no agent {kind[:40]!r}; choose one of {', '.join(KINDS)}")
        self._set(device, self.part(device)._replace(kind=kind))

    def play(self, device: str, recording: Recording) -> None:
        """Answer from this recording from now on."""
        self._set(device, self.part(device)._replace(recording=recording))

    def fetch(self, path: Path) -> Recording:
        """The recording in this file; one that is played already is not read again.

        Raises:
            LabError: it cannot be played.
        """
        for part in tuple(self.parts.values()):
            known = part.recording
            if known and known.file == str(path) and known.edition == edition(path):
                return known
        return load(path)

    def restore(self, device: str | None = None) -> None:
        """Let one agent, or all of them, play what they did at the start."""
        if device is None:
            self.parts = dict(self._first)
        else:
            self._set(device, self._first.get(device, _PLAIN))

    def _set(self, device: str, part: Part) -> None:
        self.parts[device] = part
        if part == _PLAIN:
            del self.parts[device]
