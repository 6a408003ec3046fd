"""A device that plays a part over real SSH, and remembers every line and password it was given."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import paramiko  # type: ignore[import-untyped]

PASSWORD = "open sesame, it is 4711"


@dataclass
class Part:
    """What the device is: its prompt, its answers, and what it does before the first prompt."""

    prompt: str
    answers: dict[str, str] = field(default_factory=dict)
    greeting: str = ""
    asks_first: tuple[str, ...] = ()
    auth: str = "password"
    floods: bool = False
    hangs_up: str = ""  # after the login, or within an answer
    mute: bool = False
    slow: bool = False


@dataclass
class Actor:
    """A device on a loopback port. `lines` and `passwords` are what reached it."""

    part: Part
    key: Any = field(default_factory=lambda: paramiko.ECDSAKey.generate())
    port: int = 0
    lines: list[str] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)

    @contextmanager
    def on_stage(self) -> Iterator[Actor]:
        """Answer on a loopback port, the same one at each time."""
        with socket.create_server(("127.0.0.1", self.port), reuse_port=False) as server:
            self.port = server.getsockname()[1]
            transports: list[Any] = []
            thread = threading.Thread(target=self._accept, args=(server, transports), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown(socket.SHUT_RDWR)
                for transport in transports:
                    transport.close()
                thread.join(10)

    def _accept(self, server: socket.socket, transports: list[Any]) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                transport = paramiko.Transport(connection)
                transport.set_log_channel("ssh_actor")
                transports.append(transport)
                transport.add_server_key(self.key)
                threading.Thread(target=self._serve, args=(transport,), daemon=True).start()

    def _serve(self, transport: Any) -> None:
        with suppress(Exception):
            transport.start_server(server=_Door(self))
            while transport.is_active():
                if channel := transport.accept(0.05):
                    self._play(channel)
                    break
        transport.close()

    def _play(self, channel: Any) -> None:
        if self.part.hangs_up == "login":
            return
        while self.part.floods:
            channel.sendall(b"0123456789abcdef" * 2048)
        channel.sendall(self.part.greeting.encode())
        for question in self.part.asks_first:
            channel.sendall(question.encode())
            while self._line(channel) == "":
                pass  # an empty line answers nothing
        if not self.part.mute:
            channel.sendall(f"\r\n{self.part.prompt}".encode())
        while (line := self._line(channel)) is not None:
            if self.part.mute:
                continue
            said = self.part.answers.get(line, "% Unknown command\n" if line else "")
            if line in self.part.answers and self.part.hangs_up == "answer":
                channel.sendall(said[: len(said) // 2].encode())
                return
            for piece in said.splitlines(keepends=True) if self.part.slow else [said]:
                channel.sendall(piece.replace("\n", "\r\n").encode())
                time.sleep(0.03 if self.part.slow else 0)
            channel.sendall(self.part.prompt.encode())

    def _line(self, channel: Any) -> str | None:
        """The next line typed, echoed as a terminal does; None when the other side has left."""
        typed = b""
        while byte := channel.recv(1):
            if byte in b"\r\n":
                channel.sendall(b"\r\n")
                if typed:
                    self.lines.append(typed.decode(errors="replace"))
                return typed.decode(errors="replace")
            typed += byte
            channel.sendall(byte)
        return None


class _Door(paramiko.ServerInterface):  # type: ignore[misc]
    """Who may come in: anybody with the password, in the way the part asks for it."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    def get_allowed_auths(self, username: str) -> str:
        return self.actor.part.auth

    def check_auth_password(self, username: str, password: str) -> int:
        self.actor.passwords.append(password)
        right = self.actor.part.auth == "password" and password == PASSWORD
        return int(paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED)

    def check_auth_interactive(self, username: str, submethods: str) -> Any:
        return paramiko.InteractiveQuery("", "", ("Password:", False))

    def check_auth_interactive_response(self, responses: list[str]) -> int:
        self.actor.passwords += responses
        return int(paramiko.AUTH_SUCCESSFUL if responses == [PASSWORD] else paramiko.AUTH_FAILED)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)

    def check_channel_pty_request(self, *_: Any) -> bool:
        return True

    def check_channel_shell_request(self, _: Any) -> bool:
        return True


@contextmanager
def tcp_server(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """A bare TCP server that treats each caller so; yields its port."""
    callers: list[socket.socket] = []

    def treat(caller: socket.socket) -> None:
        with suppress(OSError), caller:
            behave(caller)

    def accept() -> None:
        with suppress(OSError):
            while True:
                caller, _ = server.accept()
                callers.append(caller)
                threading.Thread(target=treat, args=(caller,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for caller in callers:
                with suppress(OSError):
                    caller.shutdown(socket.SHUT_RDWR)
                caller.close()
            thread.join(10)
