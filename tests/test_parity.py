"""Every engine finds the same, told in the same words: on each example and on the corpus.

Where they differ on values that hardly anyone writes, the value stands in `parity.toml` with the
reason; a new difference fails here, and so does one that is no more.
"""

import tomllib
from pathlib import Path

import pytest
from judging import JUDGES, judged, read
from pyoxigraph import RdfFormat, Triple, parse

from kg.project import Project
from kg.terms import BASE, PREFIXES, expand, local_name
from kg.validation.findings import Finding

TESTS = Path(__file__).parent
FURTHER = tuple(engine for engine in JUDGES if engine != "pyshacl")
SHAPES = read(Project().shape_files())


@pytest.fixture(scope="module")
def examples(project: Project) -> list[Triple]:
    """Every ok and bad example of a shape or check query, and what they lean on."""
    background = [
        project.home / "data/triples" / f"{n}.ttl" for n in ("works", "organisations", "events")
    ]
    own = [
        TESTS / "shapes/fixture.ttl",
        *TESTS.glob("shapes/*/*.ttl"),
        *TESTS.glob("checks/*/*.ttl"),
    ]
    assert len(own) > 300
    return read([*project.vocabulary_files(), *background, *own])


@pytest.fixture(scope="module")
def wanted(examples: list[Triple]) -> list[Finding]:
    """What pySHACL, the judge, finds in the examples."""
    return judged(examples, SHAPES, "pyshacl")


def test_the_examples_break_every_shape(wanted: list[Finding]) -> None:
    broken = {local_name(finding.shape) for finding in wanted}
    assert broken == {path.name for path in TESTS.glob("shapes/*") if path.is_dir()}


@pytest.mark.parametrize("engine", FURTHER)
def test_on_every_example(engine: str, examples: list[Triple], wanted: list[Finding]) -> None:
    assert judged(examples, SHAPES, engine) == wanted


@pytest.mark.full
@pytest.mark.parametrize("engine", FURTHER)
def test_on_the_corpus(engine: str, project: Project) -> None:
    corpus = read(project.graph_files())
    wanted = judged(corpus, SHAPES, "pyshacl")
    # The unions of the ontology, which need no names there.
    assert {local_name(finding.shape) for finding in wanted} == {"Thing-label", "ThingShape"}
    assert judged(corpus, SHAPES, engine) == wanted


