"""Passages: check, show and add up where the statements of a review stand in its text."""

import hashlib
from collections import Counter
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from kg.anchors import Anchor, ReferenceText
from kg.errors import KgError, UnknownName
from kg.results import Table
from kg.store import Store
from kg.terms import PREFIXES, curie, local_name, nearest_of

STATUSES = ("found", "moved", "ambiguous", "missing", "not checked")
# What can become of a character of a text.
STATES = ("in passages", "not coded", "white space", "not looked at")

_DECIMAL = NamedNode(f"{PREFIXES['xsd']}decimal")

_KG = f"PREFIX kg: <{PREFIXES['kg']}>"
_PARTS = ("start", "end", "firstWords", "lastWords", "passageDigest", "section", "page", "piece")
# A passage that lacks a part is listed all the same: otherwise it would pass unchecked.
_ROWS = (
    f"{_KG} SELECT * WHERE {{ ?statement kg:passage ?passage "
    + "".join(f"OPTIONAL {{ ?passage kg:{part} ?{part} }} " for part in _PARTS)
    + f"OPTIONAL {{ ?passage <{PREFIXES['oa']}hasSource> ?source }} }} ORDER BY STR(?passage)"
)
_SPANS = (
    f"{_KG} SELECT * WHERE {{ ?span a kg:UncodedSpan ; kg:start ?start ; kg:end ?end ; "
    f"<{PREFIXES['oa']}hasSource> ?source . OPTIONAL {{ ?span kg:section ?section }} }} "
    "ORDER BY STR(?span)"
)
_DIGESTS = f"{_KG} SELECT ?source ?digest WHERE {{ ?source kg:textDigest ?digest }}"


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


@dataclass(frozen=True)
class Coverage:
    """What became of each code point of a text.

    `sections` counts them by section and by one of `STATES`, in order of the text; `missed` lists
    the runs that nobody looked at and `clashes` those both coded and left out, as (start, end).
    """

    sections: dict[str, Counter[str]]
    missed: list[tuple[int, int]]
    clashes: list[tuple[int, int]]

    @property
    def is_whole(self) -> bool:
        """Tell whether every character was looked at, and each was either coded or left out."""
        return not self.missed and not self.clashes

    def table(self) -> Table:
        """Give one row a section and a last one for all, with the share that is in passages."""
        total: Counter[str] = sum(self.sections.values(), Counter())
        rows: list[tuple[Literal, ...]] = []
        for section, counts in [*self.sections.items(), ("all", total)]:
            size = counts.total()
            share = Literal(f"{counts[STATES[0]] / size:.3f}", datatype=_DECIMAL)
            numbers = [Literal(counts[state]) for state in STATES]
            rows.append((Literal(section), *numbers, Literal(size), share))
        columns = ("section", *(s.replace(" ", "_") for s in STATES), "characters", "share_coded")
        return Table(columns, [*rows])


def coverage(store: Store, text: ReferenceText, source: str = "") -> Coverage:
    """Count how much of a review's text is coded, left out on purpose, or was never looked at.

    White space counts as such where neither a passage nor an uncoded span holds it. A character
    that neither holds is counted to the section of the one before it.

    Args:
        store: the graph with the passages and the uncoded spans.
        text: the reference text of the review.
        source: the review's slug, CURIE or IRI; else it is told by the text's digest.

    Raises:
        UnknownName: it cannot be told which source the text is.
        KgError: the text is another extraction, which the offsets do not fit.
    """
    passages = read_passages(store)
    digests = {row["source"]: row["digest"] for row in _records(store, _DIGESTS)}
    chosen = _source(source, text, digests, {passage.source for passage in passages} - {""})
    if digests.get(chosen) != text.sha256:
        raise KgError(
            f"this is not the reference text of {curie(chosen)}, which coverage is counted in",
            where="--text",
            fix="give the text whose SHA-256 is the source's kg:textDigest",
        )
    size = len(text.text)
    state, section = [""] * size, [""] * size
    clashes = []
    for passage in passages:
        if passage.source == chosen and passage.anchor:
            for place in range(passage.anchor.start, min(passage.anchor.end, size)):
                state[place], section[place] = STATES[0], passage.section
    for row in _records(store, _SPANS):
        if row["source"] == chosen:
            for place in range(int(row["start"]), min(int(row["end"]), size)):
                if state[place] == STATES[0]:
                    clashes.append(place)
                else:
                    state[place], section[place] = STATES[1], row["section"]
    sections: dict[str, Counter[str]] = {}
    current = next((name for name in section if name), "")
    missed = []
    for place, char in enumerate(text.text):
        current = section[place] or current
        if not state[place]:
            state[place] = STATES[2] if char.isspace() else STATES[3]
        if state[place] == STATES[3]:
            missed.append(place)
        sections.setdefault(current, Counter())[state[place]] += 1
    return Coverage(sections, _as_runs(missed, text.text), _as_runs(clashes, text.text))


def _as_runs(places: list[int], text: str) -> list[tuple[int, int]]:
    """Join places that nothing but white space parts to runs, as (start, end)."""
    runs: list[tuple[int, int]] = []
    for place in places:
        joins = runs and not text[runs[-1][1] : place].strip()
        start = runs.pop()[0] if joins else place
        runs.append((start, place + 1))
    return runs


def render_faults(found: Coverage, text: ReferenceText) -> str:
    """Write which runs of a text were never looked at, and which are both coded and left out."""
    faults = [("not looked at", found.missed), ("both coded and left out", found.clashes)]
    lines = [f"{what}: {text.listed(runs)}" for what, runs in faults if runs]
    if found.missed:
        lines.append("To mend it: code them, or give each a kg:UncodedSpan with its reason.")
    if found.clashes:
        lines.append("To mend it: shorten the kg:UncodedSpan where a passage holds its words.")
    return "".join(f"{line}\n" for line in lines)


def render_checks(checks: list[PassageCheck]) -> str:
    """Write what became of the passages: each that needs a look, then the counts.

    Those of another work are told together.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for check in checks:
        name, source = curie(check.passage.iri), curie(check.passage.source)
        whole = check.status == "not checked" and check.passage.anchor and source
        told = (check.status, source if whole else name, check.detail)
        if check.status != "found":
            groups.setdefault(told, []).append(name)
    lines = [
        f"{status}: {about if about == names[0] else _of_work(names, about)}: {detail}"
        for (status, about, detail), names in groups.items()
    ]
    counts = [f"{sum(check.status == status for check in checks)} {status}" for status in STATUSES]
    lines.append(", ".join(counts) if checks else "Nothing was checked: there are no passages.")
    return "".join(f"{line}\n" for line in lines)


def _of_work(names: list[str], work: str) -> str:
    many = "1 passage" if len(names) == 1 else f"{len(names)} passages"
    return f"{many} of {work} (--source leaves them out)"


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
