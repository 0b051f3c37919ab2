"""`kg load`: a store is built beside the old one and switched in whole, whatever happens."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from filelock import FileLock

from kg import generations
from kg.cli.load import load
from kg.cli.options import Settings
from kg.data_files import FORMATS, stream
from kg.errors import KgError, UnreadableFile
from kg.generations import build
from kg.manifests import current, read_manifest, stale
from kg.project import Project, start_home
from kg.results import Table
from kg.store import DiskStore, MemoryStore
from kg.turtle import read_turtle

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
NO_FILE = {"path": "", "size": 1, "modified": 1, "digest": ""}
COMMAND = "from kg.cli import main; main()"


def count(folder: Path) -> int:
    answer = DiskStore(folder).query(COUNT)
    assert isinstance(answer, Table)
    return int(answer.rows[0][0].value)  # type: ignore[union-attr]


def spoil(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 3] ^= 255
    path.write_bytes(raw)


def change(folder: Path, **what: object) -> None:
    told = json.loads((folder / "store.json").read_text("utf-8"))
    (folder / "store.json").write_text(json.dumps({**told, **what}), "utf-8")


def numbered(path: Path, triples: int) -> Path:
    path.write_text("".join(f"<u:s{n}> <u:p> <u:o> .\n" for n in range(triples)), "utf-8")
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    start_home(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store of ten triples."""
    build([numbered(tmp_path / "ten.nt", 10)], tmp_path / "store")
    return tmp_path / "store"


def test_the_graph_of_a_home_is_loaded_and_asked(kg: Run, home: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    ended = kg("--home", str(home), "load", "--rebuild", "--store", str(store))
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "loading 1 of" in ended.stderr
    project = Project(home)
    held = MemoryStore(project.graph_files()).query(COUNT)
    assert isinstance(held, Table)
    assert f"holds {int(held.rows[0][0].value):,} triples" in ended.stderr  # type: ignore[union-attr]
    where = ("--home", str(home), "--store", str(store))
    asked = ("query", "run", "kind-count")
    answer = kg(*where, *asked)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == kg("--home", str(home), *asked).stdout
    works = next(path for path in project.data_files() if path.name == "works.ttl")
    works.write_text(works.read_text("utf-8") + "<u:s> <u:p> <u:o> .\n", "utf-8")
    assert "since the store was built" in kg(*where, *asked).stderr
    assert "works.ttl" in kg(*where, *asked).stderr
    for others in (("push", "--endpoint", "http://127.0.0.1:9/"), ("serve", "--host", "no.host")):
        ended = kg(*where, *others)
        assert (ended.returncode, "since the store was built" in ended.stderr) == (2, True)


def test_of_a_large_file_it_is_told_how_far_it_is(tmp_path: Path) -> None:
    file, told = tmp_path / "large.nt", list[str]()
    file.write_text(f'<u:s> <u:p> "{"x" * 1_000_000}" .\n' * 21, "utf-8")
    build([numbered(tmp_path / "small.nt", 3), file], tmp_path / "store", told=told.append)
    assert count(tmp_path / "store") == 4
    assert len(told) == 3 + 10
    assert told[2:4] == ["loaded 2 of 21 MB", "loaded 4 of 21 MB"]
    assert told[-2] == "loaded 21 of 21 MB"


def test_files_are_loaded_with_the_vocabularies(kg: Run, tmp_path: Path) -> None:
    file = numbered(tmp_path / "mine.nt", 7)
    assert kg("--store", str(tmp_path / "store"), "load", str(file)).returncode == 0
    vocabulary = MemoryStore(Project().vocabulary_files()).graph
    assert count(tmp_path / "store") == len(vocabulary) + 7


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--rebuild"], "no store is named"),
        (["--store", "new"], "nothing is named to be loaded"),
        (["--store", "new", "--rebuild", "a.ttl"], "files are named beside --rebuild"),
        (["--store", "new", "missing.ttl"], "missing.ttl: the file cannot be read"),
        (["--store", "new", "a.xlsx"], "a.xlsx: this is neither Turtle"),
        (["--store", "new", "."], "it is a folder"),
        (["--store", "new", "pipe.ttl"], "pipe.ttl: the file cannot be read: it is a pipe"),
        (["--store", "new", "folder.nt"], "folder.nt: the file cannot be read: it is a folder"),
        (["--store", "new", "loop.ttl"], "loop.ttl: this is a link, and what it leads to is not"),
        (["--store", "file", "--rebuild"], "the store cannot be built here"),
        (["--store", "full", "--rebuild"], "something else is in this folder, such as letter"),
    ],
)
def test_what_cannot_be_loaded_is_told(
    kg: Run, tmp_path: Path, arguments: list[str], what: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter").touch()
    os.mkfifo(tmp_path / "pipe.ttl")
    (tmp_path / "folder.nt").mkdir()
    (tmp_path / "loop.ttl").symlink_to(tmp_path / "loop.ttl")
    ended = kg("load", *arguments, cwd=tmp_path)
    assert ended.returncode == 2
    assert what in ended.stderr
    assert "To mend it: " in ended.stderr
    assert (tmp_path / "full" / "letter").exists()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["bad.ttl", "bad.nt", "bad.TTL"])
