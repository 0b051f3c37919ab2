import shutil
import subprocess
import sys
from pathlib import Path

import pyoxigraph
import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, parse
from rdflib import Graph, Namespace, URIRef

from kg.errors import KgError
from kg.export import export_graph
from kg.project import Project
from kg.queries import read_head
from kg.store import MemoryStore
from kg.terms import PREFIXES, expand

RULES = Project().files("ontology", "rules/*.rq")
KG = PREFIXES["kg"]
OA = Namespace(PREFIXES["oa"])


@pytest.mark.parametrize("form", ["ttl", "nt", "jsonld"])
@pytest.mark.parametrize("derived", [False, True])
def test_every_format_holds_the_same_triples(project: Project, form: str, derived: bool) -> None:
    kinds = {"ttl": RdfFormat.TURTLE, "nt": RdfFormat.N_TRIPLES, "jsonld": RdfFormat.JSON_LD}

    text = export_graph(project, form, derived=derived)
    number = sum(1 for _ in parse(text, format=kinds[form]))
    reference = export_graph(project, "nt", derived=derived)
    assert number == len(reference.splitlines()) > 2000


def test_derived_triples_stand_in_a_graph_of_their_own(project: Project) -> None:
    quads = parse(export_graph(project, "jsonld", derived=True), format=RdfFormat.JSON_LD)
    graphs = {q.graph_name for q in quads if q.predicate.value == f"{KG}basedOn"}
    assert {str(graph) for graph in graphs} == {f"<{expand('graph:derived')}>"}


@pytest.fixture(scope="module")
def derived() -> Graph:
    return Graph().parse(data=export_graph(Project(), "nt", derived=True), format="nt")


def test_what_statements_are_based_on(derived: Graph) -> None:
    found = set(
        derived.objects(URIRef(expand("statement:martin-2010-001")), URIRef(KG + "basedOn"))
    )
    assert found == {URIRef(expand("source:holmes-2010"))}


def test_contrasts_go_both_ways(derived: Graph) -> None:
    one, other = (URIRef(expand(f"statement:martin-2010-{n}")) for n in ("001", "003"))
    contrasts = URIRef(KG + "contrastsWith")
    assert (one, contrasts, other) in derived
    assert (other, contrasts, one) in derived
    assert (one, contrasts, one) not in derived


def test_annotations_stop_before_their_end_selector(derived: Graph) -> None:
    passage = URIRef(expand("passage:martin-2010-001"))
    end = derived.value(passage, URIRef(KG + "end"))
    selectors = set(derived.objects(passage, OA.hasSelector))
    assert len(selectors) == 2
    (ranged,) = (s for s in selectors if derived.value(s, OA.hasEndSelector))
    stop = derived.value(ranged, OA.hasEndSelector)
    assert derived.value(stop, OA.start) == end


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_rules_derive_the_same_in_rdflib(path: Path, project: Project, derived: Graph) -> None:
    graph = Graph()
    for file in project.graph_files():
        graph.parse(file)
    text = path.read_text(encoding="utf-8")
    answer = graph.query(text).graph
    assert answer
    assert set(answer) <= set(derived)
    assert read_head(text, path.name)["summary"]


def test_there_are_rules() -> None:
    assert {path.stem for path in RULES} >= {"based-on", "contrasts-with", "web-annotation"}


def test_a_rule_asks_no_other_server(tmp_path: Path) -> None:
    (tmp_path / "data" / "triples").mkdir(parents=True)
    shutil.copytree(Project().home / "ontology", tmp_path / "ontology")
    rule = "CONSTRUCT { ?s ?p ?o } WHERE { SERVICESILENT <http://127.0.0.1:9/> { ?s ?p ?o } }"
    (tmp_path / "ontology" / "rules" / "far.rq").write_text(rule, encoding="utf-8")
    with pytest.raises(KgError, match="SERVICE asks another server") as error:
        export_graph(Project(tmp_path), "nt", derived=True)
    assert "far.rq" in str(error.value)


def test_an_unknown_format_is_told(project: Project) -> None:
    with pytest.raises(KgError, match="no format"):
        export_graph(project, "rdfxml")


@pytest.mark.parametrize("form", ["ttl", "nt", "jsonld"])
def test_the_same_graph_gives_the_same_bytes(form: str) -> None:
    command = "import sys; from kg.export import export_graph; from kg.project import Project; "
    command += f"sys.stdout.buffer.write(export_graph(Project(), {form!r}, derived=True))"
    # In processes of their own, which hash differently.
    both = [
        subprocess.run([sys.executable, "-c", command], capture_output=True, check=True).stdout
        for _ in range(2)
    ]
    assert both[0] == both[1] and len(both[0]) > 100_000


@pytest.mark.parametrize("derived", [False, True])
def test_a_store_gives_the_same_triples_as_the_files(
    project: Project, store: MemoryStore, derived: bool
) -> None:
    from_store = export_graph(project, "nt", derived=derived, asked=store)
    other = MemoryStore([])  # which names blank nodes anew
    other.graph.load(export_graph(project, "nt"), format=RdfFormat.N_TRIPLES)
    assert export_graph(project, "nt", derived=derived, asked=other) == from_store
    from_files = export_graph(project, "nt", derived=derived)
    assert len(from_store.splitlines()) == len(from_files.splitlines())


@pytest.mark.parametrize("form", ["ttl", "nt", "jsonld"])
def test_the_order_does_not_hang_on_how_much_is_sorted_at_a_time(
    project: Project, store: MemoryStore, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = export_graph(project, form, asked=store)
    monkeypatch.setattr("kg.export._RUN", 999)
    assert export_graph(project, form, asked=store) == whole


def test_no_room_to_sort_is_told(
    project: Project, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is full")
    monkeypatch.setattr("kg.export.TemporaryFile", lambda prefix: full.open("wb"))
    with pytest.raises(KgError, match="cannot be sorted: No space left") as error:
        export_graph(project, "nt", asked=store)
    assert "TMPDIR" in error.value.fix


@pytest.mark.full
def test_a_large_store_is_exported_in_little_memory(tmp_path: Path) -> None:
    lines = tmp_path / "large.nt"
    with lines.open("w") as file:
        file.writelines(
            f'<u:s{n % 9999}> <u:p> "{n} and more of what claims say"@en .\n'
            for n in range(600_000)
        )
    store = pyoxigraph.Store(str(tmp_path / "store"))
    store.bulk_load(path=str(lines), format=RdfFormat.N_TRIPLES)
    del store
    program = (
        "import sys, resource, pathlib\n"
        "from kg.export import write_graph\nfrom kg.project import Project\n"
        "from kg.store import DiskStore\n"
        "asked = DiskStore(pathlib.Path(sys.argv[1]))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "write_graph(sys.stdout.buffer, Project(), 'nt', asked=asked)\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print((peak - before) // 1024, file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "store")], capture_output=True, check=True
    )
    assert ended.stdout.splitlines() == sorted(lines.read_bytes().splitlines())
    assert int(ended.stderr) < 300  # megabytes; all of it at once takes over a thousand


def test_nothing_is_no_export(project: Project) -> None:
    in_a_graph = MemoryStore([])
    in_a_graph.graph.add(Quad(*(NamedNode(f"u:{name}") for name in "spog")))
    for empty in (MemoryStore([]), in_a_graph):
        with pytest.raises(KgError, match="the graph holds no triples"):
            export_graph(project, "nt", asked=empty)
