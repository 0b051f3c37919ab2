"""A file is replaced whole or not at all, and folders are walked through links."""

import os
import stat
from pathlib import Path

import pytest

from kg.errors import UnreadableFile
from kg.files import replacing, walk_folder, write_file

posix = pytest.mark.skipif(os.name == "nt", reason="modes and links are others on Windows")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data.ttl"
    path.write_bytes(b"old")
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_whole(
    file: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(UnreadableFile, match="No space"):
        write_file(file, b"new")
    monkeypatch.undo()
    assert file.read_bytes() == b"old"
    assert list(file.parent.iterdir()) == [file]


@posix
def test_a_write_replaces_and_keeps_the_mode(file: Path) -> None:
    file.chmod(0o640)
    write_file(file, b"new\n")
    assert file.read_bytes() == b"new\n"
    assert mode(file) == 0o640


@posix
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_mode_that_others_have(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        write_file(tmp_path / "new.ttl", b"new")
        (tmp_path / "usual.ttl").write_bytes(b"new")
    finally:
        os.umask(before)
    assert mode(tmp_path / "new.ttl") == mode(tmp_path / "usual.ttl")


@posix
def test_a_link_stays_a_link(file: Path) -> None:
    link = file.with_name("link.ttl")
    link.symlink_to(file)
    write_file(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"


@posix
def test_what_is_no_file_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_file(pipe, b"new")
    assert os.read(reader, 10) == b"new"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_what_a_killed_write_left_is_cleared_and_what_is_at_work_is_not(file: Path) -> None:
    old, young = (file.with_name(f".kg-write-0000000{n}.tmp") for n in (1, 2))
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    write_file(file, b"new")
    assert sorted(file.parent.iterdir()) == [young, file]


@posix
def test_folders_are_walked_through_links_once(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.ttl").touch()
    top = tmp_path / "top"
    (top / "review").mkdir(parents=True)
    for name in ("review/y.ttl", ".hidden.ttl", "z.ttl"):
        (top / name).touch()
    (top / "again").symlink_to(top / "review")
    (top / "round").symlink_to(top)
    (top / "a.ttl").symlink_to(top / "z.ttl")
    (top / "linked").symlink_to(tmp_path / "elsewhere")
    found = [path.relative_to(top).as_posix() for path in walk_folder(top)]
    assert sorted(found) == ["linked/x.ttl", "review/y.ttl", "z.ttl"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="folder cannot be read"):
        list(walk_folder(tmp_path / "none"))


def test_what_fails_while_it_is_written_leaves_the_old_file_whole(file: Path) -> None:
    def fail() -> None:
        with replacing(file) as new:
            new.write(b"half of")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert file.read_bytes() == b"old"
    assert list(file.parent.iterdir()) == [file]