def test_a_faulty_file_is_named_with_its_line_and_changes_nothing(
    folder: Path, tmp_path: Path, name: str
) -> None:
    bad = tmp_path / name
    bad.write_text("<u:a> <u:b> <u:c> .\n<u:a> <u:b> .\n", "utf-8")
    place = ""
    try:
        build([tmp_path / "ten.nt", bad], folder)
    except UnreadableFile as error:
        place = error.where  # and its frames are gone when the folder is looked at
    assert f"{name}:2" in place
    assert count(folder) == 10
    assert [path.name for path in folder.glob("generation-*")] == ["generation-1"]


def test_a_load_that_fails_leaves_no_generation(kg: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.ttl"
    bad.write_text("<u:a> <u:b> .\n", "utf-8")
    # What a store that is still open writes of the vocabularies is there half of the time.
    for name in ("one", "two", "three"):
        assert kg("load", "--store", str(tmp_path / name), str(bad)).returncode == 2
    assert not [*tmp_path.glob("*/generation-*")]


def test_a_fault_is_told_of_a_file_of_any_size(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg.data_files.LARGEST", 1)
    monkeypatch.setattr("kg.turtle.LARGEST", 1)
    bad = numbered(tmp_path / "large.ttl", 60_000)
    with bad.open("a", encoding="utf-8") as file:
        file.write("<u:a> <u:b> oops .\n")
    for read in (lambda: build([bad], folder), lambda: MemoryStore([bad])):
        with pytest.raises(UnreadableFile, match="it is no Turtle") as error:
            read()
        assert "large.ttl:60001" in error.value.where


@pytest.mark.parametrize(
    "text",
    [
        "<u:a> <u:b> <<( <u:x> <u:y> <u:z> )>> .",
        "<u:a> <u:b> <u:c> {| <u:y> <u:z> |} .",
        "<u:a> <u:b> <u:c> ~ <u:r> .",
        "<< <u:a> <u:b> <u:c> >> <u:y> <u:z> .",
    ],
)
def test_a_triple_inside_another_is_refused_as_it_is_when_judged(
    folder: Path, tmp_path: Path, text: str
) -> None:
    (tmp_path / "nested.ttl").write_text(text, "utf-8")
    for read in (lambda file: build([file], folder), lambda file: [*stream(file)], read_turtle):
        with pytest.raises(UnreadableFile, match="triple stands inside another"):
            read(tmp_path / "nested.ttl")
    assert count(folder) == 10


@pytest.mark.parametrize("size", [1, 2, 3, 4, 100])
def test_a_triple_inside_another_is_seen_wherever_reading_halts(size: int) -> None:
    reading = generations._Reading(BytesIO(b"ab <<( cd"), 9, print)
    while reading.read(size):
        pass
    assert reading.may_nest


def test_what_only_looks_like_a_triple_inside_another_is_loaded(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "like.nt").write_text('<u:a> <u:b> "<<( {| ~" .\n', "utf-8")
    assert build([tmp_path / "like.nt"], folder).triples == 1


@pytest.mark.parametrize("name", ["long.ttl", "long.nt"])
def test_a_text_that_is_too_long_is_told(
    kg: Run, stub: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text(f'<u:a> <u:b> "{"x" * 17_000_000}" .\n', "utf-8")
    for given in (["load", "--store", "new"], ["push", "--endpoint", stub(b"").url]):
        ended = kg(*given, name, cwd=tmp_path)
        assert ended.returncode == 2
        assert f"{name}: a text or a name in it is longer than 16 MB" in ended.stderr
    with pytest.raises(UnreadableFile, match="longer than 16 MB"):
        MemoryStore([tmp_path / name])


@pytest.mark.parametrize("name", ["marked.ttl", "marked.nt"])
def test_a_byte_order_mark_is_passed_over_by_all(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("<u:a> <u:b> <u:c> .\n", "utf-8-sig")
    assert len(MemoryStore([path]).graph) == len([*stream(path)]) == 1
    build([path], tmp_path / "store")
    assert count(tmp_path / "store") == 1


def test_those_who_read_keep_what_they_opened(folder: Path, tmp_path: Path) -> None:
    before = DiskStore(folder)
    build([numbered(tmp_path / "more.nt", 20)], folder)
    answer = before.query(COUNT)
    assert isinstance(answer, Table)
    assert int(answer.rows[0][0].value) == 10  # type: ignore[union-attr]
    assert count(folder) == 20


def test_what_is_said_of_a_store_is_replaced_in_one_step(folder: Path, tmp_path: Path) -> None:
    with (folder / "store.json").open(encoding="utf-8") as old:
        build([numbered(tmp_path / "more.nt", 20)], folder)
        assert json.load(old)["generation"] == "generation-1"
    assert current(folder).name == "generation-2"


@pytest.mark.parametrize(
    ("holder", "who"), [("process 4711", "process 4711"), ("", "has not said its number")]
)
def test_a_second_load_at_the_same_time_is_turned_away(
    folder: Path, tmp_path: Path, holder: str, who: str
) -> None:
    (folder / "holder").write_text(holder, "utf-8")
    with FileLock(folder / "lock"), pytest.raises(KgError, match=who):
        build([tmp_path / "ten.nt"], folder)
    assert count(folder) == 10
    build([tmp_path / "ten.nt"], folder)


def test_too_little_room_is_told_before_anything_is_built(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(folder)._replace(free=100)
    monkeypatch.setattr(generations.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(KgError, match="too little room"):
        build([tmp_path / "ten.nt"], folder)
    assert count(folder) == 10


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB, on which a store has no room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)  # a test's stores may still be open


@pytest.mark.full
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_fills_up_is_told_and_the_store_is_as_it_was(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = small_disk / "store"
    build([numbered(tmp_path / "ten.nt", 10)], store)
    monkeypatch.setattr(generations, "_ROOM", 0)
    with pytest.raises(KgError, match="cannot be written") as error:
        build([numbered(tmp_path / "many.nt", 400_000)], store)
    assert "make room" in error.value.fix
    assert count(store) == 10


@pytest.mark.parametrize(
    "harm",
    [
        lambda store: (store / "store.json").write_text("{", "utf-8"),
        lambda store: (store / "store.json").write_text("{}", "utf-8"),
        lambda store: (store / "store.json").write_text("[1]", "utf-8"),
        lambda store: shutil.rmtree(store / "generation-1"),
        lambda store: (store / "generation-1" / "CURRENT").unlink(),
        lambda store: (store / "generation-1" / "CURRENT").write_bytes(b"nonsense"),
        lambda store: [path.write_bytes(b"x") for path in store.rglob("MANIFEST-*")],
        lambda store: [spoil(path) for path in store.rglob("*.sst")],
        lambda store: next(store.rglob("*.sst")).unlink(),
        lambda store: change(store, parts=[7]),
        lambda store: change(store, parts=[{**NO_FILE, "path": 7}]),
        lambda store: change(store, parts=[{**NO_FILE, "path": "\0"}]),
        lambda store: (store / "store.json").write_text("[" * 100_000, "utf-8"),
    ],
    ids=[
        "cut",
        "empty",
        "list",
        "gone",
        "no-current",
        "wrong",
        "manifest",
        "block",
        "part",
        "told",
        "numbered",
        "nul",
        "deep",
    ],
)
def test_a_damaged_store_is_told_and_can_be_built_anew(
    folder: Path, tmp_path: Path, harm: object
) -> None:
    harm(folder)  # type: ignore[operator]
    with pytest.raises(KgError, match="damaged") as error:
        count(folder)
    assert "kg load --rebuild" in error.value.fix
    build([tmp_path / "ten.nt"], folder)
    assert count(folder) == 10


def test_damage_that_comes_to_light_late_is_not_blamed_on_the_query(
    folder: Path, tmp_path: Path
) -> None:
    build([numbered(tmp_path / "many.nt", 30_000)], folder)
    change(folder, parts=[])
    for path in folder.rglob("*.sst"):
        if path.stat().st_size > 100_000:  # there a third of it lies in the data
            spoil(path)
    store = DiskStore(folder)
    for ask in (lambda: store.query("SELECT * { ?s ?p ?o }"), lambda: [*store.triples()]):
        with pytest.raises(KgError, match="damaged: Corruption"):
            ask()


def test_a_copy_of_a_store_is_sound(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy", copy_function=shutil.copy)
    assert count(tmp_path / "copy") == 10


def test_what_may_not_be_read_is_not_told_as_damage(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("kg.store.hold", deny)
    with pytest.raises(KgError, match="Permission denied") as error:
        DiskStore(folder)
    assert "check its rights" in error.value.fix


def test_a_store_that_may_not_be_read_is_not_cleared_away(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as denied:
        denied.setattr(Path, "read_bytes", deny)  # of store.json
        with pytest.raises(UnreadableFile, match="Permission denied"):
            build([tmp_path / "ten.nt"], folder)
    assert count(folder) == 10


def test_a_generation_that_is_read_outlives_all_loads(folder: Path, tmp_path: Path) -> None:
    reading = DiskStore(folder)
    for _ in range(3):
        build([tmp_path / "ten.nt"], folder)
    assert DiskStore(folder / "generation-1").query(COUNT) == reading.query(COUNT)
    del reading
    build([tmp_path / "ten.nt"], folder)
    left = sorted(path.name for path in folder.glob("generation-*"))
    assert left == ["generation-4", "generation-5"]


def test_a_store_is_asked_though_only_its_generation_is_known(kg: Run, folder: Path) -> None:
    told = json.loads((folder / "store.json").read_text("utf-8"))
    numbered = {**told, "files": [{**NO_FILE, "path": 7}]}
    unsaid = {"generation": "generation-1"}
    for wrong in ({**told, "more": 1}, unsaid, {**told, "files": [{}]}, numbered):
        (folder / "store.json").write_text(json.dumps(wrong), "utf-8")
        assert count(folder) == 10
        ended = kg("sparql", "--store", str(folder), stdin="SELECT ?s { ?s ?p ?o } LIMIT 3")
        assert (ended.returncode, len(ended.stdout.splitlines())) == (0, 4)
        assert "whether the store is up to date is not known" in ended.stderr
        with pytest.raises(UnreadableFile):  # a load that fails leaves it as it was
            build([folder.parent / "none.nt"], folder)
        assert count(folder) == 10


@pytest.mark.parametrize("name", ["../elsewhere", "", 7, None, "generation-2"])
def test_a_generation_that_is_none_is_not_opened(folder: Path, name: object) -> None:
    shutil.copytree(folder / "generation-1", folder.parent / "elsewhere")
    (folder / "store.json").write_text(json.dumps({"generation": name}), "utf-8")
    with pytest.raises(KgError, match="damaged"):
        current(folder)


def test_a_store_of_another_program_is_read_and_not_overwritten(tmp_path: Path) -> None:
    from pyoxigraph import Store

    Store(str(tmp_path / "theirs")).bulk_load(
        path=str(numbered(tmp_path / "ten.nt", 10)), format=FORMATS[".nt"]
    )
    assert count(tmp_path / "theirs") == 10
    assert current(tmp_path / "theirs") == tmp_path / "theirs"
    with pytest.raises(KgError, match="another program"):
        build([tmp_path / "ten.nt"], tmp_path / "theirs")
    assert count(tmp_path / "theirs") == 10
    (tmp_path / "theirs" / "CURRENT").write_bytes(b"nonsense")
    with pytest.raises(KgError, match="the program that made it"):
        count(tmp_path / "theirs")


def test_a_store_is_stale_when_a_file_says_something_else(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "ten.nt"
    assert stale(folder, [], tmp_path) == []
    os.utime(file, (1, 1))
    assert stale(folder, [], tmp_path) == []  # another time and the same text
    file.write_text(file.read_text("utf-8").replace("<u:o>", "<u:x>"), "utf-8")
    assert stale(folder, [], tmp_path) == [file.as_posix()]
    file.unlink()
    assert stale(folder, [], tmp_path) == [file.as_posix()]


def test_a_file_that_changes_while_it_is_read_makes_its_store_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg.data_files._MANY", 1)
    file = numbered(tmp_path / "ten.nt", 10)

    def told(text: str) -> None:
        if text.startswith("loaded"):
            file.write_bytes(file.read_bytes().replace(b"<u:o>", b"<u:x>"))

    build([file], tmp_path / "store", told=told)
    assert stale(tmp_path / "store", [file], tmp_path) == [file.as_posix()]


def test_a_new_file_of_the_home_makes_its_store_stale(home: Path, tmp_path: Path) -> None:
    store, project = tmp_path / "store", Project(home)
    build(project.graph_files(), store, home)
    assert stale(store, project.graph_files(), home) == []
    new = numbered(home / "data" / "triples" / "new.ttl", 1)
    assert stale(store, project.graph_files(), home) == [new.as_posix()]


@pytest.mark.full
def test_a_load_that_is_killed_leaves_the_old_store(folder: Path, tmp_path: Path) -> None:
    """At moments all along, late ones among them: the old store or the new one, and it is whole."""
    many = numbered(tmp_path / "many.nt", 300_000)
    command = [sys.executable, "-c", COMMAND, "load", str(many), "--store", str(folder)]
    start = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    whole, full = time.monotonic() - start, count(folder)
    build([tmp_path / "ten.nt"], folder)
    ends = set()
    moments = random.Random(8)
    for kill in range(24):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        # Half of them in the last fifth, where the switch is.
        after = whole * (moments.uniform(0.8, 1.05) if kill % 2 else moments.uniform(0, 1))
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        process.wait()
        held = count(folder)
        assert held in {10, full}
        ends.add(held)
        if held == full:
            build([tmp_path / "ten.nt"], folder)
    assert 10 in ends
    build([tmp_path / "ten.nt"], folder)
    manifest = read_manifest(folder)
    assert manifest
    kept = {path.name for path in folder.glob("generation-*")}
    assert manifest.generation in kept
    assert len(kept) <= 2
    assert json.loads((folder / "store.json").read_text("utf-8"))["triples"] == 10


def test_a_load_that_is_stopped_says_that_the_store_is_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(generations, "_fill", stop)
    monkeypatch.setattr(Settings, "store", folder)
    monkeypatch.setattr(Settings, "endpoint", None)
    before = read_manifest(folder)
    with pytest.raises(KeyboardInterrupt):
        load(rebuild=True)
    assert before and read_manifest(folder) == before
    assert "the store is as it was" in capsys.readouterr().err
