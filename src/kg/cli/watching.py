"""Watch the files of a project, to check them anew whenever one changes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from kg.errors import KgError
from kg.files import real_path
from kg.project import Project

# How long to wait for a change before looking at the keyboard again, in milliseconds.
_PATIENCE = 200


def rounds(project: Project, files: Sequence[Path]) -> Iterator[list[str]]:
    """Yield which files changed, each time some do, until Ctrl-C; at first at once, and none.

    Folders may come and go: one that is not there yet is watched as soon as it is.

    Args:
        project: whose data, ontology and queries are watched.
        files: further files to watch.

    Raises:
        KgError: the library that watches is not installed, or the system lets it watch no more.
    """
    try:
        from watchfiles import Change, watch
    except ImportError as error:
        what = "files are watched with the library watchfiles, which is not installed"
        raise KgError(what, fix="run: pip install 'evidence-kg[watch]'") from error
    named = {real_path(path) for path in files}
    homes = [real_path(project.home / part) for part in ("data", "ontology", "queries")]
    wanted = {*homes, *(path.parent for path in named)}

    def counts(_: Change, name: str) -> bool:
        path = Path(name)
        ours = any(path.is_relative_to(home) for home in homes)
        hidden = path.name.startswith(".")
        watched = path in named or path in wanted
        return watched or (ours and path.suffix in {".ttl", ".rq"} and not hidden)

    told: set[Path] = set()
    while True:
        there = set(filter(Path.is_dir, wanted))
        try:
            # The first, empty round comes once the files are watched, so that none is missed.
            began = False
            for changes in watch(
                *there, watch_filter=counts, rust_timeout=_PATIENCE, yield_on_timeout=True
            ):
                changed = {Path(name) for _, name in changes}
                if changed or not began:
                    began = True
                    yield sorted(project.shown(path) for path in told | changed)
                    told = set()
                # Of a folder that went, or is a new one of the same name, nothing more is heard.
                told = (set(filter(Path.is_dir, wanted)) ^ there) | (changed & wanted)
                if told:
                    break
        except OSError as error:
            if set(filter(Path.is_dir, wanted)) == there:
                what = f"the files cannot be watched: {error}"
                raise KgError(what, fix="run kg validate without --watch") from error
            # Otherwise a folder went just before it was to be watched: the others are.
