import html.parser
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse
from rdflib import RDF, RDFS, SH, BNode, Graph, Literal, URIRef

from kg.errors import EndpointFailed, KgError, UnreadableFile
from kg.project import Project
from kg.reports import FORMATS, Report, Violation, render_report, summary
from kg.results import Boolean, Table
from kg.store import MemoryStore
from kg.validation import validate
from kg.validation.shapes import Classes

SHAPE = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix kgs: <https://w3id.org/evidence-kg/shapes#> .
@prefix kg: <https://w3id.org/evidence-kg/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
kgs:ThemeShape a sh:NodeShape ; sh:targetClass %s ; sh:property kgs:Theme-label .
kgs:Theme-label a sh:PropertyShape ; sh:path rdfs:label ; sh:maxLength 5 ;
  sh:message "Its label is too long" ; sh:description "Say it shortly" ; sh:severity sh:Violation .
"""
DATA = """
@prefix kg: <https://w3id.org/evidence-kg/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix theme: <https://w3id.org/evidence-kg/theme/> .

theme:a a kg:Theme ;
    rdfs:label "short" .
theme:b a kg:Theme ;
    rdfs:comment "x" ;
    rdfs:label "too long, 100% %s" .
"""


def home(folder: Path, data: str = DATA, shape: str = SHAPE % "kg:Theme") -> Project:
    (folder / "data" / "triples").mkdir(parents=True)
    (folder / "data" / "triples" / "themes.ttl").write_text(data, encoding="utf-8")
    (folder / "ontology" / "shapes").mkdir(parents=True)
    shutil.copy(Project().home / "ontology" / "kg.ttl", folder / "ontology")
    (folder / "ontology" / "shapes" / "theme.ttl").write_text(shape, encoding="utf-8")
    (folder / "queries").mkdir()
    return Project(folder)


def test_a_violation_says_what_where_and_how_to_mend(tmp_path: Path) -> None:
    report = validate(home(tmp_path))
    (violation,) = report.violations
    assert violation.focus.endswith("theme/b")
    assert violation.label == "too long, 100% %s"
    assert violation.path == "rdfs:label"
    assert violation.value == "too long, 100% %s"
    assert violation.place == "data/triples/themes.ttl:10"
    assert (violation.message, violation.fix) == ("Its label is too long", "Say it shortly")
    assert violation.shape.endswith("shapes#Theme-label")
    assert violation.component.endswith("MaxLengthConstraintComponent")
    assert report.exit_code == 1


def test_what_met_no_shape_is_named(tmp_path: Path) -> None:
    report = validate(home(tmp_path))
    assert [p.rpartition("#")[2] for p in report.properties_without_shape] == ["comment"]
    assert report.checked == 2


@pytest.mark.parametrize(
    ("data", "shape"),
    [(DATA, SHAPE % "kg:Themme"), ("", SHAPE % "kg:Theme"), (DATA, "")],
    ids=["misspelt target", "no data", "no shapes"],
)
def test_nothing_checked_is_no_pass(tmp_path: Path, data: str, shape: str) -> None:
    report = validate(home(tmp_path, data, shape))
    assert not report.conforms
    assert report.exit_code == 1
    assert "Nothing was checked" in summary(report)
    assert "conform" not in render_report(report, "text")


def test_a_shape_that_met_nothing_is_named(tmp_path: Path) -> None:
    report = validate(home(tmp_path, shape=SHAPE % "kg:Themme"))
    assert "kgs:ThemeShape" in render_report(report, "text")
    assert "kg:Theme." in render_report(report, "text")


def test_only_the_files_given_are_judged(tmp_path: Path) -> None:
    project = home(tmp_path)
    other = tmp_path / "new.ttl"
    other.write_text(DATA.replace("theme:b", "theme:c").replace("too long", "far"), "utf-8")
    report = validate(project, [other])
    assert {Path(violation.file).name for violation in report.violations} == {"new.ttl"}
    assert len(report.files) == 1


@pytest.mark.full
def test_references_into_the_home_resolve_for_a_given_file(tmp_path: Path) -> None:
    new = tmp_path / "new.ttl"
    new.write_text(
        "@prefix organisation: <https://w3id.org/evidence-kg/organisation/> .\n"
        "@prefix kg: <https://w3id.org/evidence-kg/ontology#> .\n"
        "@prefix org: <http://www.w3.org/ns/org#> .\n"
        "@prefix agency: <https://w3id.org/evidence-kg/agency/> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        'organisation:new a kg:Organisation, org:Organization ; rdfs:label "New"@en ;\n'
        "    kg:sector agency:helth .\n",
        encoding="utf-8",
    )
    unused, wrong = sorted(validate(Project(), [new]).violations, key=lambda v: v.severity)[::-1]
    assert unused.shape == "queries/check-orphan.rq"
    assert (wrong.path, wrong.value, wrong.line) == ("kg:sector", "agency:helth", 7)
    new.write_text(new.read_text("utf-8").replace("helth", "health"), encoding="utf-8")
    assert validate(Project(), [new]).conforms


def test_a_file_that_is_no_turtle_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        validate(home(tmp_path, data="theme:a a"))


def test_an_unknown_engine_is_told(project: Project) -> None:
    with pytest.raises(KgError, match="no engine") as error:
        validate(project, engine="jena")
    assert "pyshacl" in error.value.fix


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sh:maxLength 5", 'sh:pattern "(["'),
        ("sh:maxLength 5", "sh:sparql [ sh:select 'SELECT oops' ]"),
    ],
    ids=["bad pattern", "bad SPARQL"],
)
def test_a_shape_that_cannot_be_run_is_told(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(KgError, match="shape cannot be run"):
        validate(home(tmp_path, shape=(SHAPE % "kg:Theme").replace(old, new)))


def test_a_shape_reads_no_file(tmp_path: Path) -> None:
    """SPARQL in a shape that names a local file gets nothing from it."""
    secret = tmp_path / "secret.ttl"
    secret.write_text('<u:s> <u:p> "SECRET" .', encoding="utf-8")
    query = f"SELECT $this ?value FROM <{secret.as_uri()}> WHERE {{ ?s ?p ?value }}"
    shape = (SHAPE % "kg:Theme").replace("sh:maxLength 5", f"sh:sparql [ sh:select '''{query}''' ]")
    try:
        text = render_report(validate(home(tmp_path, shape=shape)), "text")
    except KgError as error:
        text = str(error)
    assert "SECRET" not in text


def test_check_queries_are_run(tmp_path: Path) -> None:
    project = home(tmp_path, data=DATA.replace("too long, 100% %s", "b"))
    (tmp_path / "queries" / "check-comments.rq").write_text(
        "#+ summary: No comments\n#+ question: Which things have a comment?\n"
        "#+ description: Take the comment out\n#+ severity: Warning\n"
        "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
        'SELECT ?focus ?message { ?focus rdfs:comment ?c BIND("It has a comment" AS ?message) }',
        encoding="utf-8",
    )
    report = validate(project)
    (warning,) = report.violations
    assert (warning.severity, warning.message) == ("Warning", "It has a comment")
    assert warning.line == 8
    assert report.conforms
    assert "The data conform, with 1 warning" in summary(report)


def test_a_check_query_of_a_severity_that_no_report_knows_is_refused(tmp_path: Path) -> None:
    project = home(tmp_path)
    (tmp_path / "queries" / "check-grave.rq").write_text(
        "#+ summary: Grave\n#+ question: Is it grave?\n#+ description: Mend it\n"
        "#+ severity: Grave\nSELECT ?focus ?message { ?focus ?how ?message }",
        encoding="utf-8",
    )
    with pytest.raises(KgError, match="the severity 'Grave'") as error:
        validate(project)
    assert error.value.where == "queries/check-grave.rq" and "Warning" in error.value.fix


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return validate(home(tmp_path_factory.mktemp("home")))


def test_text_groups_and_counts(report: Report) -> None:
    text = render_report(report, "text")
    assert text.startswith("Violation (1): Its label is too long\n  To mend it: Say it shortly\n")
    assert "themes.ttl:10: too long, 100% %s (theme:b), rdfs:label" in text
    assert text.endswith("do not conform: 1 problem in 1 file (2 checks on 5 triples).\n")


def test_json_is_read_back(report: Report) -> None:
    document = json.loads(render_report(report, "json"))
    assert document["conforms"] is False
    assert document["violations"][0]["line"] == 10


def test_turtle_is_a_shacl_report(report: Report) -> None:
    graph = Graph().parse(data=render_report(report, "ttl"), format="turtle")
    (result,) = graph.subjects(RDF.type, SH.ValidationResult)
    assert str(graph.value(result, SH.resultMessage)) == "Its label is too long"
    assert graph.value(result, SH.resultSeverity) == SH.Violation


def test_html_is_escaped_and_well_formed(report: Report) -> None:
    hostile = Violation(**{**vars(report.violations[0]), "label": "<script>x</script>"})
    page = render_report(Report(("f",), 1, {"s": 1}, (hostile,)), "html")
    assert "<script>" not in page
    assert '<html lang="en-GB">' in page

    class Reader(html.parser.HTMLParser):
        open: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag: str, _: object) -> None:
            if tag not in {"meta", "br"}:
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    reader = Reader()
    reader.feed(page)
    assert reader.open == []


def test_github_escapes_what_its_commands_reserve(report: Report) -> None:
    line = render_report(report, "github").splitlines()[0]
    assert line.startswith("::error file=data/triples/themes.ttl,line=10,title=")
    assert "100%25 %25s" in line


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_says_how_it_ended(form: str) -> None:
    empty = render_report(Report((), 0, {}), form)
    assert "Nothing was checked" in empty or '"checked": 0' in empty


def test_an_unknown_format_is_told(report: Report) -> None:
    with pytest.raises(KgError, match="no format"):
        render_report(report, "pdf")


def test_the_shipped_data_conform(project: Project) -> None:
    report = validate(project)
    assert report.violations == ()
    assert report.conforms
    assert report.shapes_without_data == ()


@pytest.mark.full
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('\n[] <http://www.w3.org/2000/01/rdf-schema#label> "x"@en .', 2),
        ("<x:a> <x:b>\n  [ <x:c> <x:d> ] .", 2),
        ("<x:a> <x:b> ( <x:c> ) .", 1),
    ],
)
def test_a_blank_node_without_a_class_is_reported_with_its_line(
    tmp_path: Path, text: str, line: int
) -> None:
    path = tmp_path / "new.ttl"
    path.write_text(text, encoding="utf-8")
    found = [v for v in validate(Project(), [path]).violations if "no IRI" in v.message]
    assert [violation.line for violation in found] == [line]


@pytest.mark.full
@pytest.mark.parametrize(
    "text",
    [
        "@base <https://w3id.org/evidence-kg/source/> .\n<x-2000> a <x:Source> .",
        'VERSION "1.2"\n<x:a> <http://www.w3.org/2000/01/rdf-schema#label> "x"@en--rtl .',
        "<x:a> a <x:b> ; <x:n> " + "9" * 5000 + " .",
    ],
    ids=["base", "newer-syntax", "long-number"],
)
def test_what_rdflib_cannot_read_is_judged_all_the_same(tmp_path: Path, text: str) -> None:
    path = tmp_path / "new.ttl"
    path.write_text(text + "\n<x:s> a <https://w3id.org/evidence-kg/ontology#Theme> .\n", "utf-8")
    assert any(v.focus == "x:s" for v in validate(Project(), [path]).violations)


def test_labels_cannot_break_a_line_or_steer_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "new.ttl"
    path.write_text(
        "<https://w3id.org/evidence-kg/source/x-2000> a <https://w3id.org/evidence-kg/ontology#"
        'Source> ; <http://www.w3.org/2000/01/rdf-schema#label> "a\\n::error::b\\u001B[31m"@en .',
        encoding="utf-8",
    )
    text = render_report(validate(Project(), [path]), "text")
    assert "a ::error::b\\u001b[31m" in text
    assert not any(line.startswith("::") for line in text.splitlines())


def test_a_byte_order_mark_is_named(tmp_path: Path) -> None:
    path = tmp_path / "new.ttl"
    path.write_bytes(b"\xef\xbb\xbf" + b"<x:a> a <https://w3id.org/evidence-kg/ontology#Theme> .")
    (mark,) = [v for v in validate(Project(), [path]).violations if v.severity == "Info"]
    assert "byte order mark" in mark.message and "kg fmt" in mark.fix
    assert mark.line == 1


def test_files_of_triples_that_are_not_read_are_told(tmp_path: Path) -> None:
    project = home(tmp_path, DATA.replace("too long", "b"), SHAPE.replace("5", "50") % "kg:Theme")
    unread = ["data/triples/a.nt", "data/triples/sub/b.TTL", "ontology/shapes/sub/c.ttl"]
    for name in (*unread, "data/triples/read.ttl", "data/triples/notes.md", "data/triples/.old.nt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    report = validate(project)
    assert {(v.severity, v.file) for v in report.violations} == {("Warning", f) for f in unread}
    assert all("not read" in v.message and ".ttl" in v.fix for v in report.violations)
    assert validate(project, [tmp_path / "data/triples/themes.ttl"]).violations == ()


LITERALS = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix kgs: <https://w3id.org/evidence-kg/shapes#> .
@prefix kg: <https://w3id.org/evidence-kg/ontology#> .
kgs:RoundShape a sh:NodeShape ; sh:targetObjectsOf kg:round ; sh:property kgs:Round-end .
kgs:Round-end a sh:PropertyShape ; sh:path kg:end ; sh:minCount 1 ; sh:message "No end" .
"""
HOSTILE = "A:x> } FILTER(false) }#"


