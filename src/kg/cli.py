"""The `kg` command: one function per command, which parses, makes one call and prints."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kg import __version__
from kg.errors import KgError
from kg.project import Project

if TYPE_CHECKING:
    from kg.results import Answer

app = typer.Typer(
    help="An evidence graph from literature reviews: ask it, check it, look at it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
query_app = typer.Typer(help="Ask saved queries.", no_args_is_help=True, rich_markup_mode=None)
view_app = typer.Typer(help="Build network pages.", no_args_is_help=True, rich_markup_mode=None)
passage_app = typer.Typer(
    help="Anchor, check and show passages against a text that you hold.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(query_app, name="query")
app.add_typer(view_app, name="view")
app.add_typer(passage_app, name="passage")

FORMAT_HELP = (
    "table, csv, tsv, json, md or xlsx; for a graph also ttl, nt or jsonld. "
    "A table on a terminal and CSV when piped, unless you choose."
)
Format = Annotated[str, typer.Option("--format", "-f", help=FORMAT_HELP)]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write to this file, not to the terminal.")
]
Endpoint = Annotated[
    str | None, typer.Option("--endpoint", help="Ask this SPARQL endpoint, not the files.")
]
Values = Annotated[
    list[str] | None,
    typer.Option("-p", "--param", help="NAME=VALUE; again for another parameter or value."),
]
TextFile = Annotated[Path, typer.Option("--text", help="The text of the source, a UTF-8 file.")]


class Settings:
    """What the options before the command say."""

    home: Path | None = None
    endpoint: str | None = None


@app.callback()
def options(
    home: Annotated[
        Path | None,
        typer.Option(
            help="A folder laid out like the project; else KG_HOME, else what came along."
        ),
    ] = None,
    endpoint: Endpoint = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Read the options that hold for every command."""
    Settings.home, Settings.endpoint = home, endpoint
    if version:
        print(f"kg {__version__}")
        raise typer.Exit


@query_app.command("list")
def query_list(form: Format = "", output: Output = None) -> None:
    """List the saved queries and the questions they answer."""
    from pyoxigraph import Literal

    from kg.queries import list_queries
    from kg.results import Table

    rows = [
        (Literal(q.id), Literal(q.question), Literal(", ".join(p.name for p in q.params)))
        for q in list_queries(Project(Settings.home))
    ]
    _write(Table(("id", "question", "parameters"), [*rows]), form, output)


@query_app.command("show")
def query_show(
    name: Annotated[str, typer.Argument(metavar="ID", help="See `kg query list`.")],
    form: Format = "",
    output: Output = None,
    endpoint: Endpoint = None,
) -> None:
    """Show a saved query: its question, its parameters with their choices, its SPARQL."""
    from pyoxigraph import Literal

    from kg.queries import choices, load_query
    from kg.results import Table
    from kg.store import open_store
    from kg.terms import local_name

    project = Project(Settings.home)
    query = load_query(project, name)
    facts = [("question", query.question), ("description", query.description)]
    if query.params:
        store = open_store(project, endpoint or Settings.endpoint)
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
    _write(Table(("field", "value"), [*rows]), form, output)


@query_app.command("run")
def query_run(
    name: Annotated[str, typer.Argument(metavar="ID", help="See `kg query list`.")],
    param: Values = None,
    form: Format = "",
    output: Output = None,
    endpoint: Endpoint = None,
) -> None:
    """Ask a saved query, with other parameter values where you give them."""
    from kg.queries import load_query, run
    from kg.store import open_store

    project = Project(Settings.home)
    query = load_query(project, name)
    store = open_store(project, endpoint or Settings.endpoint)
    _write(run(query, store, _values(param)), form, output)


@app.command()
def sparql(
    file: Annotated[
        str, typer.Argument(help="A file that holds the query, or - to read it.")
    ] = "-",
    form: Format = "",
    output: Output = None,
    endpoint: Endpoint = None,
) -> None:
    """Ask a SPARQL query of your own; it can only read, and only this graph."""
    from kg.store import open_store

    project = Project(Settings.home)
    text = sys.stdin.read() if file == "-" else _read(Path(file))
    _write(open_store(project, endpoint or Settings.endpoint).query(text), form, output)


@app.command()
def validate(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Turtle files; none means the whole of the data.")
    ] = None,
    engine: Annotated[str, typer.Option(help="auto or pyshacl.")] = "auto",
    form: Annotated[str, typer.Option("--format", "-f", help="text, json, ttl, html, github.")] = (
        "text"
    ),
    output: Output = None,
) -> None:
    """Check data against the shapes, and say what is wrong, where, and how to mend it."""
    from kg.reports import render_report
    from kg.validation import validate as check

    report = check(Project(Settings.home), files or (), engine=engine)
    _emit(render_report(report, form).encode(), output)
    raise typer.Exit(report.exit_code)


