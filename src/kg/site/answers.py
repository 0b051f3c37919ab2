"""An answer as it is read: columns, what stands in them how often, and the claims behind a row."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from kg.explain import named_in_why, what_is_behind
from kg.results import plain, shown
from kg.sections import section_in_words
from kg.site.dates import spoken
from kg.site.evidence import Claim, Evidence
from kg.site.questions import Answered
from kg.store import Store
from kg.terms import PREFIXES, Term, curie

# A column is counted where few values stand in it, and not all of them equally often.
_MOST_VALUES, _LONGEST_VALUE = 12, 60
_DATES = {f"{PREFIXES['xsd']}{name}" for name in ("date", "gYearMonth", "gYear", "dateTime")}
# What a column is called where its name in the query would not tell a reader.
_HEADINGS = {
    "label": "Claim",
    "voice": "Who says so",
    "disputed": "In a disagreement",
    "each": "Agency",
    "eachKind": "Kind of agency",
    "source": "Work",
    "organisation": "Body",
    "link": "Relation",
    "evidenceFrom": "Data from",
    "evidenceUntil": "Data until",
    "statements": "Claims",
}


@dataclass(frozen=True)
class Field:
    """What stands in a row under a heading; `order` is what it is put in order by."""

    text: str
    iri: str = ""
    order: str = ""


@dataclass(frozen=True)
class Column:
    """A heading, how its fields are put in order, and how often each stands there if few do.

    `kind` is number, date, page or text.
    """

    name: str
    heading: str
    kind: str
    counts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Row:
    """The fields of a row, and the claims that it names or that were counted for it.

    `id` is the fragment by which a row of counts is found (see `row_id`), the first of its id.
    """

    fields: tuple[Field, ...]
    claims: tuple[Claim, ...]
    id: str = ""


@dataclass(frozen=True)
class Answer:
    """What an answer says, laid out; `same` is what stands in every row, told once."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    same: tuple[tuple[str, Field], ...]
    names_claims: bool

    @property
    def claims(self) -> list[Claim]:
        """The claims behind any of the rows, each once."""
        return list({c.iri: c for row in self.rows for c in row.claims}.values())

    @property
    def things(self) -> list[str]:
        """The IRIs that the rows name, each once."""
        fields = [field for row in self.rows for field in row.fields]
        fields += [field for _, field in self.same]
        return list(dict.fromkeys(field.iri for field in fields if field.iri))


def read_answer(answered: Answered, evidence: Evidence, store: Store) -> Answer:
    """Lay out an answer for reading.

    Example:
        >>> from kg.project import Project
        >>> from kg.site.questions import questions
        >>> from kg.store import open_store
        >>> store = open_store(Project())
        >>> asked = next(q for q in questions(Project(), store) if q.query.id == "gap-by-theme")
        >>> answer = read_answer(asked.answers[0], Evidence.of(store), store)
        >>> [column.heading for column in answer.columns]
        ['Claim', 'Main theme', 'Section', 'Page']
    """
    table = answered.table
    names = without_ids(table.columns)
    records = table.records()
    fields = [[_field(evidence, record, name) for name in names] for record in records]
    behind = _behind(answered, evidence, store)
    columns, same, kept = [], [], []
    for at, name in enumerate(names):
        kind = _kind(name, [record[name] for record in records])
        stand = [row[at] for row in fields]
        if at and len(stand) > 1 and kind in {"text", "page"} and len(set(stand)) == 1:
            same.append((heading(name), stand[0]))
            continue
        about_claims = any(field.iri in evidence.by_iri for field in stand)
        counts = () if kind != "text" or about_claims else _counts(stand)
        columns.append(Column(name, heading(name), kind, counts))
        kept.append(at)
    rows = tuple(
        Row(tuple(row[at] for at in kept), tuple(behind[terms]), row_id)
        for row, terms, row_id in zip(fields, table.rows, _ids(answered), strict=True)
    )
    named = any(field.iri in evidence.by_iri for row in fields for field in row)
    return Answer(tuple(columns), rows, tuple(same), named)