@pytest.mark.parametrize("engine", ["pyshacl", "shacl", "sparql"])
@pytest.mark.parametrize(
    "value", ["A: May 2026", HOSTILE, "https://w3id.org/evidence-kg/theme/a", "plain", r"\u0000"]
)
def test_a_literal_where_a_thing_belongs_hides_nothing(
    tmp_path: Path, engine: str, value: str
) -> None:
    data = DATA + f'theme:b kg:round "{value}" .\ntheme:a kg:round theme:b .\n'
    report = validate(home(tmp_path, data, LITERALS), engine=engine)
    thing, literal = report.violations
    assert literal.focus == f'"{value}"' and literal.place == "data/triples/themes.ttl:11"
    assert thing.focus.endswith("theme/b") and thing.label.startswith("too long")
    graph = Graph().parse(data=render_report(report, "ttl"), format="turtle")
    assert Literal(value.replace(r"\u0000", "\0")) in set(graph.objects(None, SH.focusNode))


def test_a_literal_is_told_of_in_a_store_too(tmp_path: Path) -> None:
    project = home(tmp_path, DATA + f'theme:b kg:round "{HOSTILE}" .\n', LITERALS)
    report = validate(project, asked=MemoryStore(project.graph_files()))
    assert [violation.focus for violation in report.violations] == [f'"{HOSTILE}"']


