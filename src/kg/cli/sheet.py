"""`kg sheet`: workbooks for stewards, written from the graph and read back into it."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from kg.cli.options import Commands, Settings
from kg.errors import KgError
from kg.project import Project

app = typer.Typer(
    help="Write workbooks of a review, and read them back into the graph.",
    no_args_is_help=True,
    rich_markup_mode=None,
    cls=Commands,
)
Review = Annotated[str, typer.Option("--review", help="The id of the review, such as martin-2010.")]
Target = Annotated[
    Path,
    typer.Option(
        "--output", "-o", help="The workbook to write; a name without .xlsx is a folder of CSV."
    ),
]
Force = Annotated[
    bool,
    typer.Option("--force", help="Write over what is there, even if somebody has changed it."),
]


# Endings of files, which the name of a folder hardly has.
_ENDINGS = {".csv", ".tsv", ".txt", ".ods", ".xls", ".xlsm", ".xlsb", ".xltx", ".zip", ".ttl"}


def _unknown_ending(output: Path) -> KgError:
    what = f"no workbook is written with the ending {output.suffix or '(none)'}"
    fix = f"name it {output.with_suffix('.xlsx').name}"
    if output.suffix:
        fix += f"; sheet export writes a folder of CSV as {output.stem}"
    return KgError(what, where=output.as_posix(), fix=fix)


@app.command("template")
def sheet_template(output: Target, review: Review = "", force: Force = False) -> None:
    """Write an empty workbook to fill in."""
    from kg.sheets.keeping import save
    from kg.sheets.plan import template

    if output.suffix.lower() != ".xlsx":
        raise _unknown_ending(output)
    save({output: template(Project(Settings.home), review)}, force=force)
    print(f"wrote {output.as_posix()}: its first sheet says how to go on", file=sys.stderr)


@app.command("export")
def sheet_export(output: Target, review: Review = "", force: Force = False) -> None:
    """Write a review as a workbook, or as a folder of CSV files for Excel.

    In the CSV files an apostrophe stands before a text that Excel would take for a formula.
    """
    from kg.sheets.keeping import save
    from kg.sheets.plan import export, export_csv, only_review

    if output.suffix.lower() in _ENDINGS and not output.is_dir():
        raise _unknown_ending(output)
    project = Project(Settings.home)
    review = review or only_review(project)
    if output.suffix.lower() == ".xlsx":
        save({output: export(project, review)}, force=force)
    else:
        files = export_csv(project, review)
        save({output / name: content for name, content in files.items()}, force=force)
    print(f"wrote {output.as_posix()}", file=sys.stderr)


@app.command("import")
def sheet_import(
    path: Annotated[Path, typer.Argument(help="A workbook, or a folder of CSV files.")],
    review: Review = "",
    text: Annotated[
        Path | None,
        typer.Option("--text", help="The review's text or PDF, to find passages by their words."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; say what would change.")
    ] = False,
    delete: Annotated[
        bool, typer.Option("--delete", help="Take away what has no row in the workbook.")
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Let rows change what the graph has and the workbook was not written with.",
        ),
    ] = False,
    marked: Annotated[
        Path | None,
        typer.Option(
            "--marked", help="Where the copy with marked mistakes goes; else beside the workbook."
        ),
    ] = None,
) -> None:
    """Read a workbook into the graph: all of it or, while there is a mistake, nothing."""
    from kg.anchors import ReferenceText
    from kg.journal import exclusive
    from kg.reports import count
    from kg.sheets.keeping import check_marked, save_marked
    from kg.sheets.marking import mark
    from kg.sheets.plan import carry_out, plan

    copy = marked or path.with_name(f"{path.stem}-marked.xlsx")
    check_marked(copy, path)
    project = Project(Settings.home)
    if not dry_run:
        project.check_own()
    reference = ReferenceText.read(text) if text else None
    # What is read for the plan stays as it is until the plan is carried out.
    with nullcontext() if dry_run else exclusive(project.home):
        found = plan(project, path, review, reference, delete=delete, overwrite=overwrite)
        if found.sound and not dry_run:
            carry_out(found)
    for change in found.changes if found.sound else ():
        print(change)
    for mistake in found.mistakes:
        print(mistake, file=sys.stderr)
    if not found.sound:
        wrong = count(sum(not m.note for m in found.mistakes), "mistake")
        print(f"Nothing is imported: {wrong}.", file=sys.stderr)
        copy = save_marked(mark(path, found.mistakes, found.called), copy)
        print(f"They are marked in {copy.as_posix()}.", file=sys.stderr)
        raise typer.Exit(2)
    if not found.changes:
        notes = "; the notes say what was not read or is kept" if found.mistakes else ""
        print(f"Nothing changes: the graph holds what was read of the workbook{notes}.")
    elif dry_run:
        print(f"{count(len(found.changes), 'change')}; nothing is written, for this is a dry run.")
    else:
        written = ", ".join(project.shown(file) for file in found.files)
        print(f"{count(len(found.changes), 'change')}, written to {written}.")
