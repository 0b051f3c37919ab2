"""What the shell offers when the Tab key is pressed; typer keeps what begins as the word does."""

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from kg.errors import KgError
from kg.project import Project

if TYPE_CHECKING:
    from kg.queries import SavedQuery


def query_ids(ctx: typer.Context) -> list[str]:
    """Offer the saved queries."""
    return _named(ctx, "queries", "*.rq")


def view_ids(ctx: typer.Context) -> list[str]:
    """Offer the views."""
    return _named(ctx, "viz", "*.toml")


def formats() -> list[str]:
    """Offer the formats of an answer."""
    from kg.results import FORMATS

    return list(FORMATS)


def measures() -> list[tuple[str, str]]:
    """Offer the measures of a network, each with what it means."""
    from kg.measures import MEANINGS

    return list(MEANINGS.items())


def values(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer the parameters of the query or view that is named, and then their choices."""
    with suppress(KgError):
        return list(_values(ctx, incomplete))
    return []


@contextmanager
def joined_values() -> Iterator[None]:
    """Let bash, which takes `name=value` apart at the equals sign, complete the value alone."""
    words, at = os.environ.get("COMP_WORDS", "").split(), int(os.environ.get("COMP_CWORD", "0"))
    apart = " ".join([*words[:at], *(words[at : at + 1] or [""])])
    joined = re.sub(" = ?", "=", apart)
    if os.environ.get("_KG_COMPLETE") != "complete_bash" or joined == apart:
        yield
        return
    os.environ["COMP_WORDS"], os.environ["COMP_CWORD"] = joined, str(joined.count(" "))
    with redirect_stdout(io.StringIO()) as offered:
        yield
    for line in offered.getvalue().splitlines():
        print(line.rpartition("=")[2] if "=" in joined.rpartition(" ")[2] else line)


def _values(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    from kg.queries import ANY, choices
    from kg.store import open_store
    from kg.terms import local_name

    query = _query(ctx)
    name, equals, _ = incomplete.partition("=")
    if not equals:
        for param in query.params:
            yield f"{param.name}=", f"{param.label}, default {param.default}"
        return
    for param in query.params:
        if param.name != name:
            continue
        known = choices(param, open_store(_project(ctx)))
        offered = {local_name(iri): label for iri, label in known.items()}
        if param.optional:
            offered[ANY] = "No choice is made"
        if param.type == "boolean":
            offered = dict.fromkeys(("true", "false"), param.label)
        yield from ((f"{name}={value}", told) for value, told in offered.items())


def _query(ctx: typer.Context) -> "SavedQuery":
    """The query that is named on the line, or that of the view."""
    from kg.queries import load_query
    from kg.views import load_view

    # An option that still lacks its value keeps the arguments from being assigned.
    project, name = _project(ctx), ctx.params.get("name") or "".join(ctx.args[:1])
    if ctx.command_path.split()[1] == "query":
        return load_query(project, name)
    return load_query(project, load_view(project, name).query)


def _named(ctx: typer.Context, folder: str, pattern: str) -> list[str]:
    with suppress(KgError):
        return [path.stem for path in _project(ctx).files(folder, pattern)]
    return []


def _project(ctx: typer.Context) -> Project:
    # Neither the defaults nor the types of options are applied while a line is completed.
    home = ctx.find_root().params.get("home")
    return Project(Path(home) if home else None)