@pytest.mark.parametrize(
    ("text", "focus"),
    [
        ("<x:a> <x:says> <<( <x:b> <x:c> 1 )>> .", "x:a"),
        ("<x:a> <x:c> 1 ~ <x:says> .", "x:says"),
        ("<x:a> <x:c> 1 {| <x:says> 2 |} .", "blank"),
    ],
)
def test_a_triple_in_a_triple_is_no_pass_in_a_store(
    tmp_path: Path, serve: Any, text: str, focus: str
) -> None:
    project = home(tmp_path, DATA.replace("too long", "b"), SHAPE.replace("5", "50") % "kg:Theme")
    quads = [quad.triple for quad in parse(text, format=RdfFormat.TURTLE)]
    store = MemoryStore(project.graph_files(), quads)
    for asked in (store, serve(store)):
        report = validate(project, asked=asked)
        (inner,) = (v for v in report.violations if "inside another" in v.message)
        assert inner.focus == focus and inner.path and not report.conforms
        assert "evidence line" in inner.fix
    assert validate(project, asked=MemoryStore(project.graph_files())).violations == ()


VALUES = (
    *('"theme: a text"', '"https://w3id.org/evidence-kg/theme/a"', '"z"@de', "<http://o/x>"),
    *('"05"^^<http://www.w3.org/2001/XMLSchema#integer>', "<tag:a,2020:q>", r'"\\\"\n"'),
    r'"a\u0000\u0007"',
)


