"""Write the reference pages from the files they describe: `make docs`.

`python docs/generate.py` writes them; with `--check` it changes nothing, names those that are
stale and ends with 1. A page is one function in `PAGES`.
"""

import sys
from pathlib import Path

from agreement_data import DATA, agreement_data
from corpus_page import PAGE, corpus
from rdflib import OWL, RDF, RDFS, SH, SKOS, BNode, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node
from typer import Context
from typer.cli import get_docs_for_click
from typer.main import get_command

from kg.catalogue import terms_used
from kg.cli import app
from kg.project import Project
from kg.queries import USERS, SavedQuery, list_queries
from kg.terms import PREFIXES, curie
from kg.validation.constraints import COMPONENTS
from kg.validation.lexical import DATATYPES
from kg.validation.shapes import TARGETS
from kg.views import list_views

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by `make docs`; edit the files it is written from. -->\n\n"
TERMS = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, RDF.Property)
ALIGNMENTS = (RDFS.subClassOf, RDFS.subPropertyOf, SKOS.closeMatch)


def load(files: list[Path]) -> Graph:
    graph = Graph()
    for path in files:
        graph.parse(path)
    return graph


def ours(graph: Graph, *kinds: Node) -> list[URIRef]:
    """The terms of ours of some kinds, in alphabetical order."""
    found = {term for kind in kinds for term in graph.subjects(RDF.type, kind)}
    return sorted(
        term for term in found if isinstance(term, URIRef) and str(term).startswith(PREFIXES["kg"])
    )


def classes(graph: Graph, term: Node | None) -> list[str]:
    """A class, or the members of a union, as CURIEs."""
    if term is None:
        return []
    if isinstance(term, BNode):
        union = graph.value(term, OWL.unionOf)
        return [curie(str(member)) for member in Collection(graph, union)] if union else []
    return [curie(str(term))]


def row(*cells: str) -> str:
    return (
        f"| {' | '.join(' '.join(cell.replace('|', chr(92) + '|').split()) for cell in cells)} |\n"
    )


def table(*heads: str) -> str:
    return row(*heads) + f"|{' --- |' * len(heads)}\n"


