"""What may stand in a vendor profile, and which commands may ever be sent."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, get_args

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from edunet.model import Model

Oid = Annotated[str, StringConstraints(pattern=r"^1(\.(0|[1-9]\d{0,9})){2,40}$")]
Template = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,100}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]

Question = Literal["version", "uptime", "interfaces"]
Word = Literal[
    "up", "down", "testing", "unknown", "dormant", "not_present", "lower_layer_down"
]  # fmt: skip
WORDS: Final = frozenset(get_args(Word))
FACTS: Final = {"version", "model", "uptime", "weeks", "days", "hours", "minutes", "seconds"}
GROUPS: Final = {"version": FACTS, "uptime": FACTS, "interfaces": {"interface", "state"}}

# The allow-list (promise P5). One line, words and paths only: no pipe, no redirection, no second
# command. [ ] and not \s, and \Z and not $, because a newline is what ends a command.
# Diagnostic dumps take a file name and write to the device's flash, so they are not reading.
_ASKS: Final = re.compile(r"(show|display)(?!.* (diag|tech)) [A-Za-z0-9_/.\- ]+\Z")
# What makes a session readable, for that session alone; and the word that declines an offer, such
# as to change the password. There is no way to write a yes.
_SETS_UP: Final = re.compile(
    r"(terminal (length 0|width \d{2,3})|screen-length (0 temporary|disable)|[Nn])\Z"
)


def _asks(command: str) -> str:
    if len(command) > 100 or not _ASKS.match(command):
        raise ValueError(
            "only show or display and plain words may be sent, and no diagnostic dump; "
            "remove the command"
        )
    return command


def _sets_up(command: str) -> str:
    if not _SETS_UP.match(command):
        raise ValueError(
            "only terminal length 0, terminal width N, screen-length 0 temporary, "
            "screen-length disable and N may be sent to set a session up; remove the line"
        )
    return command


def _is_ssh(driver: str) -> str:
    if driver.endswith(("_telnet", "_serial")):
        raise ValueError("telnet carries the password in the clear; name the driver for ssh")
    return driver


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return pattern


Driver = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=60),
    AfterValidator(_is_ssh),
]
Command = Annotated[str, AfterValidator(_asks)]
Setup = Annotated[str, AfterValidator(_sets_up)]
Pattern = Annotated[str, StringConstraints(max_length=500), AfterValidator(_compiles)]


class Match(Model):
    sysobjectid: tuple[Oid, ...] = ()


class Reading(Model):
    """How to read an answer: an ntc-templates template, and patterns for where it gives up.

    `fields` says which of the template's values is ours: `{interface: INTERFACE, state: PHY}`.
    """

    template: Template | None = None
    fields: dict[Text, Text] = Field(default={})
    patterns: tuple[Pattern, ...] = ()

    @model_validator(mode="after")
    def _reads_something(self) -> Reading:
        if self.template is None and not self.patterns:
            raise ValueError("needs a template or patterns; write one of them")
        if (self.template is None) != (not self.fields):
            raise ValueError("a template needs fields, and fields need a template")
        return self

    @property
    def groups(self) -> set[str]:
        named = {name for pattern in self.patterns for name in re.compile(pattern).groupindex}
        return named | set(self.fields)


class Ssh(Model):
    """The conversation: the driver, what sets the session up, what we ask, how we read it.

    `words` maps what the device calls an interface's state (lower case) to the words of IF-MIB,
    `names` a short beginning of an interface name to the one SNMP uses (GE to GigabitEthernet).
    """

    netmiko: Driver
    session: tuple[Setup, ...] = ()
    commands: dict[Question, Command] = Field(default={})
    read: dict[Question, Reading] = Field(default={})
    words: dict[Text, Word] = Field(default={})
    names: dict[Text, Text] = Field(default={})

    @model_validator(mode="after")
    def _every_answer_can_be_read(self) -> Ssh:
        for question in self.commands:
            if question not in self.read:
                raise ValueError(f"nothing reads the answer to {question}; add read.{question}")
        for question, reading in self.read.items():
            strange = reading.groups - GROUPS[question]
            if strange:
                known = ", ".join(sorted(GROUPS[question]))
                raise ValueError(f"read.{question}: no {min(strange)} here; choose from {known}")
        if shouted := [word for word in self.words if word != word.lower()]:
            raise ValueError(f"words: {shouted[0]} must be written in lower case")
        return self

    @property
    def allowed(self) -> frozenset[str]:
        """Every line that may leave for a device of this profile, besides an empty one."""
        return frozenset(self.session) | frozenset(self.commands.values())


class Profile(Model):
    """One make of device: one YAML file. `verified` says that a real one was seen to answer so."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=60)]
    vendor: Text
    verified: bool = False
    match: Match = Match()
    ssh: Ssh | None = None
