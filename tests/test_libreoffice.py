"""A workbook that LibreOffice has opened and saved is read as if it had not."""

import os
import subprocess
from pathlib import Path
from shutil import which

import pytest

from kg.project import Project
from kg.sheets.plan import export, plan

INSTALL = ("apt-get", "install", "--yes", "--no-install-recommends", "libreoffice-calc")


@pytest.fixture(scope="module")
def soffice() -> str:
    """The program, installed where this is Debian and may be."""
    found = which("soffice")
    if found is None and which("apt-get") and os.geteuid() == 0:
        for command in (("apt-get", "update"), INSTALL):
            subprocess.run(command, capture_output=True, check=False)
        found = which("soffice")
    if found is None:
        line = f"LibreOffice is missing; install it: {' '.join(INSTALL)}"
        (pytest.fail if "CI" in os.environ else pytest.skip)(line)
    return found


@pytest.mark.full
def test_the_whole_review_comes_back_from_libreoffice(soffice: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "review.xlsx").write_bytes(export(Project(), "martin-2010"))
    subprocess.run(
        [
            *(soffice, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless"),
            *("--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "out")),
            str(tmp_path / "review.xlsx"),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )
    saved = tmp_path / "out" / "review.xlsx"
    assert saved.read_bytes() != (tmp_path / "review.xlsx").read_bytes()
    found = plan(Project(), saved)
    assert (found.changes, found.files, found.mistakes) == ([], {}, [])
