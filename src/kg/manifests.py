"""What is said of a store on disk: which generation counts, what it holds, what it was built from.

The folder of a store holds generations and `store.json`, its manifest (see `kg.generations`).
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from kg.errors import KgError, UnreadableFile

MANIFEST = "store.json"
PREFIX = "generation-"


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


def _read_built(told: Sequence[Any]) -> tuple[Built, ...]:
    built = tuple(Built(**file) for file in told)
    if not all(isinstance(file.path, str) for file in built):
        raise TypeError("the path of a file is no text")
    return built


def as_built(path: Path, name: str) -> Built:
    """Look at a file as it is now.

    Raises:
        OSError: it cannot be read.
    """
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
        files, parts = (_read_built(told.pop(name, ())) for name in ("files", "parts"))
        return Manifest(**told, files=files, parts=parts)
    except (TypeError, KeyError) as error:
        raise damaged(folder, f"store.json cannot be read ({error})") from error


def current(folder: Path) -> Path:
    """Give the folder of the Oxigraph store that counts: a generation, or the folder itself.

    Of what is said of the store no more is needed than the name of the generation.

    Raises:
        UnreadableFile: it may not be read, and may be sound.
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
    name = str(told.get("generation", "the generation that counts"))
    if not number_of(name) or not _is_store(folder / name):
        raise damaged(folder, f"{name} is missing or has lost files")
    # Over a damaged block Oxigraph may go on for ever; a file is read where it is not as old as it
    # was.
    try:
        parts = _read_built(told.get("parts", ()))
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
    is_own = number_of(place.name) and (place.parent / MANIFEST).is_file()
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


def is_held(place: Path) -> bool:
    """Tell whether a generation is being read (see `hold`)."""
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
        return dict(json.loads((folder / MANIFEST).read_bytes()))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise unreadable(folder, error) from error
    except (OSError, ValueError, TypeError, RecursionError) as error:
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


def unreadable(folder: Path, error: Exception) -> UnreadableFile:
    """Tell that a store cannot be read, which need not be damaged."""
    return UnreadableFile(
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
    except (OSError, ValueError):  # no file has such a name
        return True


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def number_of(name: str) -> int:
    """Give the number of a generation; 0 for what is none.

    Example:
        >>> number_of("generation-12"), number_of("generation-x"), number_of("data")
        (12, 0, 0)
    """
    number = name.removeprefix(PREFIX)
    return int(number) if name.startswith(PREFIX) and number.isdecimal() else 0
