"""Passages: find, check and show the place of a claim in a text that the user holds."""

import hashlib
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Triple

from kg.errors import KgError, UnknownName, UnreadableFile
from kg.results import Table
from kg.store import Store
from kg.terms import PREFIXES, curie, expand, local_name, nearest_of
from kg.turtle import write_turtle

_KG = PREFIXES["kg"]
# Marks that stand close to the words of a passage and belong to it.
_OPENING = "([{\u2018\u201c\"'\u00ab\u2022"
_CLOSING = ".,;:!?)]}\u2019\u201d\"'\u00bb\u2026"
_WORD = re.compile("\\w+(?:[\u2019'\u2013-]\\w+)*")
_ELLIPSIS = re.compile(r"…|\.\.\.")


_PASSAGES = f"""
PREFIX kg: <{_KG}>
PREFIX oa: <{PREFIXES["oa"]}>
SELECT ?passage ?source ?start ?end ?first ?last ?digest ?statement ?section ?page ?piece WHERE {{
  ?passage a kg:Passage ;
    oa:hasSource ?source ;
    kg:start ?start ;
    kg:end ?end ;
    kg:firstWords ?first ;
    kg:passageDigest ?digest .
  ?statement kg:passage ?passage .
  OPTIONAL {{ ?passage kg:lastWords ?last }}
  OPTIONAL {{ ?passage kg:section ?section }}
  OPTIONAL {{ ?passage kg:page ?page }}
  OPTIONAL {{ ?passage kg:piece ?piece }}
}} ORDER BY STR(?passage)"""
_DIGESTS = f"PREFIX kg: <{_KG}> SELECT ?source ?digest WHERE {{ ?source kg:textDigest ?digest }}"


@dataclass(frozen=True)
class Anchor:
    """Where a passage stands, and by what it can be found again in another extraction."""

    start: int
    end: int
    first_words: str
    last_words: str
    digest: str

    def turtle(self, name: str) -> str:
        """Write the passage's block, ready to paste, for a CURIE or IRI of the passage."""
        subject = NamedNode(expand(name))
        values: dict[str, NamedNode | Literal] = {
            f"{PREFIXES['rdf']}type": NamedNode(f"{_KG}Passage"),
            f"{_KG}start": Literal(self.start),
            f"{_KG}end": Literal(self.end),
            f"{_KG}firstWords": Literal(self.first_words),
            f"{_KG}lastWords": Literal(self.last_words),
            f"{_KG}passageDigest": Literal(self.digest),
        }
        return write_turtle(Triple(subject, NamedNode(p), o) for p, o in values.items())


class ReferenceText:
    r"""A source's text, with the stream of its letters and digits that passages are matched in.

    The stream is the text after Unicode NFKC and case folding with everything but letters and
    digits left out, so that quotes, spaces, hyphens and line breaks do not matter.

    Example:
        >>> text = ReferenceText("The Trans-\nDisciplinary team.")
        >>> text.stream
        'thetransdisciplinaryteam'
        >>> text.find("trans-disciplinary")
        [(4, 22)]
    """

    def __init__(self, text: str, sha256: str = "") -> None:
        self.text = text
        self.sha256 = sha256 or hashlib.sha256(text.encode()).hexdigest()
        letters: list[str] = []
        self.places: list[int] = []
        for cluster, start in _clusters(text):
            folded = [c for c in _fold(cluster) if c.isalnum()]
            letters += folded
            self.places += [start] * len(folded)
        self.stream = "".join(letters)

    @classmethod
    def read(cls, path: Path) -> "ReferenceText":
        """Read a text from a UTF-8 file.

        Raises:
            UnreadableFile: it cannot be opened, is no UTF-8 text, or is a PDF.
        """
        where = path.as_posix()
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise UnreadableFile(
                f"the text cannot be read: {error.strerror}", where=where, fix="check the name"
            ) from error
        if raw.startswith(b"%PDF"):
            raise UnreadableFile(
                "this is a PDF, and passages are counted in its text",
                where=where,
                fix="save its text as a UTF-8 file and give that",
            )
        try:
            return cls(raw.decode("utf-8"), hashlib.sha256(raw).hexdigest())
        except UnicodeDecodeError as error:
            raise UnreadableFile(
                "the text is not UTF-8", where=where, fix="save it as UTF-8"
            ) from error

    def digest(self, start: int, end: int) -> str:
        """Give the SHA-256 of the letters and digits of a run of the text, in hexadecimal."""
        low, high = bisect_left(self.places, start), bisect_left(self.places, end)
        return hashlib.sha256(self.stream[low:high].encode()).hexdigest()

    def find(self, words: str, begin: int = 0) -> list[tuple[int, int]]:
        """List where words stand whole, as (start, end) in code points, from `begin` on.

        Case, spacing, punctuation and hyphens do not matter, but a match starts and ends with
        a word.
        """
        wanted = "".join(char for char in _fold(words) if char.isalnum())
        found = []
        place = self.stream.find(wanted, bisect_left(self.places, begin)) if wanted else -1
        while place >= 0:
            last = place + len(wanted)
            start = self.places[place]
            end = self.places[last - 1] + 1
            while end < len(self.text) and unicodedata.combining(self.text[end]):
                end += 1
            whole = not (
                self.text[start - 1 : start].isalnum() or self.text[end : end + 1].isalnum()
            )
            # A character that folds to several letters (a ligature) must not be cut.
            cut = (place > 0 and self.places[place - 1] == start) or (
                last < len(self.places) and self.places[last] < end
            )
            if whole and not cut:
                found.append((start, end))
            place = self.stream.find(wanted, place + 1)
        return found

    def line(self, offset: int) -> int:
        """Give the line, from 1, that an offset lies on."""
        return self.text.count("\n", 0, offset) + 1