# Values at the edges of what is well-formed, in Turtle, by class and path.
EDGES = {
    ("kg:Source", "kg:evidenceFrom"): """
        "2010-01-01Z"^^xsd:date "2010-01-01+01:00"^^xsd:date "2010-02-30"^^xsd:date
        "2010-12-31T10:00:00"^^xsd:date "0000-01-01"^^xsd:date "-0044-03-15"^^xsd:date
        "12010-01-01"^^xsd:date "20"^^xsd:gYear "-2010"^^xsd:gYear "02010"^^xsd:gYear
        "2010Z"^^xsd:gYear "0000"^^xsd:gYear ""^^xsd:gYear "2010-13"^^xsd:gYearMonth
        "2010-1"^^xsd:gYearMonth "2010-12Z"^^xsd:gYearMonth "2010"
    """,
    ("kg:Passage", "kg:piece"): r"""
        01 +1 -0 1.0 "1.0"^^xsd:integer "x"^^xsd:integer "\t1"^^xsd:integer ""^^xsd:integer
        99999999999999999999999 "1"^^xsd:int "1"^^xsd:nonNegativeInteger "1"
    """,
    ("kg:Passage", "kg:section"): r"""
        "es.1\n" "es.1\r" "es.1\u00A0" "\u00E9s" "\n" "" "es.1"@en "1"^^xsd:string
    """,
    ("kg:Passage", "kg:firstWords"): r"""
        "\U0001F600\u00A0b" "a\tb\u00A0c\u00A0d\u00A0e"
    """,
    ("kg:Quantity", "kg:upperBound"): """
        0.50 01.5 1e0 "x"^^xsd:decimal "1."^^xsd:decimal "+1"^^xsd:decimal "1e0"^^xsd:decimal
        ""^^xsd:decimal "NaN"^^xsd:double 0.0000000000000000000000001
    """,
    ("kg:Quantity", "kg:upperOpen"): """
        "1"^^xsd:boolean "TRUE"^^xsd:boolean "true"
    """,
    ("prov:Activity", "prov:endedAtTime"): """
        "2010-01-01T10:00:00"^^xsd:dateTime "2010-01-01T10:00:00.123456789Z"^^xsd:dateTime
        "2010-01-01T24:00:00"^^xsd:dateTime "2010-01-01T25:00:00Z"^^xsd:dateTime
        "2010-01-01"^^xsd:dateTime "2010-01-01T10:00Z"^^xsd:dateTime
        "2010-01-01T10:00:00+15:00"^^xsd:dateTime
    """,
    ("kg:Source", "rdfs:label"): '"t"@en-GB "t"@EN "t"@eng "t"@en-x-a "t"',
    # Held against 2.5, 1, a text and an IRI: see ORDER.
    ("<urn:edge>", "<urn:edge:number>"): """
        2 "2011-05-05"^^xsd:date "2010"^^xsd:gYear false "x"^^xsd:integer "x" <urn:m>
    """,
    ("<urn:edge>", "<urn:edge:low>"): """
        1 2 2.5 "2011-05-05"^^xsd:date "2010"^^xsd:gYear true "x" <urn:m>
    """,
    ("<urn:edge>", "<urn:edge:word>"): '"a" "m" "x" "a"@en "m"@de 1 <urn:m>',
    ("<urn:edge>", "<urn:edge:link>"): '<urn:a> <urn:m> <urn:x> "urn:a" "a" 1',
    ("kg:Source", "rdfs:seeAlso"): '<HTTP://a.b/> <httpsx:a> "https://a.b/"^^xsd:anyURI',
}
FOCUS = f"{BASE}edge/"
# How values are put in order, in shapes that ask for no datatype besides.
ORDER = [
    quad.triple
    for quad in parse(
        f"""@prefix sh: <{PREFIXES["sh"]}> .
        <urn:edge:Shape> a sh:NodeShape ; sh:targetClass <urn:edge> ; sh:property <urn:edge:Bound>,
          <urn:edge:Low>, <urn:edge:Word>, <urn:edge:Link> .
        <urn:edge:Bound> sh:path <urn:edge:number> ; sh:minInclusive 2.5 .
        <urn:edge:Low> sh:path <urn:edge:low> ; sh:lessThan <urn:edge:one> .
        <urn:edge:Word> sh:path <urn:edge:word> ; sh:lessThanOrEquals <urn:edge:text> .
        <urn:edge:Link> sh:path <urn:edge:link> ; sh:lessThanOrEquals <urn:edge:thing> .""",
        format=RdfFormat.TURTLE,
    )
]


@pytest.fixture(scope="module")
def edges() -> tuple[list[str], list[Triple]]:
    """Each value with its path, and a graph in which the thing of the same number has it."""
    written = [(of, path, v) for (of, path), given in EDGES.items() for v in given.split()]
    text = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
    for number, (of, path, value) in enumerate(written):
        text += f"<{FOCUS}{number}> a {of} ; {path} {value} .\n"
        if of == "<urn:edge>":
            text += f'<{FOCUS}{number}> <urn:edge:one> 1 ; <urn:edge:text> "m" .\n'
            text += f"<{FOCUS}{number}> <urn:edge:thing> <urn:m> .\n"
        text += f"statement:edge prov:wasGeneratedBy <{FOCUS}{number}> .\n"
    quads = parse(text.encode(), format=RdfFormat.TURTLE)
    return [f"{path} {value}" for _, path, value in written], [quad.triple for quad in quads]


def at_the_edges(
    engine: str, edges: tuple[list[str], list[Triple]]
) -> dict[str, set[tuple[str, str]]]:
    """Which constraint each value breaks, for an engine."""
    written, data = edges
    paths = {f"{FOCUS}{number}": expand(each.split()[0]) for number, each in enumerate(written)}
    found = judged(data, SHAPES + ORDER, engine)
    return {
        each: {
            (finding.shape, finding.component)
            for finding in found
            if finding.focus == f"{FOCUS}{number}" and finding.path == paths[finding.focus]
        }
        for number, each in enumerate(written)
    }


@pytest.mark.parametrize("engine", FURTHER)
def test_at_the_edges_of_what_is_well_formed(
    engine: str, edges: tuple[list[str], list[Triple]]
) -> None:
    groups = tomllib.loads((TESTS / "parity.toml").read_text(encoding="utf-8"))[engine]
    assert all(group["reason"] and group["values"] for group in groups)
    known = {value for group in groups for value in group["values"]}
    wanted, found = (at_the_edges(name, edges) for name in ("pyshacl", engine))
    assert any(wanted.values()) and not all(wanted.values())
    different = {value: found[value] for value in wanted if found[value] != wanted[value]}
    assert {value: why for value, why in different.items() if value not in known} == {}
    assert known - different.keys() == set(), "no longer different: take them out of parity.toml"
