"""The shape of the code: imports only point down, modules stay small, start-up stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "src" / "kg"
MODULES = sorted(ROOT.rglob("*.py"))
# From the bottom up; a module may import only from lower layers, leaves only from leaves above
# them in their list.
LAYERS = [
    ["errors"],
    ["terms", "sections", "sparql", "exchange", "files", "reading", "spreadsheets"],
    ["journal", "gate"],
    ["project"],
    ["results", "turtle", "rdflib_terms"],
    ["locations", "access", "data_files", "manifests"],
    ["fmt", "endpoint", "generations"],
    ["store"],
    ["queries", "reports", "anchors", "layout"],
    ["layout_cache"],
    ["network", "passages", "explain"],
    ["view_files", "measures"],
    ["large_networks"],
    ["view_pages"],
    ["validation", "views", "export", "push", "doctor", "catalogue"],
    ["graph", "sheets", "site"],
    ["web"],
    ["cli"],
]
# What is about a heavy package begins with it, and is itself imported only where it is needed.
LATE = {"endpoint"}
HEAVY = {"rdflib", "pyshacl", "pyvis", "networkx", "jinja2", "SPARQLWrapper", "rich", "openpyxl"}
PACKAGES = ["rdflib", "pyshacl", "pyvis", "networkx", "SPARQLWrapper"]
RANK = {name: number for number, layer in enumerate(LAYERS) for name in layer}


def imports(path: Path) -> set[str]:
    """The modules of `kg` that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module.startswith("kg."):
                found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("kg.")}
    return found


def top_level(path: Path) -> set[str]:
    """The packages that are imported as soon as a module is."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [a.name for node in tree.body if isinstance(node, ast.Import) for a in node.names]
    names += [node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)]
    late = {name for name in LATE if f"kg.{name}" in names}
    return {name.split(".")[0] for name in names} | late


def layer(path: Path) -> str:
    """The module, or the package that it is part of, as the layers name it."""
    return path.relative_to(ROOT).with_suffix("").parts[0]


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_module_has_its_layer() -> None:
    assert {layer(path) for path in MODULES} - {"__init__"} == set(RANK)


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_imports_only_point_down(path: Path) -> None:
    own = layer(path)
    if own == "__init__":
        assert imports(path) <= {"graph", "project"}  # inside kg.open
        return
    assert {name for name in imports(path) - {own} if RANK[name] >= RANK[own]} == set()


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_modules_stay_small_and_light(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    assert not top_level(path) & ((HEAVY | LATE) if layer(path) not in LATE else LATE)
    assert path.stem not in {"util", "utils", "common", "helpers", "base", "manager"}


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], PACKAGES),
        (["query", "run", "statement-by-theme"], PACKAGES),
    ],
    ids=["help", "saved query"],
)
def test_a_command_loads_only_what_it_needs(arguments: list[str], absent: list[str]) -> None:
    program = (
        "import sys\nfrom kg.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code\n"
        f"loaded = set({absent}) & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout
