"""`kg serve`: the pages live, with a SPARQL endpoint."""

import re
import sys
from contextlib import nullcontext
from typing import Annotated

import typer

from kg.cli.options import Settings, asking, tell_stale, where
from kg.errors import KgError
from kg.project import Project

_HOSTNAME = re.compile(r"[\w.-]+|\[[\da-f:.]+\]", re.ASCII | re.IGNORECASE)
_MISSING = "pip install 'evidence-kg[serve]'"


@asking
def serve(
    port: Annotated[int, typer.Option("--port", help="0 for any that is free.")] = 8000,
    host: Annotated[
        str, typer.Option("--host", help="The address to listen at; beware of any other.")
    ] = "127.0.0.1",
    hostname: Annotated[
        list[str] | None,
        typer.Option("--hostname", help="A name by which others call this server; repeatable."),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            min=1,
            max=64,
            help="Processes for saved questions, and as many for SPARQL.",
        ),
    ] = 2,
    cors: Annotated[
        bool, typer.Option("--cors", help="Let the pages of other sites ask, too.")
    ] = False,
    allow_network: Annotated[
        bool,
        typer.Option("--allow-network", help="Serve although queries could reach the network."),
    ] = False,
) -> None:
    """Serve the pages live, with saved questions as an API and a SPARQL endpoint."""
    try:
        from kg.web.running import run_server
    except ImportError as error:
        raise KgError(f"{error.name} is not installed", fix=_MISSING) from error

    from kg.manifests import current, hold
    from kg.web.app import Options
    from kg.web.pages import Place

    for name in hostname or ():
        if not _HOSTNAME.fullmatch(name):
            raise KgError(
                f"{name!r} is no name of a host",
                where="--hostname",
                fix="give the name alone, such as evidence.example.org: no http://, port or path",
            )
    store, endpoint = where()
    project = Project(Settings.home)
    if store:
        tell_stale(project, store)
        # What is loaded later is for the next start: until then all workers read the same, which
        # loads leave alone.
        store = current(store)
    with hold(store) if store else nullcontext():
        run_server(
            Place(project.home, store, endpoint),
            Options(workers=workers, hosts=tuple(hostname or ()), cors=cors),
            host=host,
            port=port,
            allow_network=allow_network,
            told=lambda text: print(text, file=sys.stderr, flush=True),
        )
