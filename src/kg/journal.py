"""Several files of a home changed together: after a crash, all are as they were or all are new.

A change first notes in a journal what it is about to do, then writes the new contents beside the
files and keeps the old ones there too, then puts each new one in its place. Renaming the journal is
what makes the change stand. A journal that is found was left by a change that was cut off, and
what that change did is undone: the same way back as after an error.
"""

import hashlib
import json
import logging
import os
import platform
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kg.errors import KgError, UnreadableFile
from kg.files import real_path, sync_folder, write_through

_PATIENCE = 30  # seconds that one command waits for another
_DEPTH = 2  # how deep files stand that are in no folder of a review: data/triples/works.ttl
_NAME = re.compile(r"(?:data|ontology)/(?!.*(?:^|/)\.\./).+")
_log = logging.getLogger(__name__)


@contextmanager
def exclusive(home: Path) -> Iterator[None]:
    """Keep a home for oneself while it is read in order to be changed; it may be nested.

    Args:
        home: the folder that holds `data/triples/`.

    Raises:
        KgError: another command is changing it, and does not end within half a minute; or the home
            cannot be written to.
    """
    from filelock import FileLock, Timeout

    folder = _folder(home)
    try:
        folder.mkdir(exist_ok=True)
        # One lock for each home in a process, so that whoever holds it may ask for it again.
        lock = FileLock(folder / "lock", is_singleton=True)
        nested = lock.is_locked
        try:
            lock.acquire(timeout=0)
        except Timeout:
            _log.warning("Waiting for %s, which is changing this graph.", _holder(folder))
            lock.acquire(timeout=_PATIENCE)
    except Timeout as error:
        raise KgError(
            f"{_holder(folder)} is changing this graph",
            where=home.as_posix(),
            fix="wait until it has ended, then give the command again",
        ) from error
    except OSError as error:
        raise KgError(
            f"this graph cannot be changed: {error.strerror or error}",
            where=folder.as_posix(),
            fix="check space and rights",
        ) from error
    try:
        if not nested:
            _sign(folder)
            _undo_if_cut_off(home)
        yield
    finally:
        lock.release()


def change_files(home: Path, texts: Mapping[Path, str]) -> None:
    """Give files of a home new contents: all of them or, when anything fails, none.

    Args:
        home: whose files they are.
        texts: the new text of each file, which stands under `data/` or `ontology/`; one that is
            not there yet is made.

    Raises:
        KgError: another command is changing the home.
        UnreadableFile: a file cannot be written; every file stands as it was.
    """
    contents = {path: text.encode() for path, text in texts.items()}
    with exclusive(home):
        steps = [_Step.begin(home, path, content) for path, content in contents.items()]
        where = _journal(home)
        try:
            _write_journal(home, steps)
            for step, content in zip(steps, contents.values(), strict=True):
                where = step.file
                step.prepare(content)
            for step in steps:
                where = step.file
                os.replace(step.new, step.file)  # noqa: PTH105 - named by the crash tests
            for step in steps:
                sync_folder(step.file.parent)
            _end(home)
        except BaseException as error:
            _undo_after(error, home, steps)
            if isinstance(error, OSError):
                raise _told(error, where) from error
            raise
        _clear(home, steps)


def recover(home: Path) -> None:
    """Undo what a change that was cut off did, so that no half of it is ever read.

    Raises:
        KgError: it cannot be undone.
    """
    if _journal(home).is_file():
        with exclusive(home):
            pass  # whoever has the home for himself finds it put right
    elif _ended(home).is_file():
        with suppress(KgError), exclusive(home):
            pass  # and tidied up, without which it may be read too


@dataclass(frozen=True)
class _Step:
    """A file that changes, and the digests of its old content (if any) and of its new content."""

    name: str  # under the home
    file: Path
    token: str
    was: str
    becomes: str

    @classmethod
    def begin(cls, home: Path, path: Path, content: bytes) -> "_Step":
        file = real_path(path)  # a link stays a link; what it leads to is replaced
        name = path.relative_to(home).as_posix()
        becomes = hashlib.sha256(content).hexdigest()
        return cls(name, file, secrets.token_hex(4), _digest(file), becomes)

    @property
    def old(self) -> Path:
        return self.file.with_name(f".kg-change-{self.token}.old")

    @property
    def new(self) -> Path:
        return self.file.with_name(f".kg-change-{self.token}.new")

    @property
    def before(self) -> Path:
        return self.file.with_name(f"{self.file.name}.before")

    def prepare(self, content: bytes) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        write_through(self.new, content, like=self.file)
        if self.was:
            try:
                self.old.hardlink_to(self.file)  # which takes no space
            except OSError:
                shutil.copy2(self.file, self.old)

    def undo(self) -> bool:
        """Put the old content back, unless somebody has changed the file since."""
        now = _digest(self.file)
        if now not in {self.was, self.becomes, ""}:
            return False
        if now != self.was:
            if self.was:
                os.replace(self.old, self.file)  # noqa: PTH105 - named by the crash tests
            else:
                self.file.unlink()
        return True


