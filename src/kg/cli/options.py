"""What several commands share: their options, and how they read values and write answers."""

import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from kg.cli import completion
from kg.errors import KgError
from kg.files import replacing

if TYPE_CHECKING:
    from kg.project import Project
    from kg.results import Answer
    from kg.store import Store

_Function = TypeVar("_Function", bound=Callable[..., Any])

FORMAT_HELP = (
    "table, csv, tsv, json, xml, md or xlsx; for a graph also ttl, nt or jsonld. "
    "Unless you choose: as the output file is called, a table on a terminal, CSV when piped."
)


def _known(ctx: typer.Context, form: str) -> str:
    """Refuse what is no format before a graph is asked, which may take long."""
    if form and not ctx.resilient_parsing:
        from kg.results import check_format

        check_format(form)
    return form


Format = Annotated[
    str,
    typer.Option(
        "--format", "-f", help=FORMAT_HELP, autocompletion=completion.formats, callback=_known
    ),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write to this file, not to the terminal.")
]
Values = Annotated[
    list[str] | None,
    typer.Option(
        "-p",
        "--param",
        help="NAME=VALUE; again for another parameter or value.",
        autocompletion=completion.values,
    ),
]
QueryId = Annotated[
    str,
    typer.Argument(metavar="ID", help="See `kg query list`.", autocompletion=completion.query_ids),
]
ViewId = Annotated[
    str,
    typer.Argument(metavar="ID", help="See `kg view list`.", autocompletion=completion.view_ids),
]


class Settings:
    """What the options for every command say, before its name or after it."""

    home: Path | None = None
    endpoint: str | None = None
    store: Path | None = None


class Commands(TyperGroup):
    """Commands that take the options for every command after their own names, as before them."""

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """Find a command, with those of these options that it has a use for."""
        command = super().get_command(ctx, cmd_name)
        if isinstance(command, TyperCommand):
            helps = _taken(command)
            known = {param.name for param in command.params}
            for param in ctx.find_root().command.params:
                if isinstance(param, TyperOption) and param.name in helps.keys() - known:
                    again = copy(param)
                    again.expose_value, again.callback = False, _settle
                    again.help = helps[param.name] or param.help
                    command.params.append(again)
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is to be run, and refuse what it would pass over in silence."""
        name, command, rest = super().resolve_command(ctx, args)
        if isinstance(command, TyperCommand) and not ctx.resilient_parsing:
            root = ctx.find_root()
            for param in root.command.params:
                given = root.params.get(param.name)
                if isinstance(given, str) and not given:
                    raise _empty(ctx, param)
                if given and param.name in {"store", "endpoint"} - _taken(command).keys():
                    what = f"{ctx.command_path} {name} has no use for it, leave it out"
                    raise typer.BadParameter(what, ctx=ctx, param=param)
        return name, command, rest


def _taken(command: TyperCommand) -> dict[str, str]:
    return {"home": "", **vars(command.callback).get("takes", {})}


def _empty(ctx: Any, param: Any) -> typer.BadParameter:
    # A variable of the shell that is not set, with which another graph would be asked.
    return typer.BadParameter("nothing is named", ctx=ctx, param=param)


def takes(**helps: str) -> Callable[[_Function], _Function]:
    """Let a command take `store`, `endpoint` or both after its name.

    Args:
        **helps: for each what it is for, where that differs from other commands; else empty.
    """

    def mark(function: _Function) -> _Function:
        vars(function)["takes"] = helps
        return function

    return mark


asking = takes(store="", endpoint="")


def _settle(ctx: Any, param: Any, value: Any) -> None:
    before = ctx.find_root().params
    if value is None:
        return
    if not value:
        raise _empty(ctx, param)
    if before.get(param.name) not in (None, value):
        raise typer.BadParameter("before the command it has another value", ctx=ctx, param=param)
    before[param.name] = value  # for completion, which runs no command
    # Here it is a text still; typer converts for functions alone.
    setattr(Settings, param.name, value if param.name == "endpoint" else Path(value))


def where() -> tuple[Path | None, str | None]:
    """Tell which store or endpoint is to be asked.

    Raises:
        KgError: one of each is named.
    """
    if Settings.store and Settings.endpoint:
        raise KgError("a store and an endpoint are named", where="--store", fix="name one of them")
    return Settings.store, Settings.endpoint


def opened(project: "Project") -> "Store":
    """Open the graph that a command asks.

    Raises:
        KgError: it cannot be read.
    """
    from kg.store import open_store

    folder, endpoint = where()
    store = open_store(project, endpoint, folder)
    if folder:
        tell_stale(project, folder)
    return store


def tell_stale(project: "Project", folder: Path) -> None:
    """Say on standard error that files have changed since a store was built from them."""
    from kg.manifests import stale

    try:
        changed = stale(folder, project.graph_files(), project.home)
    except KgError as error:  # the store has been opened, and can be asked
        print(f"Note: whether the store is up to date is not known. {error}", file=sys.stderr)
        return
    if changed:
        more = f" and {len(changed) - 1} more" if changed[1:] else ""
        print(
            f"Note: {project.shown(Path(changed[0]))}{more} changed, came or went since the store "
            f"was built. To bring it up to date, load them again into {folder.as_posix()} "
            "(see kg load).",
            file=sys.stderr,
        )


def parameters(pairs: Sequence[str] | None) -> dict[str, list[str]]:
    """Read NAME=VALUE pairs into the values of each name.

    Raises:
        KgError: a pair has no equals sign.
    """
    values: dict[str, list[str]] = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not equals:
            raise KgError(f"{pair!r} sets nothing", where="-p", fix="write NAME=VALUE")
        values.setdefault(name.strip(), []).append(value)
    return values


def write_answer(answer: "Answer", form: str, output: Path | None) -> None:
    """Write an answer in a format, or else as a table on a terminal and as CSV elsewhere."""
    from kg.results import Table, render

    terminal = sys.stdout.isatty() and output is None
    form = chosen_format(form, output)
    if form == "xlsx" and terminal:
        raise KgError("a workbook is no text", where="--format", fix="add -o FILE.xlsx")
    # COLUMNS says how wide a pager or a window is, where the terminal itself cannot be asked.
    width = shutil.get_terminal_size((0, 0)).columns or None if terminal or not output else None
    colour = terminal and "NO_COLOR" not in os.environ
    emit(render(answer, form, width=width, colour=colour), output)
    if isinstance(answer, Table) and not answer.rows:
        print("Nothing found: no row answers this question.", file=sys.stderr)


def chosen_format(form: str, output: Path | None) -> str:
    """Give the format asked for, else what the file's name tells, else what fits the place."""
    from kg.results import FORMATS

    suffix = output.suffix.lower().removeprefix(".") if output else ""
    terminal = sys.stdout.isatty() and output is None
    return form or (suffix if suffix in FORMATS else "table" if terminal else "csv")