def anchor(text: ReferenceText, pattern: str, occurrence: int | None = None) -> Anchor:
    """Find the passage that begins and ends with some words.

    Args:
        text: the source's text.
        pattern: `first words … last words` (or `...`), or all the words of a short passage. The
            passage is the shortest run from the first words to the last.
        occurrence: which of several places is meant, from 1.

    Raises:
        KgError: the words are not found, or stand in several places and none is chosen.

    Example:
        >>> found = anchor(ReferenceText("It rained. Boards met often, and all was well."),
        ...                "boards met … was well")
        >>> (found.start, found.end, found.first_words, found.last_words)
        (11, 46, 'Boards', 'well')
    """
    head, *rest = (part.strip() for part in _ELLIPSIS.split(pattern, maxsplit=1))
    tail = rest[0] if rest else ""
    if not any(char.isalnum() for char in head) or (rest and not tail):
        raise KgError(
            "the pattern has no words on one side",
            where="PATTERN",
            fix="write 'first words … last words'",
        )
    starts = text.find(head)
    if not starts:
        raise _not_found(text, head)
    runs = []
    for start, end in starts:
        ends = text.find(tail, end) if tail else [(start, end)]
        if ends:
            runs.append((start, ends[0][1]))
    if not runs:
        raise _not_found(text, tail)
    if occurrence is None and len(runs) > 1:
        places = "; ".join(
            f"{number}: line {text.line(start)}, {_around(text, start, end)}"
            for number, (start, end) in enumerate(runs, start=1)
        )
        raise KgError(
            f"these words stand in {len(runs)} places ({places})",
            where="PATTERN",
            fix="give more of the first words, or --occurrence N",
        )
    if occurrence is not None and not 1 <= occurrence <= len(runs):
        raise KgError(
            f"there is no occurrence {occurrence}",
            where="--occurrence",
            fix=f"choose from 1 to {len(runs)}",
        )
    return _anchor_run(text, *runs[(occurrence or 1) - 1])


