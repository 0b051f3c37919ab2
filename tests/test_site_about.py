"""The page about the graph and its downloads: whole, described, checked, and the same each time."""

import csv
import io
import re
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page
from rdflib import DCAT, RDF, VOID, Graph, Literal, URIRef

from kg.export import export_graph
from kg.project import Project, start_home
from kg.site.about import write_about
from kg.site.pages import Site
from kg.store import MemoryStore, open_store
from kg.terms import BASE, PREFIXES, expand

Barriers = Callable[..., list[object]]
NewTab = Callable[[int], Page]
ROOT = Path(__file__).parent.parent
DATASET = URIRef(expand("dataset:evidence-kg"))
SPDX = PREFIXES["spdx"]


def build(project: Project, folder: Path) -> Site:
    site = Site(project, open_store(project), folder)
    write_about(site)
    site.copy(["vendor/govuk.css", "site.css", "site.js"])
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return build(Project(), tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def description(site: Site) -> Graph:
    return Graph().parse(site.folder / "downloads" / "dataset.ttl")


def words(site: Site) -> str:
    page = (site.folder / "about.html").read_text(encoding="utf-8")
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_page_says_whose_it_is_and_how_to_cite_it(site: Site) -> None:
    told = words(site)
    assert "Creative Commons Attribution 4.0 (CC BY 4.0)" in told and "Apache License 2.0" in told
    assert "23 November 2026" in told and "It was made" not in told
    cited = (
        "The evidence-kg maintainers (2026). Evidence graph on safeguarding children. "
        "Version 0.1.0. https://w3id.org/evidence-kg/dataset/evidence-kg Data set."
    )
    assert cited in told
    assert "The graph holds no sentence of its sources" in told
    assert "runs of the same model" in told and "No expert of the field" in told
    assert re.search(r"\b178 claims\b", told) and re.search(r"\b9 disagreements\b", told)


def test_each_file_is_there_with_its_size_and_use(site: Site) -> None:
    page = (site.folder / "about.html").read_text(encoding="utf-8")
    files = sorted(path.name for path in (site.folder / "downloads").iterdir())
    assert (
        files
        == (
            "claims.csv claims.excel.csv claims.xlsx dataset.ttl graph.jsonld graph.nt graph.ttl "
            "queries.ttl"
        ).split()
    )
    for name in files:
        content = (site.folder / "downloads" / name).read_bytes()
        assert f'href="downloads/{name}"' in page
        assert f"({name}, {max(1, round(len(content) / 1024)):,} KB)" in page
        assert sha256(content).hexdigest() in page


@pytest.mark.parametrize(("name", "form"), [("graph.ttl", "turtle"), ("graph.nt", "nt")])
def test_the_graph_is_whole(site: Site, name: str, form: str) -> None:
    found = Graph().parse(site.folder / "downloads" / name, format=form)
    wanted = Graph().parse(data=export_graph(Project(), "nt", derived=True), format="nt")
    assert len(found) == len(wanted)
    # What hangs from blank nodes, and what a rule derives, is there too.
    based_on = URIRef(expand("kg:basedOn"))
    assert set(found.subject_objects(based_on)) == set(wanted.subject_objects(based_on)) != set()


def test_claims_stand_one_a_row_in_each_table(site: Site) -> None:
    folder = site.folder / "downloads"
    exact = list(csv.DictReader(io.StringIO((folder / "claims.csv").read_text("utf-8"))))
    excel = list(csv.DictReader(io.StringIO((folder / "claims.excel.csv").read_text("utf-8-sig"))))
    head, *rows = load_workbook(folder / "claims.xlsx").worksheets[0].iter_rows(values_only=True)
    assert len(exact) == len(excel) == len(rows) == len(site.evidence.claims) == 178
    assert list(head) == list(exact[0]) == list(excel[0])
    one = next(row for row in exact if row["claim"].endswith("/martin-2010-044"))
    # In es.1.2, on page v, Hunter is cited in Burton.
    assert (one["works"], one["relayedBy"]) == ("Hunter (2009)", "Burton (2009)")
    assert (one["sections"], one["pages"]) == ("es.1.2", "v")
    for row, told in zip(excel, rows, strict=True):
        for cell in (*row.values(), *told):
            assert not str(cell or "").startswith(("=", "+", "-", "@"))


def test_two_builds_give_the_same_bytes(site: Site, tmp_path: Path) -> None:
    command = (
        "from pathlib import Path; from kg.project import Project; from kg.store import open_store;"
        "from kg.site.about import write_about; from kg.site.pages import Site;"
        f"p = Project(); write_about(Site(p, open_store(p), Path({str(tmp_path)!r})))"
    )
    subprocess.run([sys.executable, "-c", command], check=True, cwd=ROOT)
    again = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*.*") if p.is_file()}
    assert len(again) == 10
    for name, content in again.items():
        assert (site.folder / name).read_bytes() == content, name
    with ZipFile(tmp_path / "downloads" / "claims.xlsx") as parts:
        assert {part.date_time[0] for part in parts.infolist()} == {1980}


def test_the_description_counts_what_the_graph_holds(description: Graph) -> None:
    def count(pattern: str) -> int:
        answer = MemoryStore(Project().graph_files()).query(
            f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}"
        )
        return int(answer.rows[0][0].value)  # type: ignore[union-attr]

    def told(of: URIRef, name: URIRef) -> int:
        return int(str(description.value(of, name)))

    assert told(DATASET, VOID.triples) == count("?s ?p ?o")
    ours = f"?s ?p ?o FILTER(STRSTARTS(STR(?s), '{BASE}'))"
    assert told(DATASET, VOID.entities) == count(f"{{ SELECT DISTINCT ?s {{ {ours} }} }}")
    by_class = {
        str(description.value(part, VOID["class"])): told(part, VOID.entities)  # type: ignore[arg-type]
        for part in description.objects(DATASET, VOID.classPartition)
    }
    assert by_class[expand("kg:Statement")] == count(f"?s a <{expand('kg:Statement')}>") == 178
    assert len(by_class) == told(DATASET, VOID.classes)
    by_property = {
        str(description.value(part, VOID.property)): told(part, VOID.triples)  # type: ignore[arg-type]
        for part in description.objects(DATASET, VOID.propertyPartition)
    }
    assert sum(by_property.values()) == told(DATASET, VOID.triples)
    assert by_property[expand("kg:passage")] == count(f"?s <{expand('kg:passage')}> ?o")
    derived = len(export_graph(Project(), "nt", derived=True).splitlines())
    more = told(URIRef(expand("graph:derived")), VOID.triples)
    assert told(DATASET, VOID.triples) + more == derived