@app.command()
def fmt(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Turtle files; none means all data and vocabularies."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; say which files would change.")
    ] = False,
) -> None:
    """Write Turtle files in their one canonical layout; a second run changes nothing."""
    from kg.turtle import format_file, write_file

    project = Project(Settings.home)
    known = [*project.files("ontology", "vocab/*.ttl"), *project.data_files()]
    # A home without vocabularies uses the shipped ones, which are not its own to rewrite.
    paths = files or [path for path in known if path.is_relative_to(project.home)]
    # Every file is read before any is written: an error in one leaves all as they were.
    texts = [(path, format_file(path)) for path in paths]
    changed = [(path, text) for path, text in texts if path.read_bytes() != text.encode()]
    for path, text in changed:
        if not check:
            write_file(path, text)
        print(f"{'would change' if check else 'formatted'} {project.shown(path)}")
    from kg.reports import count

    total = count(len(paths), "file")
    print(f"{total}, {len(changed)} to change" if check else total)
    raise typer.Exit(1 if check and changed else 0)


@app.command()
def export(
    form: Annotated[str, typer.Option("--format", "-f", help="ttl, nt or jsonld.")] = "ttl",
    derived: Annotated[
        bool, typer.Option("--derived", help="Add the triples that ontology/rules/ derives.")
    ] = False,
    output: Output = None,
) -> None:
    """Write the whole graph, vocabularies and all, as one file."""
    from kg.export import export_graph

    _emit(export_graph(Project(Settings.home), form, derived=derived), output)


@view_app.command("list")
def view_list(form: Format = "", output: Output = None) -> None:
    """List the views that can be built."""
    from pyoxigraph import Literal

    from kg.results import Table
    from kg.views import list_views

    views = list_views(Project(Settings.home))
    rows = [(Literal(view.id), Literal(view.title), Literal(view.query)) for view in views]
    _write(Table(("id", "title", "query"), [*rows]), form, output)


@view_app.command("build")
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
    page = build_view(project, store, name, _values(param))
    _emit(page.encode(), output)
    print(f"wrote {output.as_posix()}: open it in a browser", file=sys.stderr)


@passage_app.command("anchor")
def passage_anchor(
    pattern: Annotated[str, typer.Argument(help="'first words … last words' of the passage.")],
    text: TextFile,
    name: Annotated[
        str, typer.Option("--id", help="What to call the passage.")
    ] = "passage:review-2000-001",
    occurrence: Annotated[
        int | None, typer.Option(help="Which of several places, counted from 1.")
    ] = None,
) -> None:
    """Find a passage in a text and print its block, ready to paste."""
    from kg.passages import ReferenceText, anchor

    found = anchor(ReferenceText.read(text), pattern, occurrence=occurrence)
    print(found.turtle(name), end="")


@passage_app.command("check")
def passage_check(
    text: TextFile,
    source: Annotated[
        str, typer.Option(help="Which work the text is; else the one whose digest fits.")
    ] = "",
) -> None:
    """Check that every passage of a work stands where the graph says."""
    from kg.passages import ReferenceText, check_passages, render_checks
    from kg.store import open_store

    store = open_store(Project(Settings.home), Settings.endpoint)
    checks = check_passages(store, ReferenceText.read(text), source)
    print(render_checks(checks), end="")
    raise typer.Exit(0 if checks and all(check.status == "found" for check in checks) else 1)


@passage_app.command("show")
def passage_show(
    name: Annotated[str, typer.Argument(metavar="ID", help="A passage or a statement.")],
    text: TextFile,
) -> None:
    """Show the words of a passage, from the text that you hold."""
    from kg.passages import ReferenceText, show
    from kg.store import open_store

    store = open_store(Project(Settings.home), Settings.endpoint)
    print(show(store, name, ReferenceText.read(text)), end="")


@app.command()
def doctor() -> None:
    """Say what is installed, which folders are used, and what is missing."""
    from kg.doctor import examine

    lines, healthy = examine(Settings.home)
    print("\n".join(lines))
    raise typer.Exit(0 if healthy else 1)


def _values(pairs: Sequence[str] | None) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not equals:
            raise KgError(f"{pair!r} sets nothing", where="-p", fix="write NAME=VALUE")
        values.setdefault(name.strip(), []).append(value)
    return values


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise KgError(
            f"the query cannot be read: {reason}",
            where=path.as_posix(),
            fix="check the file's name",
        ) from error


def _write(answer: "Answer", form: str, output: Path | None) -> None:
    from kg.results import Table, render

    terminal = sys.stdout.isatty() and output is None
    form = form or ("table" if terminal else "csv")
    if form == "xlsx" and terminal:
        raise KgError("a workbook is no text", where="--format", fix="add -o FILE.xlsx")
    width = os.get_terminal_size().columns if terminal else None
    colour = terminal and "NO_COLOR" not in os.environ
    _emit(render(answer, form, width=width, colour=colour), output)
    if isinstance(answer, Table) and not answer.rows:
        print("Nothing found: no row answers this question.", file=sys.stderr)


def _emit(content: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(content)
    except OSError as error:
        raise KgError(
            f"the file cannot be written: {error.strerror}",
            where=output.as_posix(),
            fix="choose another place with -o",
        ) from error


def main() -> None:
    """Run the command line: 0 fine, 1 the data has problems, 2 bad usage or unreadable input."""
    # A message may hold any character of the data; a narrow terminal encoding must not end it.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace", newline="\n")
    try:
        app(prog_name="kg")
    except KgError as error:
        place = f"{error.where}: " if error.where else ""
        print(f"Error: {place}{error.what}", file=sys.stderr)
        if error.fix:
            print(f"To mend it: {error.fix}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        # The reader (head, less) has seen enough; leave without Python's complaint about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
