"""The files to download: the graph, its claims as tables, and what describes them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from kg.catalogue import DATASET, describe
from kg.export import DERIVED, export_graph
from kg.queries import list_queries
from kg.results import Table, plain, render
from kg.site.evidence import Claim, Evidence
from kg.site.pages import Site
from kg.spreadsheets import write_csv
from kg.terms import BASE, Term, curie, expand
from kg.turtle import write_turtle

# What stands for the folder of the downloads, whose address nobody knows.
_HERE = "https://site.invalid/downloads/"
_THIS = f"{_HERE}dataset.ttl"


@dataclass(frozen=True)
class Download:
    """A file of `downloads/`, what it is and what it is for."""

    name: str
    media_type: str
    label: str
    use: str
    content: bytes
    is_data: bool = True

    @property
    def size(self) -> str:
        """How large it is, in words.

        Example:
            >>> Download("a.ttl", "text/turtle", "A", "for you", b"x" * 2048).size
            '2 KB'
        """
        return f"{max(1, round(len(self.content) / 1024)):,} KB"

    @property
    def digest(self) -> str:
        """Its SHA-256, by which a copy can be checked."""
        return sha256(self.content).hexdigest()


def write_downloads(site: Site) -> list[Download]:
    """Write every file to download, and list them.

    The graph is that of the project's files, with what its rules derive. The same graph gives the
    same bytes.
    """
    found = [*_tables(site.evidence), *_graphs(site)]
    found.append(
        Download(
            "dataset.ttl",
            "text/turtle",
            "Description for catalogues",
            "says what the dataset is and holds, with a checksum of each file (DCAT and VoID)",
            _described(site, found),
            is_data=False,
        )
    )
    for each in found:
        site.write(f"downloads/{each.name}", each.content)
    return found


def _tables(e: Evidence) -> Iterator[Download]:
    table = claim_table(e)
    yield Download(
        "claims.xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "All claims, as an Excel workbook",
        "one row a claim, for any spreadsheet program: begin with this one",
        render(table, "xlsx"),
    )
    yield Download(
        "claims.excel.csv",
        "text/csv",
        "All claims, as CSV for Excel",
        "opens with a double click; an apostrophe stands before what Excel would compute",
        write_csv([table.columns, *(map(plain, row) for row in table.rows)]),
    )
    yield Download(
        "claims.csv",
        "text/csv",
        "All claims, as CSV",
        "for programs, with the full address of each claim",
        render(table, "csv"),
    )


def _graphs(site: Site) -> Iterator[Download]:
    for form, media_type, label, use in (
        (
            "ttl",
            "text/turtle",
            "The whole graph, as Turtle",
            "for people and programs that read RDF",
        ),
        (
            "nt",
            "application/n-triples",
            "The whole graph, as N-Triples",
            "one fact a line, for large stores and for comparing versions",
        ),
        (
            "jsonld",
            "application/ld+json",
            "The whole graph, as JSON-LD",
            "for web programs; what rules derive stands in a graph of its own",
        ),
    ):
        content = export_graph(site.project, form, derived=True)
        yield Download(f"graph.{form}", media_type, label, use, content)
    yield Download(
        "queries.ttl",
        "text/turtle",
        "The saved questions, as Turtle",
        "each with its SPARQL and its choices, to ask of a copy of the graph",
        render(describe(list_queries(site.project)), "ttl"),
        is_data=False,
    )


def claim_table(e: Evidence) -> Table:
    """Give one row a claim; where several things stand in a cell, semicolons part them.

    Example:
        >>> from kg.project import Project
        >>> from kg.store import open_store
        >>> claim_table(Evidence.of(open_store(Project()))).columns[:3]
        ('claim', 'label', 'description')
    """
    records = [_record(e, claim) for claim in e.claims]
    columns = tuple(records[0]) if records else ()
    return Table(columns, [tuple(record.values()) for record in records])


def _record(e: Evidence, claim: Claim) -> dict[str, Term | None]:
    def several(texts: Iterable[str]) -> Literal | None:
        found = [text for text in dict.fromkeys(texts) if text]
        return Literal("; ".join(found)) if found else None

    def labels(iris: Iterable[str]) -> Literal | None:
        return several(e.label(iri) if iri in e.told else iri for iri in iris if iri)

    return {
        "claim": NamedNode(claim.iri),
        "label": Literal(claim.label),
        "description": Literal(claim.description),
        "kind": labels([claim.kind]),
        "trend": labels([claim.trend]),
        "since": labels([claim.since]),
        "valence": labels([claim.valence]),
        "mainTheme": labels([claim.main_theme]),
        "themes": labels(claim.themes),
        "agencies": labels(claim.agencies),
        "agenciesImplied": Literal(claim.implied),
        "concerns": labels(claim.concerns),
        "voices": labels(line.voice for line in claim.lines),
        "works": labels(claim.works),
        "relayedBy": labels(line.relayed_by for line in claim.lines),
        "figures": several(claim.figures),
        "tellsAgain": labels(other for link, other in claim.links if link == "repeats"),
        "review": labels([claim.review]),
        "sections": several(at.section for at in claim.places),
        "pages": several(at.page for at in claim.places),
        "firstWords": several(at.first_words for at in claim.places),
        "lastWords": several(at.last_words for at in claim.places),
        "note": several([claim.note]),
    }


def _described(site: Site, files: list[Download]) -> bytes:
    """Describe the dataset as Turtle, by what the graph says of it and by what is counted.

    Files, and parts of the description, have addresses relative to it, for nobody knows where the
    site will stand.
    """
    e = site.evidence
    dataset = next(iter(e.of_class("dcat:Dataset")), DATASET)
    authored = parse(export_graph(site.project, "nt"), format=RdfFormat.N_TRIPLES)
    triples = [quad.triple for quad in authored]
    whole = next(each for each in files if each.name == "graph.nt")
    derived = whole.content.count(b"\n") - len(triples)
    told: list[tuple[str, str, Term]] = [
        (dataset, name, value)
        for name, values in e.told.get(dataset, {}).items()
        for value in values
    ]
    told += [(dataset, "rdf:type", NamedNode(expand(f"{p}:Dataset"))) for p in ("dcat", "void")]
    told += _statistics(dataset, triples)
    told.append((dataset, "void:subset", DERIVED))
    told.append((DERIVED.value, "void:triples", Literal(derived)))
    licence = expand("dcterms:license")
    licences = e.told.get(dataset, {}).get(licence, [])
    for each in files:
        if each.is_data:
            told += _distribution(dataset, each)
            told += [(f"{_THIS}#{each.name}", licence, value) for value in licences]
    lines = dict.fromkeys(Triple(_node(s), _node(p), value) for s, p, value in told)
    text = write_turtle(lines, {"": ["# Relative addresses are those of the files beside it."]})
    return text.replace(f"<{_THIS}", "<").replace(f"<{_HERE}", "<").encode()


def _statistics(dataset: str, triples: list[Triple]) -> Iterator[tuple[str, str, Term]]:
    """Count the triples, the things, and both by class and by property."""
    subjects = {t.subject for t in triples}
    ours = {s for s in subjects if isinstance(s, NamedNode) and s.value.startswith(BASE)}
    by_property = Counter(t.predicate.value for t in triples)
    by_class = Counter(
        t.object.value
        for t in triples
        if t.predicate.value == expand("rdf:type") and isinstance(t.object, NamedNode)
    )
    for name, many in (
        ("triples", len(triples)),
        ("entities", len(ours)),
        ("distinctSubjects", len(subjects)),
        ("distinctObjects", len({t.object for t in triples})),
        ("classes", len(by_class)),
        ("properties", len(by_property)),
    ):
        yield dataset, f"void:{name}", Literal(many)
    for kind, counted, number in (
        ("class", by_class, "void:entities"),
        ("property", by_property, "void:triples"),
    ):
        for iri, many in sorted(counted.items()):
            part = f"{_THIS}#{kind}-{quote(curie(iri), safe='')}"
            yield dataset, f"void:{kind}Partition", NamedNode(part)
            yield part, f"void:{kind}", NamedNode(iri)
            yield part, number, Literal(many)


def _distribution(dataset: str, file: Download) -> Iterator[tuple[str, str, Term]]:
    this = f"{_THIS}#{file.name}"
    checksum = f"{this}-sha256"
    media_type = f"https://www.iana.org/assignments/media-types/{file.media_type}"
    number = NamedNode(expand("xsd:nonNegativeInteger"))
    digest = Literal(file.digest, datatype=NamedNode(expand("xsd:hexBinary")))
    yield dataset, "dcat:distribution", NamedNode(this)
    yield this, "rdf:type", NamedNode(expand("dcat:Distribution"))
    yield this, "dcterms:title", Literal(file.label, language="en")
    yield this, "dcterms:description", Literal(file.use, language="en")
    yield this, "dcat:downloadURL", NamedNode(f"{_HERE}{file.name}")
    yield this, "dcat:mediaType", NamedNode(media_type)
    yield this, "dcat:byteSize", Literal(str(len(file.content)), datatype=number)
    yield this, "spdx:checksum", NamedNode(checksum)
    yield checksum, "rdf:type", NamedNode(expand("spdx:Checksum"))
    yield checksum, "spdx:algorithm", NamedNode(expand("spdx:checksumAlgorithm_sha256"))
    yield checksum, "spdx:checksumValue", digest


def _node(name: str) -> NamedNode:
    return NamedNode(expand(name))
