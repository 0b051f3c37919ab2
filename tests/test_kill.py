"""Killed at any step, an import or `kg fmt` leaves all files as they were, or all as they are new.

The real commands are run, and end themselves with SIGKILL at a step that the seed chooses: just
before they would make, open for writing, link, rename or delete a file of the home, which the
interpreter's audit events tell. Then another command reads the graph, and so puts it right; that
one is killed as well, every other time.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from kg.project import Project, start_home
from kg.sheets.keeping import save
from kg.sheets.plan import export, plan

REVIEW = "lowmere-2025"
KILLS = 50
# Counts the steps that change the home, tells the count at the end, and ends itself at one of them.
PROGRAM = """
import atexit, os, signal, sys
home, wanted = os.path.realpath(sys.argv[1]), int(sys.argv[2])
steps = 0
def watch(event, given):
    global steps
    if event == "open":
        changes = isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR)
    else:
        changes = event in {"os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir"}
    if not changes or not isinstance(given[0], (str, os.PathLike)):
        return
    if os.path.realpath(os.path.dirname(os.fspath(given[0]))).startswith(home):
        steps += 1
        if steps == wanted:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
atexit.register(lambda: print("steps", steps, file=sys.stderr))
from kg.cli import main
sys.argv[1:] = ["--home", sys.argv[1], *sys.argv[3:]]
main()
"""
COMMANDS = {"import": ("sheet", "import", "{home}/book.xlsx"), "fmt": ("fmt",)}

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL"),
]


def run(home: Path, step: int, *command: str) -> subprocess.CompletedProcess[str]:
    given = [part.format(home=home) for part in command]
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(home), str(step), *given],
        capture_output=True,
        text=True,
        check=False,
    )


def files(home: Path) -> dict[str, bytes]:
    """Every file and folder of the home but those of `.kg`, temporary ones among them."""
    return {
        path.relative_to(home).as_posix(): path.read_bytes() if path.is_file() else b""
        for path in home.rglob("*")
        if path.relative_to(home).parts[0] != ".kg"
    }


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose import and layout each change several files; the import makes one anew."""
    home = tmp_path_factory.mktemp("start") / "home"
    start_home(home)
    data = home / "data" / "triples"
    save({home / "book.xlsx": export(Project(home), REVIEW)})
    themes = sorted(path for path in (data / REVIEW).glob("*.ttl") if path.name != "coding.ttl")
    themes[0].unlink()
    for path in (*themes[1:], data / "works.ttl"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r'(title|description) "', r'\1  "Once ', text), "utf-8")
    return home


@cache
def whole(start: Path, name: str) -> tuple[dict[str, bytes], int]:
    """What the command makes of the home when nobody stops it, and in how many steps."""
    home = start.with_name(f"{name}-whole")
    shutil.copytree(start, home)
    ended = run(home, 0, *COMMANDS[name])
    assert ended.returncode == 0, ended.stderr
    return files(home), int(ended.stderr.split()[-1])


@pytest.mark.parametrize("name", COMMANDS)
def test_the_whole_command_changes_several_files_and_then_nothing(name: str, start: Path) -> None:
    before, (after, steps) = files(start), whole(start, name)
    assert sum(before.get(path) != after[path] for path in after) >= 3
    assert steps >= 15
    home = Project(start.with_name(f"{name}-whole"))
    if name == "import":
        assert plan(home, start / "book.xlsx").changes == []
        assert after.keys() - before.keys()
    assert run(home.home, 0, "fmt", "--check").returncode == 0


@pytest.mark.parametrize("seed", range(KILLS))
@pytest.mark.parametrize("name", COMMANDS)
def test_all_files_are_old_or_all_are_new(
    name: str, seed: int, start: Path, tmp_path: Path
) -> None:
    after, steps = whole(start, name)
    home = tmp_path / "home"
    shutil.copytree(start, home)
    # The first seeds try each step once, from the last on, where the files are put in place.
    draw = random.Random(seed)
    step = steps - seed if seed < steps else draw.randint(1, steps)
    assert run(home, step, *COMMANDS[name]).returncode == -signal.SIGKILL
    for path, content in files(start).items():
        if path.endswith(".ttl"):  # even before anybody has put the graph right
            assert (home / path).read_bytes() in {content, after[path]}, path
    if seed % 2:
        run(home, draw.randint(1, 8), "fmt", "--check")
    checked = run(home, 0, "validate")
    assert checked.returncode in {0, 1}, checked.stderr
    assert files(home) in (files(start), after)
