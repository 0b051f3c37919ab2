"""Explain an answer: what stands behind each of its rows, and why it has none."""

import re
from collections.abc import Mapping, Sequence

from pyoxigraph import NamedNode

from kg.queries import ANY, Param, SavedQuery, choices, run
from kg.results import Table
from kg.sparql import named, tokens
from kg.store import Store
from kg.terms import PREFIXES, Term, curie, local_name, to_sparql

WHY = ("whyStatement", "whyVoice", "whyWork", "whyRelayedBy", "whySection", "whyPage")

_FREEING = {"OPTIONAL", "MINUS", "EXISTS", "UNION", "VALUES", "FILTER", "BIND", "CONSTRUCT"}
_NEVER_OUTSIDE = {"kg:Statement", "kg:Source"}
_PREFIXES = "".join(f"PREFIX {p}: <{PREFIXES[p]}>\n" for p in ("kg", "rdf", "rdfs", "skos"))
# What must hold stands before all OPTIONALs: Oxigraph pairs everything with everything otherwise.
_BEHIND = """
  ?statement kg:evidence ?line ; kg:passage ?passage .
  ?line kg:voice/rdfs:label ?whyVoice .
  ?passage kg:section ?whySection .
  OPTIONAL { ?line kg:original/rdfs:label ?whyWork }
  OPTIONAL { ?line kg:relayedBy/rdfs:label ?whyRelayedBy }
  OPTIONAL { ?passage kg:piece ?piece }
  FILTER(COALESCE(?piece, 1) = 1)
  OPTIONAL { ?passage kg:page ?whyPage }
"""
_ROWS_AT_ONCE = 200


def named_in_why(query: SavedQuery, table: Table) -> list[str]:
    """List the columns that tell which statements stand behind a row that counts them."""
    return [name for name in table.columns if re.search(rf"\?{name}\b", query.why)]


def what_is_behind(query: SavedQuery, store: Store, table: Table) -> Table:
    """Add to each row the statements behind it, with voice, works, section and page.

    A row is repeated for each statement and evidence line behind it, and stands alone where there
    is none. Which statements they are, the row says itself in its column `statement`; a query
    without one says it in the `why` of its head, a graph pattern on the columns.
    """
    keys = ["statement"] if "statement" in table.columns else named_in_why(query, table)
    if not keys:
        return table
    distinct = list(dict.fromkeys(_key(row, table, keys) for row in table.rows))
    behind: dict[tuple[Term | None, ...], list[tuple[Term | None, ...]]] = {}
    for start in range(0, len(distinct), _ROWS_AT_ONCE):
        lines = distinct[start : start + _ROWS_AT_ONCE]
        values = " ".join(
            f"({' '.join(to_sparql(term) if term else 'UNDEF' for term in key)})" for key in lines
        )
        wanted = f"VALUES ({' '.join(f'?{name}' for name in keys)}) {{ {values} }}"
        if "statement" not in table.columns:
            # First which statements they are, as the `why` may end in an OPTIONAL.
            which = " ".join(f"?{name}" for name in [*keys, "statement"])
            wanted = f"{{ SELECT DISTINCT {which} WHERE {{ {wanted} {query.why}\n}} }}"
        columns = " ".join(f"?{name}" for name in dict.fromkeys([*keys, "statement", *WHY[1:]]))
        order = " ".join(f'COALESCE(STR(?{name}), "")' for name in ("statement", *WHY[1:]))
        answer = store.query(
            f"{_PREFIXES}SELECT DISTINCT {columns} WHERE {{ {wanted} {_BEHIND} }} ORDER BY {order}"
        )
        assert isinstance(answer, Table)
        for record in answer.records():
            told = (record["statement"], *(record[name] for name in WHY[1:]))
            behind.setdefault(tuple(record[name] for name in keys), []).append(told)
    nothing: list[tuple[Term | None, ...]] = [(None,) * len(WHY)]
    first = 1 if "statement" in table.columns else 0
    return Table(
        (*table.columns, *WHY[first:]),
        [
            (*row, *told[first:])
            for row in table.rows
            for told in behind.get(_key(row, table, keys), nothing)
        ],
    )


def _key(
    row: tuple[Term | None, ...], table: Table, keys: Sequence[str]
) -> tuple[Term | None, ...]:
    return tuple(row[table.columns.index(name)] for name in keys)


