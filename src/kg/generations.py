"""Stores on disk, built anew beside the old one and switched in whole.

A folder holds generations, each an Oxigraph store, and `store.json`, which names the one that
counts and says what it was built from. That file is replaced in one step: a load that is cut off
at any point leaves the old generation as it was, and the next load clears away what it began.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyoxigraph

from kg.data_files import FAULTS, Progress, fault, format_of, opened
from kg.errors import KgError
from kg.files import write_file

_MANIFEST = "store.json"
_LOCK, _HOLDER = "lock", "holder"
_PREFIX = "generation-"
_ROOM = 3  # times the size of its files that a store takes about, while it is built
_PIECE = 1024 * 1024


@dataclass(frozen=True)
class Built:
    """A file as it was when a store was built: bytes, modified (ns), SHA-256."""

    path: str
    size: int
    modified: int
    digest: str


@dataclass(frozen=True)
class Manifest:
    """Which generation counts, what it holds, and what it was built from and with.

    `home` is the project whose whole graph it is, or empty where files were named. `parts` are the
    files of the generation that hold the graph, by which damage is known.
    """

    generation: str
    triples: int
    home: str
    files: tuple[Built, ...]
    made: str
    oxigraph: str
    parts: tuple[Built, ...] = ()


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
        UnreadableFile: a file cannot be read; the store is as it was.
    """
    wanted = _ROOM * _size(files)
    _check_folder(folder)
    with _alone(folder):
        keep = set()
        with suppress(KgError):  # a damaged store, or none, is built anew
            keep = {current(folder).name}
        _clear(folder, keep)
        _check_room(wanted, folder)
        name = f"{_PREFIX}{max(_number(path.name) for path in folder.iterdir()) + 1}"
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
            parts=tuple(_built(path, path.name) for path in sorted((folder / name).glob("*.sst"))),
        )
        content = json.dumps(asdict(manifest), indent=1, ensure_ascii=False)
        write_file(folder / _MANIFEST, f"{content}\n".encode())
        return manifest


def _as_built(told: Sequence[Any]) -> tuple[Built, ...]:
    return tuple(Built(**file) for file in told)


def _built(path: Path, name: str) -> Built:
    found = path.stat()
    return Built(name, found.st_size, found.st_mtime_ns, _digest(path))


def read_manifest(folder: Path) -> Manifest | None:
    """Read what a folder says of its store; nothing where no store was built in it.

    Raises:
        KgError: what it says cannot be read.
    """
    if (told := _told(folder)) is None:
        return None
    try:
        files, parts = (_as_built(told.pop(name, ())) for name in ("files", "parts"))
        return Manifest(**told, files=files, parts=parts)
    except (TypeError, KeyError) as error:
        raise damaged(folder, f"store.json cannot be read ({error})") from error


def current(folder: Path) -> Path:
    """Give the folder of the Oxigraph store that counts: a generation, or the folder itself.

    Of what is said of the store no more is needed than the name of the generation.

    Raises:
        KgError: there is no store, or it is not said which generation counts.
    """
    # Oxigraph itself would make an empty store of any folder.
    if _is_store(folder):
        return folder
    told = _told(folder)
    if told is None:
        raise KgError(
            "there is no Oxigraph store in this folder",
            where=folder.as_posix(),
            fix="name the folder of a store, or build one: kg load --rebuild --store DIR",
        )
    name = str(told.get("generation"))
    if not _number(name) or not _is_store(folder / name):
        raise damaged(folder, f"{name} is missing or has lost files")
    # Over a damaged block Oxigraph may go on for ever; a file is read where it is not as old as it
    # was.
    try:
        parts = _as_built(told.get("parts", ()))
    except TypeError as error:
        raise damaged(folder, f"store.json cannot be read ({error})") from error
    for part in parts:
        if _has_changed(part, folder / name / part.path):
            raise damaged(folder, f"{name}/{part.path} is missing or not as it was written")
    return folder / name


