"""`kg load`: build a store on disk."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from kg.cli.options import Settings, takes, where
from kg.errors import KgError
from kg.files import real_path
from kg.project import Project


@takes(store="The folder of the store.")
def load(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Turtle (.ttl) or N-Triples (.nt).")
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Load the whole graph of the home.")
    ] = False,
) -> None:
    """Build a store on disk, for graphs that are large; the old one stands until it is done.

    The store holds the files that are named, and the vocabularies of the home, which queries need.
    """
    from kg.generations import build

    folder, endpoint = where()
    if endpoint or not folder:
        raise KgError("no store is named", where="--store", fix="name the folder: --store DIR")
    if bool(files) == rebuild:
        what = "files are named beside --rebuild" if rebuild else "nothing is named to be loaded"
        raise KgError(what, fix="name files, or give --rebuild for the whole graph of the home")
    project = Project(Settings.home)
    chosen = [*project.vocabulary_files(), *files] if files else project.graph_files()
    try:
        made = build(
            list({real_path(path): path for path in chosen}.values()),
            folder,
            project.home if rebuild else None,
            lambda text: print(text, file=sys.stderr, flush=True),
        )
    except KeyboardInterrupt:
        print("stopped; the store is as it was", file=sys.stderr)
        raise
    print(
        f"{folder.as_posix()} holds {made.triples:,} triples of {len(made.files)} files; "
        f"ask it with --store {folder.as_posix()}",
        file=sys.stderr,
    )
