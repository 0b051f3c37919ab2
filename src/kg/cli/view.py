"""`kg view`: list the views and build their pages."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from kg.cli.options import (
    Endpoint,
    Format,
    Output,
    Settings,
    Values,
    emit,
    parameters,
    write_answer,
)
from kg.project import Project

app = typer.Typer(help="Build network pages.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def view_list(form: Format = "", output: Output = None) -> None:
    """List the views that can be built."""
    from pyoxigraph import Literal

    from kg.results import Table
    from kg.views import list_views

    views = list_views(Project(Settings.home))
    rows = [(Literal(view.id), Literal(view.title), Literal(view.query)) for view in views]
    write_answer(Table(("id", "title", "query"), [*rows]), form, output)


@app.command("build")
def view_build(
    name: Annotated[str, typer.Argument(metavar="ID", help="See `kg view list`.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")],
    param: Values = None,
    endpoint: Endpoint = None,
) -> None:
    """Build a view as one web page that needs no network."""
    from kg.store import open_store
    from kg.views import build_view

    project = Project(Settings.home)
    store = open_store(project, endpoint or Settings.endpoint)
    page = build_view(project, store, name, parameters(param))
    emit(page.encode(), output)
    print(f"wrote {output.as_posix()}: open it in a browser", file=sys.stderr)
