"""Anchors: the place of a passage in a text, found by its first and last words."""

import hashlib
import io
import logging
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Triple

from kg.errors import KgError, UnknownName, UnreadableFile
from kg.reading import decode_utf8, read_bytes
from kg.terms import PREFIXES, expand, local_name
from kg.turtle import write_turtle

_LARGEST_FILE = 50  # megabytes, for a PDF has pictures
_LARGEST_TEXT = 10 * 1024 * 1024
_LARGEST_PAGE = 2 * 1024 * 1024  # what draws a page of a PDF, unpacked
_TOO_LONG = "the text is longer than 10 MB, some three thousand pages"
# Marks that stand close to the words of a passage and belong to it.
_OPENING = "([{\u2018\u201c\"'\u00ab"
_CLOSING = ".,;:!?)]}\u2019\u201d\"'\u00bb\u2026"
_BESIDE_WORDS = f"{_OPENING}{_CLOSING}-\u2010\u2013\u2014\u2022"
# A word of fewer letters stands anywhere, and tells nothing of where a passage may be.
_TELLING = 5
_nfkc = partial(unicodedata.normalize, "NFKC")
_ELLIPSIS = re.compile(r"…|\.\.\.")
# Where a sentence ends: at its mark, if a capital follows; at an empty line, a page or a bullet.
_SENTENCE_END = re.compile(
    r"[.!?][\"'\u2019\u201d)\]]*(?=\s+[\"'\u2018\u201c(\[]?[A-Z])|\n\s*\n|\f|\n(?=\s*[\u2022\u25aa])"
)


class SeveralPlaces(KgError):
    """The words of a passage begin in several places, and none of them is chosen."""


@dataclass(frozen=True)
class Anchor:
    """Where a passage stands, in code points, and by what it can be found in another extraction."""

    start: int
    end: int
    first_words: str
    last_words: str
    digest: str

    def turtle(self, name: str, section: str = "", page: str = "") -> str:
        """Write the block of the passage of that name, ready to paste.

        Section and page are left out where they are not given: the text does not tell them.

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
            *(("kg:section", Literal(text)) for text in [section] if text),
            *(("kg:page", Literal(text)) for text in [page] if text),
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

    Args:
        text: the text; form feeds part its pages.
        labels: what the pages are called; without them, they are numbered.

    Example:
        >>> ReferenceText("The Trans-\nDisciplinary team.").find("trans-disciplinary")
        [(4, 23)]
    """

    def __init__(self, text: str, labels: Sequence[str] = ()) -> None:
        self.text = text
        self.breaks = [found.start() for found in re.finditer("\f", text)]
        self.labels = labels or [str(number) for number in range(1, len(self.breaks) + 2)]
        self.sha256 = hashlib.sha256(text.encode()).hexdigest()
        # Where each letter of the stream begins and ends in the text: one character may give
        # several letters (a ligature), and several characters one (a letter and its accent).
        clusters = [(_letters(text[start:end]), start, end) for start, end in _clusters(text)]
        self.stream = "".join(letters for letters, _, _ in clusters)
        self.starts = [start for letters, start, _ in clusters for _ in letters]
        self.ends = [end for letters, _, end in clusters for _ in letters]

    @classmethod
    def read(cls, path: Path) -> "ReferenceText":
        """Read a text from a UTF-8 file, its line ends as they are, or from a PDF.

        Raises:
            UnreadableFile: it cannot be opened, is empty or too long, is no plain UTF-8 text,
                or is a PDF without text.
        """
        where = path.as_posix()
        raw = read_bytes(path, _LARGEST_FILE)
        if raw[:1024].lstrip().startswith(b"%PDF"):
            return cls(*_read_pdf(raw, where))
        if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
            what, fix = "a byte order mark would be counted as text", "save it as UTF-8 without"
        elif len(raw) > _LARGEST_TEXT:
            what, fix = _TOO_LONG, "give the part that is the review"
        elif not raw.strip():
            what, fix = "the text is empty", "check that it was saved"
        else:
            return cls(decode_utf8(raw, where))
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

    def page(self, offset: int) -> str:
        """Say on which page a place is; nothing, where the text has no form feeds."""
        number = bisect_right(self.breaks, offset)
        return self.labels[number] if self.breaks and number < len(self.labels) else ""

    def sentence(self, start: int, end: int) -> tuple[int, int]:
        """Give the whole sentence, or sentences, around a run."""
        ends = [found.end() for found in _SENTENCE_END.finditer(self.text)]
        low, high = bisect_right(ends, start), bisect_left(ends, end)
        first = ends[low - 1] if low else 0
        last = ends[high] if high < len(ends) else len(self.text)
        # From its first letter to its last; `widen` takes in the marks beside them.
        low, high = bisect_left(self.starts, first), bisect_left(self.starts, last)
        return self.starts[low], self.ends[high - 1]

    def listed(self, runs: list[tuple[int, int]]) -> str:
        """Name places for an error message: number, line, offsets and the words around."""
        places = []
        for number, (start, end) in enumerate(runs[:10], start=1):
            line = self.text.count("\n", 0, start) + 1
            around = " ".join(self.text[max(0, start - 20) : start + 50].split())
            page = f"page {self.page(start)}, " if self.breaks else ""
            places.append(f"{number}: {page}line {line}, {start} to {end}, {around!r}")
        return "; ".join(places) + ("" if len(runs) <= 10 else f"; and {len(runs) - 10} more")


