"""Homes: which files they hold of their own, which came with the program, and how one begins."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import kg as kg_package
from kg.errors import KgError
from kg.project import Project, shipped_home, start_home
from kg.queries import list_queries
from kg.validation import validate

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    start_home(tmp_path / "graph")
    return tmp_path / "graph"


def test_own_files_stand_in_for_those_that_came_along(begun: Path) -> None:
    project = Project(begun)
    own = {path.name for path in (begun / "ontology/vocab").glob("*.ttl")}
    assert {"agency.ttl", "theme.ttl"} <= own
    shipped = {path.name for path in (shipped_home() / "ontology/vocab").glob("*.ttl")}
    found = {path.name: path for path in project.files("ontology", "vocab/*.ttl")}
    assert found.keys() == shipped
    for name, path in found.items():
        assert path.is_relative_to(begun) == (name in own)
    assert project.shape_files() == Project().shape_files()


def test_a_query_of_ones_own_is_added(begun: Path) -> None:
    (begun / "queries").mkdir()
    text = (shipped_home() / "queries" / "statement-by-theme.rq").read_text(encoding="utf-8")
    (begun / "queries" / "my-question.rq").write_text(text, encoding="utf-8")
    ids = [query.id for query in list_queries(Project(begun))]
    assert sorted(ids) == sorted([*(q.id for q in list_queries(Project())), "my-question"])


def test_a_home_with_another_model_is_used_as_it_is(begun: Path) -> None:
    shutil.copy(shipped_home() / "ontology" / "kg.ttl", begun / "ontology")
    project = Project(begun)
    assert all(path.is_relative_to(begun) for path in project.vocabulary_files())
    assert project.shape_files() == []
    # What it has no folder of still comes along.
    assert project.files("queries", "*.rq") == Project().files("queries", "*.rq")


def test_a_new_graph_is_sound(begun: Path) -> None:
    report = validate(Project(begun))
    assert report.exit_code == 0
    assert report.violations == ()
    text = (begun / "data/triples/works.ttl").read_text(encoding="utf-8")
    assert "source:lowmere-2025" in text and "martin-2010" not in text


def test_its_sample_says_that_it_is_invented() -> None:
    starter = Path(kg_package.__file__).parent / "starter"
    pages = (starter / "texts" / "lowmere-2025.txt").read_text(encoding="utf-8").split("\f")
    assert len(pages) == 3
    assert all(page.lstrip().startswith("INVENTED SAMPLE.") for page in pages)
    assert "invented" in (starter / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("what", ["folder", "file"])
def test_nothing_is_written_over(tmp_path: Path, what: str) -> None:
    target = tmp_path / "graph"
    if what == "file":
        target.write_text("mine", encoding="utf-8")
    else:
        target.mkdir()
        (target / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(KgError, match="something here already"):
        start_home(target)
    assert [path.name for path in tmp_path.rglob("*.t*")] == (["mine.txt"] * (what == "folder"))


def test_an_unwritable_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(KgError, match="cannot be written"):
        start_home(tmp_path / "file" / "graph")


def test_what_the_readme_of_a_new_graph_says_works(kg: Run, tmp_path: Path) -> None:
    assert kg("init", "DIR", cwd=tmp_path).returncode == 0
    text = (tmp_path / "DIR" / "README.md").read_text(encoding="utf-8")
    commands = [line.split()[1:] for line in text.splitlines() if line.startswith("    kg ")]
    assert len(commands) == 5
    for command in commands:
        ended = kg(*command, cwd=tmp_path)
        assert ended.returncode == 0, (command, ended.stderr)


def test_a_default_of_another_graph_is_told(kg: Run, begun: Path) -> None:
    ended = kg("--home", str(begun), "query", "run", "statement-by-theme")
    assert "theme:interagency-working, is not in this graph" in ended.stderr
    assert "-p theme=evidence-base" in ended.stderr
    ended = kg(
        "--home", str(begun), "query", "run", "statement-by-theme", "-p", "theme=evidence-base"
    )
    assert "statement/lowmere-2025-001" in ended.stdout