@pytest.mark.parametrize("engine", ["pyshacl", "shacl"])
def test_turtle_tells_values_and_paths_as_they_are(tmp_path: Path, engine: str) -> None:
    path = "<tag:a,2020:p>"
    shape = SILENT.replace("rdfs:label", path) % 'sh:in ( "none" )'
    data = DATA + f"theme:a {path} {', '.join(VALUES)} .\n"
    report = validate(home(tmp_path, data, shape), engine=engine)
    graph = Graph().parse(data=render_report(report, "ttl"), format="turtle")
    assert {*graph.objects(None, SH.resultPath)} == {URIRef("tag:a,2020:p")}
    # A plain graph writes a literal as it stands.
    text = f"<x:a> <x:p> {', '.join(VALUES)} ."
    wanted = {quad.object for quad in parse(text, format=RdfFormat.TURTLE)}
    told = parse(render_report(report, "ttl"), format=RdfFormat.TURTLE)
    assert {quad.object for quad in told if quad.predicate.value == str(SH.value)} == wanted
    in_text = {violation.value for violation in report.violations}
    assert {"z", "http://o/x", "05", "https://w3id.org/evidence-kg/theme/a"} <= in_text


UNSAID = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix kg: <https://w3id.org/evidence-kg/ontology#> .
<x:Used> a sh:NodeShape ; sh:targetObjectsOf kg:round ; sh:class kg:Theme .
<x:Named> a sh:NodeShape ; sh:targetNode <x:must>, 5 ; sh:property <x:Label> .
<x:Label> a sh:PropertyShape ; sh:path kg:end ; sh:minCount 1 .
"""


@pytest.mark.parametrize("engine", ["pyshacl", "shacl", "sparql"])
def test_what_is_found_at_an_iri_of_which_nothing_is_said_is_told(
    tmp_path: Path, engine: str
) -> None:
    data = DATA + "theme:b kg:round <x:nowhere>, theme:a .\n"
    project = home(tmp_path, data, UNSAID)
    told = {v.focus: v.place for v in validate(project, engine=engine).violations}
    five = '"5"^^<http://www.w3.org/2001/XMLSchema#integer>'
    place = "data/triples/themes.ttl:11"
    assert told == {"x:nowhere": place, "x:must": "", five: ""}
    # What another file uses or describes is not told of this one.
    (tmp_path / "data/triples/themes.ttl").write_text(data + "<x:must> kg:q 1 .\n", "utf-8")
    other = tmp_path / "new.ttl"
    other.write_text("<x:a> <x:p> <x:b> .", encoding="utf-8")
    report = validate(project, [other], engine=engine)
    assert [v.focus for v in report.violations] == [five]
    assert "The data do not conform: 1 problem (0 checks" in summary(report)


def test_the_same_is_told_in_a_store_whose_ontology_has_names_alone(tmp_path: Path) -> None:
    project = home(tmp_path, DATA + "theme:b kg:round <x:nowhere> .\n", UNSAID)
    (tmp_path / "ontology" / "kg.ttl").write_text(
        "<https://w3id.org/evidence-kg/ontology#Theme> a <http://www.w3.org/2002/07/owl#Class> .",
        encoding="utf-8",
    )
    report = validate(project, asked=MemoryStore(project.graph_files()))
    assert {v.focus[:9] for v in report.violations} == {"x:nowhere", "x:must", '"5"^^<htt'}


@pytest.mark.parametrize("engine", ["pyshacl", "shacl", "sparql"])
def test_ill_typed_literals_print_nothing(kg: Any, tmp_path: Path, engine: str) -> None:
    xsd = "<http://www.w3.org/2001/XMLSchema#"
    values = f'"2009-13-01"^^{xsd}date>, "yes"^^{xsd}boolean>, "x"^^{xsd}integer>'
    project = home(tmp_path, DATA + f"theme:b kg:round {values} .\n", SHAPE % "kg:Theme")
    ended = kg("--home", str(project.home), "validate", "--engine", engine)
    assert ended.returncode == 1 and "Its label is too long" in ended.stdout
    assert not ended.stderr


def test_what_pyshacl_says_of_a_shape_is_told_once(kg: Any, tmp_path: Path) -> None:
    shape = SILENT % "sh:maxLength 5" + "<x:S> sh:ignoredProperties () ."
    project = home(tmp_path, shape=shape)
    ended = kg("--home", str(project.home), "validate", "--engine", "pyshacl")
    assert ended.returncode == 2 and not ended.stdout
    assert ended.stderr.startswith("Error: ontology/shapes: a shape cannot be run")
    assert ended.stderr.count("ClosedConstraintComponent: ") == 1


SILENT = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix kg: <https://w3id.org/evidence-kg/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<x:S> a sh:NodeShape ; sh:targetClass kg:Theme ; sh:property <x:P> .
<x:P> a sh:PropertyShape ; sh:path rdfs:label ; %s .
"""


