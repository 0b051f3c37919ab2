"""Turtle files: read strictly, written in one canonical layout, and looked up by line."""

import os
import re
import tempfile
from bisect import bisect_right
from collections.abc import Iterable, Iterator, MutableSequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pyoxigraph
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple

from kg.errors import KgError, UnreadableFile
from kg.terms import PREFIXES, curie, nearest_of

_LARGEST = 50 * 1024 * 1024
_DEEPEST = 100

# The order in which a reader wants the lines of a block; other properties follow by name.
_PREDICATES = (
    *("rdf:type", "rdfs:label", "skos:prefLabel", "skos:altLabel", "dcterms:title"),
    *("skos:definition", "dcterms:description", "kg:statedIn", "kg:passage", "kg:mainTheme"),
    *("kg:theme", "kg:agency", "kg:agenciesImplied", "kg:concerns", "kg:trend", "kg:since"),
    *("kg:valence", "kg:quantity", "kg:evidence", "oa:hasSource", "kg:section", "kg:page"),
    *("kg:piece", "kg:start", "kg:end", "kg:firstWords", "kg:lastWords", "kg:passageDigest"),
    *("kg:voice", "kg:original", "kg:relayedBy", "kg:locator", "kg:isQuotation"),
    *("kg:lowerBound", "kg:lowerOpen", "kg:upperBound", "kg:upperOpen", "kg:unit"),
    *("kg:population", "kg:supports", "kg:qualifies", "kg:elaborates", "kg:followsFrom"),
    *("kg:respondsTo", "kg:repeats", "kg:between", "kg:differsIn", "dc:creator"),
    *("dcterms:issued", "dcterms:publisher", "schema:isbn", "dcterms:identifier"),
    *("dcterms:date", "kg:until", "skos:inScheme", "skos:topConceptOf", "skos:broader"),
)
_RANK = {name: number for number, name in enumerate(_PREDICATES)}
_PARTS = ("statement", "passage", "evidence", "quantity")
_SHORTHAND = {
    f"{PREFIXES['xsd']}integer": re.compile(r"[+-]?[0-9]+"),
    f"{PREFIXES['xsd']}decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    f"{PREFIXES['xsd']}boolean": re.compile(r"true|false"),
}
_LEXEME = re.compile(
    r'"{3}(?:[^"\\]|\\.|"{1,2}(?!"))*"{3}' + r"|'{3}(?:[^'\\]|\\.|'{1,2}(?!'))*'{3}"
    r'|"(?:[^"\\\n]|\\.)*"' + r"|'(?:[^'\\\n]|\\.)*'"
    r"|<[^>\s]*>|(?P<comment>\#[^\n]*)|(?P<open>[\[(])|(?P<close>[\])])",
    re.DOTALL,
)


@dataclass(frozen=True)
class Document:
    """A Turtle file as read: its path, its text with Unix line ends, and its triples."""

    path: Path
    text: str
    triples: list[Triple] = field(default_factory=list)


def read_turtle(path: Path) -> Document:
    """Read a Turtle file strictly, keeping every literal's lexical form.

    Raises:
        UnreadableFile: it cannot be opened or decoded, or is not well-formed; the error names
            file, line and column, what is wrong and how to mend it.
    """
    text = _decode(path)
    depth = deepest = 0
    for match in _LEXEME.finditer(text):
        depth += (match["open"] is not None) - (match["close"] is not None)
        deepest = max(deepest, depth)
    if deepest > _DEEPEST:
        raise UnreadableFile(
            f"brackets are nested {deepest} deep", where=path.as_posix(), fix="write it flatter"
        )
    try:
        quads = list(pyoxigraph.parse(text.encode(), format=RdfFormat.TURTLE))
    except SyntaxError as error:
        raise _syntax_error(path, text, error) from error
    except (ValueError, MemoryError) as error:
        raise UnreadableFile(str(error), where=path.as_posix(), fix="check the file") from error
    return Document(path, text, [quad.triple for quad in quads])


