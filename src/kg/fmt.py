"""The canonical layout of a Turtle file, with its comments kept."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from itertools import zip_longest
from pathlib import Path

from pyoxigraph import BlankNode

from kg.errors import KgError
from kg.files import real_path, write_file
from kg.journal import change_files, exclusive
from kg.locations import locate
from kg.project import Project
from kg.turtle import LEXEME, Document, bracket_line, read_turtle, write_turtle


def format_file(path: Path) -> str:
    """Give a file's text in the canonical layout, with every comment kept.

    Comments at the head stay there; any other moves above the block that it stands in or before.
    A file that states nothing yet, such as one of prefixes alone, is left as it is.

    Raises:
        UnreadableFile: the file is not well-formed.
        KgError: it holds a blank node.
    """
    document = read_turtle(path)
    if not document.triples:
        return document.text
    for triple in document.triples:
        if isinstance(triple.subject, BlankNode) or isinstance(triple.object, BlankNode):
            raise KgError(
                "there is a blank node in the data",
                where=f"{path.as_posix()}:{bracket_line(document.text)}",
                fix="give the thing an IRI of its own instead of [ … ], ( … ) or _:name",
            )
    return write_turtle(document.triples, comments_of(document))


def changes_of_layout(paths: Sequence[Path]) -> dict[Path, str]:
    """Give the new text of each file that is not in the canonical layout.

    Raises:
        UnreadableFile: a file is not well-formed.
        KgError: one holds a blank node.
    """
    texts = {path: format_file(path) for path in paths}
    return {path: text for path, text in texts.items() if path.read_bytes() != text.encode()}


def format_files(project: Project, paths: Sequence[Path]) -> list[Path]:
    """Rewrite files in the canonical layout, those of the home all together, and list them.

    An error in one of them leaves all as they were.

    Args:
        project: the home; others than its data and vocabularies are rewritten one by one.
        paths: the files.

    Raises:
        UnreadableFile: a file is not well-formed, or cannot be written.
        KgError: one holds a blank node, or another command is changing the home.
    """
    if not changes_of_layout(paths):
        return []  # which even a home that cannot be written to may be asked
    known = {real_path(path): path for path in own_files(project)}
    ours = {path: known[real_path(path)] for path in paths if real_path(path) in known}
    with exclusive(project.home) if ours else nullcontext():
        changed = changes_of_layout(paths)
        change_files(project.home, {ours[p]: text for p, text in changed.items() if p in ours})
        for path, text in changed.items():
            if path not in ours:
                write_file(path, text.encode())
    return list(changed)


def own_files(project: Project) -> list[Path]:
    """List the Turtle files that are a home's own to rewrite: its data and its vocabularies.

    A home without vocabularies uses the shipped ones, which are not.
    """
    known = [*project.files("ontology", "vocab/*.ttl"), *project.data_files()]
    return [path for path in known if path.is_relative_to(project.home)]


def first_change(path: Path, text: str) -> int:
    """Give the line, from 1, at which a file first differs from a text."""
    pairs = zip_longest(path.read_bytes().split(b"\n"), text.encode().split(b"\n"))
    return next((line for line, (old, new) in enumerate(pairs, start=1) if old != new), 1)


def comments_of(document: Document) -> dict[str, list[str]]:
    """Give the comments of a file by the IRI of their subject, as `write_turtle` takes them.

    Those at the head of the file are under the empty name.
    """
    found = list(_comments(document.text))
    if not found:
        return {}
    starts = locate(document.path).subject_starts
    offsets = sorted(offset for offset, _ in starts)
    by_offset = dict(starts)
    ends = _block_ends(document.text)
    first = offsets[0] if offsets else len(document.text)
    head_end = _head_end(document.text, first)
    comments: dict[str, list[str]] = {}
    for offset, comment in found:
        if offset < head_end or not offsets:
            key = ""
        else:
            block = bisect_right(offsets, offset) - 1
            inside = block >= 0 and offset < _next(ends, offsets[block])
            own_line = not document.text[document.text.rfind("\n", 0, offset) + 1 : offset].strip()
            # After a block's last dot, on the same line, a comment still belongs to that block.
            follows = block >= 0 and not own_line
            after = min(block + 1, len(offsets) - 1)
            key = by_offset[offsets[block if inside or follows else after]]
        comments.setdefault(key, []).append(comment)
    return comments


def _comments(text: str) -> Iterator[tuple[int, str]]:
    for match in LEXEME.finditer(text):
        if match["comment"] is not None:
            yield match.start(), match["comment"].rstrip()


def _head_end(text: str, first: int) -> int:
    """Find where the file's head ends: before a comment that touches the first block."""
    end = first
    for line in reversed(text[:first].splitlines(keepends=True)):
        if not line.lstrip().startswith("#"):
            break
        end -= len(line)
    return end


def _block_ends(text: str) -> list[int]:
    """List the offsets of the dots that end blocks."""
    # An escaped character is part of a name, in which a dot ends nothing.
    blanked = LEXEME.sub(lambda match: ("x" if match["escape"] else "~") * len(match[0]), text)
    return [match.start() for match in re.finditer(r"\.(?=\s|~|$)", blanked)]


def _next(offsets: list[int], offset: int) -> int:
    place = bisect_right(offsets, offset)
    return offsets[place] if place < len(offsets) else offset
