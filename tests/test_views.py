import json
import re
import shutil
from base64 import b64encode
from hashlib import sha256
from html import unescape
from pathlib import Path

import pytest

from kg.errors import KgError
from kg.project import Project
from kg.store import MemoryStore
from kg.views import View, build_view, list_views

ROOT = Path(__file__).parent.parent
each_view = pytest.mark.parametrize("view", list_views(Project()), ids=lambda view: view.id)


def test_there_are_views() -> None:
    assert {view.id for view in list_views(Project())} >= {"overview", "cross-agency-challenges"}


@each_view
def test_a_page_is_whole_and_always_the_same(
    view: View, project: Project, store: MemoryStore
) -> None:
    page = build_view(project, store, view.id)
    assert page == build_view(project, store, view.id)
    assert page.count("<h1>") == 1
    assert '<html lang="en-GB">' in page
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert data
    drawn = json.loads(data[1])
    assert page.count("data-id=") == len(drawn["nodes"]) > 4
    assert drawn["edges"]


@each_view
def test_the_policy_lets_just_our_scripts_run(
    view: View, project: Project, store: MemoryStore
) -> None:
    page = build_view(project, store, view.id)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    allowed = unescape(policy[1])
    assert allowed.startswith("default-src 'none'; script-src 'sha256-")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 2
    for script in scripts:
        assert b64encode(sha256(script.encode()).digest()).decode() in allowed


@each_view
def test_a_page_asks_for_nothing_outside(view: View, project: Project, store: MemoryStore) -> None:
    page = build_view(project, store, view.id)
    ours = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//|@import|url\(", ours)


@each_view
def test_no_two_labels_of_a_small_picture_overlap(
    view: View, project: Project, store: MemoryStore
) -> None:
    page = build_view(project, store, view.id)
    found = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    places = [(node["x"], node["y"]) for node in json.loads(found[1])["nodes"]]
    close = [
        (one, other)
        for number, one in enumerate(places)
        for other in places[:number]
        if abs(one[0] - other[0]) < 150 and abs(one[1] - other[1]) < 80
    ]
    assert close == []


@pytest.mark.parametrize(
    ("old", "new", "what", "fix"),
    [
        ("title =", "titel =", "unknown key 'titel'", "title"),
        ('query = "statement-network"', "", "'query' is missing", "query"),
        ('id = "statement"', 'id = "statment"', "no column 'statment'", "statement"),
        ('kind_from = "kindLabel"', "", "exactly one of kind", "kind_from"),
        ('shape = "hexagon"', 'shape = "cube"', "no shape", "hexagon"),
        ('agency = { shape = "hexagon", colour = "#1d4f91" }', "", "'agency' has no", "[kinds]"),
        ("[kinds]", "[kinds", "cannot be read", "TOML"),
        ('"statement-network"', '"statement-by-them"', "no saved query", "statement-by-theme"),
    ],
)
def test_a_faulty_view_is_told(
    tmp_path: Path, store: MemoryStore, old: str, new: str, what: str, fix: str
) -> None:
    shutil.copytree(Project().folder("data/triples"), tmp_path / "data" / "triples")
    shutil.copytree(Project().folder("viz"), tmp_path / "viz")
    file = tmp_path / "viz" / "overview.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KgError) as error:
        build_view(Project(tmp_path), store, "overview")
    assert what in error.value.what
    assert fix in error.value.fix


def test_nothing_to_draw_is_told(project: Project, store: MemoryStore) -> None:
    with pytest.raises(KgError, match="nothing to draw"):
        build_view(project, store, "cross-agency-challenges", {"theme": ["capacity-recruitment"]})


@pytest.mark.parametrize(
    "folder", [ROOT / "src" / "kg" / "static", ROOT / "tests" / "vendor"], ids=["pages", "tests"]
)
def test_vendored_files_are_the_pinned_ones(folder: Path) -> None:
    import tomllib

    (vendor,) = folder.glob("vendor.toml")
    packages = tomllib.loads(vendor.read_text(encoding="utf-8"))
    assert packages
    for package in packages.values():
        content = (folder / package["file"]).read_bytes()
        assert sha256(content).hexdigest() == package["sha256"]
        assert package["licence"]
        assert package["version"]