def emit(content: bytes, output: Path | None) -> None:
    """Write bytes to a file, or to standard output where there is none (see `emitting`)."""
    with emitting(output) as file:
        file.write(content)


@contextmanager
def emitting(output: Path | None) -> Iterator[BinaryIO]:
    """Give what takes the bytes of a file, or of standard output where there is none.

    Raises:
        KgError: the file, or standard output, cannot be written.
        SystemExit: whoever reads standard output has closed it.
    """
    if output is None:
        sys.stdout.flush()
        try:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            # The reader (head, less) has seen enough, which is no error.
            silence_stdout()
            raise SystemExit(0) from None
        except OSError as error:
            if error.filename:  # of a file that was read meanwhile
                raise
            raise StdoutFailed(error) from error
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KgError(
            f"the file cannot be written: {error.strerror}",
            where=output.as_posix(),
            fix="choose another place with -o",
        ) from error
    with replacing(output) as file:
        yield file


@contextmanager
def remarked(form: str, output: Path | None = None) -> Iterator[None]:
    """Tell what ends a command as a remark too, where remarks were asked for."""
    try:
        yield
    except KgError as error:
        if form == "github":
            from kg.reports import refusal

            emit(f"{refusal(error)}\n".encode(), output)
        raise


def silence_stdout() -> None:
    """Let what is still to be flushed to standard output go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class StdoutFailed(KgError):
    """Standard output cannot be written."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"standard output cannot be written: {error.strerror}")


class Stdout(io.TextIOWrapper):
    """Standard output whose faults are told as its own, and not taken for those of a file."""

    def write(self, text: str) -> int:
        """Write a text.

        Raises:
            BrokenPipeError: its reader has seen enough, which typer knows what to do about.
            StdoutFailed: it cannot be written.
        """
        try:
            return super().write(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise StdoutFailed(error) from error

    def flush(self) -> None:
        """Write what was held back.

        Raises:
            StdoutFailed: it cannot be written.
        """
        try:
            super().flush()
        except OSError as error:
            raise StdoutFailed(error) from error
