"""Several files change together or not at all, one command at a time, and all is said."""

import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kg.errors import KgError, UnreadableFile
from kg.journal import change_files, exclusive
from kg.project import Project, start_home
from kg.sheets.plan import Plan, carry_out, export, plan
from kg.turtle import read_turtle

Run = Callable[..., "subprocess.CompletedProcess[str]"]
REVIEW = "lowmere-2025"
posix = pytest.mark.skipif(os.name == "nt", reason="links and modes are others on Windows")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    start_home(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def new(home: Path) -> dict[Path, str]:
    """Three files that change, and two that are new in a folder of their own."""
    data = home / "data" / "triples"
    texts = {path: f"# new\n{path.read_text(encoding='utf-8')}" for path in files(home)[:3]}
    return texts | {data / "other" / "a.ttl": "# a\n", data / "other" / "b.ttl": "# b\n"}


def files(home: Path) -> list[Path]:
    return sorted((home / "data").rglob("*.ttl"))


def content(home: Path) -> dict[str, bytes]:
    """Everything under the data, folders and hidden files among it."""
    found = (home / "data").rglob("*")
    return {p.as_posix(): p.read_bytes() if p.is_file() else b"" for p in found}


def fail_at(
    monkeypatch: pytest.MonkeyPatch, name: str, number: int, error: BaseException, ends: str
) -> None:
    """Let the call of a function of `os` fail that is the nth whose last argument ends so."""
    real: Any = getattr(os, name)
    seen = []

    def call(*given: Any) -> Any:
        if str(given[-1]).endswith(ends):
            seen.append(given)
            if len(seen) == number:
                raise error
        return real(*given)

    monkeypatch.setattr(os, name, call)


def test_all_files_change(home: Path, new: dict[Path, str]) -> None:
    change_files(home, new)
    assert {path: path.read_text(encoding="utf-8") for path in new} == new
    assert not list((home / "data").rglob(".kg*"))
    assert sorted(p.name for p in (home / ".kg").iterdir()) == [".gitignore", "holder", "lock"]


@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.parametrize(
    "error", [OSError(errno.EPERM, "Operation not permitted"), KeyboardInterrupt()], ids=str
)
def test_where_one_file_cannot_be_replaced_none_is(
    home: Path,
    new: dict[Path, str],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    error: BaseException,
) -> None:
    before = content(home)
    fail_at(monkeypatch, "replace", number, error, ".ttl")
    with pytest.raises((UnreadableFile, KeyboardInterrupt)) as told:
        change_files(home, new)
    assert content(home) == before
    if isinstance(told.value, UnreadableFile):
        assert Path(told.value.where) == list(new)[number - 1]
        assert "nothing was changed" in told.value.fix


@pytest.mark.parametrize("number", range(1, 7))
def test_on_a_full_disk_nothing_is_changed(
    home: Path, new: dict[Path, str], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = content(home)
    real = os.fsync
    synced: list[int] = []

    def full(opened: int) -> None:
        if not Path(f"/proc/self/fd/{opened}").is_dir():
            synced.append(opened)
            if len(synced) == number:
                raise OSError(errno.ENOSPC, "No space left on device")
        real(opened)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnreadableFile, match="No space") as told:
        change_files(home, new)
    assert "nothing was changed" in told.value.fix
    assert content(home) == before
    change_files(home, new)
    assert files(home)[0].read_text(encoding="utf-8").startswith("# new")


CUT_OFF = """
import os, sys
from pathlib import Path
from kg.journal import change_files
home = Path(sys.argv[1])
paths = sorted((home / "data").rglob("*.ttl"))[:3]
real, seen = os.replace, []
def replace(source, target):
    if str(target).endswith(".ttl"):
        seen.append(target)
        if len(seen) == 3:
            os._exit(9)
    real(source, target)
os.replace = replace
change_files(home, {path: "# new" for path in paths})
"""


@pytest.fixture
def cut_off(home: Path) -> Path:
    """A home in which a change was cut off after two of three files."""
    ended = subprocess.run([sys.executable, "-c", CUT_OFF, str(home)], check=False)
    assert ended.returncode == 9
    assert [path.read_text(encoding="utf-8") for path in files(home)[:2]] == ["# new"] * 2
    return home


@pytest.mark.parametrize("command", ["validate", "fmt", "query run statement-by-theme"])
def test_the_next_command_undoes_what_was_cut_off_and_says_so(
    kg: Run, cut_off: Path, tmp_path: Path, command: str
) -> None:
    ended = kg("--home", str(cut_off), *command.split())
    assert ended.returncode == 0, ended.stderr
    assert "was cut off: the files are as they were before it" in ended.stderr
    start_home(tmp_path / "fresh")
    assert [p.read_bytes() for p in files(cut_off)] == [
        p.read_bytes() for p in files(tmp_path / "fresh")
    ]
    assert not list((cut_off / "data").rglob(".kg*"))
    assert kg("--home", str(cut_off), *command.split()).stderr.count("cut off") == 0


def test_what_somebody_wrote_since_is_kept(kg: Run, cut_off: Path, tmp_path: Path) -> None:
    first = files(cut_off)[0]
    first.write_text("# by hand\n", encoding="utf-8")
    ended = kg("--home", str(cut_off), "fmt", "--check")
    assert f"{first.name} was changed since and is left as it is" in ended.stderr
    assert first.read_text(encoding="utf-8") == "# by hand\n"
    start_home(tmp_path / "fresh")
    before = first.with_name(f"{first.name}.before").read_bytes()
    assert before == files(tmp_path / "fresh")[0].read_bytes()


@pytest.mark.parametrize(
    "told",
    [
        [["../elsewhere.ttl", "0123abcd", "", "x"]],
        [["data/../../elsewhere.ttl", "0123abcd", "", "x"]],
        [["data/triples/works.ttl", "../../x", "", "x"]],
        {"files": []},
        [["data/triples/works.ttl"]],
        "",
    ],
)
def test_a_journal_that_came_from_elsewhere_is_not_followed(
    kg: Run, home: Path, told: object
) -> None:
    (home.parent / "elsewhere.ttl").touch()
    (home / ".kg").mkdir()
    text = json.dumps(told) if told else "{"
    text = text.replace(
        '"x"', f'"{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}"'
    )
    (home / ".kg" / "journal.json").write_text(text, encoding="utf-8")
    ended = kg("--home", str(home), "validate")
    assert ended.returncode == 2
    assert "journal.json: this should tell how to undo" in ended.stderr
    assert (home.parent / "elsewhere.ttl").exists()


HOLD = """
import sys
from pathlib import Path
from kg.journal import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def hold(home: Path) -> "subprocess.Popen[str]":
    """Another process that has the home for itself until it is told to end."""
    command = [sys.executable, "-c", HOLD, str(home)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_second_command_says_who_is_changing_the_graph(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg.journal._PATIENCE", 0.1)
    with hold(home) as holder:
        with pytest.raises(KgError, match=f"process {holder.pid} ") as told, exclusive(home):
            pass
        assert "wait until it has ended" in told.value.fix
        holder.communicate("\n")
    with exclusive(home), exclusive(home):
        pass


def other_label(home: Path, theme: int, path: Path) -> Path:
    """Export the review with another label for a statement of one of its files."""
    from openpyxl import load_workbook

    path.write_bytes(export(Project(home), REVIEW))
    book = load_workbook(path)
    sheet = book["Statements"]
    column = next(cell.column for cell in sheet[1] if cell.value == "Label")
    sheet.cell(2 + theme, column).value = f"Another label {theme}"
    book.save(path)
    return path


def test_imports_at_the_same_time_lose_nothing(home: Path, tmp_path: Path) -> None:
    books = [other_label(home, n, tmp_path / f"{n}.xlsx") for n in range(2)]
    program = [sys.executable, "-c", "from kg.cli import main; main()", "--home", str(home)]
    with hold(home) as holder:
        running = [
            subprocess.Popen(
                [*program, "sheet", "import", str(book)], stdout=subprocess.PIPE, text=True
            )
            for book in books
        ]
        holder.communicate("\n")
        told = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    # The second to come has read what the first wrote: it tells that it sets that back.
    assert len(re.findall("Another label . becomes", "".join(told))) == 1


@pytest.mark.parametrize("how", ["changed", "come", "gone"])
def test_a_plan_for_files_that_are_others_by_now_is_refused(
    home: Path, tmp_path: Path, how: str
) -> None:
    found = plan(Project(home), other_label(home, 0, tmp_path / "book.xlsx"))
    works = home / "data" / "triples" / "works.ttl"
    if how == "changed":
        works.write_text(f"# by hand\n{works.read_text(encoding='utf-8')}", "utf-8")
    elif how == "come":
        works.with_name("more.ttl").touch()
    else:
        works.unlink()
    before = content(home)
    with pytest.raises(KgError, match=f"a file has {how}") as told:
        carry_out(found)
    assert told.value.fix == "import again"
    assert content(home) == before


def test_an_import_that_fails_tells_no_change_as_made(kg: Run, home: Path, tmp_path: Path) -> None:
    book = other_label(home, 0, tmp_path / "book.xlsx")
    (home / ".kg").write_text("in the way", encoding="utf-8")
    before = content(home)
    ended = kg("--home", str(home), "sheet", "import", str(book))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "this graph cannot be changed" in ended.stderr
    assert content(home) == before
    # What changes nothing needs no right to write.
    assert kg("--home", str(home), "sheet", "import", str(book), "--dry-run").returncode == 0


def test_a_file_where_a_folder_should_be_is_told(home: Path) -> None:
    data = home / "data" / "triples"
    (data / "other").write_text("notes", encoding="utf-8")
    before = content(home)
    with pytest.raises(UnreadableFile, match="folder is needed here") as told:
        change_files(home, {data / "works.ttl": "# new", data / "other" / "a.ttl": "# a"})
    assert told.value.where == (data / "other").as_posix()
    assert content(home) == before


@posix
def test_a_review_in_a_linked_folder_is_read_and_written(home: Path, tmp_path: Path) -> None:
    review = home / "data" / "triples" / REVIEW
    elsewhere = tmp_path / "elsewhere"
    review.rename(elsewhere)
    review.symlink_to(elsewhere)
    book = other_label(home, 0, tmp_path / "book.xlsx")
    (told,) = plan(Project(home), book).changes
    assert told.endswith("becomes Another label 0")
    before = {path.name: path.read_bytes() for path in elsewhere.iterdir()}
    carry_out(plan(Project(home), book))
    assert review.is_symlink()
    changed = [p for p in elsewhere.iterdir() if before[p.name] != p.read_bytes()]
    assert len(changed) == 1
    assert len(read_turtle(changed[0]).triples) > 10


@posix
def test_what_was_not_read_is_not_written_over(home: Path, tmp_path: Path) -> None:
    """A folder that a second link leads to is read under its own name alone."""
    data = home / "data" / "triples"
    (data / "second").symlink_to(data / REVIEW)
    found = plan(Project(home), other_label(home, 0, tmp_path / "book.xlsx"))
    (path,) = found.files
    found.files = {data / "second" / path.name: found.files[path]}
    before = content(home)
    with pytest.raises(KgError, match="in the way") as told:
        carry_out(found)
    assert told.value.fix == "move it away"
    assert content(home) == before


@posix
def test_new_files_may_be_read_by_whom_the_umask_lets(home: Path, new: dict[Path, str]) -> None:
    before = os.umask(0o022)
    try:
        changed = files(home)[0]
        changed.chmod(0o664)
        change_files(home, new)
    finally:
        os.umask(before)
    modes = {path: path.stat().st_mode & 0o777 for path in new}
    assert modes.pop(changed) == 0o664
    assert modes[home / "data" / "triples" / "other" / "a.ttl"] == 0o644


@posix
def test_a_full_folder_for_passing_files_is_told_as_such(
    kg: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = other_label(home, 0, tmp_path / "book.xlsx")
    passing = tmp_path / "passing"
    passing.mkdir()
    (passing / "notes").symlink_to("nowhere")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(passing / "notes"))
    monkeypatch.setattr("tempfile.tempdir", str(passing / "notes"))
    with pytest.raises(KgError, match="cannot be put here to be checked") as told:
        plan(Project(home), found)
    assert told.value.where == str(passing / "notes")
    assert "TMPDIR" in told.value.fix


@posix
def test_a_broken_link_beside_the_data_stops_no_import(home: Path, tmp_path: Path) -> None:
    (home / "data" / "triples" / ".#works.ttl").symlink_to("somebody@editor.1234")
    (home / "data" / "triples" / "notes.txt").symlink_to("nowhere")
    carry_out(plan(Project(home), other_label(home, 0, tmp_path / "book.xlsx")))
    labels = [path for path in files(home) if path.is_file() and b"label 0" in path.read_bytes()]
    assert len(labels) == 1


def test_an_empty_plan_does_nothing(home: Path) -> None:
    carry_out(Plan())
    assert not (home / ".kg").exists()


def test_only_a_fault_of_standard_output_is_told_as_one(
    kg: Run, home: Path, tmp_path: Path
) -> None:
    """Whatever else the system refuses is told by its own name."""
    program = (
        "import os, sys\nfrom kg.cli import main\nimport kg.export\n"
        "def fail(*a, **k):\n    raise OSError(28, 'No space left on device', 'some/file')\n"
        "kg.export.write_graph = fail\nmain()\n"
    )
    command = [sys.executable, "-c", program, "--home", str(home), "export"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "standard output" not in ended.stderr
    assert re.search("some/file: the system refused: No space", ended.stderr)
    if Path("/dev/full").exists():
        with Path("/dev/full").open("w") as full:
            ended = subprocess.run(
                [sys.executable, "-c", "from kg.cli import main; main()", "export"],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert ended.returncode == 2
        assert "standard output cannot be written: No space" in ended.stderr
