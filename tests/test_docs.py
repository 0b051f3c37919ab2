"""What the documents promise: commands run, links lead somewhere, pages are not stale."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from conftest import serving
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
# What a reader types, page by page: each command, and the exit code that its comment tells.
COMMANDS = {
    page.relative_to(ROOT).as_posix(): commands
    for page in PAGES
    if (
        commands := [
            (command.strip(), int(re.sub(r".*exit code (\d).*|.*", r"\1", comment) or 0))
            for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
            for command, _, comment in (line.partition("  #") for line in block.splitlines())
            if command.startswith("kg ")
        ]
    )
}


def test_there_are_commands() -> None:
    assert sum(map(len, COMMANDS.values())) >= 25
    assert 2 in dict(COMMANDS["docs/add-a-review.md"]).values()


# Those of the README build the site twice, and every view.
@pytest.mark.parametrize(
    "page",
    [pytest.param(p, marks=[pytest.mark.full] if p == "README.md" else []) for p in COMMANDS],
)
def test_commands_in_the_documents_run(
    page: str, tmp_path: Path, kg: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    shutil.copytree(ROOT / "docs" / "walk", tmp_path / "docs" / "walk")
    for command, code in COMMANDS[page]:
        # `kg fmt` of the shipped data would write into the checkout if it had anything to change.
        arguments = shlex.split(command)[1:]
        if arguments[0] == "serve":
            # On a port that is free, until it has answered.
            with serving(tmp_path / "log", *arguments[1:]):
                continue
        ended = kg(*arguments, *(["--check"] if arguments == ["fmt"] else []), cwd=tmp_path)
        assert ended.returncode == code, (command, ended.stderr)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (page.parent / target).exists(), target


def test_every_make_target_is_told_in_the_makefile() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.findall(r"\.PHONY: (.*)", text)[0].split())
    assert {"setup", "demo", "test", "test-full", "lint", "docs", "clean"} <= phony
    assert all(re.search(rf"^{name}:", text, re.MULTILINE) for name in phony)


def test_reference_pages_are_fresh() -> None:
    ended = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (ROOT / "docs" / "reference" / "ontology.md").is_file()


def told(notebook: nbformat.NotebookNode) -> list[dict[str, str]]:
    """What the cells of a notebook show, by kind of content."""
    shown = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            content = output.get("data", {"stdout": output.get("text", "")})
            shown.append({kind: "".join(content[kind]) for kind in content})
    return shown


def test_the_notebook_runs_and_its_answers_are_fresh(tmp_path: Path) -> None:
    path = ROOT / "docs" / "analysts.ipynb"
    kept = nbformat.read(path, as_version=4)
    run = nbformat.read(path, as_version=4)
    NotebookClient(run, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert len(told(run)) >= 10
    assert told(run) == told(kept)