def _undo(home: Path, steps: list[_Step]) -> list[_Step]:
    """Put every file back as it was, and give those that somebody has changed since."""
    others = [step for step in steps if not step.undo()]
    for step in steps:
        sync_folder(step.file.parent)
    for step in others:
        if step.old.exists():
            step.old.replace(step.before)
    if _journal(home).exists():
        _end(home)
    _clear(home, steps)
    for step in steps:
        if not step.was and step.name.count("/") > _DEPTH:
            with suppress(OSError):  # it was never made, or holds something else
                step.file.parent.rmdir()
    return others


def _undo_after(error: BaseException, home: Path, steps: list[_Step]) -> None:
    try:
        _undo(home, steps)
    except OSError as second:
        raise UnreadableFile(
            f"writing failed ({error}), and so did putting the files back ({second})",
            where=_journal(home).as_posix(),
            fix="check the disk; the next command puts them back",
        ) from error


def _undo_if_cut_off(home: Path) -> None:
    journal = _journal(home)
    if _ended(home).is_file():
        _clear(home, _read(_ended(home), home))
    if not journal.is_file():
        return
    try:
        others = _undo(home, _read(journal, home))
    except OSError as error:
        raise UnreadableFile(
            f"a change of this graph was cut off, and cannot be undone: {error}",
            where=journal.as_posix(),
            fix="check rights and give the command again; "
            "or, where the files are as they should be, delete this one",
        ) from error
    _log.warning("A change of this graph was cut off: the files are as they were before it.")
    for step in others:
        _log.warning(
            "%s was changed since and is left as it is; before the change it %s.",
            step.file.as_posix(),
            f"held what is in {step.before.name} now" if step.was else "was not there",
        )


def _told(error: OSError, where: Path) -> UnreadableFile:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return UnreadableFile(
            "a folder is needed here, and there is something else of that name",
            where=where.parent.as_posix(),
            fix="move it out of the way; nothing was changed",
        )
    return UnreadableFile(
        f"the file cannot be written: {error.strerror or error}",
        where=where.as_posix(),
        fix="check space and rights; nothing was changed: every file stands as it was",
    )


def _write_journal(home: Path, steps: list[_Step]) -> None:
    told = [[step.name, step.token, step.was, step.becomes] for step in steps]
    journal = _journal(home)
    unready = journal.with_suffix(".new")
    unready.unlink(missing_ok=True)
    write_through(unready, json.dumps(told, indent=1).encode(), like=journal)
    os.replace(unready, journal)  # noqa: PTH105 - named by the crash tests
    sync_folder(journal.parent)


def _read(journal: Path, home: Path) -> list[_Step]:
    """Read a journal, which may have come with a copied home: it names nothing outside of it."""
    try:
        steps = [
            _Step(name, real_path(home / name), token, was, becomes)
            for name, token, was, becomes in json.loads(journal.read_bytes())
        ]
        sound = all(
            _NAME.fullmatch(step.name) and re.fullmatch("[0-9a-f]{8}", step.token) for step in steps
        )
    except (ValueError, TypeError):
        sound, steps = False, []
    if not sound:
        raise UnreadableFile(
            "this should tell how to undo a change that was cut off, and does not",
            where=journal.as_posix(),
            fix="look whether the files of the graph are as they should be, then delete it",
        )
    return steps


def _sign(folder: Path) -> None:
    """Say who holds the lock, to be told to whoever waits for it, and keep git away from it."""
    with suppress(OSError):  # a courtesy, for which nothing should fail
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        told = f"process {os.getpid()} on {platform.node()} (since {datetime.now():%H:%M})"
        (folder / "holder").write_text(told, encoding="utf-8")


def _holder(folder: Path) -> str:
    with suppress(OSError):
        return (folder / "holder").read_text(encoding="utf-8") or "another command"
    return "another command"


def _end(home: Path) -> None:
    """Say that the change stands, or is undone: what is left to do is to tidy up."""
    os.replace(_journal(home), _ended(home))  # noqa: PTH105
    sync_folder(_folder(home))


def _clear(home: Path, steps: list[_Step]) -> None:
    for path in (path for step in steps for path in (step.old, step.new)):
        with suppress(OSError):  # left behind, it harms nobody
            path.unlink()
    _ended(home).unlink(missing_ok=True)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def _folder(home: Path) -> Path:
    return home.resolve() / ".kg"


def _journal(home: Path) -> Path:
    return _folder(home) / "journal.json"


def _ended(home: Path) -> Path:
    return _folder(home) / "ended.json"
