"""Where in a Turtle file its subjects, properties and values begin, for messages about them."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, MutableSequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from kg.terms import is_iri, local_name, quiet_literals
from kg.turtle import LEXEME, decode

# rdflib asks for a base even where the file declares its own.
_BASE = "https://w3id.org/evidence-kg/"
_END = re.compile(LEXEME.pattern + r"|(?P<end>\.(?=\s|\#|$))", re.DOTALL)
_HEAD = re.compile(r"(?:\s|#[^\n]*\n)*(?P<head><[^<>]*>|[^\s<\"'\[(]*)")
# What begins so may be about anything: a directive, a nameless thing, a name with an escape.
_ANYTHING = re.compile(r"$|@|prefix$|base$|version$|_:|.*\\", re.IGNORECASE)


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


def locate(path: Path, subjects: Collection[str] | None = None) -> Locations:
    """Find on which line each subject, property and value of a well-formed Turtle file begins.

    Args:
        path: the file.
        subjects: those that are asked for, where not all are: a large file is read sooner so.

    rdflib's own Turtle reader does the reading and is told to remember its places. What it cannot
    read, though it is well-formed (newer syntax, numbers without end), has no lines.
    """
    from rdflib import Graph
    from rdflib.plugins.parsers.notation3 import RDFSink, SinkParser

    text = decode(path)
    if subjects is not None:
        text = "".join(_about(text, {local_name(subject) for subject in subjects}))
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
        with quiet_literals():
            Reader(RDFSink(Graph()), baseURI=_BASE, turtle=True).loadBuf(text)
    except (SyntaxError, ValueError):
        return Locations({}, [])
    if subjects and not all((subject,) in lines for subject in subjects if is_iri(subject)):
        return locate(path)  # it is written in a way that was not foreseen
    return Locations(lines, starts)


def _about(text: str, names: Collection[str]) -> Iterator[str]:
    """Give the statements whose subject may have one of some names, and of others the line ends."""
    begin = 0
    for match in _END.finditer(text):
        if match["end"] is not None:
            statement = text[begin : match.end()]
            head = _HEAD.match(statement)["head"]  # type: ignore[index]  # it matches anything
            kept = _ANYTHING.match(head) or local_name(head.strip("<>")) in names
            yield statement if kept else "\n" * statement.count("\n")
            begin = match.end()
    yield text[begin:]
