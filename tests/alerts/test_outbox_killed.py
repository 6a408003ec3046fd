"""P3: a notice the outbox has accepted survives `kill -9`, whichever commit it comes at."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hook import listening
from outbox_child import life

from edunet.books import Books

ROOT = Path(__file__).parents[2]
CHILD = ROOT / "tests" / "support" / "outbox_child.py"
# accept, take, settle, take in vain; the same for the resolve
COMMITS = range(1, 8)


def child(folder: Path, url: str, at: int, when: str) -> int:
    """The exit code of a life that ends at that commit."""
    path = os.pathsep.join([str(ROOT), str(CHILD.parent)])
    argv = [sys.executable, str(CHILD), str(folder), url, str(at), when]
    return subprocess.run(argv, env={**os.environ, "PYTHONPATH": path}, check=False).returncode


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", COMMITS)
def test_killed_at_any_commit_the_receiver_knows_one_open_and_one_resolve(
    tmp_path: Path, at: int, when: str
) -> None:
    with listening() as hook:
        assert -signal.SIGKILL == child(tmp_path, hook.url, at, when)
        with Books.open(tmp_path / "books.db") as books:
            life(books, hook.url)

    actions = {call.key: call.notice["action"] for call in hook.calls}  # it knows keys it has had
    assert ["open", "resolve"] == list(actions.values())
    assert len(hook.calls) <= 3  # at most one is said twice: the one on its way
