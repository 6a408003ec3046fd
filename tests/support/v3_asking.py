"""One who asks a real agent in SNMPv3, over a plain socket, as a client would."""

from __future__ import annotations

import itertools
import socket
import time

from snmpd import Snmpd

from collector.snmp import pdu, v3

_numbers = itertools.count(1000)


class Asking:
    """One user of one agent; `reports` are what it said instead of an answer."""

    def __init__(self, agent: Snmpd, user: v3.User) -> None:
        family = socket.AF_INET6 if ":" in agent.address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.connect((agent.address, agent.port))
        self.user = user
        self.engine = v3.Engine()
        self.reports: list[v3.Report] = []
        self.seconds = 5.0
        self.ahead_s = 0  # by how much our clock is wrong

    def exchange(self, datagram: bytes) -> bytes:
        self.socket.settimeout(self.seconds)
        self.socket.send(datagram)
        return self.socket.recv(65_535)

    def get(self, *names: bytes) -> v3.Opened:
        """The answer; or the Report that says why there is none."""
        number = next(_numbers)
        opened = self._opened(v3.discovery(number, number)) if not self.engine.known else None
        for _ in range(2):
            if opened is not None and opened.report and not opened.report.again:
                break
            number = next(_numbers)
            asked = pdu.question(pdu.GET, number, names)
            sealed = v3.seal(self.user, self.engine, asked, number, self._now())
            opened = self._opened(sealed)
            assert number == opened.msg_id
            if opened.report is None:
                assert number == opened.pdu.id
                break
        assert opened is not None
        return opened

    def _opened(self, datagram: bytes) -> v3.Opened:
        data = self.exchange(datagram)
        assert v3.msg_id(datagram) == v3.msg_id(data)
        opened = v3.opened(self.user, self.engine, data, self._now())
        if opened.report:
            self.reports.append(opened.report)
        return opened

    def _now(self) -> int:
        return time.monotonic_ns() + self.ahead_s * 1_000_000_000


def said(opened: v3.Opened) -> object:
    assert opened.report is None, opened.report
    return opened.pdu.binds[0].value.what
