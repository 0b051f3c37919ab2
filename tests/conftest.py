"""What several test files lean on: the command line as a user calls it, and the shipped graph."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kg.project import Project
from kg.store import MemoryStore

ROOT = Path(__file__).parent.parent
SOURCE_TEXT = ROOT.parent / "shared" / "source" / "000_f5938bed29163197.txt"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def kg() -> Run:
    """Run `kg` in a process of its own, from an empty folder or another."""

    def run(*args: str, cwd: Path = ROOT, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from kg.cli import main; main()", *args],
            cwd=cwd,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONUTF8": "1"},
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def project() -> Project:
    return Project()


@pytest.fixture(scope="session")
def store(project: Project) -> MemoryStore:
    return MemoryStore(project.graph_files())


@pytest.fixture(scope="session")
def source_text() -> Path:
    """The text of the review, which cannot be redistributed."""
    if not SOURCE_TEXT.is_file():
        pytest.skip("the text of the review is not at ../shared/source/")
    return SOURCE_TEXT
