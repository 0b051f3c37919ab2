"""Stores on disk, built anew beside the old one and switched in whole.

A folder holds generations, each an Oxigraph store, and `store.json`, which names the one that
counts and says what it was built from. That file is replaced in one step: a load that is cut off
at any point leaves the old generation as it was, and the next load clears away what it began.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

import pyoxigraph

from kg.data_files import FAULTS, Progress, fault, format_of, opened, stream
from kg.errors import KgError, UnreadableFile
from kg.files import write_file
from kg.manifests import MANIFEST, PREFIX, Built, Manifest, as_built, current, is_held, number_of
from kg.terms import PREFIXES
from kg.turtle import check_file

_LOCK, _HOLDER = "lock", "holder"
_NESTED, _REIFIES = b"<<(", pyoxigraph.NamedNode(f"{PREFIXES['rdf']}reifies")
_ROOM = 3  # times the size of its files that a store takes about, while it is built


def build(
    files: Sequence[Path],
    folder: Path,
    home: Path | None = None,
    told: Callable[[str], None] = lambda text: None,
) -> Manifest:
    """Load files into a new generation, and let it be the one that counts.

    The generation before it is kept until the next load, for those who are reading it.

    Args:
        files: Turtle and N-Triples; all of them together are the graph.
        folder: where the store is, or is to be.
        home: the project whose whole graph these files are.
        told: is told how far it is.

    Raises:
        KgError: another load is under way, there is no room, or something else is in the folder.
        UnreadableFile: a file or the store there cannot be read; the store is as it was.
    """
    wanted = _ROOM * _size(files)
    _check_folder(folder)
    with _alone(folder):
        try:
            keep = {current(folder).name}
        except UnreadableFile:
            raise  # it may be sound: nothing of it is cleared away
        except KgError:
            keep = set()  # a damaged store, or none, is built anew
        _clear(folder, keep)
        _check_room(wanted, folder)
        name = f"{PREFIX}{max(number_of(path.name) for path in folder.iterdir()) + 1}"
        try:
            built, triples = _fill(folder / name, files, told)
        except BaseException:
            shutil.rmtree(folder / name, ignore_errors=True)
            raise
        manifest = Manifest(
            generation=name,
            triples=triples,
            home=home.absolute().as_posix() if home else "",
            files=tuple(built),
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            oxigraph=pyoxigraph.__version__,
            parts=tuple(
                as_built(path, path.name) for path in sorted((folder / name).glob("*.sst"))
            ),
        )
        content = json.dumps(asdict(manifest), indent=1, ensure_ascii=False)
        write_file(folder / MANIFEST, f"{content}\n".encode())
        return manifest


def _fill(
    place: Path, files: Sequence[Path], told: Callable[[str], None]
) -> tuple[list[Built], int]:
    built = []
    may_nest = False
    try:
        store = pyoxigraph.Store(str(place))
    except OSError as error:
        raise _unwritable(place, error) from error
    try:
        for number, path in enumerate(files, start=1):
            told(f"loading {number} of {len(files)}: {path.as_posix()}")
            as_it_is = as_built(path, path.absolute().as_posix())
            with opened(path) as file:
                reading = _Reading(file, as_it_is.size, lambda text: told(f"loaded {text}"))
                store.bulk_load(cast(BinaryIO, reading), format=format_of(path))
            built.append(as_it_is)
            may_nest |= reading.may_nest
        if may_nest or any(store.quads_for_pattern(None, _REIFIES, None)):
            _refuse_nested(files)
        told("bringing it to the disk")
        store.flush()
        return built, len(store)
    except FAULTS as error:
        of_file = FileNotFoundError | IsADirectoryError | PermissionError
        if isinstance(error, OSError) and not isinstance(error, of_file):
            raise _unwritable(place, error) from error
        raise fault(path, error) from error
    finally:
        # What is open is written to even where its folder has been deleted.
        del store


class _Reading(Progress):
    """A file of which is noted whether a triple may stand inside another.

    The other ways to write that, in Turtle, come to triples with `rdf:reifies`.
    """

    may_nest = False
    _end = b""

    def read(self, size: int = -1) -> bytes:
        part = super().read(size)
        seen = self._end + part
        self.may_nest |= _NESTED in seen
        self._end = seen[-2:]
        return part


def _refuse_nested(files: Sequence[Path]) -> None:
    for path in files:
        for _ in stream(path):  # it tells which file, if there is one
            pass


def _unwritable(place: Path, error: OSError) -> KgError:
    return KgError(
        f"the store cannot be written: {' '.join(str(error).split())}",
        where=place.parent.as_posix(),
        fix="make room on the disk, or choose another place; the store is as it was",
    )


def _check_folder(folder: Path) -> None:
    """Refuse a folder that something else is in: nothing there is overwritten or deleted."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = {path.name for path in folder.iterdir() if not path.name.startswith(".kg-write-")}
    except OSError as error:
        raise _unusable(folder, error) from error
    own = {name for name in names if name in {MANIFEST, _LOCK, _HOLDER} or number_of(name)}
    if names - own:
        is_store = "CURRENT" in names
        raise KgError(
            "a store that another program made is here"
            if is_store
            else f"something else is in this folder, such as {min(names - own)}",
            where=folder.as_posix(),
            fix="name a new folder",
        )


def _unusable(folder: Path, error: OSError) -> KgError:
    return KgError(
        f"the store cannot be built here: {error.strerror or error}",
        where=folder.as_posix(),
        fix="choose another folder, or check its rights and the room on its disk",
    )


def _size(files: Sequence[Path]) -> int:
    """Give the bytes of all files, of which each must be there and a file of triples."""
    total = 0
    for path in files:
        format_of(path)
        check_file(path)
        try:
            total += path.stat().st_size
        except OSError as error:
            raise fault(path, error) from error
    return total


def _check_room(wanted: int, folder: Path) -> None:
    """Refuse to begin what cannot be ended for want of room."""
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise KgError(
            f"there is too little room: {free / 1e6:,.0f} MB, and building takes about "
            f"{wanted / 1e6:,.0f} MB",
            where=folder.as_posix(),
            fix="make room, or choose another disk; the store is as it was",
        )


def _clear(folder: Path, keep: set[str]) -> None:
    """Delete what loads that were cut off began, and generations that nobody needs any more."""
    for path in folder.iterdir():
        if number_of(path.name) and path.name not in keep and not is_held(path):
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    who = "by a process that has not said its number"
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        with suppress(OSError):
            who = (folder / _HOLDER).read_text("utf-8") or who  # it may be about to say it
        raise KgError(
            f"another load is under way: {who}",
            where=folder.as_posix(),
            fix="wait until it has ended, then give the command again",
        ) from error
    except OSError as error:
        raise _unusable(folder, error) from error
    try:
        try:
            (folder / _HOLDER).write_text(f"process {os.getpid()}", "utf-8")
        except OSError as error:
            raise _unusable(folder, error) from error
        yield
    finally:
        lock.release()
