"""The hooks and the workflow for repositories that hold data, run as a team would run them."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kg.project import start_home

DOCS = Path(__file__).parent.parent / "docs" / "data-repository"
WORKFLOW = yaml.safe_load((DOCS / "validate.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = WORKFLOW["jobs"]["validate"]["steps"]
PART = "data/triples/lowmere-2025/evidence-base.ttl"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository that holds a graph in its top folder, and the hooks."""
    start_home(tmp_path / "r")
    text = (DOCS / "pre-commit-config.yaml").read_text(encoding="utf-8")
    (tmp_path / "r" / ".pre-commit-config.yaml").write_text(text, encoding="utf-8")
    for command in (["git", "init", "-q"], ["git", "add", "-A"]):
        assert run(tmp_path / "r", *command).returncode == 0
    return tmp_path / "r"


def run(folder: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, with `kg` and `pre-commit` on the path."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {"PATH": programs, "PRE_COMMIT_HOME": str(folder.parent / "cache"), **more}
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **env},
    )


def break_a_kind(home: Path) -> int:
    """Give a statement a second kind, and say on which line it begins."""
    path = home / PART
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("kg:Limitation", "kg:Gap, kg:Limitation"), encoding="utf-8")
    return text[: text.index("\nstatement:lowmere-2025-001\n")].count("\n") + 2


def test_the_hooks_let_sound_data_pass(repository: Path) -> None:
    ended = run(repository, "pre-commit", "run", "--all-files")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("Passed") == 2


def test_the_hooks_stop_what_does_not_conform(repository: Path) -> None:
    line = break_a_kind(repository)
    ended = run(repository, "pre-commit", "run", "--all-files")
    assert ended.returncode == 1
    assert f"{PART}:{line}" in ended.stdout
    assert (ended.stdout.count("Passed"), ended.stdout.count("Failed")) == (1, 1)


def test_the_hooks_stop_another_layout(repository: Path) -> None:
    path = repository / PART
    path.write_text(path.read_text(encoding="utf-8") + "\n\n", encoding="utf-8")
    ended = run(repository, "pre-commit", "run", "--all-files")
    assert ended.returncode == 1
    assert f"would change {PART}" in ended.stdout


@pytest.mark.parametrize("home", [".", "graph"])
def test_the_workflow_remarks_on_the_line(tmp_path: Path, home: str) -> None:
    start_home(tmp_path / "r" / home)
    for sound in (True, False):
        line = 0 if sound else break_a_kind(tmp_path / "r" / home)
        told = ""
        for step in STEPS:
            if "KG_HOME" not in step.get("env", {}):
                continue
            assert step["env"]["KG_HOME"] == "${{ inputs.home }}"
            script = ("bash", "-euo", "pipefail", "-c", step["run"])
            ended = run(tmp_path / "r", *script, KG_HOME=home)
            assert ended.returncode == (1 if line and step["name"] == "Shapes" else 0)
            told += ended.stdout
        place = Path(home, PART).as_posix()
        assert (f"::error file={place},line={line}," in told) == (not sound), told


def test_the_workflow_can_be_called_and_runs_nothing_it_is_given() -> None:
    # YAML 1.1 reads the key `on` as true.
    inputs = WORKFLOW[True]["workflow_call"]["inputs"]
    used = set(re.findall(r"inputs\.([\w-]+)", (DOCS / "validate.yml").read_text("utf-8")))
    assert used == inputs.keys() == {"home", "package", "python-version"}
    assert not [step for step in STEPS if "${{" in step.get("run", "")]
    assert WORKFLOW["permissions"] == {"contents": "read"}
