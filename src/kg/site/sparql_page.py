"""The page for people who write SPARQL: an editor that knows our names and, if asked, an engine."""

import json
from base64 import b64encode
from importlib.resources import files
from typing import Any

from kg.queries import SavedQuery, list_queries
from kg.results import Triples, render
from kg.site.pages import Site
from kg.site.words import in_claims
from kg.terms import PREFIXES, curie

# What a reader finds in the editor: short, and true of every graph of ours.
_START = """\
# How many claims are there of each kind?
PREFIX kg: <https://w3id.org/evidence-kg/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?kind (COUNT(?claim) AS ?claims)
WHERE {
  ?claim a kg:Statement, ?type .
  ?type rdfs:subClassOf kg:Statement ;
    rdfs:label ?kind .
}
GROUP BY ?kind
ORDER BY DESC(?claims) ?kind
"""
# Parts of claims: nobody asks for one by its name.
_PARTS = ("passage:", "evidence:", "quantity:", "span:")


def write_sparql(site: Site, *, with_engine: bool = False) -> None:
    """Write the page of SPARQL, after the pages that its answers link to.

    Args:
        site: the site, whose addresses are known by now.
        with_engine: whether the page can answer: it then comes with Oxigraph and the whole graph.
    """
    site.page("sparql.html", "sparql", "Ask in SPARQL", **told_in_page(site, engine=with_engine))
    told = {"prefixes": PREFIXES, "terms": _terms(site), "queries": _starting_points(site)}
    site.write("sparql-terms.js", _script("kgSparql", told))
    site.copy(["sparql.css", "sparql.js", "vendor/codemirror.js", "vendor/codemirror.LICENSE"])
    if with_engine:
        site.copy(["vendor/oxigraph.LICENSE"])
        site.write("sparql-engine.js", _script("kgEngine", _engine()))
        site.write("sparql-data.js", _script("kgData", _graph(site)))


def told_in_page(site: Site, *, engine: bool = False) -> dict[str, Any]:
    """Say what the template of the page is told, before anything is asked.

    Args:
        site: the site.
        engine: whether the page can answer by itself.
    """
    used = sorted({name.partition(":")[0] for name, *_ in _terms(site)})
    return {
        "engine": engine,
        "start": _START,
        "prefixes": {prefix: PREFIXES[prefix] for prefix in used},
        "examples": ["kg:Challenge", *map(curie, site.things["agency"][:1])],
        "problem": None,
        "result": None,
    }


def _terms(site: Site) -> list[tuple[str, str, str]]:
    """List what a query can name: the CURIE, what it is called, and where its page is, if any."""
    e = site.evidence
    classes = {iri for each in e.told for iri in e.links(each, "rdf:type")}
    properties = {iri for told in e.told.values() for iri in told}
    called = {iri for iri in e.told if e.links(iri, "rdfs:label")}
    names = {curie(iri): iri for iri in classes | properties | called}
    return [
        (name, e.one(iri, "rdfs:label"), site.addresses.get(iri, ""))
        for name, iri in sorted(names.items())
        if name != iri and not name.startswith(_PARTS)
    ]


def _starting_points(site: Site) -> list[tuple[str, str]]:
    """List the saved questions, with the SPARQL that asks them."""
    asked = [q for q in list_queries(site.project) if not q.id.startswith("check-")]
    return sorted((in_claims(query.question), _plain(query)) for query in asked)


def _plain(query: SavedQuery) -> str:
    """Give a query without its head, which is for `kg`; the question stands above it."""
    lines = [line for line in query.text.splitlines() if not line.startswith("#+")]
    return "\n".join([f"# {query.question}", *lines, ""])


def _engine() -> dict[str, str]:
    # Browsers let no page read a file beside it: what the worker is made of comes as texts.
    static = files("kg") / "static"
    parts = [static / "vendor" / "oxigraph.js", static / "sparql-worker.js"]
    return {
        "code": "\n".join(part.read_text(encoding="utf-8") for part in parts),
        "wasm": b64encode((static / "vendor" / "oxigraph.wasm").read_bytes()).decode(),
    }


def _graph(site: Site) -> str:
    answer = site.store.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")
    assert isinstance(answer, Triples)
    return render(Triples(sorted(answer.triples, key=str)), "ttl").decode()


def _script(name: str, value: object) -> str:
    r"""Write a value as a script that names it; it is all ASCII, so that no character ends a line.

    Example:
        >>> _script("x", "a\u2028b")
        'window.x = "a\\u2028b";\n'
    """
    return f"window.{name} = {json.dumps(value, separators=(',', ':'))};\n"
