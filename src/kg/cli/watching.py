"""Watch the files of a project, to check them anew whenever one changes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from kg.errors import KgError
from kg.project import Project

# How long to wait for a change before looking at the keyboard again, in milliseconds.
_PATIENCE = 200


def rounds(project: Project, files: Sequence[Path]) -> Iterator[list[str]]:
    """Yield which files changed, each time some do, until Ctrl-C; at first at once, and none.

    Args:
        project: whose data, ontology and queries are watched.
        files: further files to watch.

    Raises:
        KgError: the library that watches is not installed.
    """
    try:
        from watchfiles import Change, watch
    except ImportError as error:
        what = "files are watched with the library watchfiles, which is not installed"
        raise KgError(what, fix="run: pip install 'evidence-kg[watch]'") from error
    named = {path.resolve() for path in files}
    homes = [(project.home / part).resolve() for part in ("data", "ontology", "queries")]
    folders = {*filter(Path.is_dir, homes), *(path.parent for path in named)}

    def counts(_: Change, name: str) -> bool:
        path = Path(name)
        ours = any(path.is_relative_to(home) for home in homes)
        hidden = path.name.startswith(".")
        return path in named or (ours and path.suffix in {".ttl", ".rq"} and not hidden)

    began = False
    # The first, empty round comes once the files are watched, so that no change is missed.
    for changes in watch(
        *folders, watch_filter=counts, rust_timeout=_PATIENCE, yield_on_timeout=True
    ):
        if changes or not began:
            began = True
            yield sorted({project.shown(Path(name)) for _, name in changes})
