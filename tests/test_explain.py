"""What stands behind a row, and which of five reasons there is for having none."""

import dataclasses
from pathlib import Path

import pytest

from kg.explain import WHY, what_is_behind, why_nothing
from kg.project import Project
from kg.queries import SavedQuery, list_queries, load_query, run
from kg.results import Table
from kg.store import MemoryStore
from kg.terms import PREFIXES

QUERIES = [
    query
    for query in list_queries(Project())
    if not query.id.startswith("check-") and "CONSTRUCT" not in query.text
]


def explained(project: Project, store: MemoryStore, name: str, **values: str) -> Table:
    query = load_query(project, name)
    answer = run(query, store, {key: [value] for key, value in values.items()})
    assert isinstance(answer, Table)
    return what_is_behind(query, store, answer)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.id)
def test_every_query_can_say_why(query: object, store: MemoryStore) -> None:
    answer = run(query, store)  # type: ignore[arg-type]
    assert isinstance(answer, Table)
    behind = what_is_behind(query, store, answer)  # type: ignore[arg-type]
    added = behind.columns[len(answer.columns) :]
    assert added in (WHY, WHY[1:])
    # No row is lost and none is new; each statement has a voice and a section.
    width = len(answer.columns)
    assert {row[:width] for row in behind.rows} == set(answer.rows)
    voice, section = (behind.columns.index(name) for name in ("whyVoice", "whySection"))
    named = [row for row in behind.rows if row[voice]]
    assert named and all(row[section] for row in named)
    if "statement" in answer.columns:
        assert len(named) == len(behind.rows)


def test_a_why_may_end_in_a_comment(store: MemoryStore) -> None:
    query = load_query(Project(), "agency-theme-matrix")
    answer = run(query, store)
    assert isinstance(answer, Table)
    noted = dataclasses.replace(query, why=f"{query.why} # each of them")
    assert what_is_behind(noted, store, answer) == what_is_behind(query, store, answer)


def test_a_row_names_its_works_and_place(project: Project, store: MemoryStore) -> None:
    rows = explained(project, store, "citation-chain", source="hunter-2009").records()
    told = {tuple(str(row[name].value) for name in WHY[1:] if row[name]) for row in rows}  # type: ignore[union-attr]
    # In es.1.2, on page v, Hunter is cited in Burton.
    assert told == {("Relayed", "Hunter (2009)", "Burton (2009)", "es.1.2", "v")}


def test_a_count_is_opened_up(project: Project, store: MemoryStore) -> None:
    table = explained(project, store, "agency-theme-matrix")
    rows = [
        row
        for row in table.records()
        if str(row["agency"]).endswith("agency/police>")
        and str(row["theme"]).endswith("theme/interagency-working>")
    ]
    assert len(rows) == 6 == int(rows[0]["statements"].value)  # type: ignore[union-attr]
    assert len({str(row["whyStatement"]) for row in rows}) == 6


def test_a_count_of_a_pair_is_opened_up_for_both(project: Project, store: MemoryStore) -> None:
    behind: dict[tuple[str, str, str], set[str]] = {}
    for row in explained(project, store, "agency-pair-by-challenge").records():
        pair = (str(row["agency"]), str(row["other"]), row["challenges"].value)  # type: ignore[union-attr]
        behind.setdefault(pair, set()).add(str(row["whyStatement"]))
    assert behind and all(len(found) == int(many) for (*_, many), found in behind.items())


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        (
            "instrument-in-statement",
            {"instrument": ["care-order"]},
            "refers to care-order: it lies",
        ),
        ("statement-by-source", {"source": ["source:laming-2003"]}, "without -p source, "),
        ("gap-by-theme", {"theme": ["evidence-base"]}, "without -p theme, 8 rows"),
        (
            "statement-by-agency",
            {"agency": ["police"], "kind": ["Gap"], "named": ["true"]},
            "without -p agency",
        ),
    ],
)
def test_values_that_find_nothing_say_why(
    project: Project,
    store: MemoryStore,
    name: str,
    values: dict[str, list[str]],
    told: str,
) -> None:
    query = load_query(project, name)
    answer = run(query, store, values)
    assert isinstance(answer, Table) and not answer.rows
    assert told in why_nothing(query, store, values)


def test_a_graph_without_such_statements_is_told_from_another_graph(
    project: Project, tmp_path: Path
) -> None:
    """Where no triple uses a term of the query, the graph may be the wrong one."""
    query = load_query(project, "statement-quoted")
    empty = MemoryStore([])
    assert "Nothing in the graph uses kg:evidence or kg:isQuotation" in why_nothing(query, empty)
    path = tmp_path / "g.ttl"
    path.write_text(
        "@prefix kg: <https://w3id.org/evidence-kg/ontology#> .\n"
        "<x:s> kg:evidence <x:e> ; kg:passage <x:p> .\n"
        '<x:e> kg:isQuotation false ; kg:original <x:w> ; kg:locator "p. 1" .\n'
        '<x:p> kg:section "1" ; kg:page "1" ; kg:piece 1 .\n'
        '<x:s> <http://www.w3.org/2000/01/rdf-schema#label> "S" .\n',
        encoding="utf-8",
    )
    assert why_nothing(query, MemoryStore([path])).startswith("The graph records nothing")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("?s kg:thema ?o", "kg:thema"),
        ("?s <https://w3id.org/evidence-kg/ontology#thema> ?o", "kg:thema"),
        ("?s skos:brooder ?o", "skos:brooder"),
        ("?s kg:voice voice:reporte", "voice:reporte"),
        ("?s a kg:Challenge ; kg:theme ?t . { ?t skos:brooder ?o }", "skos:brooder"),
    ],
)
def test_the_pattern_that_nothing_matches_is_named(
    store: MemoryStore, body: str, told: str
) -> None:
    prefixes = "".join(f"PREFIX {p}: <{PREFIXES[p]}> " for p in ("kg", "skos", "voice"))
    query = SavedQuery("q", Path("q.rq"), f"{prefixes}SELECT * {{ {body} }}", "Q?", "Q")
    assert f"Nothing in the graph uses {told}, which" in why_nothing(query, store)


@pytest.mark.parametrize(
    "body",
    [
        "OPTIONAL { ?s kg:thema ?o }",
        "FILTER NOT EXISTS { ?s kg:thema ?o }",
        "{ ?s kg:thema ?o } UNION { ?s kg:page ?o }",
        "VALUES (?p ?n) { (kg:thema 1) (kg:page 2) }",
        "?s kg:thema|kg:page ?o",
        "FILTER(?s = kg:thema)",
    ],
)
def test_what_a_query_can_do_without_is_not_blamed(store: MemoryStore, body: str) -> None:
    text = f"PREFIX kg: <{PREFIXES['kg']}> SELECT * {{ ?s kg:page 'none' . {body} }}"
    query = SavedQuery("q", Path("q.rq"), text, "Q?", "Q")
    assert "The graph records nothing of this kind" in why_nothing(query, store)