def _decode(path: Path) -> str:
    where = path.as_posix()
    try:
        if path.stat().st_size > _LARGEST:
            raise UnreadableFile("the file is larger than 50 MB", where=where, fix="split it")
        raw = path.read_bytes()
    except OSError as error:
        raise UnreadableFile(
            f"the file cannot be read: {error.strerror}", where=where, fix="check name and rights"
        ) from error
    if raw.startswith(b"\xef\xbb\xbf"):
        # The mark carries no meaning in UTF-8, and Windows editors add it unasked.
        raw = raw[3:]
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw[:200]:
        raise UnreadableFile(
            "the file is in UTF-16, not in UTF-8",
            where=f"{where}:1:1",
            fix="save it as UTF-8 (in Notepad: Save as, Encoding, UTF-8)",
        )
    try:
        return raw.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise UnreadableFile(
            "a character is not UTF-8; the file seems to be in Latin-1 or Windows-1252",
            where=f"{where}:{line}:{column}",
            fix="save it as UTF-8 without a byte order mark",
        ) from error


def _syntax_error(path: Path, text: str, error: SyntaxError) -> UnreadableFile:
    message = " ".join(str(error.msg or error).split())
    line, column = error.lineno or 1, error.offset or 1
    if prefix := re.search(r"prefix '?([^' ]*?):?'? (?:has not been declared|not found)", message):
        name = prefix[1].rstrip(":")
        what, fix = f"the prefix {name}: is not declared", ""
        if name in PREFIXES:
            fix = f"add the line @prefix {name}: <{PREFIXES[name]}> . at the head"
        else:
            fix = f"declare it at the head, or use {nearest_of(name, PREFIXES)}"
    elif "IRI" in message:
        what, fix = f"an IRI is malformed ({message})", "an IRI holds no spaces, quotes or brackets"
    else:
        what = f"this is not well-formed Turtle ({message})"
        fix = "look here and just before for a missing ; . or closing quote"
    return UnreadableFile(what, where=f"{path.as_posix()}:{line}:{column}", fix=fix)


def write_turtle(triples: Iterable[Triple], comments: dict[str, list[str]] | None = None) -> str:
    """Write triples in the canonical layout: one block a subject, stable order, used prefixes.

    A statement's block is followed by those of its parts. Lexical forms are kept.

    Args:
        triples: what to write.
        comments: comment lines by the IRI of the subject that they stand above; the key `""`
            holds those at the head of the file.

    Raises:
        KgError: there is a blank node, which the data never hold.

    Example:
        >>> label = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
        >>> health = NamedNode("https://w3id.org/evidence-kg/agency/health")
        >>> print(write_turtle([Triple(health, label, Literal("Health", language="en"))]), end="")
        @prefix agency: <https://w3id.org/evidence-kg/agency/> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        <BLANKLINE>
        agency:health
            rdfs:label "Health"@en .
    """
    blocks: dict[str, dict[str, list[str]]] = {}
    used: set[str] = set()
    for triple in triples:
        subject, predicate, value = triple.subject, triple.predicate, triple.object
        if not isinstance(subject, NamedNode) or not isinstance(value, NamedNode | Literal):
            raise KgError(
                "there is a blank node in the data", fix="give the thing an IRI of its own"
            )
        lines = blocks.setdefault(subject.value, {})
        lines.setdefault(curie(predicate.value), []).append(_written(value, used))
        _written(subject, used)
        if predicate.value != f"{PREFIXES['rdf']}type":
            _written(predicate, used)
    comments = comments or {}
    parts = ["".join(f"{line}\n" for line in comments[""])] if comments.get("") else []
    if used:
        parts.append("".join(f"@prefix {p}: <{PREFIXES[p]}> .\n" for p in sorted(used)))
    for subject_iri in sorted(blocks, key=_block_order):
        above = "".join(f"{line}\n" for line in comments.get(subject_iri, ()))
        properties = [
            f"    {'a' if name == 'rdf:type' else _bracketed(name)} {', '.join(_in_order(values))}"
            for name, values in sorted(
                blocks[subject_iri].items(), key=lambda item: (_RANK.get(item[0], 999), item[0])
            )
        ]
        head = _bracketed(curie(subject_iri))
        parts.append(f"{above}{head}\n" + " ;\n".join(properties) + " .\n")
    left = [line for key, lines in comments.items() if key and key not in blocks for line in lines]
    if left:
        parts.append("".join(f"{line}\n" for line in left))
    return "\n".join(parts)


def _in_order(values: Iterable[str]) -> list[str]:
    # The general type stands before the kind: `a kg:Statement, kg:Finding`.
    return sorted(set(values), key=lambda text: (text != "kg:Statement", text))


