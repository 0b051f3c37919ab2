"""`kg validate --watch` checks again when a file changes, and ends when it is told to."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest

from kg.cli.watching import rounds
from kg.errors import KgError
from kg.project import Project, start_home

PART = "data/triples/lowmere-2025/evidence-base.ttl"
PATIENCE = 60
Run = Callable[..., subprocess.CompletedProcess[str]]


class Watch:
    """A running `kg validate --watch`, and what it says from one round to the next."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-c", "from kg.cli import main; main()"),
                *("--home", str(home), "validate", "--watch"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
        )
        self.lines: Queue[str] = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line)

    def round(self) -> str:
        """Wait until it watches again, and give what it said before."""
        said = ""
        while "Watching; Ctrl-C" not in said:
            said += self.lines.get(timeout=PATIENCE)
        return said


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    start_home(tmp_path / "graph")
    started = Watch(tmp_path / "graph")
    yield started
    started.process.kill()
    started.process.wait()
    assert started.process.stdout
    started.process.stdout.close()


def test_it_checks_again_at_every_change(watch: Watch, tmp_path: Path) -> None:
    path = tmp_path / "graph" / PART
    sound = path.read_text(encoding="utf-8")
    assert "The data conform" in watch.round()
    path.write_text(sound.replace("kg:Limitation", "kg:Gap, kg:Limitation"), encoding="utf-8")
    said = watch.round()
    assert f"Changed: {PART}" in said and "does not have exactly one kind" in said
    path.write_text(sound + '"', encoding="utf-8")
    assert "not well-formed Turtle" in watch.round()
    # What an editor keeps beside the file does not count.
    (path.parent / ".evidence-base.ttl.swp").write_text("x", encoding="utf-8")
    (path.parent / "evidence-base.ttl~").write_text("x", encoding="utf-8")
    path.write_text(sound, encoding="utf-8")
    said = watch.round()
    assert "The data conform" in said and f"Changed: {PART}\n" in said
    watch.process.send_signal(signal.SIGINT)
    assert watch.process.wait(timeout=PATIENCE) == 0
    assert watch.lines.empty()


def test_what_cannot_be_watched_is_told(kg: Run, tmp_path: Path) -> None:
    for more in (["-f", "json"], ["-o", str(tmp_path / "r.txt")]):
        ended = kg("validate", "--watch", *more)
        assert ended.returncode == 2
        assert "leave out --output and --format" in ended.stderr


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(KgError) as error:
        next(rounds(Project(), []))
    assert "evidence-kg[watch]" in error.value.fix
