"""Passages: find, check and show the place of a claim in a text that the user holds."""

import hashlib
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Triple

from kg.errors import KgError, UnknownName, UnreadableFile
from kg.results import Table
from kg.store import Store
from kg.terms import PREFIXES, curie, expand, local_name, nearest_of
from kg.turtle import write_turtle

STATUSES = ("found", "moved", "ambiguous", "missing", "not checked")

# Marks that stand close to the words of a passage and belong to it.
_OPENING = "([{\u2018\u201c\"'\u00ab"
_CLOSING = ".,;:!?)]}\u2019\u201d\"'\u00bb\u2026"
_BESIDE_WORDS = f"{_OPENING}{_CLOSING}-\u2010\u2013\u2014\u2022"
_nfkc = partial(unicodedata.normalize, "NFKC")
_ELLIPSIS = re.compile(r"…|\.\.\.")

_KG = f"PREFIX kg: <{PREFIXES['kg']}>"
_PARTS = ("start", "end", "firstWords", "lastWords", "passageDigest", "section", "page", "piece")
# A passage that lacks a part is listed all the same: otherwise it would pass unchecked.
_ROWS = (
    f"{_KG} SELECT * WHERE {{ ?statement kg:passage ?passage "
    + "".join(f"OPTIONAL {{ ?passage kg:{part} ?{part} }} " for part in _PARTS)
    + f"OPTIONAL {{ ?passage <{PREFIXES['oa']}hasSource> ?source }} }} ORDER BY STR(?passage)"
)
_DIGESTS = f"{_KG} SELECT ?source ?digest WHERE {{ ?source kg:textDigest ?digest }}"


@dataclass(frozen=True)
class Anchor:
    """Where a passage stands, in code points, and by what it can be found in another extraction."""

    start: int
    end: int
    first_words: str
    last_words: str
    digest: str

    def turtle(self, name: str) -> str:
        """Write the block of the passage of that name, ready to paste but for section and page.

        Raises:
            UnknownName: that is no name of a passage.
        """
        iri = expand(name)
        statement, *piece = re.split(r"-p(?=\d+$)", local_name(iri))
        review = statement.rpartition("-")[0]
        if not review or not iri.startswith(PREFIXES["passage"]):
            raise UnknownName(
                f"{name!r} names no passage", where="--id", fix="write passage:review-2000-001"
            )
        label = ", piece ".join([f"Passage of statement {statement}", *piece])
        values: list[tuple[str, NamedNode | Literal]] = [
            ("rdf:type", NamedNode(expand("kg:Passage"))),
            ("rdfs:label", Literal(label, language="en")),
            ("oa:hasSource", NamedNode(expand(f"source:{review}"))),
            *(("kg:piece", Literal(int(number))) for number in piece),
            ("kg:start", Literal(self.start)),
            ("kg:end", Literal(self.end)),
            ("kg:firstWords", Literal(self.first_words)),
            *(("kg:lastWords", Literal(words)) for words in [self.last_words] if words),
            ("kg:passageDigest", Literal(self.digest)),
        ]
        return write_turtle(
            Triple(NamedNode(iri), NamedNode(expand(name)), value) for name, value in values
        )