def built_in(place: Path) -> Path | None:
    """Give the folder that a load built a generation in; nothing if no load did.

    Example:
        >>> built_in(Path("somewhere/generation-1"))
    """
    is_own = _number(place.name) and (place.parent / _MANIFEST).is_file()
    return place.parent if is_own else None


def hold(place: Path) -> BinaryIO:
    """Keep a generation from being deleted by loads, for as long as what is given is open.

    Raises:
        OSError: it is not there.
    """
    file = (place / "CURRENT").open("rb")
    # Without such locks, as on Windows and some disks of the network, what is open is kept anyway,
    # or a server is started anew after two loads.
    with suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(file, fcntl.LOCK_SH)
    return file


def _is_held(place: Path) -> bool:
    try:
        import fcntl

        with (place / "CURRENT").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (ImportError, OSError):
        pass
    return False


def _is_store(folder: Path) -> bool:
    try:
        return (folder / "CURRENT").is_file()
    except PermissionError as error:
        raise unreadable(folder, error) from error


def _told(folder: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads((folder / _MANIFEST).read_bytes()))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise unreadable(folder, error) from error
    except (OSError, ValueError, TypeError) as error:
        raise damaged(folder, f"store.json cannot be read ({error})") from error


def stale(folder: Path, files: Sequence[Path], home: Path) -> list[str]:
    """Name the files that are not as they were when a store was built; none if it is up to date.

    Args:
        folder: where the store is.
        files: those that make up the graph of the project now.
        home: of that project.

    Raises:
        KgError: what is said of the store cannot be read.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        return []
    # A store of files that were named is held against these alone.
    now = {path.absolute().as_posix(): path for path in files}
    is_whole = manifest.home == home.absolute().as_posix()
    changed = [file.path for file in manifest.files if _has_changed(file, Path(file.path))]
    new = sorted(now.keys() - {file.path for file in manifest.files}) if is_whole else []
    return [*changed, *new]


def unreadable(folder: Path, error: Exception) -> KgError:
    """Tell that a store cannot be read, which need not be damaged."""
    return KgError(
        f"the store cannot be read: {' '.join(str(error).split())}",
        where=folder.as_posix(),
        fix="check its rights, or mend it with the program that made it",
    )


def damaged(folder: Path, what: str) -> KgError:
    """Tell that a store cannot be used, and how to have a sound one again."""
    return KgError(
        f"the store is damaged: {what}",
        where=folder.as_posix(),
        fix="build it anew from the files: kg load --rebuild --store DIR, or with those it held",
    )


def _has_changed(file: Built, path: Path) -> bool:
    try:
        found = path.stat()
        if (found.st_size, found.st_mtime_ns) == (file.size, file.modified):
            return False
        return found.st_size != file.size or _digest(path) != file.digest
    except OSError:
        return True


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fill(
    place: Path, files: Sequence[Path], told: Callable[[str], None]
) -> tuple[list[Built], int]:
    built = []
    try:
        store = pyoxigraph.Store(str(place))
    except OSError as error:
        raise _unwritable(place, error) from error
    try:
        for number, path in enumerate(files, start=1):
            told(f"loading {number} of {len(files)}: {path.as_posix()}")
            as_it_is = _built(path, path.absolute().as_posix())
            with opened(path) as file:
                reading = Progress(file, as_it_is.size, lambda text: told(f"loaded {text}"))
                store.bulk_load(cast(BinaryIO, reading), format=format_of(path))
            built.append(as_it_is)
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
    own = {name for name in names if name in {_MANIFEST, _LOCK, _HOLDER} or _number(name)}
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
        if _number(path.name) and path.name not in keep and not _is_held(path):
            shutil.rmtree(path, ignore_errors=True)


def _number(name: str) -> int:
    """Give the number of a generation; 0 for what is none.

    Example:
        >>> _number("generation-12"), _number("generation-x"), _number("data")
        (12, 0, 0)
    """
    number = name.removeprefix(_PREFIX)
    return int(number) if name.startswith(_PREFIX) and number.isdecimal() else 0


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    who = "by a process that has not said its number"
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        with suppress(OSError):
            who = (folder / _HOLDER).read_text("utf-8")
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
