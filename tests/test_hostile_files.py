"""Four hundred malformed and hostile files: a message with a place, and the data as they were."""

import io
import os
import random
import shutil
import sys
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from openpyxl import load_workbook

from kg.cli import main
from kg.errors import KgError
from kg.fmt import format_file
from kg.project import Project
from kg.sheets.marking import mark
from kg.sheets.plan import export, export_csv, plan
from kg.validation import validate

REVIEW = "martin-2010"
HOSTILE = (
    *("=1+1", '=HYPERLINK("http://x")', "+1", "-1", "@x", "\t=1", "'", "''", "%00", "null", "NaN"),
    *("1e999", "99999999999999999999", "31/31/2010", "0000-00-00", "true", "<script>", "]]>"),
    *("a" * 40_000, "\u202e", "http://x/ y", "statement:x", "../../x", "\u2018\u2019", "1.5"),
    *("martin-2010-001", "MARTIN-2010-001", " ", "\n", "é" * 500, "kg:Gap", "-", "--"),
)

PDF = (
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R"
    b"/Resources<</Font<</F 5 0 R>>>>>>",
    b"<</Length 38>>stream\nBT /F 12 Tf (gulls eat chips) Tj ET    \nendstream",
    b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
)


def outcome(project: Project, path: Path, *, taken_away: bool = False) -> str:
    """Plan an import: it is sound, or says where and what; anything else is a failure.

    What is sound takes nothing away, unless the file was made so, and conforms once it is written.
    """
    try:
        found = plan(project, path)
    except KgError as error:
        assert error.what
        assert error.where
        assert error.fix
        return "refused"
    for mistake in found.mistakes:
        assert mistake.sheet
        assert mistake.what
        assert mistake.fix
    if not found.sound:
        assert load_workbook(io.BytesIO(mark(path, found.mistakes, found.called))).sheetnames
        return "mistakes"
    lost = [change for change in found.changes if "is taken away" in change]
    assert taken_away or not lost
    if found.files:
        copy = path.parent / "copy" if path.is_file() else path.parent / f"{path.name}-copy"
        for file in project.data_files():
            text = found.files.get(file, file.read_text(encoding="utf-8"))
            written = copy / file.relative_to(project.home)
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(text, encoding="utf-8", newline="\n")
        assert validate(Project(copy)).exit_code == 0
    return "sound"


class _Kept(io.BytesIO):
    """Bytes that are still there when whatever wrote them has closed them."""

    def close(self) -> None:
        """Do nothing."""


def run(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str, str]:
    """Run the real command in this process; an exception that it lets through is a failure."""
    kept = _Kept(), _Kept()
    out, err = (io.TextIOWrapper(buffer, encoding="utf-8") for buffer in kept)
    monkeypatch.setattr(sys, "argv", ["kg", *arguments])
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    err.flush()  # the command takes the other stream over, and flushes it itself
    said = [buffer.getvalue().decode() for buffer in kept]
    return ended.value.code, said[0], said[1]