def test_the_description_leads_to_each_file_with_its_checksum(
    site: Site, description: Graph
) -> None:
    found = list(description.objects(DATASET, DCAT.distribution))
    assert len(found) == 6
    for each in found:
        address = str(description.value(each, DCAT.downloadURL))
        path = site.folder / "downloads" / address.rpartition("/")[2]
        assert address == path.as_uri()  # relative to the description, wherever it stands
        content = path.read_bytes()
        assert int(str(description.value(each, DCAT.byteSize))) == len(content)
        checksum = description.value(each, URIRef(f"{SPDX}checksum"))
        value = description.value(checksum, URIRef(f"{SPDX}checksumValue"))
        assert str(value) == sha256(content).hexdigest()
        assert (each, RDF.type, DCAT.Distribution) in description
        assert "/media-types/" in str(description.value(each, DCAT.mediaType))
    # What data/triples/dataset.ttl says stands in it too.
    assert (DATASET, URIRef(expand("dcat:version")), Literal("0.1.0")) in description
    assert "site.invalid" not in (site.folder / "downloads/dataset.ttl").read_text("utf-8")


def test_another_graph_says_what_it_lacks(tmp_path: Path) -> None:
    start_home(tmp_path / "graph")
    told = words(build(Project(tmp_path / "graph"), tmp_path / "s"))
    assert "Practice graph on falls at home." in told
    assert "The graph says of no licence" in told and "Version" not in told
    described = Graph().parse(tmp_path / "s/downloads/dataset.ttl")
    practice = URIRef(expand("dataset:practice"))
    assert len(list(described.objects(practice, DCAT.distribution))) == 6
    (tmp_path / "graph/data/triples/dataset.ttl").unlink()
    told = words(build(Project(tmp_path / "graph"), tmp_path / "n"))
    assert "This graph has no title yet" in told


@pytest.mark.full
@pytest.mark.parametrize("width", [1280, 320])
def test_the_page_can_be_read_by_all(
    site: Site, new_tab: NewTab, barriers: Barriers, width: int
) -> None:
    tab = new_tab(width)
    tab.goto((site.folder / "about.html").as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert barriers(tab, "about") == []