def code(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def ontology(project: Project) -> str:
    graph = load(project.files("ontology", "kg.ttl"))

    def said(term: Node, predicate: URIRef) -> str:
        return str(graph.value(term, predicate) or "")

    def aligned(term: Node) -> str:
        values = sorted(str(v) for link in ALIGNMENTS for v in graph.objects(term, link))
        return code([curie(value) for value in values])

    named = ours(graph, OWL.Class)
    properties = ours(graph, *TERMS[1:])
    kinds = sorted(
        curie(str(s)) for s in graph.subjects(RDFS.subClassOf, URIRef(PREFIXES["kg"] + "Statement"))
    )
    text = f"{NOTE}# The ontology\n\nWritten from `ontology/kg.ttl`.\n\n## Diagram\n\n"
    text += "An arrow is a property that leads from one class to another. The kinds of statement: "
    text += f"{code(kinds)}.\n\n```mermaid\nclassDiagram\n    direction LR\n"
    for term in properties:
        name = curie(str(term)).removeprefix("kg:")
        for source in classes(graph, graph.value(term, RDFS.domain)):
            for target in classes(graph, graph.value(term, RDFS.range)):
                if source.startswith("kg:") and target.startswith("kg:"):
                    text += f"    {source[3:]} --> {target[3:]} : {name}\n"
                elif source.startswith("kg:"):
                    text += f"    {source[3:]} : {name} {target.replace(':', '_')}\n"
    text += "```\n\n## Classes\n\n" + table("Class", "What it is", "Aligned with")
    for term in named:
        text += row(f"`{curie(str(term))}`", said(term, SKOS.definition), aligned(term))
    text += "\n## Properties\n\n"
    text += table("Property", "What it says", "From", "To", "Aligned with")
    for term in properties:
        text += row(
            f"`{curie(str(term))}`",
            said(term, SKOS.definition),
            code(classes(graph, graph.value(term, RDFS.domain))),
            code(classes(graph, graph.value(term, RDFS.range))),
            aligned(term),
        )
    return text


def shapes(project: Project) -> str:
    text = f"{NOTE}# The shapes\n\nWhat `kg validate` holds the data against, by file.\n"
    for path in project.shape_files():
        graph = load([path])
        text += f"\n## `ontology/shapes/{path.name}`\n\n"
        text += table("Shape", "What it finds", "How to mend it", "Severity")
        for shape in sorted(s for s in graph.subjects(SH.message) if isinstance(s, URIRef)):
            severity = str(graph.value(shape, SH.severity)).rpartition("#")[2]
            told = [str(graph.value(shape, part)) for part in (SH.message, SH.description)]
            text += row(f"`{curie(str(shape))}`", *told, severity)
    known = code([f"sh:{name}" for name in COMPONENTS])
    datatypes = code([f"xsd:{name}" for name in DATATYPES])
    text += "\n## What the engine `sparql` knows\n\n"
    text += f"Constraints: {known}. In `sh:datatype`: {datatypes}. In `sh:sparql`: one SELECT of "
    text += "`$this` and `?value` over one group without groups in it. Paths: a property, "
    text += "`sh:inversePath`, `sh:alternativePath` and sequences. Targets: "
    text += f"{code(list(TARGETS))}, and a class that is a shape. "
    text += "In `sh:pattern`: what engines read alike, so no look-around, "
    text += "no back-references, no lazy or possessive counts. Bounds: integers and decimals. "
    text += "It refuses all else by name.\n"
    return text


def queries(project: Project) -> str:
    text = f"{NOTE}# The saved queries\n\n"
    text += "`kg query run ID -p NAME=VALUE`; `kg query show ID` lists the choices.\n"
    for query in list_queries(project):
        text += f"\n## `{query.id}`\n\n{query.question}\n\n{query.description}\n"
        if query.params:
            text += "\n" + table("Parameter", "What it is", "Type", "Default", "Values")
        for param in query.params:
            many = "one or more" if param.multiple else "one"
            choice = f"; of {curie(param.choices_from[1])}" if param.choices_from else ""
            values = many + (", or `any`" if param.optional else "")
            text += row(
                f"`{param.name}`", param.label, param.type + choice, f"`{param.default}`", values
            )
    return text


def views(project: Project) -> str:
    text = f"{NOTE}# The views\n\n`kg view build ID -o FILE.html`\n\n"
    text += table("View", "Title", "What it shows", "Query")
    for view in list_views(project):
        text += row(f"`{view.id}`", view.title, view.description, f"`{view.query}`")
    return text


def commands(project: Project) -> str:
    command = get_command(app)
    told = get_docs_for_click(obj=command, ctx=Context(command, info_name="kg"), name="kg")
    return f"{NOTE}{told}"


def competency(project: Project) -> str:
    """The questions by who asks them, and the terms of the ontology by who asks with them."""
    graph = load(project.files("ontology", "kg.ttl"))
    saved = list_queries(project)
    asked: dict[str, list[str]] = {str(term): [] for term in ours(graph, *TERMS)}
    text = f"{NOTE}# Which questions the graph answers\n\n"
    text += "Each question is a saved query; `kg query run ID` asks it. A question of several "
    text += "roles stands under each.\n"
    for query in saved:
        for term in {*terms_used(query), *reached(query, graph)} & asked.keys():
            asked[term].append(query.id)
    for user in USERS:
        text += f"\n## {user.capitalize()}\n\n"
        text += table("Question", "Query", "Terms of the ontology")
        for query in saved:
            if user in query.users:
                terms = [curie(term) for term in asked if query.id in asked[term]]
                text += row(query.question, f"`{query.id}`", code(terms))
    text += "\n## Terms, and the queries that ask by them\n\n" + table("Term", "Queries")
    for term, names in asked.items():
        if names:
            text += row(f"`{curie(term)}`", code(names))
    text += "\n## Terms that no query names\n\n"
    text += "They come with a whole description (`statement-detail`), are read by `kg passage`, or "
    text += "are derived for export (`kg export --derived`).\n\n" + table("Term", "What it is")
    for term, names in asked.items():
        if not names:
            text += row(f"`{curie(term)}`", str(graph.value(URIRef(term), SKOS.definition)))
    return text


def reached(query: SavedQuery, graph: Graph) -> set[str]:
    """The subclasses that a parameter of a query chooses from."""
    return {
        str(kind)
        for param in query.params
        if param.choices_from and param.choices_from[0] == "rdfs:subClassOf"
        for kind in graph.subjects(RDFS.subClassOf, URIRef(param.choices_from[1]))
    }


PARTS = (ontology, shapes, queries, competency, views, commands)
PAGES = {
    **{FOLDER / f"{write.__name__}.md": write for write in PARTS},
    PAGE: corpus,
    DATA: agreement_data,
}


def main() -> int:
    stale = []
    for path, write in PAGES.items():
        text = write(Project())
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
            if "--check" not in sys.argv:
                FOLDER.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")
    if "--check" in sys.argv and stale:
        print(f"stale: {', '.join(stale)}; run make docs")
        return 1
    print(f"{len(PAGES)} pages, {len(stale)} written anew")
    return 0


if __name__ == "__main__":
    sys.exit(main())
