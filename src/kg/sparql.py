"""What a SPARQL text is made of: its tokens, its parameter slots, and what it may not ask for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kg.errors import QueryRefused

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|\#[^\n]*)
  | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
  | (?P<string>\"{3}(?:\"{0,2}(?:[^"\\]|\\.))*\"{3} | '{3}(?:'{0,2}(?:[^'\\]|\\.))*'{3}
      | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*')
  | (?P<variable>[?$]\w+)
  | (?P<name>(?:[^\W\d_][\w.-]*)?:(?:[\w.:-]|%[0-9A-Fa-f]{2}|\\.)*)
  | (?P<word>[^\W\d]\w*)
  | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUERY_FORMS = {"SELECT", "ASK", "CONSTRUCT", "DESCRIBE"}
_OUTSIDE = {
    "SERVICE": "asks another server",
    "FROM": "names the data to read",
    "LOAD": "loads data from an address",
}
_LARGEST = 64 * 1024
_DEEPEST = 64
# Engines read chains of operators by recursion, and die where the stack ends; this leaves room.
_MOST_TOKENS = 4_000


@dataclass(frozen=True)
class Token:
    """One token of a SPARQL text and where it starts and ends (code points)."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Slot:
    """The braces of `VALUES ?name { … }`, whose content a parameter's values replace."""

    name: str
    start: int
    end: int
    content: str


def tokens(text: str) -> Iterator[Token]:
    """Split a SPARQL text into tokens, leaving out white space and comments.

    Example:
        >>> [token.text for token in tokens("ASK { ?s a <x:y> } # from here")]
        ['ASK', '{', '?s', 'a', '<x:y>', '}']
    """
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "space":
            yield Token(str(match.lastgroup), match.group(), match.start(), match.end())


def named(text: str) -> Iterator[tuple[Token, str]]:
    """Give each token that names a thing, with the IRI that it stands for.

    Raises:
        QueryRefused: a prefix is not declared.

    Example:
        >>> [iri for _, iri in named("PREFIX e: <x:> ASK { e:a a <x:b> }")][::2]
        ['x:a', 'x:b']
    """
    prefixes: dict[str, str] = {}
    stream = tokens(text)
    for token in stream:
        prefix, colon, local = token.text.partition(":")
        if token.kind == "word" and token.text.upper() in {"PREFIX", "BASE"}:
            name = next(stream, token).text
            if token.text.upper() == "PREFIX":
                prefixes[name] = next(stream, token).text[1:-1]
        elif token.kind == "iri":
            yield token, token.text[1:-1]
        elif token.kind == "word" and token.text == "a":
            yield token, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
        elif token.kind == "name" and prefix + colon in prefixes:
            yield token, prefixes[prefix + colon] + local
        elif token.kind == "name":
            raise QueryRefused(f"the prefix {prefix}: is not declared", fix="add its PREFIX line")


def slots(text: str) -> dict[str, Slot]:
    """Find the parameter slots of a query, by variable name.

    Raises:
        QueryRefused: a variable has two slots, so that setting one would leave the other.

    Example:
        >>> slots("SELECT * { VALUES ?theme { UNDEF } ?s ?p ?theme }")["theme"].content
        'UNDEF'
    """
    found: dict[str, Slot] = {}
    stream = list(tokens(text))
    for number, token in enumerate(stream[:-2]):
        name, brace = stream[number + 1], stream[number + 2]
        if (token.kind, token.text.upper(), name.kind, brace.text) != (
            *("word", "VALUES", "variable"),
            "{",
        ):
            continue
        close = next((t for t in stream[number + 3 :] if t.text == "}" and t.kind == "mark"), None)
        if close is None:
            continue  # the engine's own parser says where the brace is missing
        if name.text[1:] in found:
            raise QueryRefused(
                f"{name.text} has two VALUES blocks", fix="keep one slot for each parameter"
            )
        content = text[brace.end : close.start].strip()
        found[name.text[1:]] = Slot(name.text[1:], brace.end, close.start, content)
    return found


def check_read_only(text: str) -> str:
    """Refuse a text that is not a plain query of this graph, and give its form, such as SELECT.

    Raises:
        QueryRefused: an update, a SERVICE, FROM or LOAD, an escape outside strings and IRIs (some
            engines expand those before they read keywords), or a text too large or too nested.

    Example:
        >>> check_read_only("ASK { ?service a ?from }")
        'ASK'
    """
    if len(text) > _LARGEST:
        raise QueryRefused(
            f"the query is longer than {_LARGEST:,} characters", fix="ask a shorter question"
        )
    depth = 0
    form = ""
    for number, token in enumerate(tokens(text)):
        if number == _MOST_TOKENS:
            raise QueryRefused(
                f"the query has more than {_MOST_TOKENS:,} words and marks",
                fix="ask a shorter question",
            )
        word = token.text.partition(":")[0].upper()
        # Engines need no space between words: SERVICESILENT is two, and so is SERVICE:name.
        outside = next((name for name in _OUTSIDE if name in word), "")
        if token.kind in {"word", "name"} and outside:
            raise QueryRefused(
                f"{outside} {_OUTSIDE[outside]}, and only this graph may be asked",
                where=_place(text, token.start),
                fix=f"take the {outside} part out, or give a prefix another name",
            )
        if token.kind == "word":
            form = form or ("" if word in {"PREFIX", "BASE"} else word)
        elif token.kind == "mark":
            depth += (token.text in "{([") - (token.text in "})]")
            if depth > _DEEPEST:
                raise QueryRefused(
                    f"brackets are nested more than {_DEEPEST} deep", fix="write it flatter"
                )
            if token.text == "\\":
                raise QueryRefused(
                    "a backslash stands outside strings and IRIs",
                    where=_place(text, token.start),
                    fix="write the character itself",
                )
    if form not in _QUERY_FORMS:
        raise QueryRefused(
            f"this is no query: it begins with {form}" if form else "the query is empty",
            fix="begin with SELECT, ASK, CONSTRUCT or DESCRIBE; data are changed in their files",
        )
    return form


def malformed(error: SyntaxError) -> QueryRefused:
    """Tell what Oxigraph's parser says of a query as what to mend, and where.

    Example:
        >>> str(malformed(SyntaxError("error at 1:5: expected one of ...")))[:60]
        'line 1, column 5: this is where the query stops being SPARQL'
    """
    text = " ".join(str(error).split())
    place = re.match(r"error at (\d+):(\d+): (.*)", text)
    where, detail = (f"line {place[1]}, column {place[2]}", place[3]) if place else ("query", text)
    if "Prefix not found" in detail:
        return QueryRefused(
            "a prefix is used that is not declared",
            where=where,
            fix="add its PREFIX line at the head; `kg query show` prints ours",
        )
    if detail.startswith("expected one of"):
        detail = "this is where the query stops being SPARQL: " + detail[:160]
    return QueryRefused(detail, where=where, fix="correct the query at this place")


def _place(text: str, offset: int) -> str:
    line = text.count("\n", 0, offset) + 1
    return f"line {line}, column {offset - text.rfind(chr(10), 0, offset)}"
