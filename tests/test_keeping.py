"""A workbook that somebody has changed is never written over, and none is ever half written."""

import io
import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

from kg.errors import KgError
from kg.project import Project, start_home
from kg.sheets.keeping import check_marked, save, save_marked
from kg.sheets.plan import export, plan, template

Run = Callable[..., "subprocess.CompletedProcess[str]"]
REVIEW = "lowmere-2025"


@pytest.fixture(scope="module")
def empty() -> bytes:
    return template(Project(), "pier-2001")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    start_home(tmp_path / "home")
    return tmp_path / "home"


def change(path: Path, sheet: str, cell: str, value: str) -> bytes:
    book = load_workbook(path)
    book[sheet][cell] = value
    book.save(path)
    return path.read_bytes()


def test_what_nobody_changed_is_written_anew(empty: bytes, tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "book.xlsx"
    save({path: empty})
    save({path: template(Project(), "quay-2002")})
    assert load_workbook(path)["_meta"]["B3"].value == "quay-2002"


def test_what_somebody_filled_in_stays_unless_forced(empty: bytes, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    save({path: empty})
    filled = change(path, "Works", "A2", "pier-2001")
    with pytest.raises(KgError, match="somebody may have changed") as error:
        save({path: empty})
    assert "--force" in error.value.fix
    assert path.read_bytes() == filled
    save({path: empty}, force=True)
    assert load_workbook(path)["Works"]["A2"].value is None


@pytest.mark.parametrize(
    "held", [b"notes", b"", b"PK\x05\x06" + bytes(18), b"PK\x03\x04 damaged"], ids=repr
)
def test_what_was_not_written_here_stays(empty: bytes, tmp_path: Path, held: bytes) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(held)
    with pytest.raises(KgError, match="somebody"):
        save({path: empty})
    assert path.read_bytes() == held


def test_the_seal_of_another_workbook_does_not_fit(empty: bytes, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    save({path: empty})
    with zipfile.ZipFile(path) as book:
        parts = {part: book.read(part) for part in book.namelist()}
    with zipfile.ZipFile(path, "w") as book:
        for part, held in parts.items():
            book.writestr(part, held + b" " if part.endswith("sheet2.xml") else held)
    with pytest.raises(KgError, match="somebody"):
        save({path: empty})


def test_one_csv_file_that_was_changed_keeps_all(tmp_path: Path) -> None:
    files = {tmp_path / f"{name}.csv": b"a,b\n" for name in ("works", "events")}
    save(files)
    save(files)
    (tmp_path / "events.csv").write_bytes(b"mine\n")
    (tmp_path / "works.csv").unlink()
    with pytest.raises(KgError, match="may have changed") as error:
        save(files)
    assert error.value.where.endswith("events.csv")
    assert not (tmp_path / "works.csv").exists()


def test_a_sealed_workbook_is_read_as_any_other(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    save({path: export(Project(home), REVIEW)})
    found = plan(Project(home), path)
    assert (found.changes, found.mistakes) == ([], [])
    with zipfile.ZipFile(path) as book:
        assert book.testzip() is None
        assert b"<dc:identifier>" in book.read("docProps/core.xml")


def test_a_failed_write_leaves_the_filled_workbook(
    empty: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"filled")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KgError, match="No space"):
        save({path: empty}, force=True)
    assert path.read_bytes() == b"filled"
    assert list(tmp_path.iterdir()) == [path]


def test_a_marked_copy_that_was_mended_is_kept(empty: bytes, tmp_path: Path) -> None:
    path = tmp_path / "book-marked.xlsx"
    assert save_marked(empty, path) == path
    assert save_marked(empty, path) == path
    mended = change(path, "Works", "A2", "pier-2001")
    assert save_marked(empty, path) == tmp_path / "book-marked-2.xlsx"
    change(tmp_path / "book-marked-2.xlsx", "Works", "A2", "pier-2001")
    assert save_marked(empty, path) == tmp_path / "book-marked-3.xlsx"
    assert path.read_bytes() == mended


def test_a_marked_copy_goes_where_a_workbook_may(tmp_path: Path) -> None:
    book = tmp_path / "book.xlsx"
    book.touch()
    check_marked(tmp_path / "marked.xlsx", book)
    for name, what in (("book.xlsx", "workbook that is imported"), ("works.ttl", "is a workbook")):
        with pytest.raises(KgError, match=what) as error:
            check_marked(tmp_path / name, book)
        assert error.value.where.startswith("--marked")
        assert error.value.fix


def test_the_commands_write_over_nobodys_work(kg: Run, home: Path, tmp_path: Path) -> None:
    book = tmp_path / "book.xlsx"
    at = ("--home", str(home), "sheet")
    assert kg(*at, "template", "--review", REVIEW, "-o", str(book)).returncode == 0
    assert kg(*at, "export", "-o", str(book)).returncode == 0
    filled = change(book, "Statements", "D2", "Nonsense")
    for command in ("template", "export"):
        ended = kg(*at, command, "-o", str(book))
        assert ended.returncode == 2
        assert "add --force" in ended.stderr
        assert book.read_bytes() == filled
    works = home / "data" / "triples" / "works.ttl"
    before = works.read_bytes()
    for marked in (book, works):
        ended = kg(*at, "import", str(book), "--marked", str(marked))
        assert ended.returncode == 2
        assert "--marked" in ended.stderr
    assert (book.read_bytes(), works.read_bytes()) == (filled, before)
    copy = tmp_path / "book-marked.xlsx"
    assert "book-marked.xlsx." in kg(*at, "import", str(book)).stderr
    mended = change(copy, "Statements", "D2", "Mended")
    assert "book-marked-2.xlsx." in kg(*at, "import", str(book)).stderr
    assert copy.read_bytes() == mended
    ended = kg(*at, "export", "--force", "-o", str(book))
    assert ended.returncode == 0
    assert load_workbook(io.BytesIO(book.read_bytes()))["Statements"]["D2"].value != "Nonsense"
