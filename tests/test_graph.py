"""The graph from Python: the same answers as from the command line, in a notebook's terms."""

import csv
import io
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import kg as package
from kg.endpoint import EndpointStore
from kg.errors import KgError, UnknownName
from kg.generations import build
from kg.graph import Graph
from kg.project import Project
from kg.results import Table, Triples, render
from kg.store import MemoryStore


@pytest.fixture(scope="module")
def graph() -> Graph:
    return package.open()


def test_the_same_rows_as_from_the_command_line(
    graph: Graph, kg: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    ended = kg("query", "run", "statement-by-theme", "-p", "theme=interagency-working", "-f", "csv")
    answer = graph.query("statement-by-theme", theme="interagency-working")
    assert render(answer, "csv").decode() == ended.stdout
    assert len(list(csv.reader(io.StringIO(ended.stdout)))) > 10


def test_values_may_be_python_values(graph: Graph) -> None:
    few = graph.query("challenge-crossing-agencies", minAgencies=4, implied=True)
    none = graph.query("challenge-crossing-agencies", minAgencies=4, implied=False)
    both = graph.query("statement-by-trend", trend=["improved", "worsened"])
    one = graph.query("statement-by-trend", trend="worsened")
    for answer in (few, none, both, one):
        assert isinstance(answer, Table)
    assert few.rows and len(none.rows) < len(few.rows)  # type: ignore[union-attr]
    assert len(both.rows) > len(one.rows) > 0  # type: ignore[union-attr]


def test_a_date_is_written_as_the_command_line_wants_it() -> None:
    from kg.graph import _texts

    assert _texts({"day": date(2009, 3, 12), "flag": True, "n": [1, "b"]}) == {
        "day": ["2009-03-12"],
        "flag": ["true"],
        "n": ["1", "b"],
    }


def test_a_data_frame_has_python_values(graph: Graph) -> None:
    frame = graph.query("challenge-crossing-agencies").to_pandas()
    assert frame["agencies"].dtype.kind == "i"
    assert frame["fragile"].dtype.kind == "b"
    row = frame[frame["statement"] == "statement:martin-2010-008"].iloc[0]
    assert (row["agencies"], row["fragile"], row["mainTheme"]) == (
        4,
        True,
        "theme:interagency-working",
    )


def test_why_adds_what_is_behind(graph: Graph) -> None:
    answer = graph.query("challenge-by-theme", theme="interagency-working", why=True)
    assert isinstance(answer, Table)
    assert "whySection" in answer.columns


def test_a_graph_as_an_answer_can_be_a_data_frame_too(graph: Graph) -> None:
    answer = graph.query("statement-detail", statement="martin-2010-044")
    assert isinstance(answer, Triples)
    assert list(answer.to_pandas().columns) == ["subject", "predicate", "object"]


def test_networks_and_measures(graph: Graph) -> None:
    network = graph.network("theme", theme="serious-case-reviews")
    claims = {edge["claim"] for *_, edge in network.edges(data=True)}
    assert "statement:martin-2010-018" in claims
    assert graph.measure("theme", "degree", theme="serious-case-reviews").rows
    assert "Serious case reviews: " in graph.view("theme", theme="serious-case-reviews")


def test_a_network_can_be_written_for_other_programs(graph: Graph, tmp_path: Path) -> None:
    import networkx

    network = graph.network("disagreements")
    networkx.write_graphml(network, tmp_path / "g.graphml")
    back = networkx.read_graphml(tmp_path / "g.graphml")
    assert len(back) == len(network)


def test_an_endpoint_is_validated_and_not_the_files(serve: Callable[..., EndpointStore]) -> None:
    bad = Path(__file__).parent / "shapes" / "OrganisationIri" / "bad-underscore.ttl"
    server = serve(MemoryStore([*Project().graph_files(), bad]))
    report = package.open(endpoint=server.url).validate()
    assert not report.conforms
    assert "organisation/example_" in {v.severity: v for v in report.violations}["Violation"].focus


def test_a_store_is_asked_and_judged_and_not_the_files(tmp_path: Path) -> None:
    bad = Path(__file__).parent / "shapes" / "OrganisationIri" / "bad-underscore.ttl"
    build([*Project().graph_files(), bad], tmp_path / "store")
    graph = package.open(store=tmp_path / "store")
    assert graph.query("kind-count") == package.open().query("kind-count")
    assert not graph.validate().conforms
    with pytest.raises(ValueError, match="not both"):
        package.open(store="a", endpoint="http://127.0.0.1:9/")
    # Of a setting that is not there; the files of the home would be asked in its place.
    with pytest.raises(ValueError, match="empty"):
        package.open(store="")
    with pytest.raises(ValueError, match="empty"):
        package.open(endpoint="")


def test_validate_and_its_display(graph: Graph) -> None:
    report = graph.validate()
    assert report.conforms
    assert "conforms" in str(report)
    assert report._repr_html_().startswith("<pre>")


def test_display_escapes_and_counts(graph: Graph) -> None:
    answer = graph.sparql('SELECT ("<b>&" AS ?x) {}')
    assert "<td>&lt;b&gt;&amp;</td>" in answer._repr_html_()
    assert "<caption>1 row</caption>" in answer._repr_html_()
    every = graph.query("statement-by-theme", theme="any")
    assert isinstance(every, Table)
    assert f"the first 60 of {len(every.rows)} rows" in every._repr_html_()
    # A label stands for what it labels, as in a terminal.
    assert '<th scope="col">mainTheme</th>' in graph.query("challenge-by-theme")._repr_html_()
    assert "interagency working" in str(graph.query("challenge-by-theme")).lower()


def test_another_home_and_wrong_names(graph: Graph, tmp_path: Path) -> None:
    with pytest.raises(KgError, match="data/triples"):
        package.open(tmp_path)
    with pytest.raises(UnknownName) as caught:
        graph.query("statement-by-them")
    assert "statement-by-theme" in caught.value.fix
    assert "saved queries" in repr(graph)
