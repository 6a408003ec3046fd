"""Does any datagram make the batches say what other decoders do not? Fuzzed with atheris.

    .venv/bin/pip download --no-deps atheris -d /tmp/atheris
    .venv/bin/pip install --no-deps --target /tmp/atheris/site /tmp/atheris/*.whl
    PYTHONPATH=/tmp/atheris/site .venv/bin/python bench/fuzz_vector.py -max_total_time=180

atheris is no dependency of anything here. Arguments are libFuzzer's; without a folder among them it
begins from honest answers. The first byte of an input says which question it answers, the rest is
the datagram. It lies between answers of others, over the one that came before it, and must be
dropped, handed to the scalar client, or read as the scalar decoder and pyasn1 read it, to the last
column of its frame; the answers around it must not change. What breaks that is written to a file
`crash-...`, whose name as an argument plays it again.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

import atheris

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/support")]

with atheris.instrument_imports(include=["collector.snmp", "collector.vector"]):
    from alike import played
    from batched import Desk, reply

DESK = Desk()
OUTCOMES: Counter[str] = Counter()
TOLD_EVERY = 50_000
MOST_MB = 8192  # what atheris 3.0 instruments loses 20 kB a run; without it nothing grows


def one(data: bytes) -> None:
    """Play one input."""
    if data:
        told(played(DESK, data[0] % len(DESK.questions), data[1:]))


def told(outcome: str) -> None:
    """Count it, and tell now and then: who reads nothing any more fuzzes nothing."""
    OUTCOMES[outcome] += 1
    if OUTCOMES.total() % TOLD_EVERY == 0:
        print(dict(OUTCOMES), dict(DESK.replies.dropped), file=sys.stderr)


def seeds(folder: Path) -> None:
    """Honest answers to every question, some with lengths written longer."""
    for at, question in enumerate(DESK.put()):
        for number, widths in enumerate(([0] * 5, [2, 2, 2, 0, 0], [0, 0, 0, 1, 1])):
            said = bytes([at]) + reply(question, question.honest(), widths)
            (folder / f"{at}-{number}").write_bytes(said)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        arguments = sys.argv
        if all(each.startswith("-") for each in sys.argv[1:]):
            seeds(Path(folder))
            arguments = ["-max_len=1600", f"-rss_limit_mb={MOST_MB}", *sys.argv[1:], folder]
            arguments = [sys.argv[0], *arguments]
        atheris.Setup(arguments, one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
