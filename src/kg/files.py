"""Files replaced in one step: after a crash, each is the old one or the new one."""

import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from kg.errors import UnreadableFile

_LONGEST_WRITE = 3600  # seconds; what is older was left by a program that was killed


def write_file(path: Path, content: bytes) -> None:
    """Replace a file's content in one step (see `replacing`)."""
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write a file anew, which replaces the old one in one step when all is written.

    Its mode is kept; a link stays a link. What is no file but a device or a pipe, such as
    `/dev/null`, is written to and stays.

    Args:
        path: the file, in a folder that is there.

    Raises:
        UnreadableFile: the file cannot be written; the old one stands as it was.

    Example:
        >>> with replacing(Path("/dev/null")) as file:
        ...     file.write(b"all of it")
        9
    """
    real = real_path(path)
    try:
        if real.exists() and not real.is_file():
            with real.open("wb") as file:
                yield file
            return
        _clear_old_temporaries(real.parent)
        temporary = real.with_name(f".kg-write-{secrets.token_hex(4)}.tmp")
        try:
            with written_through(temporary, like=real) as file:
                yield file
            os.replace(temporary, real)  # noqa: PTH105 - named by the crash tests
        finally:
            with suppress(OSError):
                temporary.unlink()
    except OSError as error:
        raise UnreadableFile(
            f"the file cannot be written: {error.strerror or error}",
            where=path.as_posix(),
            fix="check space and rights, or choose another place; the old file stands as it was",
        ) from error
    sync_folder(real.parent)


def real_path(path: Path) -> Path:
    """Give the file that a path leads to, through all links; a loop of links leads nowhere."""
    return Path(os.path.realpath(path))


def write_through(path: Path, content: bytes, *, like: Path) -> None:
    """Write a new file to the disk itself (see `written_through`)."""
    with written_through(path, like=like) as file:
        file.write(content)


@contextmanager
def written_through(path: Path, *, like: Path) -> Iterator[BinaryIO]:
    """Write a new file to the disk itself, with the mode of another where that one is there.

    Raises:
        OSError: it is there already, or cannot be written.
    """
    with path.open("xb") as file:  # not tempfile, which gives to nobody else the right to read
        yield file
        file.flush()
        os.fsync(file.fileno())
    if like.exists():
        path.chmod(stat.S_IMODE(like.stat().st_mode))


def sync_folder(folder: Path) -> None:
    """Bring to the disk which files a folder holds, where the system can do that."""
    if hasattr(os, "O_DIRECTORY"):
        with suppress(OSError):  # not every network's folders can
            opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)


def walk_folder(top: Path) -> Iterator[Path]:
    """Yield the files under a folder, through links too, each once and under its own name first.

    Hidden files are left out: they are what editors and systems keep for themselves.

    Raises:
        UnreadableFile: a folder cannot be read.
    """

    def fail(error: OSError) -> None:
        raise UnreadableFile(
            f"the folder cannot be read: {error.strerror}",
            where=Path(error.filename).as_posix(),
            fix="check its rights",
        ) from error

    seen: set[Path] = set()
    for name, folders, files in os.walk(top, onerror=fail, followlinks=True):
        here = Path(name)
        if _is_new(here, seen):
            folders[:] = _in_order(here, folders)
            for path in (here / file for file in _in_order(here, files)):
                if _is_new(path, seen):
                    yield path
        else:  # a link led back to where we have been
            folders.clear()


def _in_order(folder: Path, names: list[str]) -> list[str]:
    visible = (name for name in names if not name.startswith("."))
    return sorted(visible, key=lambda name: ((folder / name).is_symlink(), name))


def _is_new(path: Path, seen: set[Path]) -> bool:
    real = real_path(path)
    new = real not in seen
    seen.add(real)
    return new


def _clear_old_temporaries(folder: Path) -> None:
    for path in folder.glob(".kg-write-*.tmp"):
        with suppress(OSError):  # another program may clear it at the same time
            if path.stat().st_mtime < time.time() - _LONGEST_WRITE:
                path.unlink()
