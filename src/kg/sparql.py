"""What a SPARQL text is made of: its tokens, the names in it, and its parameter slots."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from kg.errors import QueryRefused

# The grammar's own classes of characters: a name must end where an engine has it end.
_ASCII = "A-Za-z"
_LETTERS = (
    f"{_ASCII}\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_MARKS = "\u00b7\u0300-\u036f\u203f\u2040"


@cache
def _pattern(ascii_only: bool) -> re.Pattern[str]:
    """Give the pattern of a token; that of ASCII, as most texts are, compiles in a twentieth."""
    base = _ASCII if ascii_only else _LETTERS
    more = f"{base}_0-9" if ascii_only else f"{base}_0-9{_MARKS}"
    local = rf"[{more}:\-]|%[0-9A-Fa-f]{{2}}|\\[_~.\-!$&'()*+,;=/?\#@%]"
    # A quote after the end of a string would make engines differ on where it ends: no token then.
    # The bound of a prefix is for texts such as a.a.a.a, which would be read again at each letter.
    return re.compile(
        rf"""
    (?P<space>[ \t\r\n]+|\#[^\r\n]*)
  | (?P<iri><[^<>"{{}}|^`\\\x00-\x20]*>)
  | (?P<string>\"{{3}}(?:\"{{0,2}}(?:[^"\\]|\\.))*\"{{3}} | '{{3}}(?:'{{0,2}}(?:[^'\\]|\\.))*'{{3}}
      | "(?:[^"\\\n\r]|\\.)*"(?!") | '(?:[^'\\\n\r]|\\.)*'(?!'))
  | (?P<tag>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
  | (?P<variable>[?$][{more}]+)
  | (?P<blank>_:[{more}](?:[{more}.\-]*[{more}\-])?)
  | (?P<name>(?:[{base}](?:[{more}.\-]{{0,254}}[{more}\-])?)?:
      (?:(?!-)(?:{local})(?:(?:\.|{local})*(?:{local}))?)?)
  | (?P<number>(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)[eE][+-]?[0-9]+|[0-9]*+\.[0-9]+|[0-9]++)
  | (?P<word>[{base}_][{more}]*)
  | (?P<mark>.)
    """,
        re.VERBOSE | re.DOTALL,
    )


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
    for match in _pattern(text.isascii()).finditer(text):
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


def malformed(error: SyntaxError, text: str) -> QueryRefused:
    """Tell what Oxigraph's parser says of a query as what to mend, and where.

    Example:
        >>> malformed(SyntaxError("error at 1:10: expected one of A, B"), "ASK { ?s ) }").what
        "this is where the query stops being SPARQL: after 'ASK { ?s'"
    """
    said = " ".join(str(error).split())
    place = re.match(r"error at (\d+):(\d+): (.*)", said)
    if not place:
        return QueryRefused(said, where="query", fix="correct the query")
    line, column, detail = int(place[1]), int(place[2]), place[3]
    where = f"line {line}, column {column}"
    if "Prefix not found" in detail:
        return QueryRefused(
            "a prefix is used that is not declared",
            where=where,
            fix="add its PREFIX line at the head; `kg query show` prints ours",
        )
    if detail.startswith("expected"):
        # What the grammar expects is a long list, of which only a sentence helps.
        sentence = re.search(r"(?:expected|of|,) ([A-Z][A-Za-z]* [^,\[\"]{9,})", detail)
        lines = re.split("\r?\n", text)  # other ends of lines are none to the parser
        so_far = " ".join([*lines[: line - 1], "".join(lines[line - 1 : line])[: column - 1]])
        reason = sentence[1].strip() if sentence else f"after {so_far.strip()[-40:]!r}"
        detail = f"this is where the query stops being SPARQL: {reason}"
    return QueryRefused(detail, where=where, fix="correct the query at this place or before it")
