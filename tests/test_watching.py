"""`kg validate --watch` checks again when a file changes, and ends when it is told to."""

import io
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

import pytest

import kg.cli.watching
import kg.validation
from kg.cli.watching import rounds
from kg.errors import KgError
from kg.project import Project, start_home
from kg.reports import Report

PART = "data/triples/lowmere-2025/evidence-base.ttl"
PATIENCE = 60
ARGUMENTS = ("validate", "--watch")
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


def followed(changes: Iterator[list[str]]) -> Iterator[list[str]]:
    """The same rounds, which fail rather than wait for ever."""
    seen: Queue[list[str]] = Queue()
    threading.Thread(target=lambda: [seen.put(names) for names in changes], daemon=True).start()
    while True:
        yield seen.get(timeout=PATIENCE)


@contextmanager
def written_again_and_again(path: Path) -> Iterator[None]:
    """Change a file until the block ends: a change before it is watched may go unnamed."""
    ended = threading.Event()

    def write() -> None:
        for number in range(4 * PATIENCE):
            path.write_text(f"# {number}\n", encoding="utf-8")
            if ended.wait(0.5):
                break

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        ended.set()
        writer.join()


def test_folders_may_come_and_go(tmp_path: Path) -> None:
    """As where git changes branches; and a first check query makes the folder that it is in."""
    home = tmp_path / "graph"
    start_home(home)
    changes = followed(rounds(Project(home), []))
    assert next(changes) == []
    (home / "queries").mkdir()
    with written_again_and_again(home / "queries" / "check-mine.rq"):
        assert any("queries/check-mine.rq" in next(changes) for _ in range(20))
    for part in ("data", "ontology", "queries"):
        shutil.copytree(home / part, tmp_path / part)
        shutil.rmtree(home / part)
        shutil.copytree(tmp_path / part, home / part)
    assert any("data" in next(changes) for _ in range(20))
    with written_again_and_again(home / "data" / "triples" / "new.ttl"):
        assert any("data/triples/new.ttl" in next(changes) for _ in range(20))


def test_a_file_that_goes_while_it_is_read_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    start_home(tmp_path / "graph")
    problems = iter([FileNotFoundError(2, "No such file or directory", "works.ttl"), None])

    def check(*more: object, **options: object) -> Report:
        if problem := next(problems):
            raise problem
        return validate(*more, **options)  # type: ignore[arg-type]

    validate = kg.validation.validate
    monkeypatch.setattr(kg.validation, "validate", check)
    monkeypatch.setattr(kg.cli.watching, "rounds", lambda *_: iter([[], ["works.ttl"]]))
    monkeypatch.setattr(sys, "argv", ["kg", "--home", str(tmp_path / "graph"), *ARGUMENTS])
    # The command takes standard output over, which is not to be pytest's own.
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="utf-8"))
    with pytest.raises(SystemExit) as end:
        kg.cli.main()
    assert end.value.code == 0
    said = capsys.readouterr().err
    assert "works.ttl: the file cannot be read: No such file" in said
    assert "The data conform" in written.getvalue().decode()


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