def _anchor_run(text: ReferenceText, start: int, end: int) -> Anchor:
    while start > 0 and text.text[start - 1] in _OPENING:
        start -= 1
    while end < len(text.text) and text.text[end] in _CLOSING:
        end += 1
    words = _WORD.findall(text.text[start:end])
    # At most half of the words may be given away, first and last together.
    many = min(4, len(words) // 4)
    first = words[: max(many, 1)]
    last = words[-many:] if many else words[-1:] if len(words) > 3 else []
    return Anchor(start, end, " ".join(first), " ".join(last), text.digest(start, end))


def _not_found(text: ReferenceText, words: str) -> KgError:
    known = words.split()
    while known and not text.find(" ".join(known)):
        known.pop()
    near = f"; its first {len(known)} words do stand there" if known else ""
    return KgError(
        f"the text does not hold {words!r}{near}",
        where="PATTERN",
        fix="copy a few words from the text; a page or column break may stand between them",
    )


def _around(text: ReferenceText, start: int, end: int) -> str:
    return repr(" ".join(text.text[start : min(end, start + 60)].split()) + " …")


@dataclass(frozen=True)
class Passage:
    """A passage as the graph records it."""

    iri: str
    source: str
    anchor: Anchor
    statement: str = ""
    section: str = ""
    page: str = ""
    piece: int = 1


@dataclass(frozen=True)
class PassageCheck:
    """What became of one passage in a text: found, moved, ambiguous, missing or not checked."""

    passage: Passage
    status: str
    detail: str = ""


def read_passages(store: Store) -> list[Passage]:
    """Read every passage that is complete in the graph, in order of IRI."""
    answer = store.query(_PASSAGES)
    assert isinstance(answer, Table)
    rows = ([term.value if term else "" for term in row] for row in answer.rows)
    return [
        Passage(
            iri,
            source,
            Anchor(int(start), int(end), first, last, digest),
            statement=statement,
            section=section,
            page=page,
            piece=int(piece or 1),
        )
        for iri, source, start, end, first, last, digest, statement, section, page, piece in rows
    ]


def check_passages(store: Store, text: ReferenceText, source: str = "") -> list[PassageCheck]:
    """Check every passage of the graph against a text.

    Args:
        store: the graph that holds the passages.
        text: the text of one source.
        source: which source that is (slug, CURIE or IRI); without one, the source that carries
            this text's digest, else the only one that has passages.

    Raises:
        UnknownName: it cannot be told which source the text is.
    """
    passages = read_passages(store)
    answer = store.query(_DIGESTS)
    assert isinstance(answer, Table)
    digests = {row[0].value: row[1].value for row in answer.rows if row[0] and row[1]}
    chosen = _source(source, text, digests, {passage.source for passage in passages})
    same = digests.get(chosen) == text.sha256
    return [
        _check(passage, text, same)
        if passage.source == chosen
        else PassageCheck(passage, "not checked", f"the text is that of {curie(chosen)}")
        for passage in passages
    ]


def _source(name: str, text: ReferenceText, digests: dict[str, str], used: set[str]) -> str:
    known = {local_name(iri): iri for iri in used}
    if name:
        iri = expand(name) if ":" in name else known.get(name, "")
        if iri in used:
            return iri
        raise UnknownName(
            f"no passage stands in {name!r}", where="--source", fix=f"try {nearest_of(name, known)}"
        )
    fitting = [iri for iri in used if digests.get(iri) == text.sha256]
    if len(fitting) == 1 or len(used) == 1:
        return (fitting or [*used])[0]
    raise UnknownName(
        "it cannot be told which work this text is",
        where="--source",
        fix=f"name it: {', '.join(sorted(known)) or 'the data hold no passage yet'}",
    )


def _check(passage: Passage, text: ReferenceText, same_text: bool) -> PassageCheck:
    wanted = passage.anchor
    if text.digest(wanted.start, wanted.end) == wanted.digest:
        return PassageCheck(passage, "found")
    tails = text.find(wanted.last_words) if wanted.last_words else []
    places = [
        (start, end)
        for start, head_end in text.find(wanted.first_words)
        for end in [tail_end for _, tail_end in tails if tail_end >= head_end] or [head_end]
        if text.digest(start, end) == wanted.digest
    ]
    if len(places) > 1:
        return PassageCheck(passage, "ambiguous", f"it fits {len(places)} places")
    if places:
        found = _anchor_run(text, *places[0])
        return PassageCheck(passage, "moved", f"it stands at {found.start} to {found.end}")
    why = "the words differ from those coded"
    other = "" if same_text else ", in another extraction than the one it was coded from"
    return PassageCheck(passage, "missing", why + other)


def render_checks(checks: list[PassageCheck]) -> str:
    """Write what became of the passages: each that needs a look, then the counts."""
    lines = [
        f"{check.status}: {curie(check.passage.iri)}: {check.detail}"
        for check in checks
        if check.status != "found"
    ]
    counts = [
        f"{sum(check.status == status for check in checks)} {status}"
        for status in ("found", "moved", "ambiguous", "missing", "not checked")
    ]
    lines.append(", ".join(counts) if checks else "Nothing was checked: there are no passages.")
    return "".join(f"{line}\n" for line in lines)


def show(store: Store, name: str, text: ReferenceText) -> str:
    """Give a passage's words, or all those of a statement in reading order, from a text.

    Raises:
        UnknownName: no passage has that name.
        KgError: the text does not hold the passage where the graph says.
    """
    iri = expand(name)
    passages = read_passages(store)
    chosen = [p for p in passages if iri in (p.iri, p.statement)]
    chosen.sort(key=lambda passage: passage.piece)
    if not chosen:
        known = {curie(passage.iri) for passage in passages}
        raise UnknownName(f"there is no passage {name!r}", fix=f"try {nearest_of(name, known)}")
    out = []
    for passage in chosen:
        start, end = passage.anchor.start, passage.anchor.end
        if text.digest(start, end) != passage.anchor.digest:
            raise KgError(
                f"{curie(passage.iri)} does not stand in this text where the graph says",
                fix="run kg passage check with this text",
            )
        page = f", page {passage.page}" if passage.page else ""
        out.append(f"{curie(passage.iri)} (section {passage.section}{page}):\n")
        out.append(f"  {' '.join(text.text[start:end].split())}\n")
    return "".join(out)


def _clusters(text: str) -> Iterator[tuple[str, int]]:
    """Split a text into characters with their combining marks, which NFKC may compose."""
    start = 0
    for offset in range(1, len(text) + 1):
        if offset == len(text) or not unicodedata.combining(text[offset]):
            yield text[start:offset], start
            start = offset


def _fold(text: Iterable[str]) -> str:
    return unicodedata.normalize("NFKC", "".join(text)).casefold()
