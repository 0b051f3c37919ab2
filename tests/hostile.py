"""The corpus of hostile queries in `hostile/`, for whoever must refuse, stop or survive them.

A file begins with comments: what it attacks, `#+ expect:` and perhaps `#+ repeat: TIMES PIECE`.
Each `…` in the query stands for the next of these pieces, repeated; in a piece, `№` stands for the
number of the repetition and `?y№` for the one before `?x№`. `«FF»` stands for that byte.
"""

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_suffix("")
# Refused by the gate or the engine's parser; stopped by a limit on time, memory or rows; or
# answered in good time, if only by an error, since what it attacks is not there.
EXPECTATIONS = ("refused", "stopped", "answered")


@dataclass(frozen=True)
class Hostile:
    """One attack: the bytes to send, and what must come of it."""

    name: str
    text: bytes
    expect: str


def hostile_queries() -> list[Hostile]:
    """Read the whole corpus, in order of name."""
    return [_read(path) for path in sorted(FOLDER.glob("*.rq"))]


def _read(path: Path) -> Hostile:
    lines = path.read_text(encoding="utf-8").split("\n")
    head = lines[: 1 + max(n for n, line in enumerate(lines) if line.startswith("#+ "))]
    expect = next(line for line in head if line.startswith("#+ expect:")).split()[-1]
    text = "\n".join(lines[len(head) :])
    for line in head:
        if line.startswith("#+ repeat:"):
            times, piece = line.removeprefix("#+ repeat: ").split(" ", 1)
            text = text.replace("…", _repeated(piece, int(times)), 1)
    data = re.sub(
        rb"\xc2\xab([0-9A-F]{2})\xc2\xbb",
        lambda byte: bytes.fromhex(byte[1].decode()),
        text.encode(),
    )
    return Hostile(path.stem, data, expect)


def _repeated(piece: str, times: int) -> str:
    return "".join(
        piece.replace("?y№", f"?x{number}").replace("№", str(number + 1)) for number in range(times)
    )
