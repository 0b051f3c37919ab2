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
GRAPH_STEPS = [step for step in STEPS if "KG_HOME" in step.get("env", {})]
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


def test_the_hooks_see_a_commit_that_only_deletes(repository: Path) -> None:
    name = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    assert run(repository, "git", *name, "commit", "-qm", "sound").returncode == 0
    run(repository, "git", "rm", "-q", "data/triples/works.ttl")
    ended = run(repository, "pre-commit", "run")
    assert ended.returncode == 1
    assert "Skipped" not in ended.stdout
    assert "The data do not conform" in ended.stdout


@pytest.mark.skipif(os.name == "nt", reason="git runs hooks through its own shell on Windows")
def test_the_raw_hook_checks_what_is_to_be_committed(tmp_path: Path) -> None:
    top, home = tmp_path / "r", "graph"
    start_home(top / home)
    run(top, "git", "init", "-q")
    hook = (DOCS / "pre-commit").read_text(encoding="utf-8")
    path = top / ".git" / "hooks" / "pre-commit"
    path.parent.mkdir(exist_ok=True)
    path.write_text(hook.replace("GRAPH=.", f"GRAPH={home}"), encoding="utf-8")
    path.chmod(0o755)
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    def commit(*more: str) -> subprocess.CompletedProcess[str]:
        name = ("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "change")
        ended = run(top, "git", *name, *more, TMPDIR=str(temporary))
        assert not list(temporary.iterdir())
        return ended

    run(top, "git", "add", "-A")
    assert commit().returncode == 0
    # What is staged is wrong, and mended only in the working file; then the other way about.
    sound = (top / home / PART).read_text(encoding="utf-8")
    line = break_a_kind(top / home)
    run(top, "git", "add", "-A")
    (top / home / PART).write_text(sound, encoding="utf-8")
    ended = commit()
    assert ended.returncode == 1
    assert f"{PART}:{line}" in ended.stdout + ended.stderr
    assert (top / home / PART).read_text(encoding="utf-8") == sound
    (top / home / PART).write_text(sound + "# a word more\n", encoding="utf-8")
    run(top, "git", "add", "-A")
    break_a_kind(top / home)
    assert commit().returncode == 1  # a comment belongs above its block
    run(top, "git", "checkout", "-q", "HEAD", "--", ".")
    (top / "note.txt").write_text("x", encoding="utf-8")
    run(top, "git", "add", "-A")
    break_a_kind(top / home)
    assert commit().returncode == 0
    # `commit -a` stages for itself, in an index of its own.
    assert commit("-a").returncode == 1


UNREADABLE = {"syntax": '<u:a>\n  <u:b> "open .\n', "no name": "<u:a>\n  <u:b> [] .\n"}


@pytest.mark.parametrize("fault", UNREADABLE)
@pytest.mark.parametrize("home", [".", "graph"])
def test_the_workflow_remarks_on_what_cannot_be_read(tmp_path: Path, home: str, fault: str) -> None:
    start_home(tmp_path / "r" / home)
    (tmp_path / "r" / home / "data/triples/more.ttl").write_text(UNREADABLE[fault], "utf-8")
    place = Path(home, "data/triples/more.ttl").as_posix()
    codes = []
    for step in GRAPH_STEPS:
        ended = run(tmp_path / "r", "bash", "-euo", "pipefail", "-c", step["run"], KG_HOME=home)
        remarks = [line for line in ended.stdout.splitlines() if line.startswith("::error file")]
        assert [line for line in remarks if line.startswith(f"::error file={place},line=2,")]
        codes.append(ended.returncode)
    assert codes == ([2, 2] if fault == "syntax" else [1, 2])


def test_the_workflow_remarks_on_the_layout(tmp_path: Path) -> None:
    start_home(tmp_path / "r")
    path = tmp_path / "r" / PART
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("    rdfs:label", "   rdfs:label", 1), encoding="utf-8")
    line = text[: text.index("    rdfs:label")].count("\n") + 1
    (step,) = (step for step in GRAPH_STEPS if step["name"] == "Layout")
    ended = run(tmp_path / "r", "bash", "-euo", "pipefail", "-c", step["run"], KG_HOME=".")
    assert ended.returncode == 1
    assert ended.stdout.startswith(f"::error file={PART},line={line},title=")


@pytest.mark.parametrize("home", [".", "graph"])
def test_the_workflow_remarks_on_the_line(tmp_path: Path, home: str) -> None:
    start_home(tmp_path / "r" / home)
    for sound in (True, False):
        line = 0 if sound else break_a_kind(tmp_path / "r" / home)
        told = ""
        for step in GRAPH_STEPS:
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
    assert len(GRAPH_STEPS) == 2


def test_the_workflow_runs_no_program_that_its_caller_did_not_name() -> None:
    """A bare name in an index may be anyone's; the caller that is shown pins a commit."""
    inputs = WORKFLOW[True]["workflow_call"]["inputs"]
    assert inputs["package"]["required"] is True
    assert "default" not in inputs["package"]
    page = (DOCS.parent / "data-repositories.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    call = yaml.safe_load(block)["jobs"]["graph"]
    assert call["uses"] == "./.github/workflows/validate.yml"
    assert {name for name, more in inputs.items() if more.get("required")} <= call["with"].keys()
    assert call["with"].keys() <= inputs.keys()
    assert call["with"]["package"].endswith("@COMMIT")
