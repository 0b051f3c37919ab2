"""A wheel, installed with the core dependencies alone, works from any folder."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.full


def do(*command: str | Path, cwd: Path) -> str:
    # What would show the checkout to the installed program is taken out of the environment.
    clean = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "KG_HOME"}}
    ended = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False, env=clean
    )
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return ended.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a clean virtual environment that holds the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    # By way of the source distribution, so that a file missing from it is found out.
    do(sys.executable, "-m", "build", "--outdir", folder / "dist", ROOT, cwd=folder)
    (wheel,) = (folder / "dist").glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pip = [programs / "python", "-m", "pip", "install", "--quiet"]
    do(*pip, "--constraint", ROOT / "constraints.txt", wheel, cwd=folder)
    return programs


def test_saved_query_from_another_folder(installed: Path, tmp_path: Path) -> None:
    rows = do(installed / "kg", "query", "run", "challenge-crossing-agencies", cwd=tmp_path)
    assert "martin-2010-008" in rows
    assert rows.count("\n") > 10


def test_everything_shipped_is_found(installed: Path, tmp_path: Path) -> None:
    said = do(installed / "kg", "doctor", cwd=tmp_path)
    assert "kg/_files (came with kg)" in said
    assert "The data conform" in do(installed / "kg", "validate", cwd=tmp_path)
    do(installed / "kg", "view", "build", "overview", "-o", "o.html", cwd=tmp_path)
    assert (tmp_path / "o.html").stat().st_size > 600_000


def test_installed_data_are_not_changed_by_an_import(installed: Path, tmp_path: Path) -> None:
    do(installed / "kg", "sheet", "export", "-o", "csv", cwd=tmp_path)
    works = tmp_path / "csv" / "works.csv"
    works.write_bytes(works.read_bytes().replace(b"Hunter (2009)", b"Hunter and others (2009)"))
    assert "dry run" in do(installed / "kg", "sheet", "import", "csv", "--dry-run", cwd=tmp_path)
    ended = subprocess.run(
        [installed / "kg", "sheet", "import", "csv"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "name that with --home" in ended.stderr


def test_a_graph_is_begun(installed: Path, tmp_path: Path) -> None:
    do(installed / "kg", "init", "graph", cwd=tmp_path)
    said = do(installed / "kg", "--home", "graph", "validate", cwd=tmp_path)
    assert "The data conform" in said
    rows = do(
        *(installed / "kg", "--home", "graph", "query", "run", "challenge-crossing-agencies"),
        cwd=tmp_path,
    )
    assert "lowmere-2025-004" in rows and "martin-2010" not in rows


def test_no_development_tool_came_along(installed: Path, tmp_path: Path) -> None:
    packages = do(installed / "python", "-m", "pip", "list", cwd=tmp_path).lower()
    assert "rdflib" in packages
    assert not {"pytest", "mypy", "playwright"} & set(packages.split())