def commanded(project: Project, path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Import through the command: exit code 0 with what changes, or 2 with where and how to mend.

    While there is a mistake, the marked copy opens, and `data_stay_as_they_are` holds the rest.
    """
    copy = path.parent / "marked" / "copy.xlsx"
    code, out, err = run(
        [
            *("--home", str(project.home), "sheet", "import", str(path)),
            *("--marked", str(copy), "--dry-run"),
        ],
        monkeypatch,
    )
    assert "Traceback" not in err
    if code == 0:
        assert "dry run" in out or "Nothing changes" in out
        return code
    assert code == 2
    assert "To mend it: " in err
    if "Nothing is imported" in err:
        assert load_workbook(copy).sheetnames
    return code


def judge(project: Project, path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take one file in five through the command, the others through the library."""
    if seed % 5 == 0:
        commanded(project, path, monkeypatch)
    else:
        outcome(project, path)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("home")
    shutil.copytree(Project().home / "data/triples", folder / "data" / "triples")
    return Project(folder)


@pytest.fixture(scope="module")
def filled(home: Project) -> bytes:
    return export(home, REVIEW)


@pytest.fixture(autouse=True)
def data_stay_as_they_are(home: Project) -> object:
    before = {path: path.read_bytes() for path in home.data_files()}
    yield
    assert {path: path.read_bytes() for path in home.data_files()} == before


@pytest.mark.full
@pytest.mark.parametrize("seed", range(40))
def test_a_workbook_with_damaged_bytes(
    home: Project,
    filled: bytes,
    tmp_path: Path,
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw = random.Random(seed)
    raw = bytearray(filled)
    if seed % 4 == 0:
        del raw[draw.randrange(len(raw)) :]
    for _ in range(draw.choice([1, 5, 200])):
        if raw:
            raw[draw.randrange(len(raw))] = draw.randrange(256)
    path = tmp_path / "damaged.xlsx"
    path.write_bytes(raw)
    judge(home, path, seed, monkeypatch)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(60))
def test_a_workbook_whose_parts_are_damaged(
    home: Project,
    filled: bytes,
    tmp_path: Path,
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The archive is sound; the XML in it is cut, swapped or filled with other characters."""
    draw = random.Random(seed)
    path = tmp_path / "parts.xlsx"
    with zipfile.ZipFile(io.BytesIO(filled)) as old, zipfile.ZipFile(path, "w") as new:
        names = [name for name in old.namelist() if name.endswith((".xml", ".rels"))]
        hit = draw.choice(names)
        for name in old.namelist():
            body = bytearray(old.read(name))
            if name == hit:
                at = draw.randrange(len(body))
                match seed % 4:
                    case 0:
                        del body[at:]
                    case 1:
                        body[at : at + 20] = draw.randbytes(20)
                    case 2:
                        body[at:at] = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>&a;'
                    case 3:
                        continue
            new.writestr(name, bytes(body))
    judge(home, path, seed, monkeypatch)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(60))
def test_a_workbook_with_hostile_cells(
    home: Project,
    filled: bytes,
    tmp_path: Path,
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw = random.Random(seed)
    book = load_workbook(io.BytesIO(filled))
    for _ in range(draw.choice([1, 3, 30])):
        sheet = book[draw.choice(book.sheetnames)]
        row, column = draw.randrange(1, sheet.max_row + 2), draw.randrange(1, sheet.max_column + 2)
        sheet.cell(row, column).value = draw.choice(HOSTILE)
    path = tmp_path / "cells.xlsx"
    book.save(path)
    judge(home, path, seed, monkeypatch)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(60))
def test_csv_that_is_damaged(
    home: Project, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(seed)
    folder = tmp_path / "csv"
    folder.mkdir()
    for name, content in export_csv(home, REVIEW).items():
        (folder / name).write_bytes(content)
    path = draw.choice(sorted(folder.iterdir()))
    raw = bytearray(path.read_bytes())
    match seed % 4:
        case 0:
            raw[draw.randrange(len(raw))] = draw.randrange(256)
        case 1:
            del raw[draw.randrange(len(raw)) :]
        case 2:
            at = raw.index(b"\n", draw.randrange(len(raw) // 2)) + 1
            raw[at:at] = f'"{draw.choice(HOSTILE)}",'.encode() * draw.randrange(1, 40) + b"\n"
        case 3:
            code = draw.choice(["utf-16", "cp1252"])
            raw = bytearray(bytes(raw).decode("utf-8-sig").encode(code))
    path.write_bytes(raw)
    judge(home, folder, seed, monkeypatch)


@pytest.mark.parametrize(
    ("name", "raw", "what"),
    [
        ("b.xlsx", b"PK\3\4 cut", "BadZipFile"),
        ("b.xlsx", b"\xd0\xcf\x11\xe0", "old kind"),
        ("b.xlsx", b"", "no workbook"),
        ("works.csv", b"Id,Label\n", "one sheet alone"),
        ("csv/works.csv", b"Id,Label\na-2010,\xe9\n", "works.csv:2:8: a character is not UTF-8"),
        ("csv/works.csv", b"Id,Label\na-2010,b\x01c\n", "U+0001"),
        ("csv/works.csv", b"Key,Label\na-2010,A\n", "the column Id is missing"),
        ("csv/relations.csv", b"Nothing\tof\tthis\n", "none of the headings"),
    ],
)
def test_the_command_ends_with_2_and_says_what_and_where(
    home: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    raw: bytes,
    what: str,
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(raw)
    given = path.parent if path.parent != tmp_path else path
    code, _, err = run(
        [
            *("--home", str(home.home), "sheet", "import", str(given), "--delete"),
            *("--review", REVIEW, "--marked", str(tmp_path / "marked.xlsx")),
        ],
        monkeypatch,
    )
    assert code == 2
    assert what in err
    assert "To mend it: " in err


def test_a_pipe_in_place_of_a_workbook_or_a_turtle_file_is_refused(
    home: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.xlsx")
    for command in (["sheet", "import"], ["fmt"]):
        code, _, err = run(
            ["--home", str(home.home), *command, str(tmp_path / "pipe.xlsx")], monkeypatch
        )
        assert (code, "a pipe or a device" in err) == (2, True)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(100))
def test_a_pdf_that_is_damaged(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its text is read, or it is refused by name; what pypdf remarks reaches nobody."""
    draw = random.Random(seed)
    raw = bytearray(b"%PDF-1.4\n")
    places = []
    for number, part in enumerate(PDF, 1):
        places.append(len(raw))
        raw += b"%d 0 obj\n%b\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 6\n0000000000 65535 f \n%btrailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    raw += end % (table, len(raw))
    for _ in range(draw.choice([0, 1, 3, 30])):
        at = draw.randrange(8, len(raw))
        match draw.randrange(3):
            case 0:
                raw[at] = draw.randrange(256)
            case 1:
                del raw[at : at + draw.randrange(1, 40)]
            case 2:
                raw[at:at] = draw.choice([b"%s", b"<<", b"]", b"9999999", b" 0 R", b"\0", b"/Kids"])
    path = tmp_path / "damaged.pdf"
    path.write_bytes(raw)
    code, out_, err = run(["passage", "text", str(path)], monkeypatch)
    assert (code == 0 and err == "") or (code == 2 and "damaged.pdf" in err and "To mend" in err)
    assert caplog.records == []
    assert "Traceback" not in out_ + err


@pytest.mark.full
@pytest.mark.parametrize("seed", range(80))
def test_turtle_that_is_damaged(tmp_path: Path, seed: int) -> None:
    """It formats, or is refused with file, line and what to do."""
    draw = random.Random(seed)
    source = draw.choice(Project().data_files())
    raw = bytearray(source.read_bytes())
    for _ in range(draw.choice([1, 2, 20])):
        at = draw.randrange(len(raw))
        match draw.randrange(4):
            case 0:
                raw[at] = draw.randrange(256)
            case 1:
                del raw[at : at + draw.randrange(1, 50)]
            case 2:
                raw[at:at] = draw.choice([b'"', b"[", b"<", b"\\u", b"@prefix", b"\0", b"."])
            case 3:
                raw[at:at] = draw.choice(HOSTILE).encode()[:300]
    path = tmp_path / "damaged.ttl"
    path.write_bytes(raw)
    try:
        assert format_file(path)
    except KgError as error:
        assert "damaged.ttl" in error.where
        assert error.fix
