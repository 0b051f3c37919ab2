"""Nodes have places of their own, the same each time, near to what they are linked to."""

import random
from math import dist

import networkx
import pytest

from kg import layout
from kg.layout import MANY, Places, lay_out, method_for


def network(size: int) -> "networkx.MultiDiGraph[str]":
    """As many claims, each of which is linked to some of 17 agencies."""
    graph: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
    for number in range(size):
        for step in (1, 3, 7):
            graph.add_edge(f"claim:{number}", f"agency:{(number * step) % 17}")
    return graph


def placed(size: int) -> Places:
    graph = network(size)
    return lay_out(graph, method_for(len(graph)))


@pytest.fixture
def without_igraph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "find_spec", lambda name: None)


def test_nothing_has_no_places() -> None:
    assert lay_out(networkx.MultiDiGraph(), method_for(0)) == {}


@pytest.mark.parametrize("size", [1, 2, 60])
def test_nodes_of_a_small_picture_keep_apart(size: int) -> None:
    found = list(placed(size).values())
    assert len(found) > size
    close = [
        (one, other)
        for number, one in enumerate(found)
        for other in found[:number]
        if abs(one[0] - other[0]) < 45 and abs(one[1] - other[1]) < 33
    ]
    assert close == []
    if size == 60:
        assert placed(size) == placed(size)


def test_many_nodes_are_placed_by_igraph_and_always_alike(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert method_for(MANY).startswith("springs")
    assert method_for(MANY + 1).startswith("igraph")
    found = placed(1500)
    assert len(found) == 1517
    assert len(set(found.values())) > 1400
    random.seed(1)  # what igraph would else draw from
    assert placed(1500) == found
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("without_igraph")
def test_without_igraph_many_nodes_are_placed_too_and_it_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = placed(1500)
    assert len(found) == 1517
    assert len(set(found.values())) > 1400
    assert "pip install 'evidence-kg[layout]'" in capsys.readouterr().err


def test_igraph_draws_linked_nodes_together() -> None:
    graph: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
    groups = [networkx.relabel_nodes(networkx.cycle_graph(600), str) for _ in range(2)]
    for name, group in zip("ab", groups, strict=True):
        graph.add_edges_from((f"{name}{one}", f"{name}{other}") for one, other in group.edges)
    found = lay_out(graph, method_for(len(graph)))
    linked = [dist(found[one], found[other]) for one, other, _ in graph.edges]
    drawn = random.Random(1)
    any_two = [dist(*drawn.sample(list(found.values()), 2)) for _ in linked]
    assert sum(linked) < sum(any_two) / 4
