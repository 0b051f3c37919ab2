"""Every shape bites, says why and how to mend it, and is written so that engines agree."""

import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import Literal as OxigraphLiteral
from pyoxigraph import RdfFormat, parse
from rdflib import RDF, SH, XSD, BNode, Graph, Literal, URIRef, namespace
from rdflib.namespace import RDFS
from rdflib.term import Node

from kg.project import Project
from kg.reports import Violation
from kg.terms import PREFIXES, local_name
from kg.validation import validate

EXAMPLES = Path(__file__).parent / "shapes"
FILES = sorted(EXAMPLES.glob("*/*.ttl"))
SHAPES = Project().shape_files()
STANDARDS = (
    *(namespace.DC, namespace.DCTERMS, namespace.ORG, namespace.OWL, namespace.PROV, namespace.RDF),
    *(namespace.RDFS, namespace.SDO, namespace.SH, namespace.SKOS, namespace.XSD),
)
# Oxigraph holds xsd:int and such as xsd:integer, so that nobody can judge them there.
DATES = {"date", "dateTime", "gYear", "gYearMonth"}
AGREED = {XSD[name] for name in (*DATES, "boolean", "decimal", "integer", "string")}
CANONICAL = {
    "boolean": "true|false",
    "integer": r"0|-?[1-9]\d*",
    "decimal": r"-?(0|[1-9]\d*)\.(0|\d*[1-9])",
}
# A round of which nothing is said has no end and no coder either.
FOLLOWING = {
    "Statement-wasGeneratedBy-known/bad-unknown": {
        "CodingRound-endedAtTime",
        "CodingRound-wasAssociatedWith",
    }
}
NAMES = [f"{path.parent.name}/{path.stem}" for path in FILES]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Violation]]:
    """What one validation of all examples together finds, by example."""
    home = tmp_path_factory.mktemp("home")
    data = home / "data" / "triples"
    data.mkdir(parents=True)
    shutil.copy(EXAMPLES / "fixture.ttl", data)
    for name in ("works.ttl", "organisations.ttl", "events.ttl"):
        shutil.copy(Project().home / "data/triples" / name, data)
    for path in FILES:
        shutil.copy(path, data / f"{path.parent.name}.{path.stem}.ttl")
    results: dict[str, list[Violation]] = defaultdict(list)
    for violation in validate(Project(home)).violations:
        # The check queries have examples of their own, in tests/checks/.
        if not violation.shape.startswith("queries/"):
            results[Path(violation.file).stem.replace(".", "/")].append(violation)
    return results


def test_nothing_else_is_found(found: dict[str, list[Violation]]) -> None:
    assert set(found) <= set(NAMES)


def sources(graph: Graph) -> set[URIRef]:
    """The shapes that can be the source of a result: all that have a name and a constraint."""
    named = set(graph.subjects(RDF.type, SH.PropertyShape))
    for shape in graph.subjects(RDF.type, SH.NodeShape):
        predicates = set(graph.predicates(shape, None))
        targets = {SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf}
        if predicates - targets - {RDF.type, RDFS.label, SH.property}:
            named.add(shape)
    return {shape for shape in named if isinstance(shape, URIRef)}


@pytest.fixture(scope="module")
def shapes() -> Graph:
    graph = Graph()
    for path in SHAPES:
        graph.parse(path)
    return graph


def test_there_are_examples() -> None:
    assert len(FILES) > 100
    assert len(SHAPES) >= 10


@pytest.mark.parametrize("name", [n for n in NAMES if "/bad-" in n])
def test_bad_example_yields_exactly_its_shape(name: str, found: dict[str, list[Violation]]) -> None:
    wanted = {name.partition("/")[0], *FOLLOWING.get(name, ())}
    assert {local_name(violation.shape) for violation in found[name]} == wanted


@pytest.mark.parametrize("name", [n for n in NAMES if "/ok-" in n])
def test_ok_example_conforms(name: str, found: dict[str, list[Violation]]) -> None:
    assert found[name] == []


@pytest.mark.parametrize("name", [n for n in NAMES if "/bad-" in n])
def test_result_names_the_line(name: str, found: dict[str, list[Violation]]) -> None:
    # A thing without a name has no line of its own; its file is named all the same.
    nameless = name == "ThingShape/bad-square-brackets"
    assert found[name]
    assert all(violation.line or nameless for violation in found[name])


