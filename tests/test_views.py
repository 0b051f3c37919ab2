"""Views become pages: whole, always the same, closed to the network, and safe to open."""

import json
import re
import shutil
import tomllib
from base64 import b64encode
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from kg.errors import KgError, UnknownName
from kg.project import Project
from kg.queries import load_query, run
from kg.results import Table, shown
from kg.store import MemoryStore, open_store
from kg.view_files import View
from kg.views import build_view, list_views

ROOT = Path(__file__).parent.parent
each_view = pytest.mark.parametrize("view", list_views(Project()), ids=lambda view: view.id)


@pytest.fixture(scope="module")
def pages(project: Project, store: MemoryStore) -> dict[str, str]:
    return {view.id: build_view(project, store, view.id) for view in list_views(project)}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the data and the views, to be changed."""
    for folder in ("data/triples", "viz"):
        shutil.copytree(Project().home / folder, tmp_path / folder)
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def drawn(page: str) -> dict[str, Any]:
    found = re.search(r'<div id="data" hidden>(.*?)</div>', page, re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_there_are_views() -> None:
    assert {view.id for view in list_views(Project())} >= {"overview", "cross-agency-challenges"}


@each_view
def test_a_page_is_whole_and_always_the_same(
    view: View, project: Project, store: MemoryStore, pages: dict[str, str]
) -> None:
    page = pages[view.id]
    assert page == build_view(project, store, view.id)
    assert page.count("<h1") == 1
    assert '<html lang="en-GB">' in page
    data = drawn(page)
    assert page.count(" data-id=") == len(data["nodes"]) + len(data["claims"]) > 4
    # Each link stands once in a table, at the node it starts from; a claim and each thing that it
    # joins name each other.
    links = sum("link" in edge for edge in data["edges"])
    ends = {
        (e["claim"], end) for e in data["edges"] if "claim" in e for end in (e["from"], e["to"])
    }
    assert page.count("<li data-other=") == links + 2 * len(ends) > 10
    assert view.left_out in unescape(page)
    assert re.search(r"executive summary, section \d", page)


@each_view
def test_the_policy_lets_just_our_scripts_and_styles_run(view: View, pages: dict[str, str]) -> None:
    page = pages[view.id]
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    allowed = unescape(policy[1])
    assert allowed.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in allowed
    parts = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", page, re.DOTALL)
    assert len(parts) == 8
    for part in parts:
        assert b64encode(sha256(part.encode()).digest()).decode() in allowed
    assert not re.search(
        r" (?:style|on[a-z]+)=", re.sub(r"<script>.*?</script>", "", page, flags=re.S)
    )


@each_view
def test_a_page_asks_for_nothing_outside(view: View, pages: dict[str, str]) -> None:
    ours = re.sub(r"<script>.*?</script>", "", pages[view.id], flags=re.DOTALL)
    assert not re.search(r"\ssrc=|<link|<iframe|@import|url\(", ours)
    outward = re.findall(r"<(\w+)[^>]*href=\"https?:", ours)
    assert set(outward) <= {"a"}


def test_implied_and_second_hand_links_are_dashed(pages: dict[str, str]) -> None:
    edges = drawn(pages["cross-agency-challenges"])["edges"]
    implied = [edge for edge in edges if edge["link"] == "implied agency"]
    assert len(implied) > 3
    assert all(edge["dashes"] for edge in implied)
    assert not any(edge["dashes"] for edge in edges if edge["link"] == "main theme")
    views = {view.id: view for view in list_views(Project())}
    assert views["overview"].links["rests at second hand on"].line == "dashed"


@pytest.mark.parametrize(
    ("old", "new", "error", "what", "fix"),
    [
        ('id = "?statement"', 'id = "?statment"', UnknownName, "no column ?statment", "?statement"),
        ("\ntheme = {", "\ntheem = {", UnknownName, "[kinds] does not say", "theem"),
        ('"main theme" = ', '"mean theme" = ', UnknownName, "[links] does not say", "mean theme"),
        ('"statement-network"', '"statement-netwrk"', UnknownName, "no saved query", "network"),
    ],
    ids=["column", "kind", "link", "query"],
)
def test_a_view_that_does_not_fit_is_told(
    home: Path, store: MemoryStore, old: str, new: str, error: type[KgError], what: str, fix: str
) -> None:
    change(home / "viz" / "overview.toml", old, new)
    with pytest.raises(error) as caught:
        build_view(Project(home), store, "overview")
    assert what in caught.value.what
    assert fix in caught.value.fix


def test_a_claim_is_a_line_as_wide_as_its_works_and_dashed_at_second_hand(
    pages: dict[str, str],
) -> None:
    data = drawn(pages["disagreements"])
    lines = {edge["claim"]: edge for edge in data["edges"]}
    # In es.1.2 Hunter's finding is known through Burton alone; in es.4.1 Holmes was read.
    assert lines["statement:martin-2010-044"]["dashes"]
    assert not lines["statement:martin-2010-001"]["dashes"]
    # The reader's note rests on no work.
    assert lines["statement:martin-2010-019"]["width"] < lines["statement:martin-2010-001"]["width"]
    claims = {claim["id"]: claim for claim in data["claims"]}
    assert claims.keys() == lines.keys()
    assert claims["statement:martin-2010-044"]["second_hand"] is True
    assert ["Section", "executive summary, section 1.2"] in claims["statement:martin-2010-044"][
        "facts"
    ]


def test_every_claim_of_a_theme_is_drawn_even_of_no_agency(
    project: Project, store: MemoryStore
) -> None:
    data = drawn(build_view(project, store, "theme", {"theme": ["evidence-base"]}))
    answer = run(load_query(project, "theme-map"), store, {"theme": ["evidence-base"]})
    assert isinstance(answer, Table)
    asked = {shown(row[0]) for row in answer.rows}
    assert {edge["claim"] for edge in data["edges"]} == asked
    assert any(edge["to"] == "no-agency" for edge in data["edges"])


def test_a_title_names_what_was_asked(project: Project, store: MemoryStore) -> None:
    page = build_view(project, store, "agency", {"agency": ["agency:police"]})
    assert '<h1 class="govuk-heading-l">Police: what is claimed' in page
    page = build_view(
        project, store, "theme", {"theme": ["evidence-base", "training-of-social-workers"]}
    )
    assert "and Training of social workers: what is claimed" in page
    assert "Any theme: " in build_view(project, store, "theme", {"theme": ["any"]})


def test_parameters_of_the_file_and_of_the_caller(home: Path, store: MemoryStore) -> None:
    file = home / "viz" / "overview.toml"
    file.write_text(
        file.read_text(encoding="utf-8") + '\n[params]\ntheme = "serious-case-reviews"\n',
        encoding="utf-8",
    )
    project = Project(home)
    fewer = build_view(project, store, "overview")
    assert "statement:martin-2010-010" in fewer
    assert "statement:martin-2010-001" not in fewer
    assert "Asked with theme</dt><dd>Serious case reviews<" in fewer
    other = build_view(project, store, "overview", {"theme": ["interagency-working"]})
    assert "statement:martin-2010-001" in other


def test_nothing_to_draw_is_told(project: Project, store: MemoryStore) -> None:
    with pytest.raises(KgError, match="nothing to draw"):
        build_view(project, store, "cross-agency-challenges", {"theme": ["capacity-recruitment"]})


HOSTILE = "</script><img src=x onerror=alert(1)>{{ 7*7 }}\\\" ' &amp; <!--"


def test_what_the_graph_says_is_escaped(home: Path) -> None:
    file = home / "data" / "triples" / "martin-2010" / "interagency-working.ttl"
    old = '"Agencies go on improving how they share information, a study suggests"@en'
    change(file, old, f'"{HOSTILE}"@en')
    project = Project(home)
    page = build_view(project, open_store(project), "overview")
    # The data, the row, and its mention in other rows all hold it, none as markup.
    assert "<img" not in page
    assert "<!--" not in page
    assert "{{ 7*7 }}" in page
    assert page.count("</script>") == 7
    labels = {node["label"] for node in drawn(page)["nodes"]}
    assert HOSTILE.replace('\\"', '"') in labels


def test_many_edges_are_handed_over_alike(
    monkeypatch: pytest.MonkeyPatch, project: Project, store: MemoryStore, pages: dict[str, str]
) -> None:
    monkeypatch.setattr("kg.view_pages._MANY_EDGES", 3)
    assert build_view(project, store, "overview") == pages["overview"]


@pytest.mark.parametrize(
    "folder", [ROOT / "src" / "kg" / "static", ROOT / "tests" / "vendor"], ids=["pages", "tests"]
)
def test_vendored_files_are_the_pinned_ones(folder: Path) -> None:
    packages = tomllib.loads((folder / "vendor.toml").read_text(encoding="utf-8"))
    assert packages
    known = set()
    for name, package in packages.items():
        for each in [package, *package.get("beside", [])]:
            file = folder / each["file"]
            assert sha256(file.read_bytes()).hexdigest() == each["sha256"]
            known.add(file)
        head = (folder / package["file"]).read_text(encoding="utf-8")[:2000]
        assert package["version"] in head
        assert package["licence"]
        licence = (folder / package["file"]).parent / f"{name}.LICENSE"
        assert licence.is_file()
        known.add(licence)
    # Nothing lies there that is pinned nowhere.
    beside = {path for place in {file.parent for file in known} for path in place.iterdir()}
    assert {path.name for path in beside - known} <= {
        "vendor.toml",
        "axe-core.LICENSE-3RD-PARTY.txt",
    }


def test_bundles_are_made_of_pinned_packages() -> None:
    folder = ROOT / "src" / "kg" / "static"
    lock = json.loads((folder / "bundle" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {
        name.rpartition("node_modules/")[2]: told for name, told in lock["packages"].items()
    }
    wanted = packages.pop("")["devDependencies"]
    assert wanted == json.loads((folder / "bundle" / "package.json").read_text())["devDependencies"]
    for name, version in wanted.items():
        assert packages[name]["version"] == version
    assert all(told["integrity"].startswith("sha512-") for told in packages.values())
    pinned = tomllib.loads((folder / "vendor.toml").read_text(encoding="utf-8"))
    for name in ("codemirror", "oxigraph", "sigma"):
        assert pinned[name]["version"] == wanted[name]
    # Whose licence is asked for with every copy: all that is bundled, and no tool.
    told = "".join(
        (folder / "vendor" / f"{name}.LICENSE").read_text(encoding="utf-8")
        for name in ("codemirror", "sigma")
    )
    for name in packages.keys() - {"esbuild", "graphology-types", "oxigraph"}:
        assert name.startswith("@esbuild/") or f"{name}\n\n" in told
