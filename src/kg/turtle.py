"""Turtle files: read strictly, written in one canonical layout, and looked up by line."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple

from kg.errors import KgError, UnreadableFile
from kg.reading import check_regular, decode_utf8, read_bytes
from kg.terms import PREFIXES, curie, nearest_of

LARGEST = 50  # megabytes
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
# What may hold a dot, a bracket or a # that means nothing there. Nothing is matched in two ways,
# and an open string is taken as far as it goes, so that a hostile text is read in time that is
# proportional to its length.
LEXEME = re.compile(
    r'"{3}(?:[^"\\]++|\\.|"{1,2}+(?!"))*+(?:"{3})?'
    r"|'{3}(?:[^'\\]++|\\.|'{1,2}+(?!'))*+(?:'{3})?"
    r'|"(?:[^"\\\r\n]++|\\[^\r\n])*+"?'
    r"|'(?:[^'\\\r\n]++|\\[^\r\n])*+'?"
    r"|<[^<>\s]*+>|(?P<escape>\\.)|(?P<comment>\#[^\r\n]*+)|(?P<open>[\[(])|(?P<close>[\])])",
    re.DOTALL,
)
_LINE_END = re.compile(LEXEME.pattern + r"|(?P<end>\r\n?)", re.DOTALL)
_NAMELESS = re.compile(LEXEME.pattern + r"|(?P<named>(?<![\w.-])_:)", re.DOTALL)
_INNER = re.compile(LEXEME.pattern + r"|(?P<inner><<|\{\||~)", re.DOTALL)


@dataclass(frozen=True)
class Document:
    """A Turtle file as read: its path, its text as `decode` gives it, and its triples."""

    path: Path
    text: str
    triples: list[Triple] = field(default_factory=list)


def read_turtle(path: Path) -> Document:
    """Read a Turtle file strictly, keeping every literal's lexical form.

    Raises:
        UnreadableFile: it cannot be opened or decoded, or is not well-formed; the error names
            file, line and column, what is wrong and how to mend it.
    """
    text = decode(path)
    # Counting is quick, and most files have few brackets.
    few = text.count("[") + text.count("(") <= _DEEPEST
    if not few and (deepest := nesting(text)) > _DEEPEST:
        where = f"{path.as_posix()}:{bracket_line(text)}"
        raise UnreadableFile(f"brackets are nested {deepest} deep", where=where, fix="flatten it")
    try:
        quads = pyoxigraph.parse(text.encode(), format=RdfFormat.TURTLE)
        triples = [quad.triple for quad in quads]
    except SyntaxError as error:
        raise _syntax_error(path, text, error) from error
    except MemoryError as error:
        raise too_long(path) from error
    except ValueError as error:
        raise UnreadableFile(str(error), where=path.as_posix(), fix="check the file") from error
    if any(isinstance(triple.object, Triple) for triple in triples):
        raise nested(path, text)
    return Document(path, text, triples)


def nested(path: Path, text: str = "") -> UnreadableFile:
    """Tell of what no query or shape here would find: a triple inside another.

    Args:
        path: the file.
        text: what it holds, if that is known, for the line.
    """
    return UnreadableFile(
        "a triple stands inside another (RDF 1.2), which this graph does not use",
        where=f"{path.as_posix()}:{_inner_line(text)}" if text else path.as_posix(),
        fix="give the inner one a thing of its own, such as an evidence line",
    )


def too_long(path: Path) -> UnreadableFile:
    """Tell of what Oxigraph does not read: a word, name or text of more than 16 MB."""
    return UnreadableFile(
        "a text or a name in it is longer than 16 MB",
        where=path.as_posix(),
        fix="shorten it, or keep it in a file of its own that the graph names",
    )


def nesting(text: str) -> int:
    """Give how deep the brackets of a Turtle text are nested, as a parser dies where it ends.

    Example:
        >>> nesting('[ :says "[[[" ; :of ( [] ) ] .')
        3
    """
    depth = deepest = 0
    for match in LEXEME.finditer(text):
        depth += (match["open"] is not None) - (match["close"] is not None)
        deepest = max(deepest, depth)
    return deepest


def check_file(path: Path) -> None:
    """Refuse what is no file of triples before it is opened (see `kg.reading.check_regular`).

    Raises:
        UnreadableFile: it is a folder, a pipe or a device, or is not there.

    Example:
        >>> check_file(Path(__file__))
    """
    if path.is_dir():
        raise UnreadableFile(
            "the file cannot be read: it is a folder",
            where=path.as_posix(),
            fix="name the files in it: FOLDER/*.ttl",
        )
    check_regular(path)


def decode(path: Path) -> str:
    """Read a Turtle file's text, without a byte order mark and with Unix line ends.

    Line ends inside a literal are part of what it says, and stay.

    Raises:
        UnreadableFile: it cannot be opened, is larger than 50 MB, or is not UTF-8.
    """
    check_file(path)
    text = decode_utf8(read_bytes(path, LARGEST), path.as_posix())
    if "\r" in text:
        text = _LINE_END.sub(lambda match: "\n" if match["end"] else match[0], text)
    return text


def _syntax_error(path: Path, text: str, error: SyntaxError) -> UnreadableFile:
    # It may quote what it met, which may be as long as the file.
    message = " ".join(str(error.msg or error)[:300].split())
    line, column = error.lineno or 1, error.offset or 1
    if prefix := re.search(r"prefix '?([^' ]*?):?'? (?:has not been declared|not found)", message):
        name = prefix[1].rstrip(":")
        what, fix = f"the prefix {name}: is not declared", ""
        if name in PREFIXES:
            fix = f"add the line @prefix {name}: <{PREFIXES[name]}> . at the head"
        else:
            fix = f"declare it at the head, or use {nearest_of(name, PREFIXES)}"
    elif "No scheme" in message:
        what = "an IRI is relative, and the file declares no base for it"
        fix = "write it in full, or with a prefix: source:martin-2010"
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
    if term.language:
        quoted, _, tag = str(term).rpartition("@")
        return f"{quoted}@{_tag(tag)}"
    if datatype == f"{PREFIXES['xsd']}string":
        return str(term)
    quoted = str(Literal(term.value))
    return f"{quoted}^^{_written(term.datatype, used)}"


def _tag(tag: str) -> str:
    """Write a language tag as RFC 5646 (2.1.1) would have it: en-GB, zh-Hant, en-CA-x-ca.

    Oxigraph reads every tag in lower case, which means the same in RDF.
    """
    parts: list[str] = []
    for part in tag.split("-"):
        if parts and not any(len(earlier) == 1 for earlier in parts):
            part = {2: part.upper(), 4: part.capitalize()}.get(len(part), part)
        parts.append(part)
    return "-".join(parts)


def _inner_line(text: str) -> int:
    """Give the line, from 1, of the first triple inside another."""
    found = (match.start() for match in _INNER.finditer(text) if match["inner"])
    return text.count("\n", 0, next(found, 0)) + 1


def bracket_line(text: str) -> int:
    """Give the line, from 1, of the first blank node or bracket of a Turtle text."""
    for match in _NAMELESS.finditer(text):
        if match["open"] is not None or match["named"] is not None:
            return text.count("\n", 0, match.start()) + 1
    return 1
