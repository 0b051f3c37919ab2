"""Rows become a graph: which nodes, which edges, what they say, and where they are drawn."""

import pytest
from pyoxigraph import Literal, NamedNode

from kg.errors import KgError, UnknownName
from kg.network import EdgeRule, NodeRule, build_network
from kg.results import Table
from kg.terms import Term

CLAIM = NodeRule("?claim", "?label", "claim", facts={"Section": "?section"}, where="[[node]] 1")
AGENCY = NodeRule("?agency", "?agencyLabel", "agency", where="[[node]] 2")
ABOUT = EdgeRule("?claim", "?agency", "is about", where="[[edge]] 1")
COLUMNS = ("claim", "label", "section", "agency", "agencyLabel", "implied")


def row(claim: str, section: str, agency: str, implied: bool = False) -> tuple[Term | None, ...]:
    return (
        NamedNode(f"https://w3id.org/evidence-kg/statement/{claim}"),
        Literal(f"Claim {claim}"),
        Literal(section),
        NamedNode(f"https://w3id.org/evidence-kg/agency/{agency}"),
        Literal(agency.title()),
        Literal(implied),
    )


TABLE = Table(
    COLUMNS, [row("a-1", "es.1", "health"), row("a-1", "es.2", "police"), row("a-2", "2", "police")]
)


def test_each_thing_is_one_node_and_each_link_one_edge() -> None:
    graph = build_network(TABLE, [CLAIM, AGENCY], [ABOUT])
    assert set(graph) == {"statement:a-1", "statement:a-2", "agency:health", "agency:police"}
    assert graph.number_of_edges() == 3
    node = graph.nodes["statement:a-1"]
    assert (node["label"], node["kind"], node["Section"]) == ("Claim a-1", "claim", "es.1; es.2")
    # The better linked, the larger.
    assert graph.nodes["agency:police"]["size"] > graph.nodes["agency:health"]["size"]


def test_attributes_are_plain() -> None:
    graph = build_network(TABLE, [CLAIM, AGENCY], [ABOUT])
    values = [v for _, node in graph.nodes(data=True) for v in node.values()]
    values += [v for *_, edge in graph.edges(data=True) for v in edge.values()]
    assert len(values) > 20
    assert {type(value) for value in values} <= {str, int, float}


def test_two_links_between_the_same_two_are_two_edges() -> None:
    other = EdgeRule("?claim", "?agency", "names")
    graph = build_network(TABLE, [CLAIM, AGENCY], [ABOUT, other, other])
    assert graph.number_of_edges("statement:a-1", "agency:health") == 2


def test_a_rule_may_hold_for_some_rows_only() -> None:
    table = Table(COLUMNS, [row("a-1", "1", "health"), row("a-2", "1", "police", implied=True)])
    named = EdgeRule("?claim", "?agency", "named", when={"implied": "false"})
    filled = EdgeRule("?claim", "?agency", "filled in", when={"implied": "true"})
    graph = build_network(table, [CLAIM, AGENCY], [named, filled])
    assert {(a, link) for a, _, link in graph.edges(data="link")} == {
        ("statement:a-1", "named"),
        ("statement:a-2", "filled in"),
    }


def test_an_open_cell_makes_neither_node_nor_edge() -> None:
    lone = (*row("a-3", "1", "health")[:3], None, None, None)
    graph = build_network(Table(COLUMNS, [lone]), [CLAIM, AGENCY], [ABOUT])
    assert list(graph) == ["statement:a-3"]
    assert graph.number_of_edges() == 0


def test_details_add_to_nodes_and_make_none() -> None:
    bare = NodeRule("?claim", "?label")
    more = NodeRule("?claim", kind="?kind", description="?text")
    rows: list[tuple[Term | None, ...]] = [
        (row(name, "", "health")[0], Literal("gap"), Literal("Says more."))
        for name in ("a-1", "a-2", "a-9")
    ]
    details = [(more, Table(("claim", "kind", "text"), rows))]
    graph = build_network(TABLE, [bare, AGENCY], [ABOUT], details)
    assert graph.nodes["statement:a-2"]["kind"] == "gap"
    assert graph.nodes["statement:a-1"]["description"] == "Says more."
    assert "statement:a-9" not in graph


@pytest.mark.parametrize(
    ("rule", "place", "fix"),
    [
        (NodeRule("?clam", "?label", "claim", where="v.toml"), "v.toml, id", "?claim"),
        (NodeRule("?claim", facts={"At": "?sektion"}, where="v"), "v, facts.At", "?section"),
        (NodeRule("?claim", when={"implyed": "true"}, where="v"), "v, when.implyed", "?implied"),
        (EdgeRule("?claim", "?agencies", "x", where="v"), "v, target", "?agency"),
    ],
    ids=["id", "fact", "when", "edge"],
)
def test_an_unknown_column_is_named_with_the_nearest(
    rule: NodeRule | EdgeRule, place: str, fix: str
) -> None:
    nodes = [rule] if isinstance(rule, NodeRule) else [CLAIM]
    edges = [rule] if isinstance(rule, EdgeRule) else []
    with pytest.raises(UnknownName) as error:
        build_network(TABLE, nodes, edges)
    assert error.value.where == place
    assert fix in error.value.fix


def test_an_edge_to_nothing_is_told() -> None:
    with pytest.raises(KgError, match="no \\[\\[node\\]\\]") as error:
        build_network(TABLE, [CLAIM], [ABOUT])
    assert error.value.where == "[[edge]] 1"


def test_a_node_without_a_kind_is_told() -> None:
    with pytest.raises(KgError, match="has no kind"):
        build_network(TABLE, [NodeRule("?claim", "?label")], [])