def test_every_shape_has_both_examples(shapes: Graph) -> None:
    wanted = {local_name(str(shape)) for shape in sources(shapes)}
    for kind in ("bad", "ok"):
        have = {path.parent.name for path in EXAMPLES.glob(f"*/{kind}-*.ttl")}
        assert have == wanted, kind


def lint(text: str) -> list[str]:
    """What in a shapes file engines would treat differently, or a steward could not use."""
    graph = Graph().parse(data=text, format="turtle")
    return [*wrong_shapes(graph), *wrong_terms(graph), *wrong_literals(text), *circles(graph)]


def wrong_shapes(graph: Graph) -> Iterator[str]:
    """The shapes that are the source of results and do not say all that a result tells."""
    named = set(graph.subjects(RDF.type, SH.NodeShape)) | set(graph.subjects(SH.targetClass, None))
    inline = {part for shape in named for part in graph.objects(shape, SH.property)}
    for shape in sources(graph) | set(graph.subjects(RDF.type, SH.PropertyShape)) | inline:
        if not isinstance(shape, URIRef):
            yield "a property shape has no IRI"
        for need in (SH.message, SH.description, SH.severity):
            if len(list(graph.objects(shape, need))) != 1:
                yield f"{shape} lacks one {need}"


def wrong_terms(graph: Graph) -> Iterator[str]:
    for _, predicate, value in graph:
        if predicate in (SH.pattern, SH.select) and re.search(r"\(\?[=!<]|\\[1-9]", str(value)):
            yield "look-around or back-reference"
        if predicate in (SH.target, SH.js, SH.rule):
            yield f"{predicate} is not in every engine"
        if predicate == SH.datatype and value not in AGREED:
            yield f"engines differ on {value}"


def wrong_literals(text: str) -> Iterator[str]:
    if re.search(r"\^\^xsd:string|\^\^<[^>]*#string>", text):
        yield "an explicit xsd:string"
    # Not by rdflib, which writes a literal in its canonical form as it reads it.
    for literal in (quad.object for quad in parse(text.encode(), format=RdfFormat.TURTLE)):
        if isinstance(literal, OxigraphLiteral):
            kind, written = literal.datatype.value.rpartition("#")[2], literal.value
            if kind in CANONICAL and not re.fullmatch(CANONICAL[kind], written):
                yield f"the literal {written} is not canonical"
            if kind in DATES and re.search(r"(Z|[+-]\d\d:\d\d)$", written):
                yield f"{written} has a time zone"


def circles(graph: Graph) -> Iterator[str]:
    """The shapes that refer to themselves, by whatever way round."""
    for start in set(graph.subjects()):
        seen: set[object] = set()
        reach = set(inner(graph, start))
        while reach - seen:
            step = (reach - seen).pop()
            seen.add(step)
            reach |= set(inner(graph, step))
        if start in seen:
            yield f"{start} leads back to itself"


def inner(graph: Graph, shape: object) -> list[object]:
    """The shapes that a shape refers to in one step."""
    out: list[object] = []
    for link in (SH.node, SH.property, SH["not"], SH.qualifiedValueShape):
        out += graph.objects(shape, link)  # type: ignore[arg-type]
    for link in (SH["or"], SH["and"], SH.xone):
        for members in graph.objects(shape, link):  # type: ignore[arg-type]
            out += graph.items(members)
    return out


@pytest.mark.parametrize("path", SHAPES, ids=lambda path: path.stem)
def test_shapes_are_portable_and_readable(path: Path) -> None:
    assert lint(path.read_text(encoding="utf-8")) == []


def test_shapes_of_several_files_do_not_refer_to_themselves(shapes: Graph) -> None:
    assert list(circles(shapes)) == []


GOOD = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix kgs: <https://w3id.org/evidence-kg/shapes#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix kg: <https://w3id.org/evidence-kg/o#> .
kgs:A a sh:PropertyShape ; sh:path kg:p ; sh:minCount 1 ; sh:message "m" ; sh:description "d" ;
  sh:severity sh:Violation .
