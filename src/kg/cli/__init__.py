"""The `kg` command: one function per command, which parses, makes one call and prints."""

import io
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from kg import __version__
from kg.cli import completion, load, passage, push, query, serve, sheet, site, view
from kg.cli.options import (
    Commands,
    Format,
    Output,
    Settings,
    Stdout,
    StdoutFailed,
    Values,
    ViewId,
    asking,
    emit,
    emitting,
    opened,
    parameters,
    remarked,
    silence_stdout,
    where,
    write_answer,
)
from kg.errors import KgError
from kg.project import Project, start_home

app = typer.Typer(
    help="An evidence graph from literature reviews: ask it, check it, look at it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    cls=Commands,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(query.app, name="query")
app.add_typer(view.app, name="view")
app.add_typer(passage.app, name="passage")
app.add_typer(sheet.app, name="sheet")
app.add_typer(site.app, name="site")
app.command()(serve.serve)
app.command()(load.load)
app.command()(push.push)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"kg {__version__}")
        raise typer.Exit


@app.callback()
def options(
    home: Annotated[
        Path | None,
        typer.Option(
            help="A folder laid out like the project; else KG_HOME, else what came along."
        ),
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", help="Ask this SPARQL endpoint, not the files.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option("--store", help="Ask this Oxigraph store, not the files.")
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Read the options that hold for every command."""
    Settings.home, Settings.endpoint, Settings.store = home, endpoint, store


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
    uncoded: Annotated[
        bool, typer.Option("--uncoded", help="Leave the sample uncoded, to code it yourself.")
    ] = False,
) -> None:
    """Begin a graph of your own: themes, agencies, and an invented sample as first review."""
    for path in start_home(folder, uncoded=uncoded):
        print(path.as_posix())
    print(f"{folder.as_posix()}/README.md says how to go on", file=sys.stderr)


@app.command()
@asking
def sparql(
    file: Annotated[
        str, typer.Argument(help="A file that holds the query, or - to read it.")
    ] = "-",
    form: Format = "",
    output: Output = None,
    queries: Annotated[
        bool,
        typer.Option("--queries", help="Ask `kg query list -f ttl` instead: what the queries ask."),
    ] = False,
) -> None:
    """Ask a SPARQL query of your own; it can only read, and only this graph."""
    from kg.store import MemoryStore, Store

    project = Project(Settings.home)
    text = _read_query(file)
    if queries:
        from kg.catalogue import DATASET, describe
        from kg.queries import list_queries

        asked = Settings.endpoint or DATASET
        store: Store = MemoryStore([], describe(list_queries(project), asked).triples)
    else:
        store = opened(project)
    write_answer(store.query(text), form, output)


@app.command()
@asking
def validate(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Turtle files; none means the whole of the data.")
    ] = None,
    engine: Annotated[str, typer.Option(help="auto, pyshacl, shacl or sparql.")] = "auto",
    form: Annotated[str, typer.Option("--format", "-f", help="text, json, ttl, html, github.")] = (
        "text"
    ),
    output: Output = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Check again whenever a file changes, until Ctrl-C.")
    ] = False,
) -> None:
    """Check data against the shapes, and say what is wrong, where, and how to mend it."""
    from kg.reports import FORMATS, render_report
    from kg.results import check_format
    from kg.validation import validate as check

    check_format(form, FORMATS)
    project = Project(Settings.home)
    if watch:
        if output or form != "text":
            fix = "leave out --output and --format, or leave out --watch"
            raise KgError(
                "what is watched is told as text, on the screen", where="--watch", fix=fix
            )
        if any(where()):
            fix = "leave it out; or leave out --store and --endpoint"
            raise KgError("only files can be watched", where="--watch", fix=fix)
        _keep_checking(project, files or [], engine)
        return
    with remarked(form, output):
        asked = opened(project) if any(where()) else None
        report = check(project, files or (), engine=engine, asked=asked)
    emit(render_report(report, form).encode(), output)
    raise typer.Exit(report.exit_code)


def _keep_checking(project: Project, files: list[Path], engine: str) -> None:
    from kg.cli.watching import rounds
    from kg.reports import render_report
    from kg.validation import validate as check

    try:
        for changed in rounds(project, files):
            if changed:
                print(f"\nChanged: {', '.join(changed)}")
            # A file that is being edited may be unreadable for a while; where git changes branches,
            # it may go while it is read.
            said = ""
            try:
                said = render_report(check(project, files, engine=engine), "text")
            except KgError as error:
                _tell(error)
            except OSError as error:
                what = f"the file cannot be read: {error.strerror}"
                fix = "nothing to do if it is being changed: it is read again when it has been"
                _tell(KgError(what, where=str(error.filename or ""), fix=fix))
            print(said, end="")
            print("Watching; Ctrl-C ends it.", file=sys.stderr)
            sys.stdout.flush()
    except KeyboardInterrupt:
        pass  # this is how it ends


@app.command()
def fmt(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Turtle files; none means all data and vocabularies."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; say which files would change.")
    ] = False,
    form: Annotated[
        str, typer.Option("--format", "-f", help="text, or github: with --check, remarks on lines.")
    ] = "text",
) -> None:
    """Write Turtle files in their one canonical layout; a second run changes nothing."""
    from kg.fmt import changes_of_layout, first_change, format_files, own_files
    from kg.reports import count, remark

    if form not in {"text", "github"}:
        raise KgError(f"{form!r} is no format", where="--format", fix="choose text or github")
    with remarked(form):
        project = Project(Settings.home)
        paths = files or own_files(project)
        texts = changes_of_layout(paths) if check else {}
        changed = list(texts) if check else format_files(project, paths)
    for path in changed:
        shown = project.shown(path)
        if check and form == "github":
            what = "the file is not in its canonical layout from this line on"
            line = first_change(path, texts[path])
            print(remark(what, f"To mend it: run kg fmt {shown}", shown, line))
        print(f"{'would change' if check else 'formatted'} {shown}")
    total = count(len(paths), "file")
    print(f"{total}, {len(changed)} to change" if check else total)
    raise typer.Exit(1 if check and changed else 0)


@app.command()
@asking
def export(
    form: Annotated[str, typer.Option("--format", "-f", help="ttl, nt or jsonld.")] = "ttl",
    derived: Annotated[
        bool, typer.Option("--derived", help="Add the triples that ontology/rules/ derives.")
    ] = False,
    output: Output = None,
) -> None:
    """Write the whole graph, vocabularies and all, as one file."""
    from kg.export import check_format, write_graph

    check_format(form)
    project = Project(Settings.home)
    asked = opened(project) if any(where()) else None
    with emitting(output) as file:
        write_graph(file, project, form, derived=derived, asked=asked)


@app.command()
@asking
def stats(form: Format = "", output: Output = None) -> None:
    """Count what the graph holds: reviews, and the things of each class."""
    from kg.queries import load_query, run

    project = Project(Settings.home)
    query = load_query(project, "graph-statistics")
    write_answer(run(query, opened(project)), form, output)


@app.command()
@asking
def network(
    name: ViewId,
    by: Annotated[
        str,
        typer.Option(
            "--measure",
            "-m",
            help="degree, betweenness, communities or bridging.",
            autocompletion=completion.measures,
        ),
    ] = "degree",
    param: Values = None,
    form: Format = "",
    output: Output = None,
) -> None:
    """Measure a view's network: what is central, what belongs together, what bridges agencies."""
    from kg.measures import MEANINGS, check_measure, measure
    from kg.views import view_network

    check_measure(by)
    project = Project(Settings.home)
    store = opened(project)
    answer = measure(view_network(project, store, name, parameters(param)), by)
    write_answer(answer, form, output)
    print(f"{by}: {MEANINGS[by]}", file=sys.stderr)


@app.command()
def doctor() -> None:
    """Say what is installed, which folders are used, and what is missing."""
    from kg.doctor import examine

    lines, healthy = examine(Settings.home)
    print("\n".join(lines))
    raise typer.Exit(0 if healthy else 1)


def _read_query(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise KgError(
            f"the query cannot be read: {reason}",
            where="standard input" if file == "-" else Path(file).as_posix(),
            fix="save it as UTF-8" if isinstance(error, UnicodeDecodeError) else "check the name",
        ) from error


def main() -> None:
    """Run the command line: 0 fine, 1 the data has problems, 2 bad usage or unreadable input."""
    # A process may be started with its streams closed.
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - it lasts as long as the process
    sys.stdin = sys.stdin or Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115
    # A message may hold any character of the data; a narrow terminal encoding must not end it.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace", newline="\n")
    if isinstance(sys.stdout, io.TextIOWrapper):
        given = sys.stdout
        how = {"line_buffering": given.line_buffering, "write_through": given.write_through}
        sys.stdout = Stdout(given.detach(), "utf-8", "replace", "\n", **how)
    with completion.joined_values():
        code = _run(lambda: app(prog_name="kg"))
    sys.exit(_run(sys.stdout.flush) or code)


def _run(action: Callable[[], None]) -> int | str | None:
    """Do something, and tell what goes wrong; give the exit code."""
    try:
        action()
    except SystemExit as end:
        return end.code
    except KgError as error:
        if isinstance(error, StdoutFailed):
            silence_stdout()
        _tell(error)
        return 2
    except OSError as error:
        what = f"the system refused: {error.strerror or error}"
        fix = f"check space and rights, in {tempfile.gettempdir()} too"
        _tell(KgError(what, where=str(error.filename or ""), fix=fix))
        return 2
    return 0


def _tell(error: KgError) -> None:
    place = f"{error.where}: " if error.where else ""
    print(f"Error: {place}{error.what}", file=sys.stderr)
    if error.fix:
        print(f"To mend it: {error.fix}", file=sys.stderr)
