"""`kg push`: send a graph to a server."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from kg.cli.options import Settings
from kg.errors import KgError
from kg.project import Project


def push(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Turtle (.ttl) or N-Triples (.nt).")
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", help="The address of the server's graph store.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option("--store", help="Send what this Oxigraph store holds.")
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
    from kg.store import DiskStore

    endpoint, store = endpoint or Settings.endpoint, store or Settings.store
    if not endpoint:
        raise KgError(
            "no server is named", where="--endpoint", fix="give the address: --endpoint URL"
        )
    if files and store:
        raise KgError("files and a store are named", where="--store", fix="name one of them")

    def told(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    if store:
        triples = DiskStore(store).triples()
    else:
        triples = triples_of(files or Project(Settings.home).graph_files(), told)
    number = send(triples, endpoint, graph, replace=replace, told=told)
    place = f"the graph {graph}" if graph else "the default graph"
    done = f"{place} is now these" if replace else f"added to {place}"
    print(f"sent {number:,} triples: {done}", file=sys.stderr)
