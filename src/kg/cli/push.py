"""`kg push`: send a graph to a server."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from kg.cli.options import Settings, takes, tell_stale
from kg.errors import KgError
from kg.project import Project


@takes(
    store="Send what this Oxigraph store holds.",
    endpoint="The address of the server's graph store.",
)
def push(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Turtle (.ttl) or N-Triples (.nt).")
    ] = None,
    graph: Annotated[
        str, typer.Option("--graph", help="Which graph of the server; else its default graph.")
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace what that graph holds, not add to it.")
    ] = False,
) -> None:
    """Send the files, the store, or else the whole graph of the home to a server.

    The endpoint is the address of the server's graph store (SPARQL 1.1 Graph Store HTTP Protocol),
    which is seldom that of its queries: for the server of Oxigraph it ends in /store.
    """
    from kg.push import push as send
    from kg.push import triples_of
    from kg.reports import count
    from kg.store import DiskStore

    if not Settings.endpoint:
        raise KgError(
            "no server is named", where="--endpoint", fix="give the address: --endpoint URL"
        )
    if files and Settings.store:
        raise KgError("files and a store are named", where="--store", fix="name one of them")

    def told(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    project = Project(Settings.home)
    if Settings.store:
        triples = DiskStore(Settings.store).triples()
        tell_stale(project, Settings.store)
    else:
        triples = triples_of(files or project.graph_files(), told)
    number = send(triples, Settings.endpoint, graph, replace=replace, told=told)
    place = f"the graph {graph}" if graph else "the default graph"
    done = f"{place} is now these" if replace else f"added to {place}"
    print(f"sent {count(number, 'triple')}: {done}", file=sys.stderr)
