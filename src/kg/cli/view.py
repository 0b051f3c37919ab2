"""`kg view`: list the views and build their pages."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from kg.cli.options import (
    Commands,
    Format,
    Output,
    Settings,
    Values,
    ViewId,
    asking,
    emit,
    opened,
    parameters,
    write_answer,
)
from kg.project import Project

app = typer.Typer(
    help="Build network pages.", no_args_is_help=True, rich_markup_mode=None, cls=Commands
)


@app.command("list")
def view_list(form: Format = "", output: Output = None) -> None:
    """List the views that can be built."""
    from pyoxigraph import Literal

    from kg.queries import load_query
    from kg.results import Table
    from kg.views import list_views

    project = Project(Settings.home)
    rows = []
    for view in list_views(project):
        names = ", ".join(param.name for param in load_query(project, view.query).params)
        told = (view.id, view.title, view.description, names)
        rows.append(tuple(Literal(text) for text in told))
    write_answer(Table(("id", "title", "description", "parameters"), [*rows]), form, output)


@app.command("build")
@asking
def view_build(
    name: ViewId,
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")],
    param: Values = None,
) -> None:
    """Build a view as one web page that needs no network."""
    from kg.views import build_view

    project = Project(Settings.home)
    store = opened(project)
    page = build_view(project, store, name, parameters(param))
    emit(page.encode(), output)
    print(f"wrote {output.as_posix()}: open it in a browser", file=sys.stderr)
