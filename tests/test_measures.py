"""Measures over a network: against figures worked out by hand, and on the shipped graph."""

from typing import TYPE_CHECKING

import networkx
import pytest

from kg import measures
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


def ring(size: int) -> "Network":
    """Items in a ring, each alike, with one in the middle that is linked to every tenth."""
    links = [(f"r{n:04}", f"r{(n + 1) % size:04}", "x") for n in range(size)]
    return network(*links, *(("middle", f"r{n:04}", "x") for n in range(0, size, 10)))


@pytest.mark.parametrize("engine", ["networkx", "igraph"])
def test_betweenness_of_a_large_network_is_estimated_and_says_so(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = ring(300)
    exact = networkx.betweenness_centrality(networkx.Graph(graph))
    monkeypatch.setattr(measures, "_STEPS", {"networkx": 1, "igraph": 1})
    if engine == "networkx":
        monkeypatch.setattr(measures, "find_spec", lambda name: None)
    found = cells(measure(graph, "betweenness"))
    assert all(told[1].startswith("Estimated from 30 of 301 items: on ") for told in found.values())
    assert next(iter(found)) == "middle"
    assert float(found["middle"][0]) == pytest.approx(exact["middle"], rel=0.1)
    total = sum(float(told[0]) for told in found.values())
    assert total == pytest.approx(sum(exact.values()), rel=0.1)
    assert found == cells(measure(graph, "betweenness"))


def test_igraph_measures_whole_what_networkx_would_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = ring(300)
    exact = networkx.betweenness_centrality(networkx.Graph(graph))
    monkeypatch.setitem(measures._STEPS, "networkx", 1)
    found = cells(measure(graph, "betweenness"))
    assert not any("Estimated" in told[1] for told in found.values())
    assert {n: float(told[0]) for n, told in found.items()} == pytest.approx(exact, abs=1e-6)


def test_communities_of_a_large_network_are_found_too() -> None:
    # Two rings of which each item is also linked to a middle, and one link between them.
    links = [("a-mid", "b-mid", "x")]
    for ring_of in "ab":
        for n in range(600):
            links.append((f"{ring_of}{n}", f"{ring_of}{(n + 1) % 600}", "x"))
    graph = network(*links, *((f"{one[0]}-mid", one, "y") for one, _, _ in links[1:]))
    found = cells(measure(graph, "communities"))
    assert len(found) == 1202
    groups: dict[str, set[str]] = {}
    for name, told in found.items():
        groups.setdefault(told[0], set()).add(name[0])
    assert all(len(first) == 1 for first in groups.values())  # none holds items of both rings
    assert found == cells(measure(graph, "communities"))


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
