"""The generator of large graphs: what it makes is measured, so it must be as real data are."""

import subprocess
import sys
from pathlib import Path

import pytest

from kg.project import Project
from kg.validation import validate

GENERATOR = Path(__file__).parent.parent / "benchmarks" / "generate.py"


def made(folder: Path, triples: int, seed: int) -> bytes:
    asked = [GENERATOR, str(triples), folder, "--seed", str(seed)]
    subprocess.run([sys.executable, *asked], check=True, capture_output=True)
    return (folder / "data" / "triples" / "made.ttl").read_bytes()


def test_a_seed_gives_one_graph(tmp_path: Path) -> None:
    first = made(tmp_path / "a", 3000, seed=1)
    assert first == made(tmp_path / "b", 3000, seed=1)
    assert first != made(tmp_path / "c", 3000, seed=2)
    assert 3000 <= len(first.splitlines()) < 3100


@pytest.mark.full
def test_it_conforms(tmp_path: Path) -> None:
    made(tmp_path, 10_000, seed=3)
    report = validate(Project(tmp_path))
    assert report.conforms
