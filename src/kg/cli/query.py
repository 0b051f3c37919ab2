"""`kg query`: list, show and run the saved queries."""

import sys
from typing import Annotated

import typer

from kg.cli.options import (
    Commands,
    Format,
    Output,
    QueryId,
    Settings,
    Values,
    asking,
    chosen_format,
    opened,
    parameters,
    takes,
    write_answer,
)
from kg.project import Project

app = typer.Typer(
    help="Ask saved queries.", no_args_is_help=True, rich_markup_mode=None, cls=Commands
)


@app.command("list")
@takes(endpoint="")
def query_list(form: Format = "", output: Output = None) -> None:
    """List the saved queries and the questions they answer.

    With ttl, nt or jsonld they are described in RDF, as the SPARQL examples of the SIB are, each
    parameter as a sh:Parameter. What they are asked of is the endpoint, where one is named, else
    the dataset.
    """
    from pyoxigraph import Literal

    from kg.queries import list_queries
    from kg.results import GRAPH_FORMATS, Table

    queries = list_queries(Project(Settings.home))
    form = chosen_format(form, output)
    if form in GRAPH_FORMATS:
        from kg.catalogue import DATASET, describe

        write_answer(describe(queries, Settings.endpoint or DATASET), form, output)
        return
    rows = [
        (Literal(q.id), Literal(q.question), Literal(", ".join(p.name for p in q.params)))
        for q in queries
    ]
    write_answer(Table(("id", "question", "parameters"), [*rows]), form, output)


@app.command("show")
@asking
def query_show(
    name: QueryId,
    form: Format = "",
    output: Output = None,
) -> None:
    """Show a saved query: its question, its parameters with their choices, its SPARQL."""
    from pyoxigraph import Literal

    from kg.queries import choices, load_query
    from kg.results import Table
    from kg.terms import local_name

    project = Project(Settings.home)
    query = load_query(project, name)
    facts = [("question", query.question), ("description", query.description)]
    if query.params:
        store = opened(project)
    for param in query.params:
        known = ", ".join(local_name(iri) for iri in choices(param, store))
        many = "one or more" if param.multiple else "one"
        default = f"{param.label}: {many} {param.type}, default {param.default}"
        facts.append((f"-p {param.name}", f"{default}{f'; of {known}' if known else ''}"))
    if not form and sys.stdout.isatty() and output is None:
        for key, value in facts:
            print(f"{key}: {value}")
        print(f"\n{query.text}", end="")
        return
    rows = [(Literal(key), Literal(value)) for key, value in [*facts, ("sparql", query.text)]]
    write_answer(Table(("field", "value"), [*rows]), form, output)


@app.command("run")
@asking
def query_run(
    name: QueryId,
    param: Values = None,
    form: Format = "",
    output: Output = None,
    why: Annotated[
        bool, typer.Option("--why", help="Add to each row the statements behind it.")
    ] = False,
) -> None:
    """Ask a saved query, with other parameter values where you give them."""
    from kg.explain import what_is_behind, why_nothing
    from kg.queries import load_query, run
    from kg.results import Table

    project = Project(Settings.home)
    query = load_query(project, name)
    store = opened(project)
    values = parameters(param)
    answer = run(query, store, values)
    if why and isinstance(answer, Table):
        answer = what_is_behind(query, store, answer)
    elif why:
        print("--why is for rows; this query gives a graph, evidence and all.", file=sys.stderr)
    write_answer(answer, form, output)
    if isinstance(answer, Table) and not answer.rows:
        print(why_nothing(query, store, values), file=sys.stderr)
