"""`kg passage`: anchor, check, show and add up passages against a text that you hold."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from kg.cli.options import Commands, Format, Output, Settings, asking, emit, opened, write_answer
from kg.project import Project

app = typer.Typer(
    help="Anchor, check, show and add up passages against a text that you hold.",
    no_args_is_help=True,
    rich_markup_mode=None,
    cls=Commands,
)
TextFile = Annotated[
    Path, typer.Option("--text", help="The text of the source: a UTF-8 file or a PDF.")
]
SourceName = Annotated[
    str, typer.Option("--source", help="Which work the text is; else the one whose digest fits.")
]


@app.command("text")
def passage_text(
    pdf: Annotated[Path, typer.Argument(metavar="FILE", help="A PDF.")], output: Output = None
) -> None:
    """Write the text of a PDF, to keep as the text that passages are counted in."""
    from kg.anchors import ReferenceText

    emit(ReferenceText.read(pdf).text.encode(), output)


@app.command("anchor")
def passage_anchor(
    pattern: Annotated[str, typer.Argument(help="'first words … last words' of the passage.")],
    text: TextFile,
    name: Annotated[
        str, typer.Option("--id", help="What to call the passage.")
    ] = "passage:review-2000-001",
    occurrence: Annotated[
        int | None, typer.Option(help="Which of several places, counted from 1.")
    ] = None,
    section: Annotated[str, typer.Option(help="The section it stands in, such as es.4.1.")] = "",
    page: Annotated[str, typer.Option(help="The page it stands on, as printed.")] = "",
) -> None:
    """Find a passage in a text and print its block, ready to paste."""
    from kg.anchors import ReferenceText, anchor

    found = anchor(ReferenceText.read(text), pattern, occurrence=occurrence, page=page)
    print(found.turtle(name, section, page), end="")


@app.command("check")
@asking
def passage_check(text: TextFile, source: SourceName = "") -> None:
    """Check that every passage of a work stands where the graph says."""
    from kg.anchors import ReferenceText
    from kg.passages import check_passages, render_checks

    store = opened(Project(Settings.home))
    checks = check_passages(store, ReferenceText.read(text), source)
    print(render_checks(checks), end="")
    raise typer.Exit(0 if checks and all(check.status == "found" for check in checks) else 1)


@app.command("show")
@asking
def passage_show(
    name: Annotated[str, typer.Argument(metavar="ID", help="A passage or a statement.")],
    text: TextFile,
) -> None:
    """Show the words of a passage, from the text that you hold."""
    from kg.anchors import ReferenceText
    from kg.passages import show

    store = opened(Project(Settings.home))
    print(show(store, name, ReferenceText.read(text)), end="")


@app.command("coverage")
@asking
def passage_coverage(
    text: TextFile, source: SourceName = "", form: Format = "", output: Output = None
) -> None:
    """Count, by section, how much of a review's text is coded, left out, or not looked at."""
    from kg.anchors import ReferenceText
    from kg.passages import coverage, render_faults

    store = opened(Project(Settings.home))
    reference = ReferenceText.read(text)
    found = coverage(store, reference, source)
    write_answer(found.table(), form, output)
    print(render_faults(found, reference), end="", file=sys.stderr)
    raise typer.Exit(0 if found.is_whole else 1)
