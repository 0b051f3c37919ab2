"""Files of triples of any size, Turtle or N-Triples: read as they stream by, and faults told."""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyoxigraph
from pyoxigraph import RdfFormat, Triple

from kg.errors import UnreadableFile
from kg.turtle import LARGEST, check_file, nested, read_turtle, too_long

FORMATS = {".ttl": RdfFormat.TURTLE, ".nt": RdfFormat.N_TRIPLES}
FAULTS = (OSError, SyntaxError, ValueError, MemoryError)
_MANY = 20_000_000  # bytes from which on it is told how far their reading is


def format_of(path: Path) -> RdfFormat:
    """Tell the format of a file by the ending of its name.

    Raises:
        UnreadableFile: it is neither Turtle nor N-Triples, or a folder.

    Example:
        >>> format_of(Path("works.ttl")).name
        'Turtle'
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        if path.is_dir():
            check_file(path)
        raise UnreadableFile(
            "this is neither Turtle (.ttl) nor N-Triples (.nt)",
            where=path.as_posix(),
            fix="convert it, or give it the ending of what it is",
        )
    return form


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read what stands after its byte order mark, if it has one.

    Raises:
        UnreadableFile: it is no file, but a folder, a pipe or a device, or it is not there.
        OSError: it cannot be opened.

    Example:
        >>> from kg.project import Project
        >>> with opened(Project().vocabulary_files()[0]) as file:
        ...     file.read(7)
        b'@prefix'
    """
    check_file(path)
    with path.open("rb") as file:
        if file.read(len(BOM_UTF8)) != BOM_UTF8:
            file.seek(0)
        yield file


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
        with opened(path) as file:
            for quad in pyoxigraph.parse(file, format=form, rename_blank_nodes=True):
                if isinstance(quad.object, Triple):
                    raise nested(path)
                yield quad.triple
    except FAULTS as error:
        raise fault(path, error) from error


def fault(path: Path, error: Exception) -> UnreadableFile:
    """Make the error that tells why a file cannot be read, and where; it is one of `FAULTS`."""
    if isinstance(error, MemoryError):
        return too_long(path)
    form = format_of(path)
    is_large = path.is_file() and path.stat().st_size > LARGEST * 1_000_000
    if form == RdfFormat.TURTLE and not is_large:
        try:
            read_turtle(path)  # says what is wrong in a steward's words
        except UnreadableFile as told:
            return told
    if isinstance(error, OSError):
        return UnreadableFile(
            f"the file cannot be read: {error.strerror or error}",
            where=path.as_posix(),
            fix="check name and rights",
        )
    line = getattr(error, "lineno", None) or 1
    return UnreadableFile(
        f"it is no {form.name}: {getattr(error, 'msg', error)}",
        where=f"{path.as_posix()}:{line}",
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
