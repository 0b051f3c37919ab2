"""Three hundred malformed and hostile files: a message with a place, and the data as they were."""

import io
import random
import shutil
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook

from kg.errors import KgError
from kg.fmt import format_file
from kg.project import Project
from kg.sheets.plan import export, export_csv, plan

REVIEW = "martin-2010"
HOSTILE = (
    *("=1+1", '=HYPERLINK("http://x")', "+1", "-1", "@x", "\t=1", "'", "''", "%00", "null", "NaN"),
    *("1e999", "99999999999999999999", "31/31/2010", "0000-00-00", "true", "<script>", "]]>"),
    *("a" * 40_000, "\u202e", "http://x/ y", "statement:x", "../../x", "\u2018\u2019", "1.5"),
    *("martin-2010-001", "MARTIN-2010-001", " ", "\n", "é" * 500, "kg:Gap", "-", "--"),
)


def outcome(project: Project, path: Path) -> str:
    """Plan an import: it is sound, or says where and what; anything else is a failure."""
    try:
        found = plan(project, path)
    except KgError as error:
        assert error.what
        assert error.where
        return "refused"
    for mistake in found.mistakes:
        assert mistake.sheet
        assert mistake.what
        assert mistake.fix
    return "sound" if found.sound else "mistakes"


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
    home: Project, filled: bytes, tmp_path: Path, seed: int
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
    outcome(home, path)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(60))
def test_a_workbook_whose_parts_are_damaged(
    home: Project, filled: bytes, tmp_path: Path, seed: int
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
    outcome(home, path)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(60))
def test_a_workbook_with_hostile_cells(
    home: Project, filled: bytes, tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    book = load_workbook(io.BytesIO(filled))
    for _ in range(draw.choice([1, 3, 30])):
        sheet = book[draw.choice(book.sheetnames)]
        row, column = draw.randrange(1, sheet.max_row + 2), draw.randrange(1, sheet.max_column + 2)
        sheet.cell(row, column).value = draw.choice(HOSTILE)
    path = tmp_path / "cells.xlsx"
    book.save(path)
    outcome(home, path)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(60))
def test_csv_that_is_damaged(home: Project, tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    for name, content in export_csv(home, REVIEW).items():
        (tmp_path / name).write_bytes(content)
    path = draw.choice(sorted(tmp_path.iterdir()))
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
    outcome(home, tmp_path)


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
