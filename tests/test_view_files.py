"""View files: those of the project fit their queries; a faulty one is told where and how."""

from pathlib import Path

import pytest

from kg.errors import KgError
from kg.project import Project
from kg.queries import load_query, run
from kg.results import Table
from kg.store import MemoryStore
from kg.view_files import read_view

FILES = Project().files("viz", "*.toml")
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def test_there_are_view_files() -> None:
    assert {path.stem for path in FILES} >= {"overview", "cross-agency-challenges"}


@each_file
def test_its_columns_are_those_of_its_queries(
    path: Path, project: Project, store: MemoryStore
) -> None:
    view = read_view(path, project)
    asked = [(view.query, rule) for rule in (*view.nodes, *view.edges)] + list(view.details)
    named = 0
    for query, rule in asked:
        answer = run(load_query(project, query), store)
        assert isinstance(answer, Table)
        values = [*vars(rule).values(), *getattr(rule, "facts", {}).values()]
        columns = {v[1:] for v in values if isinstance(v, str) and v.startswith("?")}
        assert columns | set(rule.when) <= set(answer.columns)
        named += len(columns)
    assert named > 5


@each_file
def test_it_says_what_it_shows_and_what_it_leaves_out(path: Path, project: Project) -> None:
    view = read_view(path, project)
    assert view.description.endswith(".")
    assert view.left_out.endswith(".")
    assert view.scope


def test_every_kind_of_statement_can_be_drawn(project: Project, store: MemoryStore) -> None:
    answer = store.query(
        "PREFIX kg: <https://w3id.org/evidence-kg/ontology#> "
        "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
        "SELECT ?label { ?kind rdfs:subClassOf kg:Statement ; rdfs:label ?label }"
    )
    assert isinstance(answer, Table)
    labels = {str(label.value) for (label,) in answer.rows if label}
    assert len(labels) == 8
    for path in FILES:
        assert labels <= read_view(path, project).kinds.keys()


@pytest.mark.parametrize(
    ("old", "new", "where", "what", "fix"),
    [
        ("title =", "titel =", "", "no key 'titel'", "title"),
        ('query = "statement-network"', "", "", "'query' is missing", "query"),
        ('id = "?statement"', "id = 3", "[[node]] 1", "id is not a text", "another view"),
        ('link = "?link"', 'lnik = "?link"', "[[edge]] 1", "no key 'lnik'", "link"),
        ('link = "?link"', "", "[[edge]] 1", "'link' is missing", "link"),
        ('link = "?link"', 'link = "a"\nclaim = "?b"', "[[edge]] 1", "a link and a claim", "keep"),
        ('query = "statement-network"', 'query = "x"\nlike = "mine"', "", "a circle", "out"),
        ('shape = "star"', 'shape = "stir"', "kinds.recommendation", "'stir' is no", "star"),
        ('"#243b53", landmark', '"navy", landmark', "kinds.theme", "'navy' is no", "#2f6f9f"),
        ('"#243b53", landmark', '"#ffee00", landmark', "kinds.theme", "too pale", "darker"),
        ('shape = "star"', 'shape = "dot"', "kinds.recommendation", "the same shape", "another"),
        ('line = "dashed"', 'line = "dasht"', "links.implied agency", "'dasht' is no", "dashed"),
        ('"Review", "Section"', '"Reviews"', "scope", "no fact 'Reviews'", "Review"),
        ("{ Review = ", "{ kind = ", "", "cannot be the heading", "otherwise"),
        ("[links]", "[links", "", "cannot be read", "TOML"),
        ("theme = {", 'theme = "x" #', "kinds.theme", "not a table", "key = value"),
    ],
)
def test_a_faulty_file_is_told(
    tmp_path: Path, project: Project, old: str, new: str, where: str, what: str, fix: str
) -> None:
    text = project.named_file("viz", "overview", ".toml").read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "mine.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KgError) as error:
        read_view(file, project)
    assert "mine.toml" in error.value.where
    assert where in error.value.where
    assert what in error.value.what
    assert fix in error.value.fix


def test_a_file_from_windows_reads_the_same(tmp_path: Path, project: Project) -> None:
    path = project.named_file("viz", "overview", ".toml")
    other = tmp_path / "overview.toml"
    text = path.read_text(encoding="utf-8")
    other.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert read_view(other, project).kinds == read_view(path, project).kinds


def test_a_view_may_be_drawn_like_another(tmp_path: Path, project: Project) -> None:
    path = project.named_file("viz", "cross-agency-challenges", ".toml")
    base = read_view(project.named_file("viz", "overview", ".toml"), project)
    assert read_view(path, project).kinds == base.kinds
    text = path.read_text(encoding="utf-8")
    own = tmp_path / "own.toml"
    own.write_text(
        text + '\n[kinds]\ntheme = { group = "Themes", shape = "square", colour = "#000000" }\n',
        encoding="utf-8",
    )
    assert read_view(own, project).kinds["theme"].colour == "#000000"
    lost = tmp_path / "lost.toml"
    lost.write_text(text.replace('like = "overview"', 'like = "overveiw"'), encoding="utf-8")
    with pytest.raises(KgError) as error:
        read_view(lost, project)
    assert "overview" in error.value.fix
