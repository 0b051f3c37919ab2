"""Measures over a network: against figures worked out by hand, and on the shipped graph."""

from typing import TYPE_CHECKING

import networkx
import pytest

from kg.errors import KgError, UnknownName
from kg.measures import MEANINGS, measure
from kg.project import Project
from kg.results import Table
from kg.store import MemoryStore
from kg.views import view_network

if TYPE_CHECKING:
    from kg.network import Network


def network(*edges: tuple[str, str, str], **kinds: str) -> "Network":
    graph: Network = networkx.MultiDiGraph()
    for name in sorted({end for edge in edges for end in edge[:2]}):
        graph.add_node(name, label=name.upper(), kind=kinds.get(name, "finding"))
    for source, target, link in edges:
        graph.add_edge(source, target, key=link, link=link)
    return graph


def cells(table: Table) -> dict[str, list[str]]:
    return {str(row[0].value): [str(c.value) for c in row[3:] if c] for row in table.rows if row[0]}


# a - b - c - d, with c - e: by hand, of 6 pairs of others b lies between 3, c between 5.
TREE = network(("a", "b", "x"), ("c", "b", "x"), ("c", "d", "x"), ("c", "e", "x"))


def test_degree_counts_neighbours_once() -> None:
    twice = network(("a", "b", "x"), ("a", "b", "y"), ("b", "a", "z"), ("b", "c", "x"))
    found = cells(measure(twice, "degree"))
    assert list(found) == ["b", "a", "c"]
    assert found["b"] == ["2", "Linked to 2 other items."]
    assert found["a"] == ["1", "Linked to 1 other item."]


def test_betweenness_is_as_worked_out_by_hand() -> None:
    found = cells(measure(TREE, "betweenness"))
    assert {name: float(told[0]) for name, told in found.items()} == pytest.approx(
        {"c": 5 / 6, "b": 3 / 6, "a": 0, "d": 0, "e": 0}, abs=1e-6
    )
    assert found["c"][1] == "On 83.3% of the shortest ways between two others."
    assert "none" in found["a"][1]


def test_communities_part_two_triangles() -> None:
    triangles = [("a", "b"), ("b", "c"), ("c", "a"), ("d", "e"), ("e", "f"), ("f", "d"), ("c", "d")]
    found = cells(measure(network(*((s, t, "x") for s, t in triangles)), "communities"))
    groups = {name: told[0] for name, told in found.items()}
    assert groups["a"] == groups["b"] == groups["c"] != groups["d"]
    assert groups["d"] == groups["e"] == groups["f"]
    assert "2 of its 3 links stay inside" in found["c"][1]


def test_bridging_counts_agencies_and_tells_named_from_implied() -> None:
    graph = network(
        ("claim", "health", "implied agency"),
        ("claim", "police", "agency"),
        ("claim", "paper", "rests on"),
        ("other", "paper", "rests on"),
        ("other", "schools", "agency"),
        ("alone", "health", "agency"),
        ("claim", "topic", "main theme"),
        ("other", "topic", "main theme"),
        **dict.fromkeys(("health", "police", "schools"), "front-line agency"),
        paper="work",
        topic="theme",
    )
    found = cells(measure(graph, "bridging"))
    assert list(found) == ["paper", "claim"]
    assert found["paper"][:2] == ["3", "2"]
    assert "through 2 claims: named POLICE, SCHOOLS; implied HEALTH." in found["paper"][2]
    assert found["claim"][:2] == ["2", "1"]


def test_a_claim_that_is_a_line_is_measured_too() -> None:
    graph = network(("topic", "health", "x"))
    told = {"label": "A claim", "kind": "gap"}
    graph.add_edge("topic", "police", key="s", claim="statement:s", **told)
    graph.add_node("police", label="Police", kind="front-line agency")
    found = cells(measure(graph, "degree"))
    assert found["https://w3id.org/evidence-kg/statement/s"][0] == "2"


def test_what_bridges_agencies_in_the_review(project: Project, store: MemoryStore) -> None:
    found = cells(measure(view_network(project, store, "overview"), "bridging"))
    # In es.4.3 history and culture hinder joint work; no agency is named there.
    told = found["https://w3id.org/evidence-kg/statement/martin-2010-008"]
    assert told[:2] == ["4", "0"]
    assert "implied" in told[2]
    assert not any("/theme/" in name for name in found)


@pytest.mark.parametrize("view", ["theme", "disagreements"])
def test_bridging_says_where_it_cannot_be_asked(
    project: Project, store: MemoryStore, view: str
) -> None:
    with pytest.raises(KgError) as caught:
        measure(view_network(project, store, view), "bridging")
    assert "overview" in caught.value.fix


def test_an_unknown_measure_is_told() -> None:
    with pytest.raises(UnknownName) as caught:
        measure(TREE, "closeness")
    assert all(name in caught.value.fix for name in MEANINGS)
