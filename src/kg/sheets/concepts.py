"""New terms of the vocabularies, which a workbook may add: a theme, an agency, a place."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Triple

from kg.errors import KgError
from kg.fmt import comments_of
from kg.project import Project
from kg.sheets.ids import is_id
from kg.sheets.layout import Column, quoted
from kg.sheets.reading import Book, Mistake, Row
from kg.sheets.records import Called, Things, label_of, names_of, things
from kg.terms import PREFIXES, expand, local_name
from kg.turtle import read_turtle, write_turtle

# The schemes whose concepts have a class of their own.
_CLASSES = {
    "agency": "kg:Agency",
    "group": "kg:PopulationGroup",
    "instrument": "kg:Instrument",
    "profession": "kg:Profession",
    "theme": "kg:Theme",
}


@dataclass
class Concepts:
    """The vocabularies with what a workbook adds: all their terms, and what that changes.

    `read` has the text of each of the home's own.
    """

    vocabulary: Things
    files: dict[Path, str] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    read: dict[Path, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Concept:
    scheme: str
    iri: str
    label: str
    definition: str
    broader: str

    def triples(self) -> Iterator[Triple]:
        """Write it as the others in its file are."""
        label, meaning = (Literal(text, language="en") for text in (self.label, self.definition))
        scheme = NamedNode(expand(f"scheme:{self.scheme}"))
        types = [_CLASSES[self.scheme]] if self.scheme in _CLASSES else []
        told: list[tuple[str, NamedNode | Literal]] = [
            *(("rdf:type", NamedNode(expand(name))) for name in [*types, "skos:Concept"]),
            ("rdfs:label", label),
            ("skos:prefLabel", label),
            ("skos:definition", meaning),
            ("skos:inScheme", scheme),
            ("skos:broader", NamedNode(self.broader))
            if self.broader
            else ("skos:topConceptOf", scheme),
        ]
        for name, value in told:
            yield Triple(NamedNode(self.iri), NamedNode(expand(name)), value)
        if not self.broader:
            yield Triple(scheme, NamedNode(expand("skos:hasTopConcept")), NamedNode(self.iri))


def read_concepts(book: Book, project: Project, called: Called) -> Concepts:
    """Read the terms that a workbook adds, so that its other rows may name them.

    The mistakes in them go to those of the book. A vocabulary that came with the program is copied
    into the home with what is added.
    """
    paths = {path.stem: path for path in project.files("ontology", "vocab/*.ttl")}
    documents = {name: read_turtle(path) for name, path in paths.items()}
    found = Concepts(things(t for document in documents.values() for t in document.triples))
    found.read = {d.path: d.text for d in documents.values() if d.path.is_relative_to(project.home)}
    rows = [row for row in book.rows if row.sheet.concepts]
    for row in rows:  # a part may stand above what it is a part of
        for scheme in _scheme(row, called, []):
            if is_id(row.text("Id")):
                _offer(PREFIXES[scheme] + row.text("Id"), row.text("Label"), scheme, row, called)
    added: dict[str, list[Triple]] = {}
    for row in rows:
        concept = _read(row, found.vocabulary, called, book)
        if concept:
            triples = list(concept.triples())
            added.setdefault(concept.scheme, []).extend(triples)
            for iri, told in things(triples).items():
                mine = found.vocabulary.setdefault(iri, {})
                for name, values in told.items():
                    mine[name] = [*mine.get(name, []), *values]
            found.changes.append(
                f"{concept.scheme} {local_name(concept.iri)} is new: "
                f"{concept.label}\n    {concept.definition}"
            )
    for scheme, triples in added.items():
        document = documents[scheme]
        text = write_turtle([*document.triples, *triples], comments_of(document))
        found.files[project.home / "ontology" / "vocab" / f"{scheme}.ttl"] = text
    return found


def _scheme(row: Row, called: Called, mistakes: list[Mistake]) -> list[str]:
    column = next(c for c in row.sheet.columns if c.name == "Vocabulary")
    iri = _term(column, row, called, mistakes)
    return [local_name(iri)] if iri else []


def _term(column: Column, row: Row, called: Called, mistakes: list[Mistake]) -> str:
    for address, text in row.cells.get(column.name, ())[:1]:
        try:
            return names_of(column, called).find(text)
        except KgError as error:
            mistakes.append(Mistake(row.home, address, error.what, error.fix))
    return ""


def _offer(iri: str, label: str, scheme: str, row: Row, called: Called) -> None:
    """Let other cells name a new term."""
    kinds = {f"class {_CLASSES.get(scheme)}", f"scheme scheme:{scheme}", "class skos:Concept"}
    if not row.text("Broader"):
        kinds.add(f"top-of scheme:{scheme}")
    for choices, names in called.items():
        if kinds & set(choices) and iri not in names.shown:
            names.add(iri, label)


def _read(row: Row, vocabulary: Things, called: Called, book: Book) -> _Concept | None:
    """Read one row; a mistake in it is told, and a term that is there already is passed over."""
    letters, mistakes = book.columns[row.sheet.name], []
    for column in row.sheet.columns:
        if (column.needed or column.type == "id") and not row.text(column.name):
            cell = f"{letters.get(column.name, 'A')}{row.number}"
            mistakes.append(Mistake(row.home, cell, f"{column.name} is empty", column.help))
    name, schemes = row.text("Id"), _scheme(row, called, mistakes)
    columns = {column.name: column for column in row.sheet.columns}
    broader = _term(columns["Broader"], row, called, mistakes)
    at = row.cells.get("Id", [("", "")])[0][0]
    if name and not is_id(name):
        fix = "write lower-case letters, digits and hyphens"
        mistakes.append(Mistake(row.home, at, f"{quoted(name)} is no id", fix))
    if schemes and broader and not broader.startswith(PREFIXES[schemes[0]]):
        cell = row.cells["Broader"][0][0]
        what = f"{quoted(row.text('Broader'))} is a term of another vocabulary"
        mistakes.append(Mistake(row.home, cell, what, "name one of the same, or leave it empty"))
    book.mistakes += mistakes
    if mistakes:
        return None
    concept = _Concept(
        schemes[0], PREFIXES[schemes[0]] + name, row.text("Label"), row.text("Definition"), broader
    )
    there = vocabulary.get(concept.iri)
    if there is None:
        return concept
    if label_of(there) != concept.label:
        what = f"{name} is in the vocabulary already, as {label_of(there)!r}"
        fix = "choose that one, or take another id"
        book.mistakes.append(Mistake(row.home, at, what, fix))
    return None