def _block_order(iri: str) -> tuple[str, int, str]:
    name = curie(iri)
    kind, _, local = name.partition(":")
    if kind in _PARTS:
        return (re.sub(r"-[peq]\d+$", "", local), _PARTS.index(kind), name)
    return (local, len(_PARTS), name)


def _bracketed(name: str) -> str:
    return f"<{name}>" if name.partition(":")[0] not in PREFIXES or "/" in name else name


def _written(term: NamedNode | Literal, used: set[str]) -> str:
    if isinstance(term, NamedNode):
        text = _bracketed(curie(term.value))
        if not text.startswith("<"):
            used.add(text.partition(":")[0])
        return text
    datatype = term.datatype.value
    if datatype in _SHORTHAND and _SHORTHAND[datatype].fullmatch(term.value):
        return str(term.value)
    # Oxigraph writes a literal as N-Triples does: escaped, on one line, as given.
    if term.language or datatype == f"{PREFIXES['xsd']}string":
        return str(term)
    quoted = str(Literal(term.value))
    return f"{quoted}^^{_written(term.datatype, used)}"


def format_file(path: Path) -> str:
    """Give a file's text in the canonical layout, with every comment kept.

    Comments at the head stay there; any other moves above the block that it stands in or before.

    Raises:
        UnreadableFile: the file is not well-formed.
        KgError: it holds a blank node.
    """
    document = read_turtle(path)
    for triple in document.triples:
        if isinstance(triple.subject, BlankNode) or isinstance(triple.object, BlankNode):
            raise KgError(
                "there is a blank node in the data",
                where=f"{path.as_posix()}:{_bracket_line(document.text)}",
                fix="give the thing an IRI of its own instead of [ … ], ( … ) or _:name",
            )
    found = list(_comments(document.text))
    if not found:
        return write_turtle(document.triples)
    starts = locate(path).subject_starts
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
    return write_turtle(document.triples, comments)


def _comments(text: str) -> Iterator[tuple[int, str]]:
    for match in _LEXEME.finditer(text):
        if match["comment"] is not None:
            yield match.start(), match["comment"].rstrip()


def _head_end(text: str, first: int) -> int:
    """Find where the file's head ends: before a comment that touches the first block."""
    lines = text[:first].splitlines(keepends=True)
    end = first
    for line in reversed(lines):
        if not line.lstrip().startswith("#"):
            break
        end -= len(line)
    # A file that is all head (comments, then a block, no prefix lines between) keeps it as head.
    return end if any(not line.lstrip().startswith("#") for line in lines) else first


def _block_ends(text: str) -> list[int]:
    """List the offsets of the dots that end blocks."""
    blanked = _LEXEME.sub(lambda match: "~" * len(match.group()), text)
    return [match.start() for match in re.finditer(r"\.(?=\s|~|$)", blanked)]


def _next(offsets: list[int], offset: int) -> int:
    place = bisect_right(offsets, offset)
    return offsets[place] if place < len(offsets) else offset


def _bracket_line(text: str) -> int:
    for match in re.finditer(_LEXEME.pattern + r"|(?P<named>_:)", text, re.DOTALL):
        if match["open"] is not None or match["named"] is not None:
            return text.count("\n", 0, match.start()) + 1
    return 1


def write_file(path: Path, text: str) -> None:
    """Replace a file's content in one step: after a crash it is the old file or the new one.

    Raises:
        UnreadableFile: the file cannot be written; the old one stands as it was.
    """
    path = path.resolve()  # a link stays a link; what it points to is replaced
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile(
            "wb", dir=path.parent, prefix=f".{path.name}.", suffix=".tmp", delete=False
        ) as file:
            temporary = file.name
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            Path(temporary).chmod(path.stat().st_mode & 0o777)
        os.replace(temporary, path)  # noqa: PTH105 - named by the crash tests
    except OSError as error:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink()
        raise UnreadableFile(
            f"the file cannot be written: {error.strerror or error}",
            where=path.as_posix(),
            fix="check space and rights; the old file stands as it was",
        ) from error
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


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

    rdflib's own Turtle reader does the reading and is told to remember its places.
    """
    from rdflib import Graph
    from rdflib.plugins.parsers.notation3 import RDFSink, SinkParser

    text = _decode(path)
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

    Reader(RDFSink(Graph()), baseURI="", turtle=True).loadBuf(text)
    return Locations(lines, starts)
