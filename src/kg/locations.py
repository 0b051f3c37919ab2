"""Where in a Turtle file its subjects, properties and values begin, for messages about them."""

import re
from bisect import bisect_right
from collections.abc import MutableSequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from kg.turtle import decode

# rdflib asks for a base even where the file declares its own.
_BASE = "https://w3id.org/evidence-kg/"


@dataclass(frozen=True)
class Locations:
    """Where in a Turtle file its subjects, their properties and their values begin."""

    lines: dict[tuple[str, ...], int]
    subject_starts: list[tuple[int, str]]

    def line(self, subject: str, predicate: str = "", value: str = "") -> int | None:
        """Give the line (from 1) of a value, else of its property, else of its subject."""
        for key in ((subject, predicate, value), (subject, predicate), (subject,)):
            if key in self.lines:
                return self.lines[key]
        return None


def locate(path: Path) -> Locations:
    """Find on which line each subject, property and value of a well-formed Turtle file begins.

    rdflib's own Turtle reader does the reading and is told to remember its places. What it cannot
    read, though it is well-formed (newer syntax, numbers without end), has no lines.
    """
    from rdflib import Graph
    from rdflib.plugins.parsers.notation3 import RDFSink, SinkParser

    text = decode(path)
    breaks = [match.start() for match in re.finditer("\n", text)]
    lines: dict[tuple[str, ...], int] = {}
    starts: list[tuple[int, str]] = []

    class Reader(SinkParser):
        # Where the block, the verb and the objects last read begin, until they are stated.
        block = 0
        verb_start = 0
        objects: ClassVar[dict[str, int]] = {}

        def statement(self, argstr: str, i: int) -> int:
            self.block = self.skipSpace(argstr, i)
            return super().statement(argstr, i)

        def verb(self, argstr: str, i: int, res: MutableSequence[Any]) -> int:
            self.verb_start = self.skipSpace(argstr, i)
            return super().verb(argstr, i, res)

        def object(self, argstr: str, i: int, res: MutableSequence[Any]) -> int:
            begin = self.skipSpace(argstr, i)
            found = super().object(argstr, i, res)
            if found >= 0:
                self.objects[str(res[-1])] = begin
            return found

        def makeStatement(self, quadruple: Any) -> None:
            _, predicate, subject, value = quadruple
            key = (str(subject), str(predicate), str(value))
            offsets = (self.block, self.verb_start, self.objects.get(key[2], self.verb_start))
            for length, offset in enumerate(offsets, start=1):
                lines.setdefault(key[:length], bisect_right(breaks, offset - 1) + 1)
            if (self.block, key[0]) not in starts[-1:]:
                starts.append((self.block, key[0]))

    try:
        Reader(RDFSink(Graph()), baseURI=_BASE, turtle=True).loadBuf(text)
    except (SyntaxError, ValueError):
        return Locations({}, [])
    return Locations(lines, starts)