class ReferenceText:
    r"""A source's text, with the stream of its letters and digits that passages are matched in.

    The stream is the text after Unicode NFKC and case folding with everything but letters and
    digits left out, so that quotes, spaces, hyphens and line breaks do not matter.

    Example:
        >>> ReferenceText("The Trans-\nDisciplinary team.").find("trans-disciplinary")
        [(4, 23)]
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.sha256 = hashlib.sha256(text.encode()).hexdigest()
        # Where each letter of the stream begins and ends in the text: one character may give
        # several letters (a ligature), and several characters one (a letter and its accent).
        clusters = [(_letters(text[start:end]), start, end) for start, end in _clusters(text)]
        self.stream = "".join(letters for letters, _, _ in clusters)
        self.starts = [start for letters, start, _ in clusters for _ in letters]
        self.ends = [end for letters, _, end in clusters for _ in letters]

    @classmethod
    def read(cls, path: Path) -> "ReferenceText":
        """Read a text from a UTF-8 file, its line ends as they are.

        Raises:
            UnreadableFile: it cannot be opened, or is no plain UTF-8 text.
        """
        where = path.as_posix()
        try:
            raw = path.read_bytes()
            if raw.startswith(b"%PDF"):
                what, fix = "this is a PDF, and passages are counted in its text", "give its text"
            elif raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
                what, fix = "a byte order mark would be counted as text", "save it without"
            else:
                return cls(raw.decode("utf-8"))
        except OSError as error:
            what, fix = f"the text cannot be read: {error.strerror}", "check the name"
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            what, fix = f"the text is not UTF-8 on line {line}", "save it as UTF-8"
        raise UnreadableFile(what, where=where, fix=f"{fix} (a text is a plain UTF-8 file)")

    def digest(self, start: int, end: int) -> str:
        """Give the SHA-256 of the letters and digits of a run of the text, in hexadecimal."""
        low, high = bisect_left(self.starts, start), bisect_left(self.starts, end)
        return hashlib.sha256(self.stream[low:high].encode()).hexdigest()

    def find(self, words: str) -> list[tuple[int, int]]:
        """List where words stand whole, as (start, end), whatever the case and punctuation."""
        size = len(_letters(words))
        return [
            (self.starts[place], self.ends[place + size - 1])
            for place in self.places(words)
            if not self._is_inside(place) and not self._is_inside(place + size)
        ]

    def places(self, words: str) -> Iterator[int]:
        """Yield each place in the stream where words begin, inside of another word or not."""
        letters = _letters(words)
        place = self.stream.find(letters) if letters else -1
        while place >= 0:
            yield place
            place = self.stream.find(letters, place + 1)

    def _is_inside(self, place: int) -> bool:
        return 0 < place < len(self.stream) and self.ends[place - 1] >= self.starts[place]

    def widen(self, start: int, end: int) -> tuple[int, int]:
        """Take in the quotes and brackets that open a run, and the punctuation that closes it."""
        while start > 0 and self.text[start - 1] in _OPENING:
            start -= 1
        while end < len(self.text) and self.text[end] in _CLOSING:
            end += 1
        return start, end

    def listed(self, runs: list[tuple[int, int]]) -> str:
        """Name places for an error message: number, line, offsets and the words around."""
        places = []
        for number, (start, end) in enumerate(runs[:10], start=1):
            line = self.text.count("\n", 0, start) + 1
            around = " ".join(self.text[max(0, start - 20) : start + 50].split())
            places.append(f"{number}: line {line}, {start} to {end}, {around!r}")
        return "; ".join(places) + ("" if len(runs) <= 10 else f"; and {len(runs) - 10} more")


def anchor(text: ReferenceText, pattern: str, occurrence: int | None = None) -> Anchor:
    """Find the passage that begins and ends with some words.

    Args:
        text: the source's reference text.
        pattern: `first words … last words` (or `...`), or all the words of a short passage. The
            passage is the shortest run from the first words to the last.
        occurrence: which of several places is meant, from 1.

    Raises:
        KgError: the words stand nowhere, or in several places and none is chosen; or the text
            has Windows line ends.

    Example:
        >>> found = anchor(ReferenceText("It rained. Boards met often, and all was well."),
        ...                "boards met … was well")
        >>> (found.start, found.end, found.first_words, found.last_words)
        (11, 46, 'Boards', 'well')
    """
    if "\r" in text.text:
        raise KgError(
            "the text has Windows line ends (CRLF), so that its offsets fit no other copy",
            where="--text",
            fix="save it with Unix line ends (LF)",
        )
    runs = _runs(text, [part.strip() for part in _ELLIPSIS.split(pattern)])
    number = 1 if occurrence is None and len(runs) == 1 else occurrence or 0
    if not 1 <= number <= len(runs):
        raise KgError(
            f"a passage with these words begins in {len(runs)} places ({text.listed(runs)})",
            where="PATTERN",
            fix=f"give more of the first words, or --occurrence N (1 to {len(runs)})",
        )
    start, end = text.widen(*runs[number - 1])
    words = [word.strip(_BESIDE_WORDS) for word in text.text[start:end].split() if _letters(word)]
    # At most half of the words may be given away, first and last together.
    each = min(4, len(words) // 4)
    first, last = words[: max(each, 1)], words[len(words) - each :]
    return Anchor(start, end, " ".join(first), " ".join(last), text.digest(start, end))


def _runs(text: ReferenceText, parts: list[str]) -> list[tuple[int, int]]:
    if len(parts) > 2 or not all(map(_letters, parts)):
        raise KgError(
            f"{parts!r} is no pattern", where="PATTERN", fix="write 'first words … last words'"
        )
    heads, tails = text.find(parts[0]), text.find(parts[-1])
    runs = heads
    if len(parts) > 1:
        followers = [(start, bisect_left(tails, (end, end))) for start, end in heads]
        runs = [(start, tails[number][1]) for start, number in followers if number < len(tails)]
    if not runs:
        raise _not_found(text, parts[-1] if heads else parts[0], parts[0] if heads else "")
    return runs


def _not_found(text: ReferenceText, part: str, after: str) -> KgError:
    words = part.split()
    tried = ((many, text.find(" ".join(words[:many]))) for many in range(len(words), 0, -1))
    many, places = next((pair for pair in tried if pair[1]), (0, []))
    where = f"{part!r} does not stand in the text" + (f" after {after!r}" if after else "")
    near = f"; the first {many} of the {len(words)} words do at {text.listed(places)}"
    return KgError(
        where + (near if many else ""),
        where="PATTERN",
        fix="copy a few words from the text; a page or column break may stand between them",
    )


@dataclass(frozen=True)
class Passage:
    """A passage as the graph records it; `anchor` is None where the record is incomplete."""

    iri: str
    statement: str
    source: str
    section: str
    page: str
    piece: int
    anchor: Anchor | None


@dataclass(frozen=True)
class PassageCheck:
    """What became of one passage: one of `STATUSES`, and why, or where it stands now."""

    passage: Passage
    status: str
    detail: str = ""


def read_passages(store: Store) -> list[Passage]:
    """Read every passage that a statement of the graph has, in order of IRI."""
    passages = []
    for row in _records(store, _ROWS):
        start, end, first, last, digest, section, page, piece = (row[part] for part in _PARTS)
        is_whole = start.isdecimal() and end.isdecimal() and first and digest
        place = Anchor(int(start), int(end), first, last, digest) if is_whole else None
        number = int(piece) if piece.isdecimal() else 1
        names = row["passage"], row["statement"], row["source"]
        passages.append(Passage(*names, section, page, number, place))
    return passages


def _records(store: Store, query: str) -> list[dict[str, str]]:
    answer = store.query(query)
    assert isinstance(answer, Table)
    return [
        {name: term.value if term else "" for name, term in record.items()}
        for record in answer.records()
    ]


def check_passages(store: Store, text: ReferenceText, source: str = "") -> list[PassageCheck]:
    """Check the passages of the graph against the text of one source.

    Args:
        store: the graph that holds the passages.
        text: the text of one source.
        source: that source's slug, CURIE or IRI, and then only its passages are listed; without
            one, the source with this text's digest, else the only one that has passages.

    Raises:
        UnknownName: it cannot be told which source the text is.
    """
    passages = read_passages(store)
    digests = {row["source"]: row["digest"] for row in _records(store, _DIGESTS)}
    chosen = _source(source, text, digests, {passage.source for passage in passages} - {""})
    same = digests.get(chosen, text.sha256) == text.sha256
    line_ends = ", with Windows line ends" if "\r" in text.text else ""
    name = "this text" if same else f"this other extraction{line_ends}"
    return [
        _check(passage, text, name)
        if passage.source in (chosen, "")
        else PassageCheck(passage, "not checked", f"the text is that of {curie(chosen)}")
        for passage in passages
        if not source or passage.source in (chosen, "")
    ]


def _source(name: str, text: ReferenceText, digests: dict[str, str], used: set[str]) -> str:
    fitting = [iri for iri in used if digests.get(iri) == text.sha256] or [*used]
    if name:
        fitting = [iri for iri in used if local_name(iri) == local_name(name)]
    if len(fitting) != 1:
        raise UnknownName(
            f"no single work with passages fits {repr(name) if name else 'this text'}",
            where="--source",
            fix=f"name one: {nearest_of(name, map(local_name, used)) or 'there is none yet'}",
        )
    return fitting[0]


def _check(passage: Passage, text: ReferenceText, name: str) -> PassageCheck:
    wanted = passage.anchor
    if wanted is None or not passage.source:
        return PassageCheck(passage, "not checked", "the graph does not say in full where it is")
    places = _places(wanted, text)
    if len(places) != 1:
        status = "ambiguous" if places else "missing"
        return PassageCheck(passage, status, f"its words stand in {len(places)} places of {name}")
    start, end = places[0]
    status = "found" if (start, end) == (wanted.start, wanted.end) else "moved"
    return PassageCheck(passage, status, f"it stands at {start} to {end} of {name}")


def _places(wanted: Anchor, text: ReferenceText) -> list[tuple[int, int]]:
    """List where a passage stands: where the graph says, else wherever its words are."""
    if text.digest(wanted.start, wanted.end) == wanted.digest:
        return [(wanted.start, wanted.end)]
    # The digest tells where the run ends. Four letters a code point is more than NFKC gives.
    longest = 4 * (wanted.end - wanted.start)
    found = []
    for place in text.places(wanted.first_words):
        running = hashlib.sha256()
        for last, letter in enumerate(text.stream[place : place + longest], start=place):
            running.update(letter.encode())
            if running.hexdigest() == wanted.digest:
                found.append(text.widen(text.starts[place], text.ends[last]))
    return found


def render_checks(checks: list[PassageCheck]) -> str:
    """Write what became of the passages: each that needs a look, then the counts."""
    faults = [check for check in checks if check.status != "found"]
    lines = [f"{check.status}: {curie(check.passage.iri)}: {check.detail}" for check in faults]
    counts = [f"{sum(check.status == status for check in checks)} {status}" for status in STATUSES]
    lines.append(", ".join(counts) if checks else "Nothing was checked: there are no passages.")
    return "".join(f"{line}\n" for line in lines)


def show(store: Store, name: str, text: ReferenceText) -> str:
    """Give the words of a passage, or of a statement's passages in order, from a text.

    Raises:
        UnknownName: there is no such passage or statement.
        KgError: the text does not hold the passage, or in several places.
    """
    passages = read_passages(store)
    slug = local_name(name)
    chosen = [p for p in passages if slug in (local_name(p.iri), local_name(p.statement))]
    if not chosen:
        near = nearest_of(name, [curie(passage.iri) for passage in passages])
        raise UnknownName(f"there is no passage {name!r}", fix=f"try {near}")
    out = []
    for passage in sorted(chosen, key=lambda passage: passage.piece):
        places = _places(passage.anchor, text) if passage.anchor else []
        if len(places) != 1:
            raise KgError(
                f"{curie(passage.iri)} is not told by this text", fix="run kg passage check on it"
            )
        start, end = places[0]
        where = f"section {passage.section or 'unknown'}, page {passage.page or 'unknown'}"
        words = " ".join(text.text[start:end].split())
        out.append(f"{curie(passage.iri)} ({where}):\n  {words}\n")
    return "".join(out)


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Cut a text where NFKC can be applied piece by piece; give each piece's start and end."""
    start = 0
    for offset, char in enumerate(text[1:], start=1):
        joins = not char.isascii() and (
            unicodedata.combining(char)
            or _nfkc(text[start : offset + 1]) != _nfkc(text[start:offset]) + _nfkc(char)
        )
        if not joins:
            yield start, offset
            start = offset
    yield start, len(text)


def _letters(text: str) -> str:
    return "".join(char for char in _nfkc(text).casefold() if char.isalnum())