@pytest.mark.parametrize("engine", ["pyshacl", "shacl"])
def test_a_constraint_that_shapes_share_is_told_in_the_words_of_each(
    tmp_path: Path, engine: str
) -> None:
    shape = (
        SILENT % "sh:maxCount 9"
        + f"""
        <x:C> sh:select "SELECT $this {{ $this <{RDFS.comment}> 'x' }}" .
        <x:D> sh:message "own" ; sh:select "SELECT $this {{ $this <{RDFS.label}> 'short' }}" .
        <x:S> sh:sparql <x:C> , <x:D> ; sh:message "one" .
        <x:T> a sh:NodeShape ; sh:message "two" ; sh:targetClass kg:Theme ;
          sh:sparql <x:C> , <x:D> ."""
    )
    report = validate(home(tmp_path, shape=shape), engine=engine)
    told = {(violation.shape, violation.message) for violation in report.violations}
    assert told == {("x:S", "one"), ("x:S", "own"), ("x:T", "two"), ("x:T", "own")}


@pytest.mark.parametrize("engine", ["pyshacl", "shacl", "sparql"])
def test_a_shape_without_a_message_is_told_alike(tmp_path: Path, engine: str) -> None:
    project = home(tmp_path, shape=SILENT % "sh:maxLength 5")
    (violation,) = validate(project, engine=engine).violations
    assert violation.message == "It does not meet sh:MaxLengthConstraintComponent"