def _read_pdf(raw: bytes, where: str) -> tuple[str, list[str]]:
    """Give the text of a PDF, its pages parted by form feeds, and what the pages are called."""
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError as error:
        what = "a PDF is read with the library pypdf, which is not installed"
        fix = "run: pip install 'evidence-kg[pdf]'; or give the text as a plain UTF-8 file"
        raise UnreadableFile(what, where=where, fix=fix) from error
    fix = "give the text as a plain UTF-8 file"
    # What pypdf remarks on a damaged file would reach the terminal, as lines for its developers.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)
    try:
        reader = PdfReader(io.BytesIO(raw))
        pages, drawn = list[str](), 0
        for number, page in enumerate(reader.pages, start=1):
            content = page.get_contents()
            size = 0 if content is None else len(content.get_data())
            drawn += size
            if size > _LARGEST_PAGE or drawn > _LARGEST_FILE * 1024 * 1024:
                # A few kilobytes may unpack to what takes pypdf hours to read.
                what = f"page {number} of the PDF unpacks to more than a page of text holds"
                raise UnreadableFile(what, where=where, fix=fix)
            pages.append(re.sub(r"\r\n?|\f", "\n", page.extract_text()))
        labels = list(reader.page_labels)
    except UnreadableFile:
        raise
    except Exception as error:  # pypdf lets through what its parsers run into
        what = str(error) if isinstance(error, PyPdfError) else type(error).__name__
        raise UnreadableFile(f"the PDF cannot be read: {what}", where=where, fix=fix) from error
    text = "\f".join(pages).encode("utf-8", "replace").decode("utf-8")
    if len(text) > _LARGEST_TEXT:
        raise UnreadableFile(_TOO_LONG, where=where, fix=fix)
    if not _letters(text):
        what = "the PDF holds no text, only pictures of it"
        raise UnreadableFile(what, where=where, fix=f"have its text recognised, and {fix}")
    return text, labels


def anchor(
    text: ReferenceText,
    pattern: str,
    occurrence: int | None = None,
    *,
    page: str = "",
    sentence: bool = False,
) -> Anchor:
    """Find the passage that begins and ends with some words.

    Args:
        text: the source's reference text.
        pattern: `first words … last words` (or `...`), or all the words of a short passage. The
            passage is the shortest run from the first words to the last.
        occurrence: which of several places is meant, from 1.
        page: on which page it begins, to tell several places apart.
        sentence: take the whole sentence around the words.

    Raises:
        SeveralPlaces: the words stand in several places, and none is chosen.
        KgError: the words stand nowhere; or the text has Windows line ends.

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
    parts = [part.strip() for part in _ELLIPSIS.split(pattern)]
    if len(parts) > 2 or not all(map(_letters, parts)):
        raise KgError(
            f"{pattern!r} is no pattern", where="PATTERN", fix="write 'first words … last words'"
        )
    runs = _runs(text, parts)
    if occurrence is None and len(runs) > 1 and page:
        runs = [run for run in runs if text.page(run[0]) == page] or runs
    number = 1 if occurrence is None and len(runs) == 1 else occurrence or 0
    if not 1 <= number <= len(runs):
        page = ", the page" if text.breaks else ""
        raise SeveralPlaces(
            f"a passage with these words begins in {len(runs)} places ({text.listed(runs)})",
            where="PATTERN",
            fix=f"give more of the first words{page}, or --occurrence N (1 to {len(runs)})",
        )
    start, end = runs[number - 1]
    start, end = text.widen(*(text.sentence(start, end) if sentence else (start, end)))
    words = [word.strip(_BESIDE_WORDS) for word in text.text[start:end].split() if _letters(word)]
    # At most half of the words may be given away, first and last together.
    each = min(4, len(words) // 4)
    first, last = words[: max(each, 1)], words[len(words) - each :]
    return Anchor(start, end, " ".join(first), " ".join(last), text.digest(start, end))


def _runs(text: ReferenceText, parts: list[str]) -> list[tuple[int, int]]:
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
        where + (near if many else _nearest(text, words)),
        where="PATTERN",
        fix="copy a few words from the text; a page or column break may stand between them",
    )


def _nearest(text: ReferenceText, words: list[str]) -> str:
    """Say where later words of some stand, the longest run of them; or else what is like them."""
    runs = (
        " ".join(words[first : first + many])
        for many in range(len(words) - 1, 0, -1)
        for first in range(1, len(words) - many + 1)
    )
    for run in runs:
        if len(run) >= _TELLING and (places := text.find(run)):
            return f"; {run!r} does at {text.listed(places)}"
    known = {word.strip(_BESIDE_WORDS) for word in text.text.split()}
    like = get_close_matches(words[0], sorted(known), n=3, cutoff=0.7)
    return f"; the most like {words[0]!r} are {', '.join(like)}" if like else ""


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
