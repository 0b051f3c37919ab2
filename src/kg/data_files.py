"""Files of triples of any size, Turtle or N-Triples: read as they stream by, and faults told."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pyoxigraph
from pyoxigraph import RdfFormat, Triple

from kg.errors import UnreadableFile
from kg.turtle import read_turtle

FORMATS = {".ttl": RdfFormat.TURTLE, ".nt": RdfFormat.N_TRIPLES}
_MANY = 20_000_000  # bytes from which on it is told how far their reading is


def format_of(path: Path) -> RdfFormat:
    """Tell the format of a file by the ending of its name.

    Raises:
        UnreadableFile: it is neither Turtle nor N-Triples.

    Example:
        >>> format_of(Path("works.ttl")).name
        'Turtle'
    """
    if path.suffix not in FORMATS:
        raise UnreadableFile(
            "this is neither Turtle (.ttl) nor N-Triples (.nt)",
            where=path.as_posix(),
            fix="convert it, or give it the ending of what it is",
        )
    return FORMATS[path.suffix]


def stream(path: Path) -> Iterator[Triple]:
    """Give the triples of a file one by one; its blank nodes are those of no other file.

    Raises:
        UnreadableFile: it cannot be read; what came before the fault has been given.

    Example:
        >>> from kg.project import Project
        >>> len([*stream(Project().vocabulary_files()[0])]) > 10
        True
    """
    form = format_of(path)
    try:
        # Strictly, and with blank nodes named anew: two files may name theirs alike.
        for quad in pyoxigraph.parse(path=str(path), format=form, rename_blank_nodes=True):
            yield quad.triple
    except (SyntaxError, OSError) as error:
        raise fault(path, error) from error


def fault(path: Path, error: SyntaxError | OSError) -> UnreadableFile:
    """Make the error that tells why a file cannot be read, and where."""
    if isinstance(error, OSError):
        return UnreadableFile(
            f"the file cannot be read: {error.strerror or error}",
            where=path.as_posix(),
            fix="check name and rights",
        )
    if path.suffix == ".ttl":
        try:
            read_turtle(path)  # says what is wrong in a steward's words
        except UnreadableFile as told:
            return told
    return UnreadableFile(
        f"it is no {format_of(path).name}: {error.msg}",
        where=f"{path.as_posix()}:{error.lineno or 1}",
        fix="correct the line",
    )


class Progress:
    """A file that says, at each tenth of it, how far it has been read.

    Args:
        file: the file.
        size: its bytes; of few, nothing is said.
        told: is told how far it is.

    Example:
        >>> from io import BytesIO
        >>> reading = Progress(BytesIO(b"<u:s> <u:p> <u:o> ."), 19, print)
        >>> reading.read(5), reading.done
        (b'<u:s>', 5)
    """

    def __init__(self, file: BinaryIO, size: int, told: Callable[[str], None]) -> None:
        self.done = 0
        self.size = size
        self._file, self._told = file, told

    def read(self, size: int = -1) -> bytes:
        """Read some bytes, all that are left by default."""
        part = self._file.read(size)
        before, self.done = self.done, self.done + len(part)
        if self.size >= _MANY and before * 10 // self.size < self.done * 10 // self.size:
            self._told(f"{self.done / 1e6:,.0f} of {self.size / 1e6:,.0f} MB")
        return part
