"""`kg site`: write the offline site."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from kg.cli.options import Commands, Settings, asking, opened
from kg.project import Project

app = typer.Typer(
    help="Write the offline site.", no_args_is_help=True, rich_markup_mode=None, cls=Commands
)


@app.callback()
def site() -> None:
    """Write the offline site."""


@app.command("build")
@asking
def site_build(
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write.")],
    with_sparql: Annotated[
        bool,
        typer.Option("--with-sparql", help="Let its page of SPARQL run queries: 6 MB more."),
    ] = False,
) -> None:
    """Write what the evidence says as pages that open with no network."""
    from kg.site.build import build_site

    project = Project(Settings.home)
    store = opened(project)
    written = build_site(project, store, output, with_sparql=with_sparql)
    print(f"wrote {len(written)} files: open {written[0].as_posix()} in a browser", file=sys.stderr)