def why_nothing(
    query: SavedQuery, store: Store, values: Mapping[str, Sequence[str]] | None = None
) -> str:
    """Say in a sentence why a saved query found nothing: which of five things it is.

    Either the query asks by a term that the graph does not use; or by a default that belongs to
    another graph; or a value is about something that
    no statement concerns, outside what the reviews cover; or the values together exclude every
    row; or the graph records nothing of the kind.
    """
    dead = _dead_terms(query, store)
    if dead:
        return (
            f"Nothing in the graph uses {' or '.join(dead)}, which this question asks by; is it "
            "the right graph?"
        )
    given = dict(values or {})
    for param in query.params:
        allowed = choices(param, store) if param.choices_from and param.name not in given else {}
        defaults = set(param.default.split())
        if allowed and defaults != {ANY} and defaults.isdisjoint(map(curie, allowed)):
            return (
                f"The default of {param.name}, {param.default}, is not in this graph; name one "
                f"that is, such as -p {param.name}={local_name(next(iter(allowed)))}."
            )
    for name, texts in given.items():
        param = next(param for param in query.params if param.name == name)
        for text in texts:
            if _is_outside(param, text, store):
                return (
                    f"No statement of the graph refers to {text}: it lies outside what the "
                    "reviews cover, or was not told of. That says nothing of the world."
                )
    for name in given:
        fewer = {key: value for key, value in given.items() if key != name}
        wider = _rows(query, store, {**fewer, **_any(query, name)})
        if wider:
            found = "1 row" if wider == 1 else f"{wider:,} rows"
            return f"With these values nothing is found; without -p {name}, {found}."
    if given and _rows(query, store, {}):
        return "These values together leave nothing; leave some of them out."
    return "The graph records nothing of this kind. That says nothing of the world."


def _rows(query: SavedQuery, store: Store, values: Mapping[str, Sequence[str]]) -> int:
    answer = run(query, store, values)
    return len(answer.rows) if isinstance(answer, Table) else 0


def _any(query: SavedQuery, name: str) -> dict[str, list[str]]:
    optional = any(param.name == name and param.optional for param in query.params)
    return {name: [ANY]} if optional else {}


def _dead_terms(query: SavedQuery, store: Store) -> list[str]:
    """List the terms that every row of the query needs and no triple of the graph uses."""
    dead = []
    for iri in _needed(query.text):
        term = to_sparql(NamedNode(iri))
        answer = store.query(
            f"SELECT ?used WHERE {{ {{ ?used {term} ?value }} UNION {{ ?used ?how {term} }} "
            f"UNION {{ {term} ?used ?value }} }} LIMIT 1"
        )
        if isinstance(answer, Table) and not answer.rows:
            dead.append(curie(iri))
    # In quite another graph even labels may be missing; our own terms say it best.
    return [name for name in dead if name.startswith("kg:")] or dead


def _needed(text: str) -> list[str]:
    """List the IRIs in the triple patterns that a query cannot do without.

    Those of OPTIONAL, MINUS, EXISTS, UNION, VALUES, FILTER and a CONSTRUCT's template are left
    out, and so are paths that may be empty or have another way.
    """
    stream = list(tokens(text))
    close: dict[int, int] = {}
    opened: list[int] = []
    for number, token in enumerate(stream):
        if token.text in {"{", "("} and token.kind == "mark":
            opened.append(number)
        elif token.text in {"}", ")"} and token.kind == "mark" and opened:
            close[opened.pop()] = number
    groups = {end: start for start, end in close.items()}
    free: set[int] = set()
    for number, token in enumerate(stream):
        word = token.text.upper()
        if word in _FREEING:
            opening = "{" if word == "VALUES" else "{("
            inside = range(number, len(stream))
            start = next((n for n in inside if n in close and stream[n].text in opening), number)
            free |= set(range(start, close.get(start, start)))
        if word == "UNION":
            free |= set(range(groups.get(number - 1, number), number))
        if token.text in {"|", "*"}:
            free |= {number - 1, number + 1}
    places = {token.start: number for number, token in enumerate(stream)}
    return sorted({iri for token, iri in named(text) if places[token.start] not in free})


def _is_outside(param: Param, text: str, store: Store) -> bool:
    """Tell whether a value is a subject that no statement, or part of one, refers to.

    Statements, works, kinds and the concepts of the coding are never outside what reviews cover.
    """
    link, kind = param.choices_from or ("", "")
    if link != "rdf:type" or curie(kind) in _NEVER_OUTSIDE or text.strip().lower() == ANY:
        return False
    wanted = [iri for iri in choices(param, store) if text.strip() in (iri, curie(iri))]
    wanted = wanted or [iri for iri in choices(param, store) if text.strip() == local_name(iri)]
    if len(wanted) != 1:
        return False
    iri = to_sparql(NamedNode(wanted[0]))
    answer = store.query(
        f"{_PREFIXES}SELECT ?user WHERE {{ {{ ?user a {iri} }} UNION "
        # Named anew, as Virtuoso may find nothing on a path of which both ends are given.
        f"{{ {{ ?narrower skos:broader* {iri} . BIND(COALESCE(?narrower) AS ?thing) }} "
        "?user ?how ?thing FILTER(STRSTARTS(STR(?how), STR(kg:))) } } LIMIT 1"
    )
    return isinstance(answer, Table) and not answer.rows