@pytest.mark.parametrize("engine", ["pyshacl", "shacl", "sparql"])
@pytest.mark.parametrize(
    "data", ["", '[] a kg:Theme ; rdfs:label "0_b1" ; kg:part [ rdfs:label 1 ] .']
)
def test_a_shape_in_brackets_is_told_in_its_own_words(
    tmp_path: Path, engine: str, data: str
) -> None:
    words = 'sh:message "%s is wrong" ; sh:description "Mend the %s" ; sh:severity sh:Warning'
    shape = SILENT.replace(
        "<x:P> .",
        f"""[ sh:path rdfs:label ; sh:maxLength 3 ; {words} ] ,
        [ sh:path kg:part ; sh:property [ sh:path rdfs:label ; sh:maxLength 0 ; {words} ] ] .""",
    )
    project = home(
        tmp_path, DATA + data, shape % (*("label",) * 2, *("part",) * 2, "sh:minCount 0")
    )
    report = validate(project, engine=engine)
    told = {
        (v.value, v.message, v.fix, v.severity) for v in report.violations if v.shape[:4] != "http"
    }
    wanted = {("short", "label"), ("too long, 100% %s", "label")}
    wanted |= {("0_b1", "label"), ("1", "part")} if data else set()
    assert told == {
        (value, f"{what} is wrong", f"Mend the {what}", "Warning") for value, what in wanted
    }
    shapes = Graph().parse(data=render_report(report, "ttl"), format="turtle")
    assert any(isinstance(shape, BNode) for shape in shapes.objects(None, SH.sourceShape))


LANGUAGES = {"de": "falsch", "fr": "faux", "en": "wrong", "it": "errato", "pl": "zle"}