def row_id(of: str) -> str:
    """Give the id of the row that counts the claims on something.

    Args:
        of: what they are on, as CURIEs or texts parted by |, in the order of the columns.

    Example:
        >>> row_id("agency:police|theme:serious-case-reviews")
        'row-agency-police-theme-serious-case-reviews'
    """
    return re.sub(r"\W+", "-", f"row {of}")


def heading(name: str) -> str:
    """Part the words of a column's name: mainTheme becomes Main theme.

    Example:
        >>> heading("mainThemeLabel")
        'Main theme'
    """
    name = name if name == "label" else name.removesuffix("Label")
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in name)
    return _HEADINGS.get(name) or words.capitalize()


def without_ids(columns: tuple[str, ...]) -> list[str]:
    """Leave out the ids of things whose label stands beside them: the label links to the thing."""
    told = {"statement"} if "label" in columns else set()
    told |= {name.removesuffix("Label") for name in columns if name.endswith("Label")}
    return [name for name in columns if name not in told]


def _ids(answered: Answered) -> Iterator[str]:
    """Give the id of each row that counts claims, by what they are on; a second one has none."""
    table = answered.table
    names = named_in_why(answered.query, table)
    given: set[str] = set()
    for record in table.records():
        terms = [record[name] for name in names]
        of = "|".join(curie(t.value) if isinstance(t, NamedNode) else shown(t) for t in terms)
        found = row_id(of) if names and of not in given else ""
        given.add(of)
        yield found


def _field(evidence: Evidence, record: Mapping[str, Term | None], name: str) -> Field:
    term = record[name]
    about = record.get("statement" if name == "label" else name.removesuffix("Label"))
    iri = about.value if isinstance(about, NamedNode) else ""
    text = evidence.label(term.value) if isinstance(term, NamedNode) else shown(term)
    if isinstance(term, Literal):
        if name == "section":
            told = section_in_words(text)
            return Field(f"{told[:1].upper()}{told[1:]}", iri, text)
        if term.datatype.value in _DATES:
            return Field(spoken(text), iri, text)
        value = plain(term)
        if isinstance(value, bool):
            return Field("Yes" if value else "No", iri)
    return Field(f"{text[:1].upper()}{text[1:]}" if iri else text, iri)


def _kind(name: str, terms: list[Term | None]) -> str:
    values = [term for term in terms if term is not None]
    if values and all(type(plain(term)) in {int, float} for term in values):
        return "number"
    if values and all(isinstance(t, Literal) and t.datatype.value in _DATES for t in values):
        return "date"
    return "page" if name == "page" else "text"


def _counts(fields: list[Field]) -> tuple[tuple[str, int], ...]:
    counted = Counter(field.text for field in fields)
    few = 1 < len(counted) <= min(_MOST_VALUES, len(fields) / 2)
    alike = len(set(counted.values())) == 1
    if not few or alike or max(map(len, counted)) > _LONGEST_VALUE:
        return ()
    return tuple(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0].casefold())))


def _behind(
    answered: Answered, evidence: Evidence, store: Store
) -> dict[tuple[Term | None, ...], list[Claim]]:
    """Find the claims behind each row: those that it names, else those that it was made from."""
    table = answered.table
    found: dict[tuple[Term | None, ...], list[Claim]] = {
        row: [
            evidence.by_iri[term.value]
            for term in dict.fromkeys(row)
            if isinstance(term, NamedNode) and term.value in evidence.by_iri
        ]
        for row in table.rows
    }
    if any(found.values()) or not table.rows:
        return found
    told = what_is_behind(answered.query, store, table)
    if "whyStatement" in told.columns:
        at = told.columns.index("whyStatement")
        for row in told.rows:
            statement = row[at]
            claims = found[row[: len(table.columns)]]
            if isinstance(statement, NamedNode) and statement.value in evidence.by_iri:
                claim = evidence.by_iri[statement.value]
                claims += [] if claim in claims else [claim]
    return found