"""


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('sh:message "m" ;', "", "lacks one"),
        ('sh:description "d" ;', "", "lacks one"),
        ("sh:severity sh:Violation", 'sh:name "n"', "lacks one"),
        ("sh:minCount 1", "sh:minCount 01", "not canonical"),
        ("sh:minCount 1", 'sh:minCount "01"^^xsd:integer', "not canonical"),
        ("sh:minCount 1", "sh:hasValue 0.50", "not canonical"),
        ("sh:minCount 1", 'sh:uniqueLang "1"^^xsd:boolean', "not canonical"),
        ("sh:minCount 1", 'sh:pattern "^(?=a)b"', "look-around"),
        ("sh:minCount 1", r'sh:pattern "^(a)\\1"', "back-reference"),
        (
            "sh:minCount 1",
            """sh:select 'SELECT $this { FILTER(REGEX("a", "(?!b)")) }'""",
            "look-around",
        ),
        ("sh:minCount 1", "sh:datatype xsd:int", "engines differ"),
        ("sh:minCount 1", 'sh:hasValue "2010-01-31Z"^^xsd:date', "time zone"),
        ("sh:minCount 1", 'sh:hasValue "2010+01:00"^^xsd:gYear', "time zone"),
        ("sh:minCount 1", 'sh:hasValue "2010-01-31T10:00:00+01:00"^^xsd:dateTime', "time zone"),
        ("sh:minCount 1", 'sh:hasValue "a"^^xsd:string', "explicit"),
        ("sh:minCount 1", "sh:node kgs:A", "back to itself"),
        ("sh:minCount 1", "sh:target kg:t", "not in every engine"),
        ("sh:minCount 1", "sh:or ( [ sh:not kgs:A ] )", "back to itself"),
        ("kgs:A a", "[] a", "no IRI"),
        ("kgs:A a", "kgs:B a sh:NodeShape ; sh:property [ sh:path kg:q ] . kgs:A a", "no IRI"),
    ],
)
def test_lint_finds(old: str, new: str, why: str) -> None:
    assert lint(GOOD) == []
    assert old in GOOD
    assert any(why in problem for problem in lint(GOOD.replace(old, new)))


def undeclared(shapes: Graph, known: set[Node]) -> set[str]:
    """The terms that the shapes name and that neither our files nor a standard declares."""
    terms = {str(term) for triple in shapes for term in triple if isinstance(term, URIRef)}
    for query in shapes.objects(None, SH.select):
        for prefix, name in re.findall(r"(?<![\w?$<\"])([a-z]+):(\w+)", str(query)):
            terms.add(PREFIXES[prefix] + name)
    dqv = ("Metric", "QualityMeasurement", "computedOn", "isMeasurementOf", "value")
    own = {str(term) for term in known} | {PREFIXES["oa"] + "hasSource"}
    own |= {PREFIXES["dqv"] + name for name in dqv}
    return {
        term
        for term in terms - own
        if not term.startswith(PREFIXES["kgs"].removesuffix("#"))
        and not any(URIRef(term) in standard for standard in STANDARDS)
    }


@pytest.fixture(scope="module")
def known() -> set[Node]:
    declared = Graph()
    for path in Project().vocabulary_files():
        declared.parse(path)
    return set(declared.subjects())


def test_shapes_use_declared_terms_only(shapes: Graph, known: set[Node]) -> None:
    assert URIRef(PREFIXES["kg"] + "Statement") in known
    assert undeclared(shapes, known) == set()
    assert not [s for s in shapes.subjects(RDF.type, SH.PropertyShape) if isinstance(s, BNode)]
    assert all(isinstance(m, Literal) for m in shapes.objects(None, SH.message))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("sh:targetClass kg:Statment", "Statment"),
        ("sh:path skos:topConceptof", "topConceptof"),
        ("sh:mincount 1", "mincount"),
        ("sh:in ( trend:partly )", "trend/partly"),
        ("sh:select 'SELECT $this { $this kg:suports $this }'", "suports"),
    ],
)
def test_undeclared_terms_are_found(written: str, name: str, known: set[Node]) -> None:
    heads = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
    found = undeclared(Graph().parse(data=f"{heads}kgs:A {written} ."), known)
    assert [term for term in found if term.endswith(name)] == list(found) != []