@pytest.mark.parametrize("engine", ["pyshacl", "shacl"])
def test_of_messages_in_several_languages_the_english_one_is_told(
    tmp_path: Path, engine: str
) -> None:
    told = ", ".join(f"'{word} {{?value}}'@{tag}" for tag, word in LANGUAGES.items())
    label, comment = (
        f"SELECT $this ?value WHERE {{ $this <{RDFS[name]}> ?value }}"
        for name in ("label", "comment")
    )
    shape = SILENT.replace(
        "sh:property",
        f"""sh:sparql [ sh:message {told} ; sh:select "{label}" ] , [ sh:select "{comment}" ] ;
        sh:message {told.replace(" {?value}", "")} ; kg:limit 1 ; sh:property""",
    )
    shape += f"""<x:C> a sh:ConstraintComponent ; sh:parameter [ sh:path kg:limit ] ; sh:validator [
        a sh:SPARQLAskValidator ; sh:message {told} ;
        sh:ask "ASK {{ FILTER($value = $limit) }}" ] ."""
    report = validate(home(tmp_path, shape=shape % "kg:limit 1"), engine=engine)
    assert {violation.message for violation in report.violations} == {
        *("wrong short", "wrong too long, 100% %s"),  # its own
        "wrong",  # that of the shape
        "wrong {?value}",  # that of a component, as it is written
    }


def test_a_constraint_in_sparql_keeps_its_message(tmp_path: Path) -> None:
    select = "SELECT $this ?value WHERE { $this ?how ?value FILTER(?value = 'short') }"
    shape = SILENT.replace(
        "sh:property",
        f"""sh:sparql [
        sh:message "Not {{?value}}" ; sh:select "{select}" ] ; sh:property""",
    )
    project = home(tmp_path, shape=shape % "sh:minCount 1")
    for engine in ("pyshacl", "shacl"):
        (violation,) = validate(project, engine=engine).violations
        assert violation.message == "Not short"
    spoken = project.home / "ontology/shapes/theme.ttl"
    spoken.write_text(spoken.read_text("utf-8") + '<x:S> sh:message "Of the shape" .', "utf-8")
    for engine in ("pyshacl", "shacl"):
        (violation,) = validate(project, engine=engine).violations
        assert violation.message == "Not short"


@pytest.mark.parametrize("value", ["[]", '"NaN"^^<http://www.w3.org/2001/XMLSchema#decimal>'])
def test_values_that_pyshacl_cannot_compare_are_no_fault_of_a_shape(
    tmp_path: Path, value: str
) -> None:
    data = DATA + f"theme:b kg:from 1 ; kg:to {value} .\n"
    shape = SILENT.replace("rdfs:label", "kg:from") % "sh:lessThan kg:to"
    project = home(tmp_path, data, shape)
    with pytest.raises(KgError, match="cannot compare two values") as error:
        validate(project, engine="pyshacl")
    assert error.value.where == "the data" and "--engine shacl" in error.value.fix
    told = validate(project, engine="shacl").violations
    assert [v.line for v in told if v.path == "kg:from"] == [11]


class Rubbish:
    """A store that answers each question in the same way, as an endpoint might."""

    def __init__(self, answer: Table | Boolean) -> None:
        self.answer = answer

    def query(self, text: str, timeout: float | None = None) -> Table | Boolean:
        return self.answer


@pytest.mark.parametrize(
    "answer",
    [
        Boolean(True),
        Table(("this",), [(None,)]),
        Table(("this",), [(NamedNode("x:no-number"),)]),
        Table(("this", "above"), [(NamedNode("x:one"), None)]),
    ],
    ids=["yes", "unbound", "no number", "two columns"],
)
def test_an_endpoint_that_answers_rubbish_is_told(
    project: Project, answer: Table | Boolean
) -> None:
    with pytest.raises(EndpointFailed, match="not to what was asked"):
        validate(project, asked=Rubbish(answer))  # type: ignore[arg-type]


def test_half_a_row_is_no_answer() -> None:
    half = Rubbish(Table(("class", "above"), [(NamedNode("x:a"), None)]))
    with pytest.raises(EndpointFailed, match="not to what was asked"):
        Classes(half)  # type: ignore[arg-type]


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    loop = tmp_path / "loop.ttl"
    loop.symlink_to(loop)
    with pytest.raises(UnreadableFile, match="what it leads to is not there"):
        validate(Project(), [loop])
